"""How many payloads of a connector are due, listed and tested."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from sqlalchemy import event

from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.items.states import ItemState, record_states
from amazon_listings.ledger.runs.due import Payloads, count_payloads
from support.ledger_rows import record_accepted, record_tested

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def state(sku, payload_hash):
    return ItemState(
        pim_id=f"p/{sku}",
        sku=sku,
        family=f"p/{sku}",
        run=1,
        operation="test",
        outcome="ready",
        read_at=NOON,
        attributes={"brand": [{"value": "Acme"}]},
        payload_hash=payload_hash,
    )


def test_each_item_is_counted_by_its_own_listing(ledger, listings):
    record_states(ledger, "fr_home", [state("a", "h"), state("b", "new"), state("c", "h"), state("d", "h")])
    row = {"pim_id": "p", "hash": "h", "attributes": {}}
    record_accepted(ledger, listings, [row | {"sku": "a"}, row | {"sku": "b"}])
    record_tested(ledger, listings, "d", [row | {"sku": "c"}])
    others = ListingScope("de_home", "A1SELLER", "DE", "HOME")
    record_accepted(ledger, others, [row | {"sku": "d"}])
    assert count_payloads(ledger, "fr_home", due=False) == Payloads(items=4, listed=2, tested=1, absent=0)
    assert count_payloads(ledger, "fr_home", due=True) == Payloads(items=3, listed=1, tested=1, absent=0)
    assert count_payloads(ledger, "none", due=True) == Payloads(items=0, listed=0, tested=0, absent=0)


def test_what_a_second_test_calls_unchanged_is_due_until_it_is_sent(ledger, listings):
    record_states(ledger, "fr_home", [replace(state("A", "new"), outcome="unchanged", operation="test")])
    assert count_payloads(ledger, "fr_home", due=True).items == 1
    record_states(ledger, "fr_home", [replace(state("A", "new"), outcome="unchanged", operation="live")])
    assert count_payloads(ledger, "fr_home", due=True).items == 0


@pytest.mark.parametrize("due", [False, True])
def test_no_item_is_compared_with_all_others(ledger, due):
    asked = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        asked.append((statement, parameters))

    event.listen(ledger, "before_cursor_execute", note)
    count_payloads(ledger, "fr_home", due=due)
    event.remove(ledger, "before_cursor_execute", note)
    ((statement, parameters),) = [one for one in asked if one[0].startswith(("SELECT", "WITH"))]
    explain = "EXPLAIN QUERY PLAN" if ledger.dialect.name == "sqlite" else "EXPLAIN"
    with ledger.connect() as connection:
        plan = connection.exec_driver_sql(f"{explain} {statement}", parameters).all()
    assert plan
    assert not [step for *_, step in plan if "CORRELATED" in step or "SubPlan" in step]
