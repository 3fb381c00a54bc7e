"""Opening the ledger: SQLite for one machine, PostgreSQL for several.

The schema is brought up to date on opening, by one process at a time.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

from amazon_listings.errors import PersonMustAct, TryAgain

if TYPE_CHECKING:
    from sqlalchemy import Connection

MIGRATIONS = Path(__file__).parent / "migrations"

#: Any number will do for PostgreSQL's advisory lock, as long as everybody uses the same.
_MIGRATION_LOCK = 74_219_001


@cache
def open_ledger(url: str) -> Engine:
    """The ledger at an SQLAlchemy URL, with its schema up to date; one engine per process and URL.

    Raises:
        PersonMustAct: the URL is not one of SQLite or PostgreSQL.
        TryAgain: the database does not answer.
    """
    try:
        address = make_url(url)
        if address.get_backend_name() not in {"sqlite", "postgresql"}:
            raise PersonMustAct(
                f"The ledger cannot be kept in {address.get_backend_name()}.",
                hint="Use an sqlite:/// or a postgresql+psycopg2:// URL in AMAZON_LISTINGS_LEDGER.",
            )
        engine = _engine(url, sqlite=address.get_backend_name() == "sqlite")
    except (ArgumentError, NoSuchModuleError) as error:
        raise PersonMustAct(
            "AMAZON_LISTINGS_LEDGER is not a database URL.", hint="For example sqlite:////data/ledger.db."
        ) from error
    try:
        with engine.begin() as connection:
            _migrate(connection)
    except OperationalError as error:
        raise TryAgain(f"The ledger ({address.render_as_string()}) does not answer: {error.orig}") from error
    return engine


def _engine(url: str, *, sqlite: bool) -> Engine:
    if not sqlite:
        return create_engine(url, pool_pre_ping=True)
    database = make_url(url).database
    if database:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": 60})

    # Every transaction takes the write lock at once: a transaction that reads first and writes later
    # fails at once with "database is locked" when two processes do it, whatever the time-out.
    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    head = ScriptDirectory.from_config(config).get_current_head()
    if MigrationContext.configure(connection).get_current_revision() != head:
        command.upgrade(config, "head")
