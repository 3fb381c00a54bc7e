"""Before-images: what each listing held before a run wrote to it, so that the run can be taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import func, select

from amazon_listings.ledger.content import unpacked
from amazon_listings.ledger.database import reading
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.tables import items, runs, submissions
from amazon_listings.ledger.writes.submissions import ACCEPTED, DOUBTFUL, PENDING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Engine, Row

#: Listings read at once; each has payloads.
_AT_ONCE = 100
#: What may have changed a listing; a later write in doubt does not bar the way, for it may never end.
_WRITTEN = (ACCEPTED, PENDING, *DOUBTFUL)


class Step(NamedTuple):
    """One submission or message: its method, and the attributes or patches sent; None of a deletion."""

    method: str
    body: Any


@dataclass(frozen=True)
class Write:
    """What a run did to one listing, first to last.

    Args:
        listings: Whose listing.
        sku: Its SKU.
        pim_id: The PIM's identity of its item.
        existed: Whether there was a listing before; None if it is not known.
        before: The attributes it held before; None if there was none, or they are not known.
        steps: What the run sent, first to last.
        first: Whether no earlier run wrote to the listing.
        certain: Whether Amazon accepted any of it; else it may or may not have been carried out.
        pending: Whether the report of a feed is still awaited.
        later: Runs that wrote to the listing since, and were not taken back.
        undone_by: The run that took this one back, if any.
    """

    listings: ListingScope
    sku: str
    pim_id: str | None
    existed: bool | None
    before: dict[str, Any] | None
    steps: tuple[Step, ...]
    first: bool
    certain: bool
    pending: bool
    later: tuple[int, ...]
    undone_by: int | None

    @property
    def method(self) -> str:
        """The method of the last submission or message."""
        return self.steps[-1].method


def writes_of(ledger: Engine, run: int, *, skus: Collection[str] = ()) -> Iterator[Write]:
    """Yield the listings that a run wrote to, by SKU, with what is needed to take it back.

    Args:
        ledger: The open ledger.
        run: The run's number.
        skus: Only these; empty: all.
    """
    table = submissions.c
    written = _written(run, skus)
    last = ""
    while True:
        with reading(ledger) as connection:
            names = connection.scalars(
                select(table.sku)
                .where(written, table.sku > last)
                .distinct()
                .order_by(table.sku)
                .limit(_AT_ONCE)
            ).all()
            writes = list(_writes(connection, run, names)) if names else []
        yield from writes
        if not names:
            return
        last = names[-1]


def count_written(ledger: Engine, run: int, *, skus: Collection[str] = ()) -> int:
    """Return how many SKUs a run wrote to; of these, if some are named."""
    with reading(ledger) as connection:
        return (
            connection.scalar(select(func.count(submissions.c.sku.distinct())).where(_written(run, skus)))
            or 0
        )


def _written(run: int, skus: Collection[str]) -> ColumnElement[bool]:
    written = (submissions.c.run == run) & submissions.c.status.in_(_WRITTEN)
    return written & submissions.c.sku.in_(list(skus)) if skus else written


def _writes(connection: Connection, run: int, skus: Sequence[str]) -> Iterator[Write]:
    table = submissions.c
    product_type = (
        select(items.c.product_type)
        .where(
            items.c.sku == table.sku,
            items.c.seller_id == table.seller_id,
            items.c.marketplace_id == table.marketplace_id,
            items.c.connector_key == runs.c.connector_key,
        )
        .scalar_subquery()
    )
    own = connection.execute(
        select(submissions, runs.c.connector_key, product_type.label("product_type"))
        .join(runs, runs.c.id == table.run)
        .where(table.run == run, table.sku.in_(skus), table.status.in_(_WRITTEN))
        .order_by(table.sku, table.id)
    ).all()
    listings: dict[tuple[str, str, str], list[Row[Any]]] = {}
    for row in own:
        listings.setdefault((row.sku, row.seller_id, row.marketplace_id), []).append(row)
    earlier = _earlier(connection, skus, min(row.id for row in own))
    since = _since(connection, skus, min(row.id for row in own))
    for key, rows in listings.items():
        first, last = rows[0], rows[-1]
        later, undone = _effective(row for row in reversed(since.get(key, ())) if row.id > last.id)
        yield Write(
            listings=ListingScope(
                first.connector_key, first.seller_id, first.marketplace_id, first.product_type or ""
            ),
            sku=first.sku,
            pim_id=first.pim_id,
            existed=first.existed,
            before=unpacked(first.before),
            steps=tuple(Step(row.method, unpacked(row.body)) for row in rows),
            first=key not in earlier,
            certain=any(row.status == ACCEPTED for row in rows),
            pending=any(row.status == PENDING for row in rows),
            later=later,
            undone_by=undone.get(run),
        )


def _effective(newest_first: Iterable[Row[Any]]) -> tuple[tuple[int, ...], dict[int, int]]:
    """Of later writes: the runs that still count, and which run took which one back."""
    runs_left: dict[int, None] = {}
    undone: dict[int, int] = {}
    for row in newest_first:
        if row.run in undone:
            continue
        if row.undoes is None:
            runs_left[row.run] = None
        else:
            undone[row.undoes] = row.run
    return tuple(sorted(runs_left)), undone


def _since(
    connection: Connection, skus: Sequence[str], first: int
) -> dict[tuple[str, str, str], list[Row[Any]]]:
    """Return all writes to these SKUs that were not refused, from a submission on."""
    table = submissions.c
    found: dict[tuple[str, str, str], list[Row[Any]]] = {}
    rows: list[Row[Any]] = list(
        connection.execute(
            select(table.id, table.run, table.undoes, table.sku, table.seller_id, table.marketplace_id)
            .where(table.sku.in_(skus), table.id > first, table.status.in_([ACCEPTED, PENDING]))
            .order_by(table.id)
        )
    )
    for row in rows:
        found.setdefault((row.sku, row.seller_id, row.marketplace_id), []).append(row)
    return found


def _earlier(connection: Connection, skus: Sequence[str], first: int) -> set[tuple[str, str, str]]:
    """Return the listings that were written to before a submission."""
    table = submissions.c
    rows = connection.execute(
        select(table.sku, table.seller_id, table.marketplace_id)
        .where(table.sku.in_(skus), table.id < first, table.status.in_(_WRITTEN))
        .distinct()
    )
    return {(row.sku, row.seller_id, row.marketplace_id) for row in rows}
