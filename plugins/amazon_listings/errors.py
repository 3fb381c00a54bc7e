"""Exceptions named by what happens next.

Every exception a step of a run may raise is one of these four, so that the retry policy, the
report and the task log need to know nothing else:

- `RetryableError`: passes by itself; the task is retried, after `retry_after` seconds if known.
- `ActionRequiredError`: retrying is useless until somebody changes a credential, a setting or a file.
- `ItemError`: concerns one item; the others go on.
- `RunAbortedError`: the run as a whole would be wrong (over the SKU limit, outcomes do not add up).

Messages are shown to people. They never hold a token, a secret or a signed URL.
"""

from __future__ import annotations


class AmazonListingsError(Exception):
    """Base of every error of this project.

    Args:
        message: One sentence: what failed, for which connector or item.
        hint: What to do about it, and who; shown on a line of its own.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class RetryableError(AmazonListingsError):
    """A passing fault: network, 5xx, throttling, PIM busy.

    Args:
        message: One sentence: what failed.
        hint: What to do if it does not pass.
        retry_after: Seconds to wait before the next try, if the other side told us.
    """

    def __init__(self, message: str, *, hint: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class ActionRequiredError(AmazonListingsError):
    """Wrong credentials, revoked grant, bad configuration: no retry helps."""


class ItemError(AmazonListingsError):
    """Concerns the item named; the run goes on without it.

    Args:
        message: One sentence: what is wrong with the item.
        sku: The item's SKU.
        hint: What to do about it.
    """

    def __init__(self, message: str, *, sku: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.sku = sku


class RunAbortedError(AmazonListingsError):
    """The run as a whole would do the wrong thing; nothing was sent."""
