"""Exceptions named by what happens next.

Every exception a step of a run may raise is one of these four, so that the retry policy, the
report and the task log need to know nothing else:

- `RetryableError`: passes by itself; the task is retried, after `retry_after` seconds if known.
- `ActionRequiredError`: retrying is useless until somebody changes a credential, a setting or a file.
- `ItemError`: concerns one item; the others go on.
- `RunAbortedError`: the run as a whole would be wrong (over the SKU limit, outcomes do not add up).

They carry a code and facts; `str(error)` is English until `language` is set, `error.worded(catalogue)` is
any language. Facts never hold a token, a secret or a signed URL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_listings.messages import PACKAGE
from amazon_product_types.errors import CodedError

if TYPE_CHECKING:
    from amazon_product_types.messages import Message


class AmazonListingsError(CodedError):
    """Base of every error of this project.

    Args:
        code: A code of `messages/`: what failed, for which connector or item, and what to do about it.
        hint: What to do, where the code's own `action` does not fit.
        facts: What the placeholders stand for.
    """

    packages = (PACKAGE,)


class RetryableError(AmazonListingsError):
    """A passing fault: network, 5xx, throttling, PIM busy.

    Args:
        code: A code of `messages/`: what failed, and what to do if it does not pass.
        hint: What to do, where the code's own `action` does not fit.
        retry_after: Seconds to wait before the next try, if the other side named them.
        facts: What the placeholders stand for.
    """

    def __init__(
        self,
        code: str,
        /,
        *,
        hint: Message | CodedError | str | None = None,
        retry_after: float | None = None,
        **facts: object,
    ) -> None:
        super().__init__(code, hint=hint, **facts)
        self.retry_after = retry_after


class ActionRequiredError(AmazonListingsError):
    """Wrong credentials, revoked grant, bad configuration: no retry helps."""


class ItemError(AmazonListingsError):
    """Concerns the item named; the run goes on without it.

    Args:
        code: A code of `messages/`: what is wrong with the item, and what to do about it.
        sku: The item's SKU, a fact too.
        hint: What to do, where the code's own `action` does not fit.
        facts: What the placeholders stand for.
    """

    def __init__(
        self, code: str, /, *, sku: str, hint: Message | CodedError | str | None = None, **facts: object
    ) -> None:
        super().__init__(code, hint=hint, sku=sku, **facts)
        self.sku = sku


class RunAbortedError(AmazonListingsError):
    """The run as a whole would do the wrong thing; nothing was sent."""
