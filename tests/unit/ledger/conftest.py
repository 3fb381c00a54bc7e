"""Every test of the ledger runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from sqlalchemy import event

from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.runs.history import start_run


@pytest.fixture
def listings():
    return ListingScope("fr_home", "A1SELLER", "A13V1IB3VIYZZH", "HOME")


@pytest.fixture
def new_run(ledger):
    """Enters runs `run-1`, `run-2`, …; their numbers."""
    made = []

    def start(connector_key="fr_home", **more):
        made.append(None)
        entry = {"operation": "live", "scope": "changed", "fingerprint": "f", "definition": "d"} | more
        return start_run(ledger, connector_key=connector_key, run_id=f"run-{len(made)}", **entry)

    return start


@pytest.fixture
def statements(ledger):
    """Collects the statements that are executed within a block."""

    @contextmanager
    def statements():
        made = []

        def collect(_connection, _cursor, statement, *_):
            made.append(statement)

        event.listen(ledger, "before_cursor_execute", collect)
        try:
            yield made
        finally:
            event.remove(ledger, "before_cursor_execute", collect)

    return statements
