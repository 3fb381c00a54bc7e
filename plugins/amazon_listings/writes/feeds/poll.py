"""Ask whether feeds are through, and what became of their messages.

An absent or unreadable report is pending, never success. A message without an error is accepted if
the report's own counts bear it out; what a report leaves open, and what a feed that broke off
(`FATAL`) had applied by then, is read back. The listings that a report shows are kept for `confirm`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from amazon_listings.ledger.writes.feed_messages import awaited_messages
from amazon_listings.ledger.writes.feeds import (
    feed_abandoned,
    feed_skus,
    feed_started,
    pending_feeds,
    settle_feed,
)
from amazon_listings.ledger.writes.submissions import ACCEPTED, UNKNOWN
from amazon_listings.messages import log_line, message
from amazon_listings.runs.folder import safe_name
from amazon_listings.runs.listings.calls import Progress, call_for_all
from amazon_listings.runs.records import FEEDS, FeedMessage
from amazon_listings.selling_partner import feeds as amazon
from amazon_listings.selling_partner import listings
from amazon_listings.selling_partner.content.comparison import mismatched_attributes
from amazon_listings.selling_partner.faults.exceptions import (
    DocumentDamaged,
    MalformedAnswer,
    SellingPartnerError,
)
from amazon_listings.selling_partner.feed_reports import outcomes, read_report
from amazon_listings.writes.feeds.recovery import find_feed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sqlalchemy import Engine

    from amazon_listings.ledger.writes.feed_messages import AwaitedMessage
    from amazon_listings.ledger.writes.feeds import PendingFeed
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.selling_partner.calls.client import SellingPartner
    from amazon_listings.selling_partner.feed_reports import MessageOutcome, Report
    from amazon_listings.selling_partner.listing_answers import Listing

log = logging.getLogger(__name__)

CANCELLED = "CANCELLED"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def utc_now() -> datetime:
    """Return this moment."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class FeedPoller:
    """Asks what became of the feeds of a connector.

    Args:
        client: The account's client.
        ledger: Knows the feeds and their messages.
        folder: The run's folder; gets the issues of the run's own feeds.
        run: The run's number.
        definition: Checksum of the definition that the payloads were validated with.
        now: The time; tests pass their own.
    """

    client: SellingPartner
    ledger: Engine
    folder: RunFolder
    run: int
    definition: str
    now: Callable[[], datetime] = utc_now

    def poll(self, connector_key: str) -> None:
        """Enter the answers of the feeds that are through, of earlier runs too; the others stay pending.

        Raises:
            RetryableError, ActionRequiredError: Amazon cannot be asked; the answers that were entered stay.
        """
        for feed in pending_feeds(self.ledger, connector_key):
            if feed.listings.seller_id == self.client.account.seller_id:
                self._poll(feed)

    def _poll(self, feed: PendingFeed) -> None:
        if feed.feed_id is None:
            search = find_feed(self.client, self.ledger, feed, now=self.now())
            if search.missing:
                log.info("%s", log_line("log.feed_never_started", number=feed.number))
                feed_abandoned(self.ledger, feed.number)
            if search.found is None:
                return
            feed_started(self.ledger, feed.number, search.found)
            feed = feed._replace(feed_id=search.found)
        try:
            at_amazon = amazon.get(self.client, str(feed.feed_id))
        except SellingPartnerError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            # Amazon forgets feeds after 90 days; what this one did shows in the listings.
            self._finish(feed, "FATAL", None, self._read_back(feed))
            return
        if not at_amazon.finished:
            return
        if at_amazon.state == CANCELLED:
            never = ((message.sku, CANCELLED) for message in awaited_messages(self.ledger, feed.number))
            self._finish(feed, CANCELLED, None, never)
            return
        report = self._report(at_amazon)
        if at_amazon.report_id is None and at_amazon.state != "FATAL":
            log.info("%s", log_line("log.feed_without_report", feed=feed.feed_id))
            return
        answers = self._answers(feed, report, at_amazon)
        self._finish(feed, at_amazon.state, at_amazon.report_id, answers)

    def _report(self, feed: amazon.Feed) -> Report | None:
        if feed.report_id is None:
            return None
        try:
            return read_report(amazon.report(self.client, feed.report_id))
        except (MalformedAnswer, DocumentDamaged) as error:
            log.warning("%s", error)
            return None

    def _answers(
        self, feed: PendingFeed, report: Report | None, at_amazon: amazon.Feed
    ) -> Iterator[tuple[str, str]]:
        """Yield the answer of each message: as the report says, else as the listing shows."""
        reported = list(outcomes(report, feed_skus(self.ledger, feed.number))) if report else []
        if feed.run == self.run:
            self._keep(feed, reported, _shown_since(report, at_amazon.created) if report else {})
        decided = frozenset({"INVALID"} if at_amazon.state == "FATAL" else {"INVALID", ACCEPTED})
        known = {one.sku: one.outcome for one in reported if one.outcome in decided}
        yield from known.items()
        yield from self._read_back(feed, without=known)

    def _keep(
        self, feed: PendingFeed, reported: Iterable[MessageOutcome], shown: dict[str, dict[str, Any]]
    ) -> None:
        """Write what a report says of its messages, and how it shows their listings, to the run's folder."""
        rows = (
            FeedMessage(
                sku=one.sku,
                issues=one.issues,
                item=shown.get(one.sku) if one.outcome == ACCEPTED else None,
            )
            for one in reported
        )
        self.folder.write(
            FEEDS,
            report_name(str(feed.feed_id)),
            (row for row in rows if row.issues or row.item is not None),
        )

    def _read_back(
        self, feed: PendingFeed, *, without: Mapping[str, str] | None = None
    ) -> Iterator[tuple[str, str]]:
        """Yield what the listings show of messages that nothing else says anything of."""
        rows = (
            message
            for message in awaited_messages(self.ledger, feed.number)
            if message.sku not in (without or {})
        )
        number = feed.messages - len(without or {})
        progress = Progress(number, "log.progress_feed_readings", feed=feed.feed_id)

        def is_applied(row: AwaitedMessage) -> str:
            listing = listings.get(
                self.client, row.sku, [feed.listings.marketplace_id], included=("attributes",)
            )
            return ACCEPTED if _is_applied(listing, row.method, row.body) else UNKNOWN

        for answered in call_for_all(
            rows, is_applied, in_flight=lambda: self.client.in_flight("getListingsItem"), progress=progress
        ):
            yield answered.row.sku, answered.result or UNKNOWN

    def _finish(
        self, feed: PendingFeed, state: str, report_id: str | None, answers: Iterable[tuple[str, str]]
    ) -> None:
        counts = settle_feed(
            self.ledger,
            feed,
            state=state,
            report_id=report_id,
            outcomes=answers,
            definition=self.definition,
        )
        answers_in_words = [
            message("log.counted", count=number, outcome=status) for status, number in sorted(counts.items())
        ]
        answered = answers_in_words or [message("log.no_messages")]
        log.info("%s", log_line("log.feed_state", feed=feed.feed_id, state=state, answers=answered))


def _shown_since(report: Report, created: str) -> dict[str, dict[str, Any]]:
    """Return the listings of a report as Amazon sent them, if they were changed since the feed was made.

    Both times are Amazon's. What was not changed since then may show what was there before.
    """
    begun = _moment(created)
    return {
        item["sku"]: item
        for item in report.items
        if isinstance(item.get("sku"), str) and _is_since(item.get("summaries"), begun)
    }


def _is_since(summaries: object, begun: datetime) -> bool:
    """Return whether all summaries of a listing, if it has any, are of a moment or later."""
    return (
        isinstance(summaries, list)
        and bool(summaries)
        and all(isinstance(one, dict) and _moment(one.get("lastUpdatedDate")) >= begun for one in summaries)
    )


def _moment(text: object) -> datetime:
    """Return a moment of Amazon's; long ago, if it is none."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return _LONG_AGO
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def report_name(feed_id: str) -> str:
    """Return the name of the file that has what a feed's report said."""
    return f"{safe_name(feed_id)}.jsonl"


def _is_applied(listing: Listing | None, method: str, body: object) -> bool:
    """Return whether a listing is as a message would have made it."""
    if listing is None or method == "DELETE":
        return listing is None and method == "DELETE"
    return not mismatched_attributes(listing.attributes, method, body)
