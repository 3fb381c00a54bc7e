"""Sweeps: which listings are to be looked for, because nothing else has read them for days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select

from amazon_listings.ledger.database import CHUNK, chunks, reading
from amazon_listings.ledger.items.payloads import APART
from amazon_listings.ledger.tables import items

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Engine

    from amazon_listings.ledger.items.payloads import ListingScope

#: A listing that nothing has shown for so long is looked for: each at least once a week.
SWEEP_AFTER = timedelta(days=6)
#: A listing that is gone is looked for again after so long: it may have been made again by hand.
GONE_AFTER = timedelta(days=1)


def due_for_sweep(ledger: Engine, listings: ListingScope, *, now: datetime, limit: int) -> list[str]:
    """Return the SKUs that are to be looked for, those that were missed first, then the longest unseen."""
    with reading(ledger) as connection:
        return list(
            connection.scalars(
                select(items.c.sku)
                .where(
                    items.c.seller_id == listings.seller_id,
                    items.c.marketplace_id == listings.marketplace_id,
                    _due(listings.connector_key, now),
                )
                .order_by(items.c.missed_at.is_(None), items.c.seen_at, items.c.sku)
                .limit(limit)
            )
        )


def sweep_is_due(ledger: Engine, connector_key: str, *, now: datetime) -> bool:
    """Return whether a connector has a listing to be looked for."""
    with reading(ledger) as connection:
        return connection.scalar(select(items.c.sku).where(_due(connector_key, now)).limit(1)) is not None


def skus_gone(ledger: Engine, connector_key: str, *, limit: int) -> tuple[int, list[str]]:
    """Return how many listings of a connector were deleted by hand, and the first SKUs."""
    gone = (items.c.connector_key == connector_key) & (items.c.state == "gone")
    with reading(ledger) as connection:
        count = connection.scalar(select(func.count()).select_from(items).where(gone)) or 0
        named = connection.scalars(select(items.c.sku).where(gone).order_by(items.c.sku).limit(limit))
        return count, list(named)


def gone_among(ledger: Engine, listings: ListingScope, skus: Sequence[str]) -> set[str]:
    """Return those of some SKUs whose listings were deleted by hand."""
    found: set[str] = set()
    with reading(ledger) as connection:
        for chunk in chunks(skus, CHUNK):
            found.update(
                connection.scalars(select(items.c.sku).where(listings.among(chunk), items.c.state == "gone"))
            )
    return found


def _due(connector_key: str, now: datetime) -> ColumnElement[bool]:
    table = items.c
    unseen = or_(table.seen_at.is_(None), table.seen_at <= now - SWEEP_AFTER)
    missed = and_(table.missed_at.is_not(None), table.missed_at <= now - APART)
    waiting = or_(and_(table.missed_at.is_(None), unseen), missed)
    there = and_(table.listed.is_(True), table.look_at.is_(None), waiting)
    gone = and_(table.state == "gone", table.missed_at <= now - GONE_AFTER)
    return and_(table.connector_key == connector_key, or_(there, gone))
