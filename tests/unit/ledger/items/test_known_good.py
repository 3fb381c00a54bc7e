"""What is asked once of a ledger, before it is asked of each item."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from amazon_listings.ledger.items.known_good import (
    Namesake,
    count_rows,
    has_others,
    has_questions,
    namesakes,
    states_of_families,
)
from amazon_listings.ledger.items.payloads import ItemPayload, ListingScope, record_accepted
from amazon_listings.ledger.items.states import Fingerprint, ItemState, record_states
from support.ledger_rows import record_submissions

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


def state(pim_id, row=7):
    return ItemState(
        pim_id=pim_id,
        sku="S",
        family="f",
        run=1,
        operation="live",
        outcome="accepted",
        read_at=NOW,
        payload_hash="h",
        fingerprint=Fingerprint(row=row),
    )


def test_namesakes_were_read_with_the_same_sku(ledger):
    made_by_the_mapping = state("p3", row=0)
    record_states(ledger, "own", [state("p"), state("p2"), made_by_the_mapping])
    record_states(ledger, "other", [state("p4")])
    assert list(namesakes(ledger, "own", {"p": "S"})) == [Namesake("p2", "S", "f")]


@pytest.mark.parametrize(
    ("where", "good"),
    [
        ({}, False),
        ({"marketplace_id": "A0"}, True),
        ({"marketplace_id": "A2"}, True),
        ({"seller_id": "A0"}, True),
    ],
)
def test_a_write_in_doubt_is_one_to_the_same_listing(ledger, new_run, where, good):
    listings = ListingScope("own", "A1SANDBOXSELLER", "A13V1IB3VIYZZH", "LAMP")
    record_states(ledger, "own", [state("p")])
    record_accepted(ledger, listings, [ItemPayload("S", "p", "h", {})], definition="d")
    doubt = {"sku": "S", "method": "PUT", "status": "UNKNOWN", "body": {}, "hash": "h"}
    doubt |= {"submission_id": "", "request_id": ""}
    record_submissions(ledger, replace(listings, **where), new_run("own"), [doubt])
    found = states_of_families(ledger, listings, ["f"], shared={}, now=NOW, passed=None)
    assert [one.good for one in found["f"]] == [good]
