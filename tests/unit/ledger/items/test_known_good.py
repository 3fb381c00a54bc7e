"""What is asked once of a ledger, before it is asked of each item."""

from datetime import UTC, datetime

from amazon_listings.ledger.items.known_good import count_rows, has_others, has_questions
from amazon_listings.ledger.items.payloads import ItemPayload, ListingScope, record_accepted

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def accept(ledger, connector_key):
    listings = ListingScope(connector_key, "A1SANDBOXSELLER", "A13V1IB3VIYZZH", "LAMP")
    record_accepted(ledger, listings, [ItemPayload("S", "p", "h", {})], definition="d")


def test_a_connector_that_is_alone_has_no_others(ledger):
    assert not has_others(ledger, "own")
    accept(ledger, "own")
    assert not has_others(ledger, "own")


def test_others_are_found_at_both_ends_of_the_index(ledger):
    accept(ledger, "m")
    assert has_others(ledger, "a")
    accept(ledger, "a")
    assert has_others(ledger, "m")
    assert has_others(ledger, "a")


def test_nothing_is_asked_of_a_new_ledger(ledger):
    assert not has_questions(ledger, "own")


def test_a_new_ledger_knows_no_rows(ledger):
    assert count_rows(ledger, "own") == 0
