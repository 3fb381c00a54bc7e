"""Runs: when each connector ran, over what, and how far it got in the PIM."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from amazon_listings.ledger.tables import runs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Engine


@dataclass(frozen=True)
class LastRun:
    """What the next run needs to know of the last one that covered everything it was asked for."""

    cursor: str | None
    fingerprint: str
    definition: str


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
    with ledger.connect() as connection:
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
                failure=failure,
            )
        )


def last_run(ledger: Engine, connector_id: str, operation: str) -> LastRun | None:
    """The last settled run of this operation that moved the cursor, or None."""
    with ledger.connect() as connection:
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
