"""Fences: no SKU of an account and region has two writes under way whose answers are not known.

A fence is raised before a write is planned and announced, and lowered when its answer is known: of a
feed's message, when the feed's report was read. Amazon does not say which of two writes that are under
way at once would win, and some attributes of a SKU are the same in all marketplaces of a region.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, literal, or_, select, update

from amazon_listings.ledger.columns import SKU, rows_of
from amazon_listings.ledger.database import CHUNK, chunks, insert_into, reading, seconds
from amazon_listings.ledger.tables import fences, leases, submissions
from amazon_listings.marketplaces import region_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection, Engine

    from amazon_listings.ledger.items.payloads import ListingScope


class Fence(NamedTuple):
    """A fence of another write: the run that raised it, and the feed whose report is awaited, if any."""

    run: int
    feed: int | None


def raise_fences(
    ledger: Engine, listings: ListingScope, skus: Sequence[str], *, run: int, token: str
) -> dict[str, Fence]:
    """Raise a fence around each SKU that has none.

    The fence of a single write counts only as long as the lease under which it was raised: what became
    of that write is found by reading the listing.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        skus: The SKUs.
        run: The run's number.
        token: Of the lease under which they are raised.

    Returns:
        The fences of others, by SKU; all other SKUs are ours now.
    """
    names = dict(zip(SKU.all_fitted(skus), skus, strict=True))
    blocked: dict[str, Fence] = {}
    for chunk in chunks(names, CHUNK):
        with ledger.begin() as connection:
            raised = _raise(connection, listings, chunk, run=run, token=token, feed=None)
        if left := set(chunk).difference(raised):
            blocked |= _standing(ledger, listings, left)
    return {names[sku]: fence for sku, fence in blocked.items()}


def fence_messages(
    connection: Connection, listings: ListingScope, names: Iterable[str], *, run: int, token: str, feed: int
) -> bool:
    """Let fences stand until a feed is settled, whatever becomes of the lease.

    Args:
        connection: The transaction that enters the feed.
        listings: Whose listings.
        names: The SKUs of its messages, as their column has them; fences that are missing are raised.
        run: The run's number.
        token: Of the lease under which fences were raised.
        feed: The feed's number.

    Returns:
        Whether all of them are fenced; if not, one has another write under way.
    """
    ours = (
        fences.c.sku.in_(select(submissions.c.sku).where(submissions.c.feed == feed))
        & (fences.c.seller_id == listings.seller_id)
        & (fences.c.region == region_of(listings.marketplace_id))
        & (fences.c.token == token)
        & fences.c.feed.is_(None)
    )
    # In the order in which they are raised, so that two do not wait for each other.
    by_code_point = fences.c.sku.collate("C" if connection.dialect.name == "postgresql" else "BINARY")
    held = connection.scalars(
        select(fences.c.sku).where(ours).order_by(by_code_point).with_for_update()
    ).all()
    connection.execute(update(fences).where(ours).values(run=run, feed=feed, raised_at=datetime.now(UTC)))
    left = set(names).difference(held)
    return not left or len(_raise(connection, listings, left, run=run, token=token, feed=feed)) == len(left)


def lower_fences(ledger: Engine, listings: ListingScope, skus: Iterable[str], *, token: str) -> None:
    """Lower the fences of single writes whose answers are known, or that were not made."""
    for chunk in chunks(sorted(set(SKU.all_fitted(list(skus)))), CHUNK):
        with ledger.begin() as connection:
            connection.execute(
                delete(fences).where(
                    _around(listings, chunk), fences.c.token == token, fences.c.feed.is_(None)
                )
            )


def lower_fences_of_feed(connection: Connection, feed: int) -> None:
    """Lower the fences of a feed that is settled, or that was never started."""
    connection.execute(delete(fences).where(fences.c.feed == feed))


def _raise(
    connection: Connection,
    listings: ListingScope,
    names: Iterable[str],
    *,
    run: int,
    token: str,
    feed: int | None,
) -> Sequence[str]:
    """Raise or take over fences that are free or ours; return the names of those that could be had."""
    # In the order of the SKUs, so that two who raise the same ones do not wait for each other.
    sku = rows_of(connection, fences.c.sku, sorted(names))
    row = {
        "seller_id": listings.seller_id,
        "region": region_of(listings.marketplace_id),
        "run": run,
        "token": token,
        "feed": feed,
        "raised_at": datetime.now(UTC),
    }
    # SQLite takes ON CONFLICT for a join, unless a WHERE stands before it.
    raised = select(sku, *(literal(value, fences.c[name].type) for name, value in row.items())).where(
        sku.is_not(None)
    )
    statement = insert_into(connection, fences).from_select(["sku", *row], raised)
    new = statement.excluded
    # No correlated EXISTS: within ON CONFLICT it would name the table a second time, and ask about any fence.
    alive = select(leases.c.token).where(leases.c.expires_at > seconds(connection))
    statement = statement.on_conflict_do_update(
        index_elements=["sku", "seller_id", "region"],
        set_={"run": new.run, "token": new.token, "feed": new.feed, "raised_at": new.raised_at},
        where=fences.c.feed.is_(None) & or_(fences.c.token == token, fences.c.token.not_in(alive)),
    )
    return connection.scalars(statement.returning(fences.c.sku)).all()


def _standing(ledger: Engine, listings: ListingScope, skus: Iterable[str]) -> dict[str, Fence]:
    """Return the fences of these SKUs; one that was lowered meanwhile still counts as another's."""
    names = list(skus)
    with reading(ledger) as connection:
        rows = connection.execute(
            select(fences.c.sku, fences.c.run, fences.c.feed).where(_around(listings, names))
        )
        found = {row.sku: Fence(row.run, row.feed) for row in rows}
    return {sku: found.get(sku, Fence(0, None)) for sku in names}


def _around(listings: ListingScope, skus: Sequence[str]) -> ColumnElement[bool]:
    return (
        fences.c.sku.in_(skus)
        & (fences.c.seller_id == listings.seller_id)
        & (fences.c.region == region_of(listings.marketplace_id))
    )
