"""Lists of items across runs and connectors: filtered and paged in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, func, or_, select, tuple_

from amazon_listings.ledger.database import reading
from amazon_listings.ledger.tables import issues, item_states, items

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Engine

_ESCAPE = "\\"


class ItemLine(NamedTuple):
    """An item in a list. `state` is that of its listing at Amazon, `errors` its open errors."""

    connector_key: str
    pim_id: str
    sku: str | None
    name: str | None
    outcome: str
    operation: str
    read_at: datetime
    removed: bool
    asin: str | None
    state: str | None
    accepted_at: datetime | None
    errors: int = 0
    warnings: int = 0


@dataclass(frozen=True)
class ItemQuery:
    """Which items are wanted; what is left empty does not count.

    Args:
        keys: Of these connectors.
        text: Whose name, SKU or PIM identity contains it.
        outcomes: With one of these outcomes.
        states: Whose listing is in one of these states.
        identity: With an open issue of this identity.
        family: Of this product.
        removed: Those that left the PIM's selection, instead of those in it.
    """

    keys: Sequence[str]
    text: str = ""
    outcomes: Sequence[str] = ()
    states: Sequence[str] = ()
    identity: str = ""
    family: str = ""
    removed: bool = False


def list_items(
    ledger: Engine, query: ItemQuery, *, after: tuple[str, str] | None = None, most: int = 50
) -> list[ItemLine]:
    """Return items by connector and PIM identity.

    Args:
        ledger: The open ledger.
        query: Which.
        after: The connector's key and the PIM's identity of the last one shown.
        most: How many at most.
    """
    if not query.keys:
        return []
    table = item_states.c
    place = (table.connector_key, table.pim_id)
    condition = _condition(query)
    if after is not None:
        condition &= tuple_(*place) > after
    with reading(ledger) as connection:
        rows = connection.execute(
            select(
                *place,
                table.sku,
                table.name,
                table.outcome,
                table.operation,
                table.read_at,
                table.removed,
                items.c.asin,
                items.c.state,
                items.c.accepted_at,
            )
            .outerjoin(items, and_(items.c.sku == table.sku, items.c.connector_key == table.connector_key))
            .where(condition)
            .order_by(*place)
            .limit(most)
        ).all()
        named = {(row.connector_key, row.sku or row.pim_id) for row in rows}
        counted: dict[tuple[str, str], dict[str, int]] = {}
        for key, item, severity, count in connection.execute(
            select(issues.c.connector_key, issues.c.item, issues.c.severity, func.count())
            .where(
                issues.c.item.in_([item for _, item in named]),
                issues.c.connector_key.in_({key for key, _ in named}),
                issues.c.resolved_run.is_(None),
            )
            .group_by(issues.c.connector_key, issues.c.item, issues.c.severity)
        ):
            counted.setdefault((key, item), {})[severity] = count
    found = []
    for row in rows:
        mine = counted.get((row.connector_key, row.sku or row.pim_id), {})
        found.append(ItemLine(*row, errors=mine.get("ERROR", 0), warnings=mine.get("WARNING", 0)))
    return found


def count_items(ledger: Engine, query: ItemQuery) -> dict[str, int]:
    """Return how many items of a query have which outcome; the query's own outcomes do not count."""
    if not query.keys:
        return {}
    condition = _condition(ItemQuery(**(vars(query) | {"outcomes": ()})))
    statement = select(item_states.c.outcome, func.count()).select_from(item_states)
    if query.states:
        statement = statement.outerjoin(
            items,
            and_(items.c.sku == item_states.c.sku, items.c.connector_key == item_states.c.connector_key),
        )
    with reading(ledger) as connection:
        rows = connection.execute(statement.where(condition).group_by(item_states.c.outcome))
        return dict(rows.all())


def _condition(query: ItemQuery) -> ColumnElement[bool]:
    table = item_states.c
    conditions: list[ColumnElement[bool]] = [
        table.connector_key.in_(list(query.keys)),
        table.removed.is_(query.removed),
    ]
    if query.outcomes:
        conditions.append(table.outcome.in_(list(query.outcomes)))
    if query.states:
        conditions.append(items.c.state.in_(list(query.states)))
    if query.family:
        conditions.append(table.family == query.family)
    if query.identity:
        marked = select(issues.c.item).where(
            issues.c.connector_key.in_(list(query.keys)),
            issues.c.resolved_run.is_(None),
            issues.c.identity == query.identity,
        )
        conditions.append(func.coalesce(table.sku, table.pim_id).in_(marked))
    if text := query.text.strip():
        escaped = text.replace(_ESCAPE, _ESCAPE * 2).replace("%", r"\%").replace("_", r"\_")
        like = f"%{escaped}%"
        conditions.append(
            or_(
                table.sku.ilike(like, escape=_ESCAPE),
                table.name.ilike(like, escape=_ESCAPE),
                table.pim_id.ilike(like, escape=_ESCAPE),
            )
        )
    return and_(*conditions)
