"""Retention: what is older than the setting says is forgotten; what the next run needs never is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select

from amazon_listings.ledger.database import chunks, reading, seconds
from amazon_listings.ledger.runs.documents import forget_documents
from amazon_listings.ledger.runs.history import last_cursors
from amazon_listings.ledger.tables import feeds, issues, item_states, leases, runs, submissions

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Engine, Table

#: Rows removed in one transaction, so that no process waits long for the ledger.
_AT_ONCE = 2_000


@dataclass
class Pruned:
    """How many rows were (or would be) removed."""

    runs: int = 0
    submissions: int = 0
    feeds: int = 0
    issues: int = 0
    states: int = 0


def prune(ledger: Engine, *, days: int, now: datetime | None = None, remove: bool = True) -> Pruned:
    """Remove runs older than so many days, with their submissions, before-images, feeds and resolved issues.

    States of items that left the PIM's selection so long ago go too.

    Kept whatever their age: items, open issues, runs with a feed that is not settled, and for each
    connector and operation the run that the next one continues from.

    Args:
        ledger: The open ledger.
        days: A run that started longer ago is old.
        now: This moment, if None.
        remove: False only counts.
    """
    before = (now or datetime.now(UTC)) - timedelta(days=days)
    pruned = Pruned()
    with reading(ledger) as connection:
        kept = set(last_cursors(connection))
        kept.update(connection.scalars(select(feeds.c.run).where(feeds.c.settled_at.is_(None))))
        old = [
            number
            for number in connection.scalars(
                select(runs.c.id).where(runs.c.started_at < before).order_by(runs.c.id)
            )
            if number not in kept
        ]
    for numbers in chunks(old, 100):
        # In the order of their references.
        for name, table, condition in (
            ("submissions", submissions, submissions.c.run.in_(numbers)),
            ("feeds", feeds, feeds.c.run.in_(numbers)),
            ("issues", issues, issues.c.resolved_run.in_(numbers)),
            ("runs", runs, runs.c.id.in_(numbers)),
        ):
            count = _remove(ledger, table, condition) if remove else _count(ledger, table, condition)
            setattr(pruned, name, getattr(pruned, name) + count)
    left = item_states.c.removed.is_(True) & (item_states.c.read_at < before)
    pruned.states = _count(ledger, item_states, left)
    if remove:
        with ledger.begin() as connection:
            connection.execute(delete(item_states).where(left))
        forget_documents(ledger)
        _tidy(ledger)
    return pruned


def _count(ledger: Engine, table: Table, condition: ColumnElement[bool]) -> int:
    with reading(ledger) as connection:
        return connection.scalar(select(func.count()).select_from(table).where(condition)) or 0


def _remove(ledger: Engine, table: Table, condition: ColumnElement[bool]) -> int:
    key: Any = table.c.id
    some = select(key).where(condition)
    removed = 0
    while True:
        with ledger.begin() as connection:
            # The database chooses the rows: their numbers need not come here and go back.
            count = connection.execute(delete(table).where(key.in_(some.limit(_AT_ONCE)))).rowcount
            # Another process may have removed the chosen ones meanwhile.
            is_done = not count and connection.scalar(some.limit(1)) is None
        removed += count
        if is_done:
            return removed


def _tidy(ledger: Engine) -> None:
    """Drop expired leases, and give the freed pages of an SQLite file back to the disk."""
    with ledger.begin() as connection:
        connection.execute(delete(leases).where(leases.c.expires_at < seconds(connection)))
    if ledger.dialect.name == "sqlite":
        raw = ledger.raw_connection()
        try:
            # As a script: `execute` would stop after the first page.
            driver: Any = raw.driver_connection
            driver.executescript("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);")
        finally:
            raw.close()
