"""What became of the messages of feeds: the outcome of each item, and its issues in the reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from amazon_listings.ledger.writes.submissions import ACCEPTED, PENDING
from amazon_listings.messages import joined_notes, message
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import FEEDS
from amazon_listings.writes.feeds.poll import CANCELLED, report_name

if TYPE_CHECKING:
    from collections.abc import Collection

    from amazon_listings.ledger.writes.feed_messages import FeedAnswer
    from amazon_listings.messages import Catalogue
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
    item: WrittenItem,
    answer: FeedAnswer,
    waiting: Collection[int],
    *,
    remark: str,
    issues: tuple[Issue, ...],
    messages: Catalogue,
) -> WrittenItem:
    """Return the item with what became of its message.

    Args:
        item: The item, pending.
        answer: What the ledger knows of its message.
        waiting: The feeds that are still waited for.
        remark: What its note begins with.
        issues: Those of its message.
        messages: The sentences, in the language of the report.
    """
    by_id = message("feed.by_id", feed=answer.feed_id)
    feed = by_id if answer.feed_id else message("feed.by_number", number=answer.feed)
    outcome, note = Outcome.FAILED, ""
    if answer.status == ACCEPTED:
        outcome = Outcome.ACCEPTED
    elif answer.status == "INVALID":
        outcome = Outcome.REJECTED
    elif answer.status == CANCELLED:
        note = messages.phrase("note.feed_cancelled", feed=feed)
    elif answer.status != PENDING:
        note = messages.phrase("note.feed_says_nothing", feed=feed)
    elif answer.feed in waiting:
        outcome, note = Outcome.PENDING, messages.phrase("note.feed_awaited", feed=feed)
    else:
        outcome = Outcome.PENDING
        note = messages.phrase("note.feed_late", feed=feed)
    return msgspec.structs.replace(
        item,
        outcome=outcome,
        note=joined_notes((remark, note), messages),
        submission_id=answer.feed_id,
        issues=issues,
    )
