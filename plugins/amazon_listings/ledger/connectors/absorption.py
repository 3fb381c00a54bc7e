"""One connector takes over what another one knows: two connectors of before are one now."""

from __future__ import annotations

import operator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import String, and_, cast, delete, func, select, update

from amazon_listings.ledger.tables import (
    approvals,
    approved_lines,
    column_notations,
    connector_ids,
    connectors,
    dictionaries,
    feeds,
    issues,
    item_states,
    items,
    questions,
    runs,
    stops,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: Characters of `runs.run_id`.
_WIDTH = 250


def absorb(connection: Connection, other: str, key: str) -> None:
    """Hang everything of one connector on the key of another, in the open transaction.

    A DAG run that both had keeps its history under a name that says whose it was. An issue that both had
    open stays open once, and of an item that both had the later reading stays.

    Args:
        connection: The open transaction.
        other: The key that ends.
        key: The key that stays.
    """
    _rename_same_runs(connection, other, key)
    twice = issues.alias()
    connection.execute(
        delete(issues).where(
            issues.c.connector_key == other,
            issues.c.resolved_run.is_(None),
            select(twice.c.id)
            .where(
                and_(
                    twice.c.connector_key == key,
                    twice.c.resolved_run.is_(None),
                    twice.c.item == issues.c.item,
                    twice.c.identity == issues.c.identity,
                )
            )
            .exists(),
        )
    )
    _keep_later_states(connection, other, key)
    _keep_one_listing(connection, other, key)
    # What a person allowed of one connector is not allowed of another one: it is asked again.
    # What its columns showed is found again in the states.
    for table in (approvals, questions, approved_lines, column_notations):
        connection.execute(delete(table).where(table.c.connector_key == other))
    if connection.scalar(select(stops.c.connector_key).where(stops.c.connector_key == key)):
        connection.execute(delete(stops).where(stops.c.connector_key == other))
    else:
        connection.execute(update(stops).where(stops.c.connector_key == other).values(connector_key=key))
    for table in (runs, items, feeds, issues, item_states, dictionaries):
        connection.execute(update(table).where(table.c.connector_key == other).values(connector_key=key))
    connection.execute(
        update(connector_ids).where(connector_ids.c.connector_key == other).values(connector_key=key)
    )
    connection.execute(delete(connectors).where(connectors.c.key == other))


def _rename_same_runs(connection: Connection, other: str, key: str) -> None:
    same = runs.alias()
    suffix = f" ({other})"
    connection.execute(
        update(runs)
        .where(
            runs.c.connector_key == other,
            select(same.c.id)
            .where(
                same.c.connector_key == key,
                same.c.run_id == runs.c.run_id,
                same.c.attempt == runs.c.attempt,
            )
            .exists(),
        )
        .values(run_id=cast(runs.c.run_id, String(_WIDTH - len(suffix))) + suffix)
    )


def _keep_one_listing(connection: Connection, other: str, key: str) -> None:
    """Of what both know of a listing keep what was accepted later; what the absorbed one has, if neither.

    A listing that either of them made is theirs together.
    """
    twin = items.alias()
    connection.execute(
        update(items)
        .where(
            items.c.connector_key.in_([other, key]),
            select(twin.c.sku)
            .where(
                twin.c.connector_key.in_([other, key]),
                twin.c.sku == items.c.sku,
                twin.c.seller_id == items.c.seller_id,
                twin.c.marketplace_id == items.c.marketplace_id,
                twin.c.created.is_(True),
            )
            .exists(),
        )
        .values(created=True)
    )
    for owner, rival, older in ((other, key, operator.lt), (key, other, operator.le)):
        same = items.alias()
        never = datetime.fromtimestamp(0, UTC)
        connection.execute(
            delete(items).where(
                items.c.connector_key == owner,
                select(same.c.sku)
                .where(
                    same.c.connector_key == rival,
                    same.c.sku == items.c.sku,
                    same.c.seller_id == items.c.seller_id,
                    same.c.marketplace_id == items.c.marketplace_id,
                    older(
                        func.coalesce(items.c.accepted_at, never), func.coalesce(same.c.accepted_at, never)
                    ),
                )
                .exists(),
            )
        )


def _keep_later_states(connection: Connection, other: str, key: str) -> None:
    for owner, rival, older in ((other, key, operator.le), (key, other, operator.lt)):
        same = item_states.alias()
        connection.execute(
            delete(item_states).where(
                item_states.c.connector_key == owner,
                select(same.c.pim_id)
                .where(
                    same.c.connector_key == rival,
                    same.c.pim_id == item_states.c.pim_id,
                    older(item_states.c.read_at, same.c.read_at),
                )
                .exists(),
            )
        )
