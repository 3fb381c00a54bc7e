"""The key of a connector, and renaming it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text

from amazon_listings.ledger.connectors.keys import (
    OldIdClaimedTwice,
    OldIdLives,
    find_key,
    known_connectors,
    resolve_key,
)
from amazon_listings.ledger.connectors.stops import all_stops, stop
from amazon_listings.ledger.content import packed
from amazon_listings.ledger.database import open_ledger
from amazon_listings.ledger.items.claims import claims_of_others
from amazon_listings.ledger.items.issues import CheckedItem, open_issues, record_issues
from amazon_listings.ledger.items.known import accepted_contents, known_items
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.runs.answers import item_standings, writes_to
from amazon_listings.ledger.runs.history import find_run, last_run, recent_runs, start_run
from amazon_listings.ledger.tables import connector_ids, runs
from amazon_product_types.validation.issue import Issue
from support.ledger_rows import record_accepted, record_submissions
from support.ledgers import ledger_of_revision

ISSUE = Issue(code="too_long", severity="ERROR", source="schema", message="m", attribute="brand")


def ids(ledger):
    return [(one.key, one.current_id, one.former_ids) for one in known_connectors(ledger)]


def test_a_connector_keeps_the_key_of_its_first_id(ledger):
    assert resolve_key(ledger, "lamps") == "lamps"
    assert resolve_key(ledger, "lights", ["lamps"]) == "lamps"
    assert resolve_key(ledger, "lights", ["lamps"]) == "lamps"
    assert resolve_key(ledger, "lights") == "lamps"  # `was` may be taken out once it was read
    assert ids(ledger) == [("lamps", "lights", ("lamps",))]
    assert find_key(ledger, "lamps") == find_key(ledger, "lights") == "lamps"


def test_a_renaming_leaves_other_connectors_alone(ledger):
    for other in ("aaa", "zzz"):
        resolve_key(ledger, other)
    resolve_key(ledger, "lamps")
    resolve_key(ledger, "lights", ["lamps"])
    assert sorted(ids(ledger)) == [("aaa", "aaa", ()), ("lamps", "lights", ("lamps",)), ("zzz", "zzz", ())]


@pytest.mark.parametrize("stopped", [["lights"], ["lamps"], ["lamps", "lights"]])
def test_two_that_become_one_stay_stopped_and_others_as_they_were(ledger, stopped):
    for name in ("aaa", "lamps", "lights", "zzz"):
        resolve_key(ledger, name)
    for name in (*stopped, "aaa"):
        stop(ledger, name)
    key = resolve_key(ledger, "both", ["lamps", "lights"])
    assert [one.connector_key for one in all_stops(ledger)] == sorted([key, "aaa"])


def test_a_chain_of_renamings_and_back(ledger):
    for name, was in (("a", []), ("b", ["a"]), ("c", ["b", "a"]), ("a", ["c"])):
        assert resolve_key(ledger, name, was) == "a"
    assert ids(ledger) == [("a", "a", ("b", "c"))]


def test_an_old_id_that_lives_again_is_refused(ledger):
    resolve_key(ledger, "lamps")
    resolve_key(ledger, "lights", ["lamps"])
    with pytest.raises(OldIdLives, match="'lamps' has the id that 'lights' had before"):
        resolve_key(ledger, "lamps")
    with pytest.raises(OldIdLives):
        resolve_key(ledger, "lamps", ["other"])
    assert ids(ledger) == [("lamps", "lights", ("lamps",))]


def test_an_old_id_that_never_ran_is_taken_all_the_same(ledger):
    assert resolve_key(ledger, "lights", ["lamps"]) == "lights"
    with pytest.raises(OldIdLives):
        resolve_key(ledger, "lamps")


def test_two_that_claim_one_old_id_are_refused(ledger):
    resolve_key(ledger, "lamps")
    resolve_key(ledger, "lights", ["lamps"])
    with pytest.raises(OldIdClaimedTwice, match="'bulbs' and 'lights' both were 'lamps'"):
        resolve_key(ledger, "bulbs", ["lamps"])
    assert find_key(ledger, "bulbs") is None
    # The one that was renamed again says so itself.
    assert resolve_key(ledger, "bulbs", ["lights", "lamps"]) == "lamps"


def test_two_that_resolve_at_once_get_one_key(ledger):
    from concurrent.futures import ThreadPoolExecutor

    resolve_key(ledger, "old")
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: resolve_key(ledger, "new", ["old"]), range(8)))
    assert set(found) == {"old"}


def test_only_reading_enters_nothing(ledger):
    assert find_key(ledger, "lights", ["lamps"]) is None
    resolve_key(ledger, "lamps")
    assert find_key(ledger, "lights", ["lamps"]) == "lamps"
    assert ids(ledger) == [("lamps", "lamps", ())]


def test_several_that_become_one(ledger):
    """Both ran on the same day, had an issue with the same item, and one wrote to a listing."""
    entry = {"operation": "live", "scope": "everything", "fingerprint": "f", "definition": "d"}
    for name in ("desk", "floor"):
        key = resolve_key(ledger, name)
        number = start_run(ledger, connector_key=key, run_id="scheduled", **entry)
        listings = ListingScope(key, "S", "M", "LAMP")
        row = {"sku": name, "method": "PUT", "status": "ACCEPTED", "submission_id": "", "request_id": ""}
        record_submissions(ledger, listings, number, [row | {"hash": "h", "body": {}}])
        record_accepted(ledger, listings, [{"sku": name, "pim_id": name, "hash": "h", "attributes": {}}])
        record_issues(
            ledger, key, number, [CheckedItem(one, [ISSUE], frozenset({"schema"})) for one in ("x", name)]
        )
    assert resolve_key(ledger, "lamps", ["desk", "floor"]) == "desk"
    assert ids(ledger) == [("desk", "lamps", ("desk", "floor"))]
    assert find_key(ledger, "floor") == "desk"
    assert sorted(one.item for one in open_issues(ledger, "desk")) == ["desk", "floor", "x"]
    assert {run.run_id for run in recent_runs(ledger, "desk")} == {"scheduled", "scheduled (floor)"}
    for sku in ("desk", "floor"):
        assert [one.connector_id for one in item_standings(ledger, sku, "desk")] == ["lamps"]
        assert [one.connector_id for one in writes_to(ledger, sku, "desk")] == ["lamps"]
    assert find_run(ledger, "scheduled", "floor").connector_id == "lamps"


def test_two_that_become_one_leave_what_others_know_of_their_listings(ledger):
    """A third connector knew the listing before them, and each of the two knows it."""
    for name in ("aaa", "desk", "floor", "zzz"):
        listings = ListingScope(resolve_key(ledger, name), "S", "M", "LAMP")
        record_accepted(ledger, listings, [{"sku": "a", "pim_id": name, "hash": "h", "attributes": {}}])
    assert resolve_key(ledger, "lamps", ["desk", "floor"]) == "desk"
    for name, known in (("aaa", {"a"}), ("desk", {"a"}), ("floor", set()), ("zzz", {"a"})):
        assert known_items(ledger, ListingScope(name, "S", "M", "LAMP"), ["a"]).keys() == known


def test_a_connector_that_ran_before_was_was_written(ledger):
    """It ran under its new id without `was`: what it knows and what the old one knew come together."""
    resolve_key(ledger, "lamps")
    resolve_key(ledger, "lights")
    assert resolve_key(ledger, "lights", ["lamps"]) == "lights"
    assert ids(ledger) == [("lights", "lights", ("lamps",))]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_ledger_of_the_first_version_goes_on(kind, request, tmp_path):
    """Rows hang on the old connector id, which becomes the key."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    if kind == "postgresql":
        url = request.getfixturevalue("postgresql").new_database()
    old = ledger_of_revision(url, "0002")
    moment = datetime(2026, 11, 23, 12, tzinfo=UTC)
    with old.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO runs (connector_id, run_id, operation, scope, fingerprint, definition, state, "
                "started_at, cursor) VALUES ('lamps', 'r1', 'live', 'everything', 'f', 'd', 'settled', "
                ":moment, 'then')"
            ),
            {"moment": moment},
        )
        connection.execute(
            text(
                "INSERT INTO items (sku, seller_id, marketplace_id, connector_id, product_type) "
                "VALUES ('a', 'S', 'M', 'gone', 'LAMP')"
            )
        )
    old.dispose()
    ledger = open_ledger(url)
    assert [(one.key, one.current_id) for one in known_connectors(ledger)] == [
        ("gone", "gone"),
        ("lamps", "lamps"),
    ]
    assert known_connectors(ledger)[1].first_seen == moment
    assert resolve_key(ledger, "lights", ["lamps"]) == "lamps"
    assert last_run(ledger, "lamps", "live").cursor == "then"
    assert (find_run(ledger, "r1").attempt, find_run(ledger, "r1").connector_id) == (0, "lights")
    with ledger.connect() as connection:
        assert sorted(connection.scalars(select(connector_ids.c.connector_id))) == ["gone", "lamps", "lights"]
        assert connection.scalar(select(runs.c.attempt)) == 0
    ledger.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_the_first_version_holds_as_accepted_stays_its_connectors(kind, request, tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    if kind == "postgresql":
        url = request.getfixturevalue("postgresql").new_database()
    old = ledger_of_revision(url, "0002")
    moment = datetime(2026, 11, 23, 12, tzinfo=UTC)
    with old.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO items (sku, seller_id, marketplace_id, connector_id, product_type, listed, "
                "accepted_hash, accepted_content, accepted_at, looks) VALUES "
                "('a', 'S', 'A13V1IB3VIYZZH', 'lamps', 'LAMP', true, 'h', :content, :moment, 0), "
                "('b', 'S', 'A13V1IB3VIYZZH', 'lamps', 'LAMP', true, NULL, NULL, NULL, 0)"
            ),
            {"content": packed({"brand": [{"value": "Acme"}]}), "moment": moment},
        )
    old.dispose()
    ledger = open_ledger(url)
    owner = ListingScope("lamps", "S", "A13V1IB3VIYZZH", "LAMP")
    known = known_items(ledger, owner, ["a", "b"])
    assert {sku: (one.created, one.claimed_at) for sku, one in known.items()} == {
        "a": (True, moment),
        "b": (False, None),
    }
    assert accepted_contents(ledger, owner, ["a"]) == {"a": {"brand": [{"value": "Acme"}]}}
    # Another connector starts with nothing of its own, and sees whose it is.
    second = replace(owner, connector_key="offers")
    assert known_items(ledger, second, ["a"]) == {}
    (claim,) = claims_of_others(ledger, second, ["a", "b"])["a"]
    assert (claim.connector_id, claim.claimed_at) == ("lamps", moment)
    ledger.dispose()
