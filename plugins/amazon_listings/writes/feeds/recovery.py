"""Find the feed of a task that was killed while it started one.

Amazon does not say from which document a feed was made, so a feed is ours if the ledger does not know
it, it is of the marketplace, and its report is about our SKUs. Nothing is sent a second time while
any feed that may be ours is still under way.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from amazon_listings.ledger.writes.feeds import feed_skus, unknown_feeds
from amazon_listings.messages import log_line
from amazon_listings.selling_partner import feeds as amazon
from amazon_listings.selling_partner.faults.exceptions import DocumentDamaged, MalformedAnswer
from amazon_listings.selling_partner.feed_reports import read_report

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Engine

    from amazon_listings.ledger.writes.feeds import PendingFeed
    from amazon_listings.selling_partner.calls.client import SellingPartner
    from amazon_listings.selling_partner.feed_reports import Report

log = logging.getLogger(__name__)

#: Amazon's clock and ours may differ by so much.
CLOCKS_DIFFER = timedelta(hours=1)
#: A feed that was started is listed by Amazon after so much time at the latest.
LISTED_WITHIN = timedelta(minutes=5)
#: Amazon drops a feed's document after two days: a feed that has no report by then gets none.
DOCUMENT_LIFE = timedelta(days=2)


class Search(NamedTuple):
    """What is known of a feed without an id.

    `found` is its id; or it is `missing`: it was never started, or it ended without having changed
    anything that a repetition would not set right. If neither, it is too early to say.
    """

    found: str | None = None
    missing: bool = False


def find_feed(client: SellingPartner, ledger: Engine, feed: PendingFeed, *, now: datetime) -> Search:
    """Search Amazon for the feed that was made for `feed`.

    Raises:
        RetryableError, ActionRequiredError: Amazon cannot be asked.
    """
    since = (feed.created_at - CLOCKS_DIFFER).isoformat(timespec="seconds")
    listed = [
        one
        for one in amazon.search(client, since)
        if feed.listings.marketplace_id in one.marketplace_ids or not one.marketplace_ids
    ]
    unknown = set(unknown_feeds(ledger, [one.feed_id for one in listed]))
    candidates = [one for one in listed if one.feed_id in unknown]
    under_way = False
    skus = frozenset(feed_skus(ledger, feed.number)) if candidates else frozenset[str]()
    for one in candidates:
        if not one.finished:
            under_way = True
            continue
        report = _report(client, one)
        if report is not None and _is_about(report, skus, one.state):
            log.info("%s", log_line("log.feed_adopted", feed=one.feed_id))
            return Search(found=one.feed_id)
        if report is None and one.state == "DONE" and now - feed.created_at < DOCUMENT_LIFE:
            under_way = True
    return Search(missing=not under_way and now - feed.created_at > LISTED_WITHIN)


def _report(client: SellingPartner, feed: amazon.Feed) -> Report | None:
    if feed.report_id is None:
        return None
    try:
        return read_report(amazon.report(client, feed.report_id))
    except (MalformedAnswer, DocumentDamaged):
        return None


def _is_about(report: Report, skus: Collection[str], state: str) -> bool:
    """Return whether a report is about these SKUs and no other.

    It counts as many messages, unless the feed broke off, and all that it names are among them.
    """
    named = {str(one["sku"]) for one in (*report.items, *report.issues) if one.get("sku")}
    complete = report.processed == len(skus)
    return named <= set(skus) and (complete or (state == "FATAL" and bool(named)))
