"""Submissions: every write sent to Amazon and its answer. Rows are added, never changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from amazon_listings.ledger.items import packed
from amazon_listings.ledger.tables import submissions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Engine

    from amazon_listings.ledger.items import Listings


def record_submissions(
    ledger: Engine, listings: Listings, run: int, rows: Iterable[Mapping[str, Any]]
) -> None:
    """Add what was sent and what came back.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        run: The run's number.
        rows: `sku`, `method`, `status`, `submission_id`, `request_id`, `hash` and `body` of each.
    """
    now = datetime.now(UTC)
    entries = [
        {
            "run": run,
            "seller_id": listings.seller_id,
            "marketplace_id": listings.marketplace_id,
            "sku": row["sku"],
            "sent_at": now,
            "method": row["method"],
            "status": row["status"],
            "submission_id": row["submission_id"],
            "request_id": row["request_id"],
            "payload_hash": row["hash"],
            "body": packed(row["body"]),
        }
        for row in rows
    ]
    if entries:
        with ledger.begin() as connection:
            connection.execute(insert(submissions), entries)
