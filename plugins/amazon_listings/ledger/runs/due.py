"""How many payloads are known and how large they are: what a run can be expected to send."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, case, func, or_, select

from amazon_listings.ledger.database import reading
from amazon_listings.ledger.packing import Unpacker
from amazon_listings.ledger.tables import item_states, items

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Engine

#: Outcomes of items that the next live run sends, if they are approved.
DUE = ("ready", "waiting", "failed", "accepted_in_part")
#: One in so many items is looked at, at most, to find some that stand for all.
_STRIDE = 64


class Payloads(NamedTuple):
    """Numbers of items that have a payload.

    Attributes:
        items: All of them.
        listed: Of these, those of which Amazon accepted a payload before.
        tested: Of these, those whose payload Amazon's preview passed.
        absent: Of these, those of which a reading has shown that Amazon has none.
    """

    items: int
    listed: int
    tested: int
    absent: int


def count_payloads(ledger: Engine, connector_key: str, *, due: bool) -> Payloads:
    """Count the items of a connector that have a payload.

    Args:
        ledger: The open ledger.
        connector_key: Whose.
        due: Only those that passed the last check and whose payload Amazon has not accepted.
    """
    table = item_states.c
    # Made once, and joined: of a correlated subquery, SQLite reads all items for each item.
    own = select(items.c.sku, items.c.accepted_hash, items.c.tested_hash, items.c.listed)
    had = own.where(items.c.connector_key == connector_key).cte("had").prefix_with("MATERIALIZED")
    flags = {
        "accepted": had.c.accepted_hash.is_not(None),
        "same": had.c.accepted_hash == table.payload_hash,
        "tested": had.c.tested_hash == table.payload_hash,
        "absent": had.c.listed.is_(False),
    }
    wanted = [*_with_payload(connector_key)]
    if due:
        # A test counts what passed an earlier one as unchanged.
        passed_again = and_(table.outcome == "unchanged", table.operation == "test")
        wanted.append(or_(table.outcome.in_(DUE), passed_again))
    # A SKU has a listing for each seller that it was sent for.
    each = (
        select(*(func.max(case((flag, 1), else_=0)).label(name) for name, flag in flags.items()))
        .select_from(item_states.outerjoin(had, had.c.sku == table.sku))
        .where(*wanted)
        .group_by(table.pim_id)
        .subquery()
    )
    parts = (func.sum(each.c[name]) for name in ("accepted", "tested", "absent"))
    numbers = select(func.count(), *parts).select_from(each)
    if due:
        numbers = numbers.where(each.c.same == 0)
    with reading(ledger) as connection:
        return Payloads(*(int(number or 0) for number in connection.execute(numbers).one()))


def count_tested(ledger: Engine, connector_key: str, *, since: datetime) -> int:
    """Return how many payloads of a connector passed Amazon's preview since a moment."""
    wanted = select(func.count()).where(items.c.connector_key == connector_key, items.c.tested_at >= since)
    with reading(ledger) as connection:
        return connection.scalar(wanted) or 0


def payload_sizes(ledger: Engine, connector_key: str, known: int, most: int) -> list[int]:
    """Return the bytes of some payloads of a connector, as JSON without blanks.

    Args:
        ledger: The open ledger.
        connector_key: Whose.
        known: How many payloads there are.
        most: How many of them are measured.
    """
    # A digest is as good as chance, and what is near in the table is alike.
    stride = max(1, min(_STRIDE, known // most))
    columns = (item_states.c.content, item_states.c.dictionary)
    chosen = (*_with_payload(connector_key), item_states.c.of_row % stride == 0)
    with reading(ledger) as connection:
        rows = connection.execute(select(*columns).where(*chosen).limit(most)).all()
        unpacker = Unpacker(connection)
        contents = (json.loads(unpacker.unpacked(row.content, row.dictionary)) for row in rows)
        payloads = [content.get("attributes") for content in contents]
    return [
        len(json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"))
        for payload in payloads
        if payload
    ]


def _with_payload(connector_key: str) -> tuple[ColumnElement[bool], ...]:
    table = item_states.c
    return (
        table.connector_key == connector_key,
        table.removed.is_(False),
        table.payload_hash.is_not(None),
    )
