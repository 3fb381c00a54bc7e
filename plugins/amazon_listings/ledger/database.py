"""Opening the ledger: SQLite for one machine, PostgreSQL for several.

The schema is brought up to date on opening, by one process at a time.
"""

from __future__ import annotations

import os
import time
import zlib
from contextlib import contextmanager
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from sqlalchemy import Engine, create_engine, event, func, select, tuple_
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from amazon_listings.errors import ActionRequiredError
from amazon_listings.ledger.columns import SKU
from amazon_listings.ledger.exceptions import LedgerClosed, LedgerDamaged, explained, place
from amazon_listings.ledger.schema import is_prepared, prepare_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import URL, ColumnElement, Connection, ExceptionContext, Select, Table
    from sqlalchemy import Row as SqlRow
    from sqlalchemy.dialects import postgresql

Row = TypeVar("Row")

#: Seconds to wait for a database that others hold, or that does not answer.
_PATIENCE = 60
_CONNECT_TIMEOUT = 10
#: Names in one `IN (…)`; SQLite allows 32,766 parameters, and statements of one size are cached.
CHUNK = 1000
#: PostgreSQL without a driver, as Airflow's connections and most other tools write it.
_PLAIN = frozenset({"postgres", "postgresql"})
#: Marks a transaction that only reads.
_READS = "ledger_reads"
#: How it shows that a value is of another type, cut off, or refers to what is gone.
UNREADABLE = (
    ValueError,
    RecursionError,
    TypeError,
    LookupError,
    AttributeError,
    zlib.error,
    msgspec.MsgspecError,
    SQLAlchemyError,
)
#: The engines of this process.
_OPEN: list[Engine] = []


@cache
def open_ledger(url: str) -> Engine:
    """Return the ledger at an SQLAlchemy URL, with its schema up to date; one engine per process and URL.

    Whatever is done with it raises the named errors of `ledger.exceptions` when the database is busy,
    down, full or damaged.

    Raises:
        ActionRequiredError: the URL is not one of SQLite or PostgreSQL, the ledger is not ours to open, or
            its schema is not the one that this code expects.
        RetryableError: the database does not answer.
    """
    address = _address(url)
    engine = _sqlite(address) if address.get_backend_name() == "sqlite" else _postgresql(address)
    event.listen(engine, "handle_error", _explain)
    _OPEN.append(engine)
    try:
        with engine.connect() as connection:
            ready = is_prepared(connection.execution_options(**{_READS: True}))
        if not ready:
            with engine.begin() as connection:
                prepare_schema(connection)
    except UnicodeDecodeError as error:  # before there is a statement, of which `_explain` is told
        raise explained(error, address) or error from None
    return engine


@contextmanager
def reading(ledger: Engine) -> Iterator[Connection]:
    """Provide a transaction that only reads: in SQLite it waits for no writer, and none waits for it.

    Raises:
        LedgerDamaged: a value is not what was written there.
    """
    with decoding(ledger), ledger.connect() as connection:
        yield connection.execution_options(**{_READS: True})


@contextmanager
def decoding(ledger: Engine) -> Iterator[None]:
    """Around what makes something of values that were read, where that is done after the transaction.

    Raises:
        LedgerDamaged: a value is not what was written there.
    """
    try:
        yield
    except UNREADABLE as error:
        raise LedgerDamaged(
            "ledger.value_unreadable", place=place(ledger.url), kind=type(error).__name__
        ) from error


def chunks(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """Yield the rows, so many at a time."""
    rows = iter(rows)
    while chunk := list(islice(rows, size)):
        yield chunk


def in_parts(
    ledger: Engine, wanted: Select[Any], *key: ColumnElement[Any], size: int = CHUNK
) -> Iterator[SqlRow[Any]]:
    """Yield the rows of a statement, read so many at a time.

    Args:
        ledger: The open ledger.
        wanted: The statement, in no order yet.
        key: Columns of it, by which the rows are in order; no two rows share all of them.
        size: How many are read in one transaction.
    """
    wanted = wanted.order_by(*key).limit(size)
    after = wanted
    while True:
        with reading(ledger) as connection:
            rows = connection.execute(after).all()
        yield from rows
        if len(rows) < size:
            return
        last = [rows[-1]._mapping[column] for column in key]  # noqa: SLF001 - SQLAlchemy's own name for it
        after = wanted.where(tuple_(*key) > tuple_(*last))


def by_column(skus: Iterable[str]) -> Iterator[dict[str, str]]:
    """Yield SKUs, so many at a time, by what their column holds of them: so they are found and read."""
    for chunk in chunks(skus, CHUNK):
        yield dict(zip(SKU.all_fitted(chunk), chunk, strict=True))


def insert_into(connection: Connection | Engine, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that may say ON CONFLICT; both databases speak the same there."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - commands over SQLite start without it

        return postgresql.insert(table)
    return sqlite.insert(table)


def seconds(connection: Connection) -> float:
    """Seconds since the epoch by the one clock that everybody who uses this ledger shares.

    PostgreSQL's own (of now, not of the transaction's start), or the machine's of an SQLite file.
    """
    if connection.dialect.name == "postgresql":
        return float(connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one())
    return time.time()


def _address(url: str) -> URL:
    try:
        address = make_url(url)
        if address.drivername in _PLAIN:
            address = address.set(drivername="postgresql+psycopg2")
        backend = address.get_backend_name()
        address.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise ActionRequiredError("ledger.not_a_url") from error
    if backend not in {"sqlite", "postgresql"}:
        raise ActionRequiredError(
            "ledger.unknown_backend",
            backend=backend,
        )
    if backend == "sqlite" and address.database in {None, "", ":memory:"}:
        raise ActionRequiredError(
            "ledger.in_memory",
        )
    return address


def _postgresql(address: URL) -> Engine:
    try:
        return create_engine(
            address,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"connect_timeout": _CONNECT_TIMEOUT, "options": f"-c lock_timeout={_PATIENCE}s"},
        )
    except ModuleNotFoundError as error:
        raise ActionRequiredError(
            "ledger.driver_missing",
            drivername=address.drivername,
            reason=error.name,
        ) from error


def _sqlite(address: URL) -> Engine:
    folder = Path(str(address.database)).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerClosed(
            "ledger.folder",
            folder=folder,
            reason=error.strerror,
        ) from error
    engine = create_engine(address, hide_parameters=True, connect_args={"timeout": _PATIENCE})

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        # So that prune can give pages back. It can be set for a new file only, and before everything
        # else; asking for it again would take the write lock.
        if connection.execute("PRAGMA page_count").fetchone() == (0,):
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # A transaction that reads first and writes later fails at once with "database is locked" when
        # two processes do it, whatever the time-out; so a transaction that may write takes the lock at once.
        reads = connection.get_execution_options().get(_READS)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _explain(context: ExceptionContext) -> None:
    """Instead of the driver's faults, ours; SQLAlchemy's own errors would repeat statements."""
    url = context.engine.url if context.engine else None
    if url is not None and not context.is_pre_ping:
        error = explained(context.original_exception, url)
        if error is not None:
            raise error from context.original_exception


def _forget_connections() -> None:
    for engine in _OPEN:
        engine.dispose(close=False)


# A forked process must not use its parent's connections.
os.register_at_fork(after_in_child=_forget_connections)
