"""What became of the messages of feeds: the outcome of each item, and its issues in the reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from amazon_listings.ledger.submissions import ACCEPTED, PENDING
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import FEEDS
from amazon_listings.writes.feeds.poll import CANCELLED, report_name

if TYPE_CHECKING:
    from collections.abc import Collection

    from amazon_listings.ledger.feed_messages import FeedAnswer
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.records import WrittenItem
    from amazon_product_types.validation.issue import Issue


class MessageReports:
    """The issues that reports of feeds have for messages; the last few reports are kept in memory."""

    _KEPT = 2

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._reports: dict[str, dict[str, list[dict[str, Any]]]] = {}

    def issues_of(self, answer: FeedAnswer, sku: str) -> list[dict[str, Any]]:
        """Return the issues of a SKU's message."""
        if answer.feed_id is None:
            return []
        name = report_name(answer.feed_id)
        if name not in self._reports:
            if len(self._reports) >= self._KEPT:
                del self._reports[next(iter(self._reports))]
            self._reports[name] = {
                one.sku: one.issues for one in self._folder.read_any(FEEDS, name) if one.issues
            }
        return self._reports[name].get(sku, [])


def message_outcome(
    item: WrittenItem, answer: FeedAnswer, waiting: Collection[int], remark: str, issues: tuple[Issue, ...]
) -> WrittenItem:
    """Return the item with what became of its message."""
    name = f"feed {answer.feed_id}" if answer.feed_id else f"feed number {answer.feed}"
    outcome, note = Outcome.FAILED, ""
    if answer.status == ACCEPTED:
        outcome = Outcome.ACCEPTED
    elif answer.status == "INVALID":
        outcome = Outcome.REJECTED
    elif answer.status == CANCELLED:
        note = f"{name} was cancelled at Amazon; the next run tries again"
    elif answer.status != PENDING:
        note = (
            f"{name} does not say what became of it, and the listing is not as it was sent; "
            "the next run tries again"
        )
    elif answer.feed in waiting:
        outcome, note = Outcome.PENDING, f"it is in {name}, whose report is not there yet"
    else:
        outcome = Outcome.PENDING
        note = f"it is in {name}, whose report did not come in time; the next run asks for it"
    return msgspec.structs.replace(
        item,
        outcome=outcome,
        note="; ".join(filter(None, (remark, note))),
        submission_id=answer.feed_id,
        issues=issues,
    )
