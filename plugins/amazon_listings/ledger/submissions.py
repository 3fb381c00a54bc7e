"""Submissions: every write sent to Amazon, what the listing held before it, and its answer.

Rows are added; only the answer of a feed's message is filled in when its report is there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import insert, select

from amazon_listings.ledger.content import column_text, packed
from amazon_listings.ledger.database import CHUNK, chunks, reading
from amazon_listings.ledger.tables import submissions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Engine

    from amazon_listings.ledger.items import Listings

#: The answer of a feed's message that is not there yet.
PENDING = "PENDING"
ACCEPTED = "ACCEPTED"


class Sent(NamedTuple):
    """The last write of a run to a SKU."""

    method: str
    status: str
    payload_hash: str
    submission_id: str | None


def record_submissions(
    ledger: Engine, listings: Listings, run: int, rows: Iterable[Mapping[str, Any]]
) -> None:
    """Add what was sent and what came back.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        run: The run's number.
        rows: `sku`, `method` (`PUT`, `PATCH`, `DELETE`), `status`, `submission_id`, `request_id`, `hash`
            and `body` of each; further `pim_id`, `existed` (whether there was a listing; None or absent:
            not known), `before` (the attributes it held, or None) and `undoes` (the run taken back).
    """
    now = datetime.now(UTC)
    for chunk in chunks(rows, CHUNK):
        with ledger.begin() as connection:
            connection.execute(insert(submissions), list(entries(listings, run, chunk, now)))


def entries(
    listings: Listings, run: int, rows: Iterable[Mapping[str, Any]], now: datetime
) -> Iterator[dict[str, Any]]:
    """The columns of rows as `record_submissions` takes them, all with the same ones."""
    for row in rows:
        before = row.get("before")
        pim_id = row.get("pim_id")
        yield {
            "run": run,
            "seller_id": listings.seller_id,
            "marketplace_id": listings.marketplace_id,
            "sku": column_text(row["sku"], 64),
            "pim_id": column_text(pim_id, 128) if pim_id else None,
            "sent_at": now,
            "method": row["method"],
            "status": row["status"],
            "submission_id": column_text(row["submission_id"] or "", 64) or None,
            "request_id": column_text(row["request_id"] or "", 64) or None,
            "payload_hash": row["hash"],
            "body": packed(row["body"]),
            "before": None if before is None else packed(before),
            "existed": True if before is not None else row.get("existed"),
            "undoes": row.get("undoes"),
        }


def sent_in_run(ledger: Engine, run: int, skus: Sequence[str]) -> dict[str, Sent]:
    """What a run already sent for these SKUs: a task that was killed does not send it again."""
    found: dict[str, Sent] = {}
    table = submissions.c
    with reading(ledger) as connection:
        for chunk in chunks(skus, CHUNK):
            names = {column_text(sku, 64): sku for sku in chunk}
            rows = connection.execute(
                select(table.sku, table.method, table.status, table.payload_hash, table.submission_id)
                .where(table.run == run, table.sku.in_(list(names)))
                .order_by(table.id)
            )
            found |= {names[sku]: Sent(*sent) for sku, *sent in rows}
    return found


def pending_in_feeds(ledger: Engine, listings: Listings, skus: Sequence[str]) -> dict[str, int]:
    """Those of the SKUs that are in a feed without a report yet, with the feed's number.

    They must be sent neither way until it is there: Amazon does not say which write would win.
    Asked while the listings are locked, the answer stays true.
    """
    found: dict[str, int] = {}
    table = submissions.c
    with reading(ledger) as connection:
        for chunk in chunks(skus, CHUNK):
            names = {column_text(sku, 64): sku for sku in chunk}
            rows = connection.execute(
                select(table.sku, table.feed).where(
                    table.sku.in_(list(names)),
                    table.seller_id == listings.seller_id,
                    table.marketplace_id == listings.marketplace_id,
                    table.status == PENDING,
                )
            )
            found |= {names[sku]: feed for sku, feed in rows}
    return found
