"""What became of the messages of feeds: the outcome of each item, and its issues in the reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.ledger.writes.submissions import ACCEPTED, PENDING
from amazon_listings.messages import message
from amazon_listings.remarks import remark
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import FEEDS, WrittenItem
from amazon_listings.writes.feeds.poll import CANCELLED, report_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from amazon_listings.ledger.writes.feed_messages import FeedAnswer
    from amazon_listings.remarks import Remarks
    from amazon_listings.runs.folder import RunFolder
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
        known = self._reports.get(answer.feed_id)
        if known is None:
            if len(self._reports) >= self._KEPT:
                del self._reports[next(iter(self._reports))]
            said = self._folder.read_any(FEEDS, report_name(answer.feed_id))
            known = self._reports[answer.feed_id] = {one.sku: one.issues for one in said if one.issues}
        return known.get(sku, [])


class MessageOutcomes:
    """What becomes of items whose messages are in feeds; those of one feed share their notes.

    Args:
        waiting: The numbers of the feeds that are still waited for.
        first: What the note of an item begins with.
    """

    def __init__(
        self, waiting: Collection[int], first: Callable[[WrittenItem], Remarks] | None = None
    ) -> None:
        self._waiting = waiting
        self._first = first
        self._known: dict[tuple[int, str | None, str], tuple[Outcome, Remarks]] = {}

    def of(self, item: WrittenItem, answer: FeedAnswer, issues: tuple[Issue, ...] = ()) -> WrittenItem:
        """Return an item with what became of its message, whose issues these are."""
        key = (answer.feed, answer.feed_id, answer.status)
        if key not in self._known:
            self._known[key] = self._outcome(answer)
        outcome, note = self._known[key]
        return WrittenItem(
            pim_id=item.pim_id,
            sku=item.sku,
            outcome=outcome,
            note=note if self._first is None else self._first(item) + note,
            submission_id=answer.feed_id,
            issues=issues,
            approval=item.approval,
            only=item.only,
            remark=item.remark,
        )

    def _outcome(self, answer: FeedAnswer) -> tuple[Outcome, Remarks]:
        by_id = message("feed.by_id", feed=answer.feed_id)
        feed = by_id if answer.feed_id else message("feed.by_number", number=answer.feed)
        if answer.status == ACCEPTED:
            return Outcome.ACCEPTED, ()
        if answer.status == "INVALID":
            return Outcome.REJECTED, ()
        if answer.status == CANCELLED:
            return Outcome.FAILED, remark("note.feed_cancelled", feed=feed)
        if answer.status != PENDING:
            return Outcome.FAILED, remark("note.feed_says_nothing", feed=feed)
        if answer.feed in self._waiting:
            return Outcome.PENDING, remark("note.feed_awaited", feed=feed)
        return Outcome.PENDING, remark("note.feed_late", feed=feed)
