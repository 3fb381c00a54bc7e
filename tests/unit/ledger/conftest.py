"""Every test of the ledger runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from amazon_listings.ledger.database import open_ledger
from amazon_listings.ledger.items import Listings
from amazon_listings.ledger.runs import start_run
from amazon_listings.ledger.tables import metadata
from support.postgresql import postgresql

__all__ = ["postgresql"]


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


@pytest.fixture
def listings():
    return Listings("fr_home", "A1SELLER", "A13V1IB3VIYZZH", "HOME")


@pytest.fixture
def new_run(ledger):
    """Enters runs `run-1`, `run-2`, …; their numbers."""
    made = []

    def start(connector_id="fr_home", **more):
        made.append(None)
        entry = {"operation": "live", "scope": "changed", "fingerprint": "f", "definition": "d"} | more
        return start_run(ledger, connector_id=connector_id, run_id=f"run-{len(made)}", **entry)

    return start
