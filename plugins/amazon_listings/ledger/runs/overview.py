"""How many connectors stand at once: their last runs, their items by outcome, their open issues."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from amazon_listings.ledger.database import reading
from amazon_listings.ledger.runs.history import RunLine
from amazon_listings.ledger.tables import issues, item_states, items, runs

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement, Engine, Row


#: What a line of a run is made of.
_COLUMNS = [runs.c.id.label("number"), *(runs.c[one.name] for one in fields(RunLine) if one.name != "number")]


def last_runs(ledger: Engine, most: int) -> dict[str, list[RunLine]]:
    """Return the last attempts of every connector, by its key, the newest first."""
    place = (
        func.row_number().over(partition_by=runs.c.connector_key, order_by=runs.c.id.desc()).label("place")
    )
    numbered = select(runs.c.id, place).subquery()
    with reading(ledger) as connection:
        rows = connection.execute(
            select(*_COLUMNS)
            .join(numbered, numbered.c.id == runs.c.id)
            .where(numbered.c.place <= most)
            .order_by(runs.c.id.desc())
        ).all()
    found: dict[str, list[RunLine]] = {}
    for row in rows:
        found.setdefault(row.connector_key, []).append(_line(row))
    return found


def runs_of(ledger: Engine, keys: list[str], *, before: int | None, most: int) -> list[RunLine]:
    """Return attempts of several connectors, the newest first.

    Args:
        ledger: The open ledger.
        keys: Whose.
        before: Only those of a lower number: the next page.
        most: How many at most.
    """
    condition: ColumnElement[bool] = runs.c.connector_key.in_(keys)
    if before is not None:
        condition &= runs.c.id < before
    with reading(ledger) as connection:
        rows = connection.execute(
            select(*_COLUMNS).where(condition).order_by(runs.c.id.desc()).limit(most)
        ).all()
    return [_line(row) for row in rows]


def runs_going_on(ledger: Engine, keys: Collection[str]) -> list[RunLine]:
    """Return the attempts of several connectors that have not ended; without those that undo others."""
    wanted = runs.c.connector_key.in_(list(keys)) & runs.c.ended_at.is_(None)
    with reading(ledger) as connection:
        rows = connection.execute(
            select(*_COLUMNS).where(wanted, runs.c.operation != "rollback").order_by(runs.c.id)
        ).all()
    return [_line(row) for row in rows]


def _line(row: Row[Any]) -> RunLine:
    found = row._asdict()
    return RunLine(**found | {"counts": found["counts"] or {}})


def states_by_connector(ledger: Engine) -> dict[str, dict[str, int]]:
    """Return how many items of each connector have which outcome; removed items do not count."""
    table = item_states.c
    return _counts(ledger, table.connector_key, table.outcome, table.removed.is_(False))


def open_issues_by_connector(ledger: Engine) -> dict[str, dict[str, int]]:
    """Return how many issues of each connector are open, by severity."""
    table = issues.c
    return _counts(ledger, table.connector_key, table.severity, table.resolved_run.is_(None))


def _counts(
    ledger: Engine, key: ColumnElement[str], kind: ColumnElement[str], condition: ColumnElement[bool]
) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    with reading(ledger) as connection:
        for connector, name, count in connection.execute(
            select(key, kind, func.count()).where(condition).group_by(key, kind)
        ):
            found.setdefault(connector, {})[name] = count
    return found


def seller_of(ledger: Engine, connector_key: str, marketplace_id: str) -> str | None:
    """Return the seller for whom a connector's listings were written last; None if none was."""
    with reading(ledger) as connection:
        found: str | None = connection.scalar(
            select(items.c.seller_id)
            .where(items.c.connector_key == connector_key, items.c.marketplace_id == marketplace_id)
            .order_by(items.c.accepted_at.desc().nulls_last())
            .limit(1)
        )
    return found
