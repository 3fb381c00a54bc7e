"""The fixture `ledger`: a test that asks for it runs on SQLite and on PostgreSQL.

Where PostgreSQL is not installed its half is skipped, with that reason.
"""

from __future__ import annotations

import pytest

from amazon_listings.ledger.database import open_ledger
from amazon_listings.ledger.tables import metadata


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
