"""How many connectors stand at once: their last runs, their items by outcome, their open issues."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, select

from amazon_listings.ledger.database import reading
from amazon_listings.ledger.tables import issues, item_states, items, runs

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Engine


class RunLine(NamedTuple):
    """An attempt of a run, in short. `counts` are items by outcome, `asked_by` is who started it."""

    connector_key: str
    run_id: str
    attempt: int
    operation: str
    scope: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    counts: dict[str, int]
    failure: str | None
    asked_by: str | None


def last_runs(ledger: Engine, most: int) -> dict[str, list[RunLine]]:
    """Return the last attempts of every connector, by its key, the newest first."""
    place = (
        func.row_number().over(partition_by=runs.c.connector_key, order_by=runs.c.id.desc()).label("place")
    )
    numbered = select(runs.c.id, place).subquery()
    columns = [runs.c[name] for name in RunLine._fields]
    with reading(ledger) as connection:
        rows = connection.execute(
            select(*columns)
            .join(numbered, numbered.c.id == runs.c.id)
            .where(numbered.c.place <= most)
            .order_by(runs.c.id.desc())
        ).all()
    found: dict[str, list[RunLine]] = {}
    for row in rows:
        line = RunLine(*row)
        found.setdefault(line.connector_key, []).append(line._replace(counts=line.counts or {}))
    return found


def runs_of(ledger: Engine, keys: list[str], *, before: int | None, most: int) -> list[tuple[int, RunLine]]:
    """Return attempts of several connectors with their numbers, the newest first.

    Args:
        ledger: The open ledger.
        keys: Whose.
        before: Only those of a lower number: the next page.
        most: How many at most.
    """
    condition: ColumnElement[bool] = runs.c.connector_key.in_(keys)
    if before is not None:
        condition &= runs.c.id < before
    columns = [runs.c[name] for name in RunLine._fields]
    with reading(ledger) as connection:
        rows = connection.execute(
            select(runs.c.id, *columns).where(condition).order_by(runs.c.id.desc()).limit(most)
        ).all()
    found = [(number, RunLine(*rest)) for number, *rest in rows]
    return [(number, line._replace(counts=line.counts or {})) for number, line in found]


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
