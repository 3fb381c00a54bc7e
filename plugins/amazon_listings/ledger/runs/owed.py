"""What is owed: items and removals that a run could not bring to an end, for the next run to take up.

A run that waits for an answer, of Amazon or of a person, is behind them; the source need not have changed
since. An entry goes when a run that began no earlier brought the item to an end, whatever the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from sqlalchemy import and_, delete, func, or_, select

from amazon_listings.ledger.database import CHUNK, chunks, insert_into, reading
from amazon_listings.ledger.tables import item_states, items, owed, runs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Engine

#: What is owed: an item of the source, by its PIM identity, or the removal of a listing, by its SKU.
Kind = Literal["item", "removal"]


class Owed(NamedTuple):
    """What is owed: of an item `name` is the PIM identity, of a removal the SKU.

    `family` is the PIM's identity of the product that the item belongs to, `outcome` why it is owed.
    """

    kind: Kind
    name: str
    family: str
    outcome: str


def record_owed(
    ledger: Engine, connector_key: str, operation: str, run: int, entries: Iterable[Owed]
) -> None:
    """Enter what a run leaves over; what a later run left over stays as it is."""
    for chunk in chunks(entries, CHUNK):
        rows = [
            {"connector_key": connector_key, "operation": operation, "run": run, **one._asdict()}
            for one in {(one.kind, one.name): one for one in chunk}.values()
        ]
        with ledger.begin() as connection:
            statement = insert_into(connection, owed)
            new = statement.excluded
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["connector_key", "operation", "kind", "name"],
                    set_={"family": new.family, "outcome": new.outcome, "run": new.run},
                    where=owed.c.run <= new.run,
                ),
                rows,
            )


def record_owed_listings(
    ledger: Engine, connector_key: str, entries: Iterable[tuple[str | None, str, str]]
) -> None:
    """Enter items whose listings are not as a live run left them: PIM identity, SKU, outcome.

    Found after the run ended: no run that has begun by now is taken to have dealt with them. An item of
    which the PIM's identity is not known is left to a run that reads everything.
    """
    for chunk in chunks(entries, CHUNK):
        with reading(ledger) as connection:
            latest = connection.scalar(
                select(func.max(runs.c.id)).where(runs.c.connector_key == connector_key)
            )
            known = {
                row.sku: row
                for row in connection.execute(
                    select(items.c.sku, items.c.pim_id, items.c.family).where(
                        items.c.connector_key == connector_key, items.c.sku.in_([sku for _, sku, _ in chunk])
                    )
                )
            }
        found = []
        for pim_id, sku, outcome in chunk:
            row = known.get(sku)
            name = pim_id or (row.pim_id if row is not None else None)
            if name:
                family = (row.family if row is not None else None) or name
                found.append(Owed("item", name, family, outcome))
        # A run that is under way judged them before it was known.
        record_owed(ledger, connector_key, "live", (latest or 0) + 1, found)


def settle_owed(
    ledger: Engine, connector_key: str, operation: str, run: int, done: Iterable[tuple[Kind, str]]
) -> None:
    """Delete what a run brought to an end; what a later run left over stays.

    Args:
        ledger: The open ledger.
        connector_key: Whose items.
        operation: `test` or `live`: what the run did.
        run: The run's number.
        done: What it brought to an end; read only if something is owed.
    """
    if not _owes(ledger, connector_key, operation, run):
        return
    for chunk in chunks(done, CHUNK):
        names: dict[Kind, list[str]] = {}
        for kind, name in chunk:
            names.setdefault(kind, []).append(name)
        for kind, some in names.items():
            _delete(ledger, connector_key, operation, run, (owed.c.kind == kind) & owed.c.name.in_(some))


def _owes(ledger: Engine, connector_key: str, operation: str, run: int) -> bool:
    """Return whether anything is owed that a run may bring to an end: of most connectors nothing is."""
    some = select(owed.c.name).where(
        owed.c.connector_key == connector_key, owed.c.operation == operation, owed.c.run <= run
    )
    with reading(ledger) as connection:
        return connection.scalar(some.limit(1)) is not None


def forget_owed(ledger: Engine, connector_key: str, run: int, pim_ids: Iterable[str]) -> None:
    """Delete items that left the selection of the source; the identity of a product stands for its family."""
    for chunk in chunks(pim_ids, CHUNK):
        named = (owed.c.kind == "item") & or_(owed.c.name.in_(chunk), owed.c.family.in_(chunk))
        _delete(ledger, connector_key, None, run, named)


def forget_left(ledger: Engine, connector_key: str, run: int) -> None:
    """Delete items whose state says that they left the selection of the source."""
    left = select(item_states.c.pim_id).where(
        item_states.c.connector_key == connector_key, item_states.c.removed.is_(True)
    )
    _delete(ledger, connector_key, None, run, (owed.c.kind == "item") & owed.c.name.in_(left))


def owed_families(ledger: Engine, connector_key: str, operation: str) -> frozenset[str]:
    """Return the PIM's identities of the products of which items are owed."""
    with reading(ledger) as connection:
        return frozenset(
            connection.scalars(
                select(owed.c.family)
                .distinct()
                .where(
                    owed.c.connector_key == connector_key,
                    owed.c.operation == operation,
                    owed.c.kind == "item",
                )
            )
        )


def owed_removals(ledger: Engine, connector_key: str) -> list[tuple[str, str]]:
    """Return the PIM identity (empty if it is not known) and SKU of listings whose removal is owed."""
    with reading(ledger) as connection:
        rows = connection.execute(
            select(func.coalesce(items.c.pim_id, ""), items.c.sku)
            .join(owed, (owed.c.name == items.c.sku) & (owed.c.connector_key == items.c.connector_key))
            .where(
                owed.c.connector_key == connector_key,
                owed.c.operation == "live",
                owed.c.kind == "removal",
                items.c.listed.is_(True),
            )
            .order_by(items.c.sku)
        ).all()
    return [(pim_id, sku) for pim_id, sku in rows]


def _delete(
    ledger: Engine, connector_key: str, operation: str | None, run: int, named: ColumnElement[bool]
) -> None:
    condition = and_(owed.c.connector_key == connector_key, owed.c.run <= run, named)
    if operation is not None:
        condition &= owed.c.operation == operation
    with ledger.begin() as connection:
        connection.execute(delete(owed).where(condition))
