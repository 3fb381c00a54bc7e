"""Calls for many items: several under way, one item's trouble left to that item, none forgotten."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from amazon_listings.errors import ItemError, RetryableError
from amazon_listings.messages import log_line
from amazon_listings.remarks import remark_as_is
from amazon_listings.selling_partner.calls.pipeline import submit_all
from amazon_listings.selling_partner.forecast import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from amazon_listings.errors import AmazonListingsError
    from amazon_listings.remarks import Remarks

log = logging.getLogger(__name__)

Job = TypeVar("Job")
Result = TypeVar("Result")

#: So many items in a row without an answer: it is not the items, it is Amazon or the network.
OUTAGE = 20
#: Seconds between two lines of progress.
EVERY = 30.0


class Answered(NamedTuple, Generic[Job, Result]):
    """A row with what Amazon answered, or with the sentence that says why there is no answer."""

    row: Job
    result: Result | None
    trouble: AmazonListingsError | None

    @property
    def note(self) -> Remarks:
        """Return why there is no answer; nothing if there is one."""
        return remark_as_is(self.trouble)


class Progress:
    """How far the calls of one kind have come, told to the log now and then.

    Args:
        total: How many rows there are in all.
        code: The message of a line, by what the calls are: it has `done`, `total` and `left`.
        clock: Seconds, monotonic.
        facts: What else the message names.
    """

    def __init__(
        self, total: int, code: str, clock: Callable[[], float] = time.monotonic, **facts: str | None
    ) -> None:
        self.total = total
        self.code = code
        self.facts = facts
        self.done = 0
        self._clock = clock
        self._started = self._told = clock()

    def step(self) -> None:
        """Count one more as done."""
        self.done += 1
        now = self._clock()
        if now - self._told >= EVERY:
            self._told = now
            left = (now - self._started) / self.done * max(0, self.total - self.done)
            facts = {"done": self.done, "total": self.total, "left": duration(left), **self.facts}
            log.info("%s", log_line(self.code, **facts))


def call_for_all(
    rows: Iterable[Job],
    call: Callable[[Job], Result],
    *,
    in_flight: Callable[[], int],
    progress: Progress,
) -> Iterator[Answered[Job, Result]]:
    """Call Amazon for every row, and log the progress.

    Args:
        rows: What is to be called for, one call each.
        call: Calls Amazon for one.
        in_flight: How many calls may be under way.
        progress: Counts the rows; over several calls, it goes on counting.

    Yields:
        Each row with its answer, in the order of completion. One without an answer after all retries
        is given back too; the next run tries it again.

    Raises:
        RetryableError: so many in a row went without an answer that Amazon is taken for unreachable.
        ActionRequiredError: Amazon refuses the account; no other item would fare better.
    """

    def one(row: Job) -> Answered[Job, Result]:
        try:
            return Answered(row, call(row), None)
        except (RetryableError, ItemError) as error:
            return Answered(row, None, error)

    silent = 0
    for finished in submit_all(rows, one, in_flight=in_flight):
        answered = finished.result
        if answered is None:
            continue
        silent = 0 if answered.result is not None else silent + 1
        progress.step()
        yield answered
        if silent >= OUTAGE:
            raise RetryableError("runs.no_answers", silent=silent, trouble=answered.trouble)
