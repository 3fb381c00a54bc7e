"""Listings as the reports of feeds showed them: what a report shows as live needs no further reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.errors import RunAbortedError
from amazon_listings.runs.folder import RunFolder
from amazon_listings.runs.records import FEEDS
from amazon_listings.selling_partner.feed_reports import read_item
from amazon_listings.writes.feeds.poll import report_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from amazon_listings.ledger.writes.last_writes import LastWrite, WritingRun
    from amazon_listings.selling_partner.listing_answers import Listing


def reported_listings(
    storage: Path, connector_key: str, writes: Mapping[str, LastWrite]
) -> dict[str, Listing]:
    """Return the listings that the reports of feeds showed after these writes, by SKU.

    Args:
        storage: Where the runs' folders are.
        connector_key: Whose runs.
        writes: The last write to each SKU. One that was sent alone has no report.
    """
    by_report: dict[tuple[WritingRun, str], set[str]] = {}
    for sku, write in writes.items():
        if write.feed_id is not None:
            by_report.setdefault((write.run, write.feed_id), set()).add(sku)
    found: dict[str, Listing] = {}
    for (run, feed_id), skus in by_report.items():
        folder = RunFolder.of(storage, connector_key, run.run_id, run.attempt)
        for sku, item in _items(folder, feed_id):
            listing = read_item(item) if sku in skus else None
            if listing is not None:
                found[sku] = listing
    return found


def _items(folder: RunFolder, feed_id: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the listings of a report as Amazon sent them; none, if the folder is gone or damaged."""
    try:
        messages = list(folder.read_any(FEEDS, report_name(feed_id)))
    except RunAbortedError:
        return []
    return [(message.sku, message.item) for message in messages if message.item is not None]
