"""A schema that this code does not expect is refused, with a sentence, before anything is sent."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest
from sqlalchemy import Engine, create_engine, event, text

from amazon_listings.ledger.database import open_ledger
from amazon_listings.ledger.exceptions import LedgerDamaged
from amazon_listings.ledger.schema import differences
from support.ledgers import ledger_of_revision

#: What somebody did to a ledger, and what is said.
DAMAGES = {
    "a table is gone": (["DROP TABLE issues"], "no table issues"),
    "a column is gone": (["ALTER TABLE runs DROP COLUMN calls"], "no column runs.calls"),
    "a column of others": (["ALTER TABLE runs ADD COLUMN colour INTEGER"], "an unknown column runs.colour"),
    "an index is gone": (["DROP INDEX ix_submissions_pending"], "no index ix_submissions_pending"),
    "an index that no longer keeps out doubles": (
        ["DROP INDEX ix_feeds_feed_id", "CREATE INDEX ix_feeds_feed_id ON feeds (feed_id)"],
        "another index ix_feeds_feed_id",
    ),
    "another type": (
        ["ALTER TABLE buckets DROP COLUMN level", "ALTER TABLE buckets ADD COLUMN level VARCHAR(9)"],
        "buckets.level is VARCHAR(9)",
    ),
    "a stamp that is too new for the tables": (
        ["DROP TABLE item_states", "DROP TABLE dictionaries"],
        "no table dictionaries; no table item_states",
    ),
}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    return request.getfixturevalue("postgresql").new_database()


def done_to(url, statements):
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda raw, _: setattr(raw, "isolation_level", None))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
    open_ledger.cache_clear()


def test_a_ledger_as_it_should_be(engine):
    with engine.connect() as connection:
        assert list(differences(connection)) == []


def test_a_ledger_that_was_compared_is_opened_while_another_process_writes(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    open_ledger(url).dispose()
    open_ledger.cache_clear()
    writer = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    statements = []
    with contextlib.closing(writer), recorded(statements):
        open_ledger(url).dispose()
    assert len(statements) < 10, "it is not asked about each table again"


@contextlib.contextmanager
def recorded(statements):
    """Keep the statements of every engine."""

    def note(_connection, _cursor, statement, *_):
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_further_tables_and_indexes_are_left_alone(url):
    open_ledger(url).dispose()
    done_to(url, ["CREATE TABLE others (id INTEGER)", "CREATE INDEX mine ON runs (state)"])
    open_ledger(url).dispose()


def test_every_damage_is_refused(url):
    """One ledger for each, made as fast as the database can."""
    for name, (statements, sentence) in DAMAGES.items():
        open_ledger(url).dispose()
        done_to(url, statements)
        with pytest.raises(LedgerDamaged) as caught:
            open_ledger(url)
        assert sentence in str(caught.value), name
        assert "nothing is sent" in str(caught.value)
        open_ledger.cache_clear()
        _empty(url)


@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_an_older_stamp_than_its_tables(url, revision):
    open_ledger(url).dispose()
    done_to(url, [f"UPDATE alembic_version SET version_num = '{revision}'"])  # noqa: S608
    with pytest.raises(LedgerDamaged, match=f"cannot be brought up to date from {revision}"):
        open_ledger(url)
    # Nothing of the attempt is left behind: a second one says the same.
    open_ledger.cache_clear()
    with pytest.raises(LedgerDamaged, match=f"cannot be brought up to date from {revision}"):
        open_ledger(url)


def test_half_migrated(url):
    """Some of the tables of a later revision are there already."""
    ledger_of_revision(url, "0002").dispose()
    done_to(url, ["CREATE TABLE connectors (key VARCHAR(64) PRIMARY KEY)"])
    with pytest.raises(LedgerDamaged, match="cannot be brought up to date from 0002"):
        open_ledger(url)


def test_tables_without_a_version(url):
    open_ledger(url).dispose()
    done_to(url, ["DROP TABLE alembic_version"])
    with pytest.raises(LedgerDamaged, match=r"tables of a ledger \(approvals, approved_lines, buckets\)"):
        open_ledger(url)


def test_the_database_of_another_application(url):
    done_to(
        url,
        [
            "CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)",
            "INSERT INTO alembic_version VALUES ('cafe01234567')",
            "CREATE TABLE dag_run (id INTEGER)",
        ],
    )
    with pytest.raises(LedgerDamaged, match=r"another application: its schema has the version cafe01234567"):
        open_ledger(url)


def _empty(url):
    engine = create_engine(url)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    if engine.dialect.name == "sqlite":
        from pathlib import Path

        for ending in ("", "-wal", "-shm"):
            Path(f"{engine.url.database}{ending}").unlink(missing_ok=True)
