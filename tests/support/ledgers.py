"""The fixture `ledger`: a test that asks for it runs on SQLite and on PostgreSQL.

Where PostgreSQL is not installed its half is skipped, with that reason.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event

from amazon_listings.ledger.database import open_ledger
from amazon_listings.ledger.schema import MIGRATIONS
from amazon_listings.ledger.tables import metadata

if TYPE_CHECKING:
    from sqlalchemy import Engine


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def engine(request, tmp_path_factory):
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('ledger')}/ledger.db"
    else:
        url = request.getfixturevalue("postgresql").new_database()
    engine = open_ledger(url)
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(engine):
    """An empty ledger; made once, emptied for every test."""
    yield engine
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())


def ledger_in(folder) -> Engine:
    """Open the ledger `ledger.db` of a folder.

    A new one is a copy of one that was migrated once: all migrations take longer than most tests.
    """
    place = Path(folder) / "ledger.db"
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_migrated(), place)
    return open_ledger(f"sqlite:///{place}")


@cache
def _migrated() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="empty-ledger-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    open_ledger(f"sqlite:///{folder}/ledger.db").dispose()
    return folder / "ledger.db"


def ledger_of_revision(url, revision):
    """A ledger as an earlier version of the package left it; it is not opened by the product."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        # As the product: the driver must not begin transactions of its own.
        event.listen(engine, "connect", lambda raw, _: setattr(raw, "isolation_level", None))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    return engine
