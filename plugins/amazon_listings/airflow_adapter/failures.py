"""How a task ends when a step raises: one sentence in its log, and the right kind of retry."""

from __future__ import annotations

import contextvars
import functools
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from airflow.sdk import RetryDecision, RetryPolicy

from amazon_listings.errors import ActionRequiredError, AmazonListingsError, RetryableError, RunAbortedError
from amazon_listings.messages import log_line

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

#: Tries after the first.
RETRIES = 3
#: How long one try of a task may work: whatever a server or a value does, it ends. A task that is deferred
#: works no longer; what it waits for has a limit of its own.
WORK = timedelta(hours=2)
#: The same of a task that reads a whole PIM, and of one that asks Amazon item by item within its quota.
LONG_WORK = timedelta(hours=6)
QUOTA_BOUND_WORK = timedelta(hours=24)


class TaskStopped(SystemExit):
    """Ends a task whose log already says why.

    Airflow logs the exit of a task without a stack trace, and a stack trace is no help for a wrong
    credential. The original error is `cause`, for the retry policy.
    """

    def __init__(self, cause: AmazonListingsError) -> None:
        super().__init__(1)
        self.cause = cause


class RetryByErrorClass(RetryPolicy):
    """Retries what passes by itself, fails at once what needs a person.

    `RetryableError` waits as long as the other side asked for. An error that is none of ours follows the
    task's ordinary retries.
    """

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,  # noqa: ARG002 - Airflow's signature
        context: object = None,  # noqa: ARG002 - the same
    ) -> RetryDecision:
        """Return the decision for one failure."""
        cause = exception.cause if isinstance(exception, TaskStopped) else exception
        if isinstance(cause, ActionRequiredError | RunAbortedError):
            return RetryDecision.fail(reason=str(log_line("airflow.person_must_act")))
        if isinstance(cause, RetryableError):
            seconds = cause.retry_after or min(60 * 2 ** (try_number - 1), 1800)
            return RetryDecision.retry(delay=timedelta(seconds=seconds), reason=cause.message)
        return RetryDecision.default()

    def serialize(self) -> dict[str, Any]:
        """Keep nothing: the policy has no settings."""
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> RetryByErrorClass:  # noqa: ARG003 - Airflow's signature
        """Return the policy again."""
        return cls()


def task_defaults(owner: str) -> dict[str, Any]:
    """Return what every task of our DAGs starts from: whose it is, and how it is tried again."""
    return {
        "owner": owner,
        "retries": RETRIES,
        "retry_policy": RetryByErrorClass(),
        "retry_delay": timedelta(minutes=1),
        "execution_timeout": WORK,
    }


def explained(step: Callable[P, R]) -> Callable[P, R]:
    """Let `step` end with one sentence in the log instead of a stack trace, if the error is ours."""

    @functools.wraps(step)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            # The log's language is that of this task alone.
            return contextvars.copy_context().run(step, *args, **kwargs)
        except AmazonListingsError as error:
            log.error("%s", error)  # noqa: TRY400 - the sentence is the message
            raise TaskStopped(error) from None

    return run
