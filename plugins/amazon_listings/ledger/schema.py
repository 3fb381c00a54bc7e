"""The ledger's schema: brought up to date when it is opened, and compared with what this code expects.

A schema that is half migrated, of another application, stamped with a revision that it is not of, or damaged
is refused before anything is sent: what the ledger forgets would be sent again, or never.
"""

from __future__ import annotations

import logging
import zlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeDecorator

from amazon_listings.ledger.exceptions import LedgerDamaged, place
from amazon_listings.ledger.tables import metadata
from amazon_listings.messages import Joined, log_line, message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Table
    from sqlalchemy.types import TypeEngine

    from amazon_listings.messages import Message

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"

#: Any number will do for PostgreSQL's advisory lock, as long as all use the same.
_MIGRATION_LOCK = 74_219_001
#: Differences named in the message.
_NAMED = 3


def is_prepared(connection: Connection) -> bool:
    """Return whether the schema is up to date and as this code expects it; nothing is written or locked.

    An SQLite file is marked once its schema was compared, as long as that stays the same.
    """
    if _stamps(connection) != [_head()]:
        return False
    if connection.dialect.name == "sqlite":
        return bool(connection.exec_driver_sql("PRAGMA user_version").scalar() == _mark(connection))
    return next(differences(connection), None) is None


def prepare_schema(connection: Connection) -> None:
    """Bring the schema up to date in the open transaction, and compare it with the tables of this code.

    Raises:
        LedgerDamaged: the schema is not one that this code can work with; nothing was changed.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
    _upgrade(connection)
    found = list(differences(connection))
    if found:
        where = place(connection.engine.url)
        named = [*found[:_NAMED], "…"] if len(found) > _NAMED else found
        raise LedgerDamaged("ledger.schema_differs", place=where, differences=Joined(tuple(named)))
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA user_version={_mark(connection)}")


def _mark(connection: Connection) -> int:
    """Return what an SQLite file is marked with once its schema was compared: a checksum of its schema.

    SQLite tells of each table by itself, in more than a hundred questions, and every task opens the ledger.
    The mark is a number of 31 bits that SQLite keeps for its users, and never 0, which a new file has.
    """
    schema = connection.exec_driver_sql("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name")
    text_of_all = repr([_head(), *map(tuple, schema)])
    return zlib.crc32(text_of_all.encode()) & 0x7FFFFFFF or 1


def differences(connection: Connection) -> Iterator[Message]:
    """Yield how the database's schema differs from `tables`, in a few words each.

    Further tables, and further indexes on our tables, are ignored.
    """
    inspector = inspect(connection)
    ours = list(metadata.tables)
    # Of all tables at once: PostgreSQL answers that in one statement.
    found = _Found(
        inspector.get_multi_columns(filter_names=ours),
        inspector.get_multi_pk_constraint(filter_names=ours),
        inspector.get_multi_indexes(filter_names=ours),
    )
    for table in metadata.sorted_tables:
        if (None, table.name) in found.columns:
            yield from _of_table(found, table)
        else:
            yield message("schema.no_table", table=table.name)


def _upgrade(connection: Connection) -> None:
    stamped = _stamps(connection)
    # A ledger that is up to date needs no Alembic, whose import takes longer than all the rest.
    if stamped == [_head()]:
        return
    where = place(connection.engine.url)
    if len(stamped) > 1:
        raise LedgerDamaged("ledger.of_other_version", place=where, found=", ".join(stamped))
    found = next(iter(stamped), None)
    if found is None:
        ours = sorted(set(inspect(connection).get_table_names()) & set(metadata.tables))
        if ours:
            raise LedgerDamaged("ledger.without_version", place=where, tables=", ".join(ours[:_NAMED]))
    else:
        log.info("%s", log_line("log.schema_upgraded", found=found, head=_head()))
    _migrate(connection, found)


def _stamps(connection: Connection) -> list[str]:
    """Return the revisions that the database says it has, as Alembic keeps them."""
    if not inspect(connection).has_table("alembic_version"):
        return []
    return sorted(connection.scalars(text("SELECT version_num FROM alembic_version")))


@cache
def _head() -> str:
    """Return the newest revision: the migrations' files begin with their numbers."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def _migrate(connection: Connection, found: str | None) -> None:
    from alembic import command  # noqa: PLC0415 - see _upgrade
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    # Alembic tells every step ("Context impl …"); what matters was told before.
    logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)
    where = place(connection.engine.url)
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise LedgerDamaged("ledger.of_other_version", place=where, found=found) from error
    except DBAPIError as error:
        reason = " ".join(str(error.orig).split())[:200]
        raise LedgerDamaged("ledger.not_upgraded", place=where, found=found, reason=reason) from error


class _Found(NamedTuple):
    """What a database says of all its tables, by schema and name."""

    columns: Mapping[Any, Sequence[Any]]
    keys: Mapping[Any, Any]
    indexes: Mapping[Any, Sequence[Any]]


def _of_table(found: _Found, table: Table) -> Iterator[Message]:
    place_of = (None, table.name)
    columns = {one["name"]: one for one in found.columns[place_of]}
    for column in table.columns:
        there = columns.pop(column.name, None)
        if there is None:
            yield message("schema.no_column", column=f"{table.name}.{column.name}")
        elif not _same_type(column.type, there["type"]):
            yield message("schema.other_type", column=f"{table.name}.{column.name}", type=str(there["type"]))
        elif bool(there["nullable"]) != bool(column.nullable):
            yield message(
                "schema.nullable" if there["nullable"] else "schema.not_nullable",
                column=f"{table.name}.{column.name}",
            )
    yield from (message("schema.unknown_column", column=f"{table.name}.{name}") for name in columns)
    key = found.keys[place_of]["constrained_columns"]
    if set(key) != {column.name for column in table.primary_key}:
        yield message("schema.other_key", table=table.name)
    indexes: dict[Any, Any] = {one["name"]: one for one in found.indexes[place_of]}
    for index in table.indexes:
        there = indexes.get(index.name)
        if there is None:
            yield message("schema.no_index", index=index.name)
        elif list(there["column_names"]) != [one.name for one in index.columns] or bool(
            there["unique"]
        ) != bool(index.unique):
            yield message("schema.other_index", index=index.name)


def _same_type(wanted: TypeEngine[Any], found: TypeEngine[Any]) -> bool:
    if isinstance(wanted, TypeDecorator):
        wanted = wanted.impl_instance
    try:
        same = found.python_type is wanted.python_type
    except NotImplementedError:  # SQLAlchemy's, of a column type that Python has no type for
        return False
    return same and getattr(found, "length", None) == getattr(wanted, "length", None)
