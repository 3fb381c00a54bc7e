"""Mapping lines that a person approved: later values of them go without a question."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from amazon_listings.ledger.database import CHUNK, chunks, insert_into, reading
from amazon_listings.ledger.tables import approved_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Engine

    from amazon_listings.ledger.approvals.progress import Approval
    from amazon_listings.ledger.items.payloads import ListingScope


def approve_lines(ledger: Engine, rows: Iterable[Approval], *, by: str | None) -> None:
    """Remember that the mapping lines of these rows were approved for their account, country and type."""
    now = datetime.now(UTC)
    entries = {
        (row.connector_key, row.seller_id, row.marketplace_id, row.product_type, line)
        for row in rows
        for line in row.lines
    }
    names = ("connector_key", "seller_id", "marketplace_id", "product_type", "line")
    for chunk in chunks(sorted(entries), CHUNK):
        with ledger.begin() as connection:
            statement = insert_into(connection, approved_lines).on_conflict_do_nothing()
            values: list[dict[str, Any]] = [dict(zip(names, entry, strict=True)) for entry in chunk]
            connection.execute(statement, [one | {"approved_at": now, "approved_by": by} for one in values])


def lines_approved(ledger: Engine, listings: ListingScope) -> frozenset[str]:
    """Return the mapping lines that were approved for these listings."""
    table = approved_lines.c
    with reading(ledger) as connection:
        return frozenset(
            connection.scalars(
                select(table.line).where(
                    table.connector_key == listings.connector_key,
                    table.seller_id == listings.seller_id,
                    table.marketplace_id == listings.marketplace_id,
                    table.product_type == listings.product_type,
                )
            )
        )
