"""Listings whose items left the PIM's filter: named by the PIM, or missing from a complete read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Column, MetaData, Table, and_, func, insert, or_, select

from amazon_listings.ledger.columns import SKU
from amazon_listings.ledger.database import CHUNK, chunks, reading
from amazon_listings.ledger.tables import item_states, items

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sqlalchemy import ColumnElement, Engine

    from amazon_listings.ledger.items.payloads import ListingScope

#: Something of a listing is the connector's.
_OWNED = or_(items.c.created.is_(True), items.c.accepted_hash.is_not(None))


def count_listed(ledger: Engine, connector_key: str, *, owned: bool = False) -> int:
    """Return how many listings a connector has at Amazon, as far as the ledger knows.

    Args:
        ledger: The open ledger.
        connector_key: Whose listings.
        owned: Only those that the connector made or adopted, or of which it owns something.
    """
    which = _listed(connector_key) & _OWNED if owned else _listed(connector_key)
    with reading(ledger) as connection:
        return connection.scalar(select(func.count()).select_from(items).where(which)) or 0


def listed_skus(ledger: Engine, connector_key: str, pim_ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Return the SKUs of the PIM identities that have a listing of this connector, each with its identity.

    The identity of a product stands for its whole family.
    """
    for chunk in chunks(pim_ids, CHUNK):
        with reading(ledger) as connection:
            rows = connection.execute(
                select(items.c.pim_id, items.c.sku).where(
                    _listed(connector_key), items.c.pim_id.in_(chunk) | items.c.family.in_(chunk)
                )
            ).all()
        yield from ((pim_id, sku) for pim_id, sku in rows)


def listed_but_not(ledger: Engine, connector_key: str, skus: Iterable[str]) -> Iterator[str]:
    """SKUs that the connector has at Amazon and that are not among those of a complete read.

    The database compares, so that neither side is ever held in memory.

    Args:
        ledger: The open ledger.
        connector_key: Whose listings.
        skus: Every SKU of the read.
    """
    read = Table("read_now", MetaData(), Column("sku", SKU, primary_key=True), prefixes=["TEMPORARY"])
    with reading(ledger) as connection:
        read.create(connection)
        try:
            for chunk in chunks(skus, 10 * CHUNK):
                names = {SKU.fitted(sku) for sku in chunk}
                known = set(connection.scalars(select(read.c.sku).where(read.c.sku.in_(names))))
                connection.execute(insert(read), [{"sku": sku} for sku in names - known])
            missing = (
                select(items.c.sku)
                .where(_listed(connector_key), ~select(read.c.sku).where(read.c.sku == items.c.sku).exists())
                .order_by(items.c.sku)
            )
            for batch in connection.execution_options(yield_per=CHUNK).scalars(missing).partitions():
                yield from batch
        finally:
            if not connection.closed and not connection.invalidated:
                connection.rollback()


def listed_skus_of(ledger: Engine, listings: ListingScope, *, owned: bool = False) -> list[str]:
    """Return the SKUs of which a connector knows that Amazon has them.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        owned: Only those that the connector made or adopted, or of which it owns something.
    """
    query = select(items.c.sku).where(
        _listed(listings.connector_key),
        items.c.seller_id == listings.seller_id,
        items.c.marketplace_id == listings.marketplace_id,
    )
    if owned:
        query = query.where(_OWNED)
    with reading(ledger) as connection:
        return list(connection.scalars(query.order_by(items.c.sku)))


def removals_owed(ledger: Engine, connector_key: str, *, before: datetime) -> list[tuple[str, str]]:
    """Return the PIM identity and SKU of listings whose removal was taken by Amazon and did not hold.

    An item that is in the PIM's selection again is not removed.

    Args:
        ledger: The open ledger.
        connector_key: Whose listings.
        before: What was asked for later may only be late, unless a reading has given it up.
    """
    state = item_states.c
    back = (
        select(state.pim_id)
        .where(state.connector_key == connector_key, state.sku == items.c.sku, state.removed.is_(False))
        .exists()
    )
    table = items.c
    with reading(ledger) as connection:
        rows = connection.execute(
            select(func.coalesce(table.pim_id, ""), table.sku)
            .where(
                table.connector_key == connector_key,
                table.removing.is_not(None),
                or_(
                    table.state == "not_applied", and_(table.state == "accepted", table.accepted_at <= before)
                ),
                ~back,
            )
            .order_by(table.sku)
        ).all()
    return [(pim_id, sku) for pim_id, sku in rows]


def _listed(connector_key: str) -> ColumnElement[bool]:
    return (items.c.connector_key == connector_key) & items.c.listed.is_(True)
