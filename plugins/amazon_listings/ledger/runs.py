"""Runs: when each connector ran, over what, and how far it got in the PIM."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update

from amazon_listings.errors import ActionRequiredError
from amazon_listings.ledger.content import column_text
from amazon_listings.ledger.database import reading
from amazon_listings.ledger.tables import runs
from amazon_listings.selling_partner.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Engine, Row


@dataclass(frozen=True)
class LastRun:
    """What the next run needs to know of the last one that covered everything it was asked for."""

    cursor: str | None
    fingerprint: str
    definition: str


class NoSuchRun(ActionRequiredError):
    """The ledger has no such run, or several."""


@dataclass(frozen=True)
class Run:
    """A run as the ledger knows it. `counts` are items by outcome, `calls` calls by operation."""

    number: int
    connector_id: str
    run_id: str
    operation: str
    scope: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    cursor: str | None
    counts: dict[str, int]
    calls: dict[str, int]
    failure: str | None
    definition: str
    fingerprint: str


def start_run(
    ledger: Engine,
    *,
    connector_id: str,
    run_id: str,
    operation: str,
    scope: str,
    fingerprint: str,
    definition: str,
) -> int:
    """Enter a run as `running`; its number. A retried task finds its own entry again.

    Args:
        ledger: The open ledger.
        connector_id: The connector that runs.
        run_id: Airflow's DAG run id.
        operation: `test` or `live`.
        scope: `changed`, `everything`, `interval` or `skus`.
        fingerprint: The connector's fingerprint: what may change payloads.
        definition: Checksum of the definition validated with.
    """
    entry = {
        "operation": operation,
        "scope": scope,
        "fingerprint": fingerprint,
        "definition": definition,
        "state": "running",
        "started_at": datetime.now(UTC),
        "ended_at": None,
        "failure": None,
    }
    with ledger.begin() as connection:
        known = connection.scalar(
            select(runs.c.id).where(runs.c.connector_id == connector_id, runs.c.run_id == run_id)
        )
        if known is not None:
            connection.execute(update(runs).where(runs.c.id == known).values(entry))
            return int(known)
        number: int = connection.execute(
            insert(runs).values(connector_id=connector_id, run_id=run_id, **entry).returning(runs.c.id)
        ).scalar_one()
        return number


def run_number(ledger: Engine, connector_id: str, run_id: str) -> int | None:
    """The number `start_run` gave a run, or None if it never started."""
    with reading(ledger) as connection:
        return connection.scalar(
            select(runs.c.id).where(runs.c.connector_id == connector_id, runs.c.run_id == run_id)
        )


def finish_run(
    ledger: Engine,
    number: int,
    *,
    counts: Mapping[str, int],
    calls: Mapping[str, int],
    cursor: str | None,
    failure: str | None,
) -> None:
    """Settle a run: `settled`, or `failed` with the sentence that says why.

    Args:
        ledger: The open ledger.
        number: What `start_run` returned.
        counts: Outcome to number of items.
        calls: Operation to number of calls made.
        cursor: Where the next run continues in the PIM; None if this run did not cover the change set
            (named SKUs, an interval, items that failed).
        failure: Why the run did not come to its end; None if it did.
    """
    with ledger.begin() as connection:
        connection.execute(
            update(runs)
            .where(runs.c.id == number)
            .values(
                state="failed" if failure else "settled",
                ended_at=datetime.now(UTC),
                counts=dict(counts),
                calls=dict(calls),
                cursor=None if failure else cursor,
                failure=redact(failure) if failure else None,
            )
        )


def recount_run(ledger: Engine, connector_id: str, run_id: str, counts: Mapping[str, int]) -> None:
    """Enter what became of a settled run's items later: outcome to number of items."""
    with ledger.begin() as connection:
        connection.execute(
            update(runs)
            .where(runs.c.connector_id == connector_id, runs.c.run_id == run_id)
            .values(counts=dict(counts))
        )


def take_back_cursor(ledger: Engine, connector_id: str, run_id: str) -> None:
    """Let the next run read again what a run and those after it have read: not all of it arrived."""
    with ledger.begin() as connection:
        run = connection.execute(
            select(runs.c.id, runs.c.operation).where(
                runs.c.connector_id == connector_id, runs.c.run_id == run_id
            )
        ).first()
        if run is not None:
            connection.execute(
                update(runs)
                .where(
                    runs.c.connector_id == connector_id,
                    runs.c.operation == run.operation,
                    runs.c.id >= run.id,
                )
                .values(cursor=None)
            )


def last_run(ledger: Engine, connector_id: str, operation: str) -> LastRun | None:
    """The last settled run of this operation that moved the cursor, or None."""
    with reading(ledger) as connection:
        row = connection.execute(
            select(runs.c.cursor, runs.c.fingerprint, runs.c.definition)
            .where(
                runs.c.connector_id == connector_id,
                runs.c.operation == operation,
                runs.c.state == "settled",
                runs.c.cursor.is_not(None),
            )
            .order_by(runs.c.started_at.desc())
            .limit(1)
        ).first()
    return LastRun(*row) if row else None


def last_cursors(connection: Connection) -> list[int]:
    """The number of the run that the next one continues from, for every connector and operation."""
    latest = (
        select(
            runs.c.id,
            func.row_number()
            .over(partition_by=(runs.c.connector_id, runs.c.operation), order_by=runs.c.started_at.desc())
            .label("place"),
        )
        .where(runs.c.state == "settled", runs.c.cursor.is_not(None))
        .subquery()
    )
    return list(connection.scalars(select(latest.c.id).where(latest.c.place == 1)))


def find_run(ledger: Engine, name: str, connector_id: str | None = None) -> Run:
    """The run that a person means: by its number in the ledger, or by Airflow's DAG run id.

    Raises:
        NoSuchRun: there is none, or several connectors have one of that id.
    """
    # A number of PostgreSQL's column; nothing else is a run's.
    numbered = name.isascii() and name.isdigit() and len(name) < 10  # noqa: PLR2004 - 2**31 has ten digits
    condition = runs.c.id == int(name) if numbered else runs.c.run_id == column_text(name, 250)
    if connector_id is not None:
        condition &= runs.c.connector_id == column_text(connector_id, 64)
    with reading(ledger) as connection:
        rows: list[Row[Any]] = list(connection.execute(select(runs).where(condition).limit(20)))
    if len(rows) == 1:
        return _run(rows[0])
    of = f" of the connector {connector_id!r}" if connector_id else ""
    if not rows:
        raise NoSuchRun(
            f"The ledger has no run {name!r}{of}.",
            hint="`amazon-listings status --connector ID` lists the last ones.",
        )
    raise NoSuchRun(
        f"Several connectors have a run {name!r}: {', '.join(row.connector_id for row in rows)}.",
        hint="Name the connector with --connector, or give the run's number.",
    )


def recent_runs(ledger: Engine, connector_id: str, limit: int = 10) -> list[Run]:
    """The last runs of a connector, the newest first."""
    with reading(ledger) as connection:
        rows = connection.execute(
            select(runs).where(runs.c.connector_id == connector_id).order_by(runs.c.id.desc()).limit(limit)
        ).all()
    return [_run(row) for row in rows]


def known_connectors(ledger: Engine) -> list[str]:
    """The connectors that ever ran."""
    with reading(ledger) as connection:
        return list(connection.scalars(select(runs.c.connector_id).distinct().order_by(runs.c.connector_id)))


def _run(row: Row[Any]) -> Run:
    return Run(
        number=row.id,
        connector_id=row.connector_id,
        run_id=row.run_id,
        operation=row.operation,
        scope=row.scope,
        state=row.state,
        started_at=row.started_at,
        ended_at=row.ended_at,
        cursor=row.cursor,
        counts=row.counts or {},
        calls=row.calls or {},
        failure=row.failure,
        definition=row.definition,
        fingerprint=row.fingerprint,
    )
