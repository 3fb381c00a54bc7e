"""What was accepted counts as long as no other connector wrote over it."""

import pytest

from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.runs.listings.ownership import known_as_held
from amazon_listings.selling_partner.content.leaves import Layout
from support.ledger_rows import record_accepted
from support.ledgers import ledger_in

FRANCE = "A13V1IB3VIYZZH"
LAYOUT = Layout(properties={"color": Layout(("marketplace_id",), single=True)})


def accept(ledger, key, color):
    listings = ListingScope(key, "A1SELLER", FRANCE, "LAMP")
    attributes = {"color": [{"value": color, "marketplace_id": FRANCE}]}
    record_accepted(ledger, listings, [{"sku": "a", "pim_id": "p", "hash": color, "attributes": attributes}])
    return listings


@pytest.mark.parametrize(("later", "held"), [("blue", None), ("red", "red")])
def test_another_value_that_was_accepted_later_counts(tmp_path, later, held):
    ledger = ledger_in(tmp_path)
    listings = accept(ledger, "lamps", "red")
    accept(ledger, "prices", later)
    found = known_as_held(ledger, listings, {"a": "red", "b": "red"}, layout=LAYOUT)
    assert {sku: one.accepted_hash for sku, one in found.items()} == {"a": held}
    ledger.dispose()


def test_a_value_that_was_accepted_before_is_written_over(tmp_path):
    ledger = ledger_in(tmp_path)
    accept(ledger, "prices", "blue")
    listings = accept(ledger, "lamps", "red")
    found = known_as_held(ledger, listings, {"a": "red"}, layout=LAYOUT)
    assert found["a"].accepted_hash == "red"
    ledger.dispose()
