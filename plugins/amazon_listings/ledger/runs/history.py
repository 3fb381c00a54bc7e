"""Runs: when each connector ran, over what, and how far it got in the PIM.

An attempt is one pass through a DAG run of a connector: (connector key, run id, attempt). Clearing the
whole run begins another attempt, with a row, submissions and before-images of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from amazon_listings.errors import ActionRequiredError
from amazon_listings.ledger.connectors.keys import current_id, find_key
from amazon_listings.ledger.database import insert_into, reading
from amazon_listings.ledger.tables import connectors, runs
from amazon_listings.remarks import worded
from amazon_listings.selling_partner.calls.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection, Engine, Row

    from amazon_listings.messages import Catalogue
    from amazon_listings.remarks import Remarks


@dataclass(frozen=True)
class LastRun:
    """What the next run needs to know of the last one that covered everything it was asked for."""

    cursor: str | None
    fingerprint: str
    definition: str


class NoSuchRun(ActionRequiredError):
    """The ledger has no such run, or several."""


@dataclass(frozen=True)
class RunFacts:
    """An attempt of a run, in short, without why it failed.

    `number` is the ledger's; `counts` are items by outcome, `asked_by` is who started it, where a person did.
    """

    number: int
    connector_key: str
    run_id: str
    attempt: int
    operation: str
    scope: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    counts: dict[str, int]
    asked_by: str | None


@dataclass(frozen=True)
class RunLine(RunFacts):
    """An attempt of a run, in short; `failure` is why it did not come to its end."""

    failure: Remarks

    def failure_in(self, messages: Catalogue) -> str | None:
        """Return why it did not come to its end, on one line and cut; None if it did."""
        return redact(worded(self.failure, messages)) or None


@dataclass(frozen=True)
class Run(RunLine):
    """One attempt of a run as the ledger knows it.

    `connector_id` is the id that the connector has today; `calls` are calls by operation.
    """

    connector_id: str
    cursor: str | None
    calls: dict[str, int]
    definition: str
    fingerprint: str
    document: str


def next_attempt(ledger: Engine, connector_key: str, run_id: str, cleared: int) -> int:
    """Return the attempt that begins when the first task of a run starts.

    Args:
        ledger: The open ledger.
        connector_key: The connector that runs.
        run_id: Airflow's DAG run id.
        cleared: How often Airflow cleared the run (`dag_run.clear_number`). A first task that is only
            tried again finds its attempt not ended, and goes on with it.
    """
    with reading(ledger) as connection:
        last = connection.execute(
            select(runs.c.attempt, runs.c.ended_at)
            .where(runs.c.connector_key == connector_key, runs.c.run_id == run_id)
            .order_by(runs.c.attempt.desc())
            .limit(1)
        ).first()
    if last is None:
        return cleared
    following: int = last.attempt + (last.ended_at is not None)
    return max(cleared, following)


def start_run(
    ledger: Engine,
    *,
    connector_key: str,
    run_id: str,
    operation: str,
    scope: str = "",
    fingerprint: str = "",
    definition: str = "",
    document: str = "",
    attempt: int = 0,
    asked_by: str | None = None,
) -> int:
    """Enter an attempt of a run as `running`; its number. A retried task finds its own entry again.

    Args:
        ledger: The open ledger.
        connector_key: The connector that runs.
        run_id: Airflow's DAG run id.
        operation: `test` or `live`.
        scope: `changed`, `everything`, `interval` or `skus`; empty until it is decided.
        fingerprint: The connector's fingerprint: what may change payloads.
        definition: Checksum of the definition validated with; empty until it is fetched.
        document: Hash of the document that it began with.
        attempt: Which pass through the run this is, from 0; another one leaves the earlier rows alone.
        asked_by: Who started it, where a person did.
    """
    entry = {
        "operation": operation,
        "scope": scope,
        "fingerprint": fingerprint,
        "definition": definition,
        "document": document,
        "asked_by": asked_by,
        "state": "running",
        "started_at": datetime.now(UTC),
        "ended_at": None,
        "failure": None,
    }
    with ledger.begin() as connection:
        statement = insert_into(connection, runs).values(
            connector_key=connector_key, run_id=run_id, attempt=attempt, **entry
        )
        return int(
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["connector_key", "run_id", "attempt"], set_=entry
                ).returning(runs.c.id)
            ).scalar_one()
        )


def set_fingerprint(ledger: Engine, number: int, change: Callable[[str], str]) -> None:
    """Change the fingerprint of a run to what `change` makes of it."""
    with ledger.begin() as connection:
        known = connection.execute(select(runs.c.fingerprint).where(runs.c.id == number)).scalar_one()
        connection.execute(update(runs).where(runs.c.id == number).values(fingerprint=change(known)))


def run_number(ledger: Engine, connector_key: str, run_id: str, attempt: int | None = None) -> int | None:
    """Return the number that `start_run` gave an attempt, the latest if none is named; None without one."""
    found = find_attempt(ledger, connector_key, run_id, attempt)
    return None if found is None else found[0]


def find_attempt(
    ledger: Engine, connector_key: str, run_id: str, attempt: int | None = None
) -> tuple[int, int] | None:
    """Return the number in the ledger and the attempt of a run, the latest if none is named."""
    condition = (runs.c.connector_key == connector_key) & (runs.c.run_id == run_id)
    if attempt is not None:
        condition &= runs.c.attempt == attempt
    with reading(ledger) as connection:
        row = connection.execute(
            select(runs.c.id, runs.c.attempt).where(condition).order_by(runs.c.attempt.desc()).limit(1)
        ).first()
    return None if row is None else (row.id, row.attempt)


def finish_run(
    ledger: Engine,
    number: int,
    *,
    counts: Mapping[str, int],
    calls: Mapping[str, int],
    cursor: str | None,
    failure: Remarks,
) -> None:
    """Settle a run: `settled`, or `failed` with what says why.

    Args:
        ledger: The open ledger.
        number: What `start_run` returned.
        counts: Outcome to number of items.
        calls: Operation to number of calls made.
        cursor: Where the next run continues in the PIM; None if this run did not cover the change set
            (named SKUs, an interval, items that failed).
        failure: Why the run did not come to its end; empty if it did.
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


def abandon_run(ledger: Engine, number: int, failure: Remarks) -> None:
    """End a run of which nothing will be reported any more as failed, unless it has ended.

    Args:
        ledger: The open ledger.
        number: What `start_run` returned.
        failure: Why nothing will be.
    """
    with ledger.begin() as connection:
        connection.execute(
            update(runs)
            .where(runs.c.id == number, runs.c.ended_at.is_(None))
            .values(state="failed", ended_at=datetime.now(UTC), failure=failure)
        )


def recount_run(ledger: Engine, number: int, counts: Mapping[str, int]) -> None:
    """Enter what became of a settled run's items later: outcome to number of items."""
    with ledger.begin() as connection:
        connection.execute(update(runs).where(runs.c.id == number).values(counts=dict(counts)))


def last_run(ledger: Engine, connector_key: str, operation: str) -> LastRun | None:
    """Return the last run of this operation that ended well and moved the cursor, or None."""
    with reading(ledger) as connection:
        row = connection.execute(
            select(runs.c.cursor, runs.c.fingerprint, runs.c.definition)
            .where(
                runs.c.connector_key == connector_key,
                runs.c.operation == operation,
                runs.c.state == "settled",
                runs.c.cursor.is_not(None),
            )
            .order_by(runs.c.started_at.desc())
            .limit(1)
        ).first()
    return LastRun(*row) if row else None


def began_as_last(ledger: Engine, number: int) -> bool:
    """Return whether the run before this one came to its end with the same document and definition.

    Args:
        ledger: The open ledger.
        number: This run's number.
    """
    what = (runs.c.connector_key, runs.c.document, runs.c.definition)
    with reading(ledger) as connection:
        this = connection.execute(select(*what).where(runs.c.id == number)).one()
        before = connection.execute(
            select(*what, runs.c.state)
            .where(runs.c.connector_key == this.connector_key, runs.c.id < number)
            .order_by(runs.c.id.desc())
            .limit(1)
        ).first()
    return before is not None and before == (*this, "settled")


def last_cursors(connection: Connection) -> list[int]:
    """Return the number of the run that the next one continues from, for every connector and operation."""
    latest = (
        select(
            runs.c.id,
            func.row_number()
            .over(partition_by=(runs.c.connector_key, runs.c.operation), order_by=runs.c.started_at.desc())
            .label("place"),
        )
        .where(runs.c.state == "settled", runs.c.cursor.is_not(None))
        .subquery()
    )
    return list(connection.scalars(select(latest.c.id).where(latest.c.place == 1)))


def find_run(ledger: Engine, name: str, connector_id: str | None = None, attempt: int | None = None) -> Run:
    """Return the run that a person means: by its number in the ledger, or by Airflow's DAG run id.

    Args:
        ledger: The open ledger.
        name: The number, or the DAG run id.
        connector_id: Whose run; an id of today or before.
        attempt: Which attempt; the latest of a DAG run id if None.

    Raises:
        NoSuchRun: there is none, or several connectors have one of that id.
    """
    # A number of PostgreSQL's column; nothing else is a run's.
    numbered = name.isascii() and name.isdigit() and len(name) < 10  # noqa: PLR2004 - 2**31 has ten digits
    condition = runs.c.id == int(name) if numbered else runs.c.run_id == name
    if connector_id is not None:
        condition &= runs.c.connector_key == (find_key(ledger, connector_id) or connector_id)
    if attempt is not None:
        condition &= runs.c.attempt == attempt
    with reading(ledger) as connection:
        rows = connection.execute(_RUNS.where(condition).order_by(runs.c.attempt.desc()).limit(100)).all()
    latest = {row.connector_key: row for row in reversed(rows)}
    if len(latest) == 1:
        return _run(next(iter(latest.values())))
    if not latest:
        code = "ledger.no_such_run" if attempt is None else "ledger.no_such_attempt"
        code += "_of_connector" if connector_id else ""
        raise NoSuchRun(code, name=name, attempt=attempt, connector=connector_id)
    owners = ", ".join(sorted(row.connector_id for row in latest.values()))
    raise NoSuchRun(
        "ledger.ambiguous_run",
        name=name,
        owners=owners,
    )


def attempts_of(ledger: Engine, run: Run) -> list[Run]:
    """Return every attempt of the DAG run that an attempt belongs to, the newest first."""
    with reading(ledger) as connection:
        rows = connection.execute(
            _RUNS.where(runs.c.connector_key == run.connector_key, runs.c.run_id == run.run_id).order_by(
                runs.c.attempt.desc()
            )
        ).all()
    return [_run(row) for row in rows]


def recent_runs(ledger: Engine, connector_key: str, limit: int = 10) -> list[Run]:
    """Return the last attempts of a connector, the newest first."""
    with reading(ledger) as connection:
        rows = connection.execute(
            _RUNS.where(runs.c.connector_key == connector_key).order_by(runs.c.id.desc()).limit(limit)
        ).all()
    return [_run(row) for row in rows]


def run_before(ledger: Engine, connector_key: str, run_id: str) -> Run | None:
    """Return the last attempt of another run of a connector that got as far as its definition; or None."""
    with reading(ledger) as connection:
        row = connection.execute(
            _RUNS.where(
                runs.c.connector_key == connector_key,
                runs.c.run_id != run_id,
                runs.c.definition != "",
            )
            .order_by(runs.c.id.desc())
            .limit(1)
        ).first()
    return None if row is None else _run(row)


#: Runs with the id that their connector has today.
_RUNS = select(runs, current_id(runs)).outerjoin(connectors, connectors.c.key == runs.c.connector_key)


def _run(row: Row[Any]) -> Run:
    return Run(
        number=row.id,
        connector_key=row.connector_key,
        connector_id=row.connector_id,
        run_id=row.run_id,
        attempt=row.attempt,
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
        document=row.document,
        asked_by=row.asked_by,
    )
