"""Opening, migrating, and what is said when the database is busy, down, full or not ours."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event, insert, select, text

from amazon_listings.errors import ActionRequiredError, RetryableError
from amazon_listings.ledger import exceptions
from amazon_listings.ledger.database import decoding, open_ledger, reading
from amazon_listings.ledger.schema import MIGRATIONS
from amazon_listings.ledger.tables import fences, metadata, runs
from support.ledger_workers import in_processes, open_it
from support.ledgers import ledger_of_revision

HERE = {"seller_id": "S", "region": "EU", "run": 1, "token": "t", "raised_at": datetime.now(UTC)}


@pytest.fixture
def sqlite(tmp_path):
    engine = open_ledger(f"sqlite:///{tmp_path}/deep/ledger.db")
    yield engine
    engine.dispose()


def impatient(engine):
    """Waits for nobody, from the next connection on."""
    engine.dispose()
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=0"))
    return engine


def test_migrations_make_what_the_tables_say(engine):
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrations_say_what_compare_metadata_does_not_see(tmp_path):
    """The conditions of partial indexes, and numbers that are never given twice; SQLite tells them."""

    def declared(engine):
        found = text(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version'"
        )
        with engine.connect() as connection:
            return {name: sorted(re.split(r"[\s(),\"]+", sql)) for name, sql in connection.execute(found)}

    bare = create_engine(f"sqlite:///{tmp_path}/bare.db")
    metadata.create_all(bare)
    migrated = declared(open_ledger(f"sqlite:///{tmp_path}/ledger.db"))
    assert migrated == declared(bare)
    assert "ix_submissions_pending" in migrated


def test_several_processes_may_open_a_new_ledger_at_once(postgresql, tmp_path):
    for url in (f"sqlite:///{tmp_path}/ledger.db", postgresql.new_database()):
        assert len(set(in_processes(open_it, 3, url))) == 1


@pytest.mark.parametrize(
    "url",
    ["mysql://u:p@h/d", "nonsense", "sqlite://", "sqlite:///:memory:", "oracle+nothing://x", ""],
)
def test_what_cannot_be_a_ledger_is_said_without_the_password(url):
    with pytest.raises(ActionRequiredError) as caught:
        open_ledger(url)
    assert "p@h" not in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("driver", ["postgres", "postgresql"])
def test_postgresql_needs_no_driver_in_the_url(postgresql, driver):
    url = postgresql.new_database().replace("postgresql+psycopg2", driver)
    engine = open_ledger(url)
    assert engine.dialect.driver == "psycopg2"
    engine.dispose()


def test_a_driver_that_is_not_installed_is_named():
    with pytest.raises(ActionRequiredError, match=r"driver pg8000 is not installed") as caught:
        open_ledger("postgresql+pg8000://u:secret@h/d")
    assert "postgresql+psycopg2" in caught.value.hint
    assert "secret" not in str(caught.value)


def head():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config).get_current_head()


def test_opening_tells_only_what_matters(tmp_path, caplog):
    url = f"sqlite:///{tmp_path}/ledger.db"
    with caplog.at_level("INFO"):
        ledger_of_revision(url, "0001").dispose()
        open_ledger(url).dispose()
        open_ledger.cache_clear()
        open_ledger(url).dispose()
    assert [record.getMessage() for record in caplog.records] == [
        f"The ledger's schema is brought up to date, from 0001 to {head()}."
    ]


def test_a_writer_that_waits_too_long_is_told_so(sqlite):
    holder = sqlite3.connect(sqlite.url.database, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    engine = impatient(sqlite)
    with (
        pytest.raises(exceptions.LedgerBusy, match=r"is busy: .*database is locked") as caught,
        engine.begin(),
    ):
        pass
    assert isinstance(caught.value, RetryableError)
    assert caught.value.retry_after
    holder.close()


def test_readers_do_not_wait_for_a_writer(sqlite):
    holder = sqlite3.connect(sqlite.url.database, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with reading(impatient(sqlite)) as connection:
        assert connection.scalar(select(runs.c.id)) is None
    holder.close()


def test_a_full_disk_is_said_and_nothing_is_half_written(sqlite):
    with sqlite.connect() as connection:
        raw = connection.connection.driver_connection
        (pages,) = raw.execute("PRAGMA page_count").fetchone()
        raw.execute(f"PRAGMA max_page_count={pages}")
        rows = [HERE | {"sku": f"{number:050}"} for number in range(2000)]
        with pytest.raises(exceptions.LedgerFull, match="its disk is full") as caught:
            connection.execute(insert(fences), rows)
        assert isinstance(caught.value, RetryableError)
        connection.rollback()
        assert connection.scalar(select(fences.c.sku).limit(1)) is None


def test_a_ledger_we_may_not_open(tmp_path):
    with pytest.raises(exceptions.LedgerClosed, match="cannot be opened"):
        open_ledger(f"sqlite:///{tmp_path}")


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(exceptions.LedgerClosed, match="cannot be made"):
        open_ledger(f"sqlite:///{tmp_path}/file/ledger.db")


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "ledger.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(exceptions.LedgerDamaged, match="Restore it"):
        open_ledger(f"sqlite:///{tmp_path}/ledger.db")


def test_a_value_without_end_is_a_damage(tmp_path):
    engine = open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    with pytest.raises(exceptions.LedgerDamaged, match="RecursionError"), decoding(engine):
        msgspec.json.decode(b"[" * 100_000)


def test_a_schema_that_is_no_text_is_a_damage(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    open_ledger(url).dispose()
    open_ledger.cache_clear()
    connection = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    connection.execute("PRAGMA writable_schema=ON")
    connection.execute("UPDATE sqlite_master SET sql = CAST(x'435245415445c520' AS TEXT) WHERE name = 'runs'")
    connection.close()
    with pytest.raises(exceptions.LedgerDamaged, match="Restore it"):
        open_ledger(url)


def test_a_ledger_of_a_later_version(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    engine = open_ledger(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    open_ledger.cache_clear()
    with pytest.raises(
        exceptions.LedgerDamaged,
        match="its schema has the version 9999",
    ):
        open_ledger(url)


def test_postgresql_that_is_down_or_refuses(postgresql):
    down = postgresql.url("ledger").replace(f":{postgresql.port}/", ":1/")
    with pytest.raises(exceptions.LedgerDown, match=r"127.0.0.1:1/ledger\) does not answer") as caught:
        open_ledger(down.replace("postgres@", "postgres:verysecret@"))
    assert "verysecret" not in repr(caught.value) + str(caught.value)
    with pytest.raises(exceptions.LedgerClosed, match="does not exist"):
        open_ledger(postgresql.url("nowhere"))


def test_postgresql_that_goes_away_and_comes_back(postgresql):
    engine = open_ledger(postgresql.new_database())
    with engine.connect() as connection:
        postgresql.stop()
        with pytest.raises(exceptions.LedgerDown):
            connection.execute(select(runs.c.id))
    with pytest.raises(exceptions.LedgerDown), engine.begin():
        pass
    postgresql.start()
    with engine.begin() as connection:
        assert connection.scalar(select(runs.c.id)) is None


def test_a_postgresql_lock_that_lasts_too_long(postgresql):
    url = postgresql.new_database()
    engine = open_ledger(url)
    with engine.begin() as connection:
        connection.execute(insert(fences), [HERE | {"sku": "a"}])
    with engine.begin() as holder, engine.begin() as other:
        holder.execute(select(fences).with_for_update())
        other.execute(text("SET LOCAL lock_timeout = '1ms'"))
        with pytest.raises(exceptions.LedgerBusy):
            other.execute(select(fences).with_for_update())


def test_a_forked_process_does_not_use_its_parents_connection(engine):
    with engine.connect() as connection:
        mine = id(connection.connection.driver_connection)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        with engine.connect() as connection:
            connection.execute(select(runs.c.id))
            os.write(write, str(id(connection.connection.driver_connection)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(read, 50)) != mine
    with engine.connect() as connection:
        connection.execute(select(runs.c.id))


def test_payloads_and_passwords_are_not_in_errors(sqlite):
    with pytest.raises(Exception, match="UNIQUE") as caught, sqlite.begin() as connection:
        connection.execute(insert(fences), [HERE | {"sku": "payload", "token": "x"}] * 2)
    assert "payload" not in str(caught.value)


@pytest.mark.process
def test_the_package_opens_a_ledger_without_airflow(tmp_path):
    program = (
        "import sys; from amazon_listings.ledger.database import open_ledger; "
        f"open_ledger('sqlite:///{tmp_path}/l.db'); assert 'airflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
