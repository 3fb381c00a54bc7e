"""Lists of items across runs and connectors: filtered and paged in SQL."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from sqlalchemy import and_, func, or_, select, tuple_, union_all

from amazon_listings.ledger.content import searchable
from amazon_listings.ledger.database import CHUNK, chunks, reading
from amazon_listings.ledger.tables import issues, item_states, items

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Engine, Select
#: The listing of an item.
_LISTED = and_(items.c.sku == item_states.c.sku, items.c.connector_key == item_states.c.connector_key)
#: What a list shows of an item itself, as the first columns of `ItemLine`.
_SHOWN = ("connector_key", "pim_id", "sku", "name", "outcome", "operation", "read_at", "removed")


Kind = Literal["product", "variant"]


class Period(NamedTuple):
    """The time in which listings of some connectors were changed: from `since`, and before `until`."""

    keys: Sequence[str]
    since: datetime | None
    until: datetime | None


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
        references: With one of these SKUs or PIM identities, as they are written.
        causes: With an open issue of one of these causes, by their digests.
        attribute: With an open issue of this attribute.
        family: Of this product.
        kind: Products, or the variants below them.
        changed: Whose listing Amazon accepted a change of last in one of these periods.
        removed: Those that left the PIM's selection, instead of those in it.
    """

    keys: Sequence[str]
    text: str = ""
    outcomes: Sequence[str] = ()
    states: Sequence[str] = ()
    references: Sequence[str] = ()
    causes: Sequence[str] = ()
    attribute: str = ""
    family: str = ""
    kind: Kind | None = None
    changed: Sequence[Period] = ()
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
    with reading(ledger) as connection:
        # Which first: an index answers that; rows, which carry payloads, are read of what is shown only.
        shown: dict[str, list[str]] = {}
        for key, pim_id in _places(connection, query, after, most):
            shown.setdefault(key, []).append(pim_id)
        rows = [
            row
            for key, pim_ids in shown.items()
            for some in chunks(pim_ids, CHUNK)
            for row in connection.execute(
                select(*(table[name] for name in _SHOWN))
                .where(table.connector_key == key, table.pim_id.in_(some))
                .order_by(table.pim_id)
            )
        ]
        listings = _listings(connection, {row.sku for row in rows if row.sku})
        counted = _open_issues(connection, {row.sku or row.pim_id for row in rows})
    found = []
    for row in rows:
        listing = listings.get((row.connector_key, row.sku), (None, None, None))
        mine = counted.get((row.connector_key, row.sku or row.pim_id), {})
        line = ItemLine(*(*row, *listing))
        found.append(line._replace(errors=mine.get("ERROR", 0), warnings=mine.get("WARNING", 0)))
    return found


def count_items(ledger: Engine, query: ItemQuery) -> dict[str, int]:
    """Return how many items of a query have which outcome; the query's own outcomes do not count."""
    if not query.keys:
        return {}
    condition = _condition(replace(query, outcomes=()))
    statement = select(item_states.c.outcome, func.count()).select_from(item_states)
    if query.states:
        statement = statement.join(items, _LISTED)
    with reading(ledger) as connection:
        rows = connection.execute(statement.where(condition).group_by(item_states.c.outcome))
        return dict(rows.all())


def attributes_with_issues(ledger: Engine, keys: Sequence[str]) -> dict[str, str]:
    """Return what the attributes that have open issues of some connectors are called, by attribute."""
    labels: dict[str, str] = {}
    with reading(ledger) as connection:
        examples = connection.scalars(
            select(func.max(issues.c.id))
            .where(issues.c.connector_key.in_(list(keys)), issues.c.resolved_run.is_(None))
            .group_by(issues.c.identity)
        ).all()
        for some in chunks(examples, CHUNK):
            for document in connection.scalars(select(issues.c.document).where(issues.c.id.in_(some))):
                if name := document.get("attribute"):
                    labels[name] = document.get("label") or labels.get(name) or name
    return labels


def _places(
    connection: Connection, query: ItemQuery, after: tuple[str, str] | None, most: int
) -> list[tuple[str, str]]:
    """Return the connectors and PIM identities of the items on a page.

    What follows the last item of its own connector, and then the connectors behind: asked as one comparison
    of pairs, PostgreSQL would read each connector from its beginning.
    """
    table = item_states.c
    parts = [_condition(query)]
    if after is not None:
        last, pim_id = after
        own = replace(query, keys=[one for one in query.keys if one == last])
        parts = [_condition(own) & (table.pim_id > pim_id), parts[0] & (table.connector_key > last)]
    found: list[tuple[str, str]] = []
    for part in parts:
        statement = select(table.connector_key, table.pim_id).where(part)
        if query.states:
            statement = statement.join(items, _LISTED)
        statement = statement.order_by(table.connector_key, table.pim_id).limit(most - len(found))
        found += [(key, pim_id) for key, pim_id in connection.execute(statement)]
        if len(found) == most:
            break
    return found


def _listings(
    connection: Connection, skus: Collection[str]
) -> dict[tuple[str, str], tuple[str | None, str | None, datetime | None]]:
    """Return what Amazon has of listings: ASIN, state, when it accepted last; by connector and SKU.

    SQLite, which keeps no statistics, would look a connector's items up rather than the few SKUs.
    """
    columns = (items.c.connector_key, items.c.sku, items.c.asin, items.c.state, items.c.accepted_at)
    return {
        (key, sku): (asin, state, accepted_at)
        for some in chunks(skus, CHUNK)
        for key, sku, asin, state, accepted_at in connection.execute(
            select(*columns).where(items.c.sku.in_(some))
        )
    }


def _open_issues(connection: Connection, names: Collection[str]) -> dict[tuple[str, str], dict[str, int]]:
    """Return how many issues items have, by severity; by connector and item."""
    columns = (issues.c.connector_key, issues.c.item, issues.c.severity)
    found: dict[tuple[str, str], dict[str, int]] = {}
    for some in chunks(names, CHUNK):
        for key, item, severity, count in connection.execute(
            select(*columns, func.count())
            .where(issues.c.item.in_(some), issues.c.resolved_run.is_(None))
            .group_by(*columns)
        ):
            found.setdefault((key, item), {})[severity] = count
    return found


def _condition(query: ItemQuery) -> ColumnElement[bool]:
    table = item_states.c
    conditions: list[ColumnElement[bool]] = [
        table.connector_key.in_(list(query.keys)),
        table.removed.is_(query.removed),
    ]
    for column, wanted in ((table.outcome, query.outcomes), (items.c.state, query.states)):
        if wanted:
            conditions.append(column.in_(list(wanted)))
    if query.family:
        conditions.append(table.family == query.family)
    if query.kind:
        conditions.append(table.variant.is_(query.kind == "variant"))
    if query.references:
        named = list(query.references)
        conditions.append(or_(table.sku.in_(named), table.pim_id.in_(named)))
    if query.changed:
        within = union_all(*(_within(period) for period in query.changed))
        conditions.append(tuple_(table.connector_key, table.sku).in_(within))
    if query.causes or query.attribute:
        conditions.append(_with_issue(query))
    if text := query.text.strip():
        conditions.append(table.search.contains(searchable(text), autoescape=True))
    return and_(*conditions)


def _with_issue(query: ItemQuery) -> ColumnElement[bool]:
    marked = select(issues.c.connector_key, issues.c.item).where(
        issues.c.connector_key.in_(list(query.keys)), issues.c.resolved_run.is_(None)
    )
    if query.causes:
        marked = marked.where(issues.c.cause.in_(list(query.causes)))
    if query.attribute:
        marked = marked.where(issues.c.identity.endswith(f"|{query.attribute}", autoescape=True))
    table = item_states.c
    return tuple_(table.connector_key, func.coalesce(table.sku, table.pim_id)).in_(marked)


def _within(period: Period) -> Select[tuple[str, str]]:
    """Select what was changed in a period; joined, SQLite would read all listings for each item."""
    table = items.c
    found = select(table.connector_key, table.sku).where(table.connector_key.in_(list(period.keys)))
    if period.since is not None:
        found = found.where(table.accepted_at >= period.since)
    if period.until is not None:
        found = found.where(table.accepted_at < period.until)
    return found
