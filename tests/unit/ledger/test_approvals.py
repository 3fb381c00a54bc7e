from datetime import timedelta

import pytest
from sqlalchemy import event

from amazon_listings.ledger.approvals.progress import ApprovalFilter, find_approvals
from amazon_listings.ledger.approvals.questions import Asked, ask
from amazon_listings.ledger.connectors.keys import resolve_key
from amazon_listings.ledger.database import CHUNK


def test_what_waits_is_read_in_order_from_an_index(ledger, listings):
    """Sort the rows that wait for no part that is read: of 100,000 there are 200 parts."""
    resolve_key(ledger, listings.connector_key)
    skus = [f"S{number:04}" for number in range(CHUNK + 10)]
    items = [Asked(sku, None, "create", sku, ("first",), ("line",), b"") for sku in reversed(skus)]
    ask(ledger, listings, 1, items, patience=timedelta(days=1))
    asked = []
    event.listen(ledger, "before_cursor_execute", lambda *told: asked.append(told[2:4]))
    where = ApprovalFilter(connectors=(listings.connector_key,), states=("asked",))
    assert [row.sku for row in find_approvals(ledger, where)] == skus
    parts = [one for one in asked if "FROM approvals" in one[0]]
    assert len(parts) == 2
    if ledger.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads a small table as a whole")
    with ledger.connect() as connection:
        for statement, values in parts:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            assert not [row[3] for row in plan if "TEMP B-TREE" in row[3]], plan
