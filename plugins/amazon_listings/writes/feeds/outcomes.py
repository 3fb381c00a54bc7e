"""What became of the messages of feeds: the outcome of each item, and what the reports said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.ledger.submissions import ACCEPTED, PENDING
from amazon_listings.writes.feeds.poll import CANCELLED, REPORTS, report_name
from amazon_listings.writes.protocol import outcome_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from amazon_listings.ledger.feed_messages import FeedAnswer
    from amazon_listings.runs.folder import RunFolder

AWAITED = "awaited"


class Told:
    """What the reports of feeds said of their messages; the last few reports are kept in memory."""

    _KEPT = 2

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._reports: dict[str, dict[str, list[dict[str, Any]]]] = {}

    def of(self, answer: FeedAnswer, sku: str) -> list[dict[str, Any]]:
        """The issues of a SKU's message."""
        if answer.feed_id is None:
            return []
        name = report_name(answer.feed_id)
        if name not in self._reports:
            if len(self._reports) >= self._KEPT:
                del self._reports[next(iter(self._reports))]
            self._reports[name] = {row["sku"]: row["issues"] for row in self._folder.read(REPORTS, name)}
        return self._reports[name].get(sku, [])


def message_outcome(
    row: dict[str, Any], answer: FeedAnswer, waiting: Collection[int], remark: str
) -> dict[str, Any]:
    """The row with what became of its message."""
    name = f"feed {answer.feed_id}" if answer.feed_id else f"feed number {answer.feed}"
    outcome, note = "failed", ""
    if answer.status == ACCEPTED:
        outcome = "accepted"
    elif answer.status == "INVALID":
        outcome = "rejected"
    elif answer.status == CANCELLED:
        note = f"{name} was cancelled at Amazon; the next run tries again"
    elif answer.status != PENDING:
        note = (
            f"{name} does not say what became of it, and the listing does not hold what was sent; "
            "the next run tries again"
        )
    elif answer.feed in waiting:
        outcome, note = AWAITED, f"it is in {name}, whose report is not there yet"
    else:
        note = f"it is in {name}, whose report did not come in time; the next run asks for it"
    return outcome_of(row, outcome, "; ".join(filter(None, (remark, note)))) | {
        "submission_id": answer.feed_id
    }
