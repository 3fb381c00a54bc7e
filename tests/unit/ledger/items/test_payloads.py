"""What the ledger remembers of listings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_listings.ledger.content import column_text, packed, unpacked
from amazon_listings.ledger.items import leavers
from amazon_listings.ledger.items.claims import claims_of_others
from amazon_listings.ledger.items.known import KnownItem, accepted_contents, known_items, owned_contents
from amazon_listings.ledger.items.payloads import ListingScope, record_deleted, record_listed
from amazon_listings.ledger.writes import confirmations
from support.ledger_rows import record_accepted, record_tested

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def accepted(sku, digest="h1", **attributes):
    return {"sku": sku, "pim_id": f"variants/{sku}", "hash": digest, "attributes": attributes}


@given(st.recursive(st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(), st.lists))
def test_contents_come_back_as_they_were(content):
    assert unpacked(packed(content)) == content


@given(st.text(), st.text(), st.integers(20, 40))
def test_texts_fit_their_column_and_stay_different(one, other, most):
    kept = column_text(one, most)
    assert len(kept) <= most
    assert "\x00" not in kept
    kept.encode()
    assert (column_text(other, most) == kept) == (one == other)


def test_a_judged_item_then_an_accepted_one(ledger, listings):
    record_tested(ledger, listings, "def-1", [{"sku": "a", "hash": "h1", "pim_id": "p", "asin": "B01"}])
    assert known_items(ledger, listings, ["a", "b"]) == {"a": KnownItem("h1", "def-1", None, "B01")}
    record_accepted(ledger, listings, [accepted("a", "h1", brand=[{"value": "0123"}])], definition="def-1")
    known = known_items(ledger, listings, ["a"])["a"]
    assert known.is_fresh(datetime.now(UTC)), "what was accepted is as good as seen"
    assert msgspec.structs.replace(known, accepted_at=None, seen_at=None, claimed_at=None) == KnownItem(
        "h1", "def-1", "h1", "B01", listed=True, state="accepted", accepted_definition="def-1"
    )
    assert accepted_contents(ledger, listings, ["a", "b"]) == {"a": {"brand": [{"value": "0123"}]}}


def test_a_deleted_item_is_new_if_it_comes_again(ledger, listings):
    record_accepted(ledger, listings, [accepted("a")])
    record_deleted(ledger, listings, ["a"])
    known = known_items(ledger, listings, ["a"])["a"]
    assert (known.accepted_hash, known.listed, known.state) == (None, False, "deleted")
    assert accepted_contents(ledger, listings, ["a"]) == {}
    assert confirmations.next_due(ledger, listings.connector_key) is None


def test_existence_learnt_from_amazon(ledger, listings):
    record_listed(ledger, listings, {"a": True, "b": False})
    known = known_items(ledger, listings, ["a", "b", "c"])
    assert {sku: item.listed for sku, item in known.items()} == {"a": True, "b": False}


def test_marketplaces_and_accounts_are_apart(ledger, listings):
    germany = ListingScope("de_home", listings.seller_id, "A1PA6795UKMFR9", "HOME")
    other = ListingScope("fr_home", "A2OTHER", listings.marketplace_id, "HOME")
    record_accepted(ledger, listings, [accepted("a", quantity=[1])])
    assert known_items(ledger, germany, ["a"]) == {}
    record_accepted(ledger, germany, [accepted("a", quantity=[2]), accepted("b")])
    record_accepted(ledger, other, [accepted("a", quantity=[3])])
    america = ListingScope("us_home", listings.seller_id, "ATVPDKIKX0DER", "HOME")
    record_accepted(ledger, america, [accepted("a", quantity=[4])])
    (claim,) = claims_of_others(ledger, listings, ["a", "x"])["a"]
    assert claim[:4] == ("de_home", "de_home", germany.marketplace_id, {"quantity": [2]})


@pytest.mark.parametrize("marketplace", ["A0", "A2"])
def test_listed_skus_are_those_of_one_marketplace(ledger, listings, marketplace):
    record_accepted(ledger, replace(listings, marketplace_id=marketplace), [accepted("other")])
    record_accepted(ledger, listings, [accepted("own")])
    assert leavers.listed_skus_of(ledger, listings) == ["own"]


def test_two_connectors_know_one_listing_apart(ledger, listings):
    second = replace(listings, connector_key="fr_prices")
    record_accepted(ledger, listings, [accepted("a", "h1", brand=[1])])
    record_accepted(ledger, second, [accepted("a", "h2", price=[2])])
    assert accepted_contents(ledger, listings, ["a"]) == {"a": {"brand": [1]}}
    assert accepted_contents(ledger, second, ["a"]) == {"a": {"price": [2]}}
    first = known_items(ledger, listings, ["a"])["a"].claimed_at
    record_accepted(ledger, listings, [accepted("a", "h3", brand=[3])])
    assert known_items(ledger, listings, ["a"])["a"].claimed_at == first, "the first acceptance counts"


def test_the_same_sku_twice_and_skus_no_column_holds(ledger, listings):
    hostile = ["x" * 500, "a\x00b", "\ud800", "'; DROP TABLE items--", "%s :sku"]
    record_accepted(ledger, listings, [accepted(sku, "old") for sku in hostile])
    record_accepted(ledger, listings, [accepted(sku, digest) for digest in ("h1", "h2") for sku in hostile])
    known = known_items(ledger, listings, hostile)
    assert {sku: item.accepted_hash for sku, item in known.items()} == dict.fromkeys(hostile, "h2")


def test_more_skus_than_one_statement_takes(ledger, listings):
    skus = [f"SKU-{number}" for number in range(1_234)]
    record_accepted(ledger, listings, (accepted(sku) for sku in skus))
    assert set(known_items(ledger, listings, skus)) == set(skus)


class TestLeavers:
    @pytest.fixture(autouse=True)
    def filled(self, ledger, listings):
        record_accepted(ledger, listings, [accepted(sku) for sku in "abcd"])
        record_deleted(ledger, listings, ["d"])
        record_tested(
            ledger, listings, "d", [{"sku": "t", "hash": "h", "pim_id": "variants/t", "asin": None}]
        )

    def test_those_the_pim_names(self, ledger):
        ids = ["variants/a", "variants/d", "variants/t", "variants/zz", "\x00"]
        assert list(leavers.listed_skus(ledger, "fr_home", ids)) == [("variants/a", "a")]
        assert list(leavers.listed_skus(ledger, "de_home", ids)) == []

    def test_those_missing_from_a_complete_read(self, ledger):
        assert leavers.count_listed(ledger, "fr_home") == 3
        read = (sku for sku in ["b", "new", "b", *(f"n{number}" for number in range(6_000))])
        assert list(leavers.listed_but_not(ledger, "fr_home", read)) == ["a", "c"]
        assert list(leavers.listed_but_not(ledger, "fr_home", [])) == ["a", "b", "c"]
        next(leavers.listed_but_not(ledger, "fr_home", []))
        assert list(leavers.listed_but_not(ledger, "fr_home", ["a"])) == ["b", "c"]


class TestConfirmations:
    @pytest.mark.parametrize(
        ("after", "next_after"),
        [(0, 60), (60, 300), (61, 300), (4_000, 21_600), (86_399, 86_400), (86_400, None), (200_000, None)],
    )
    def test_the_ladder(self, after, next_after):
        moment = confirmations.next_look(NOON, NOON + timedelta(seconds=after))
        assert moment == (None if next_after is None else NOON + timedelta(seconds=next_after))

    def test_an_accepted_item_is_looked_at_until_it_is_decided(self, ledger, listings):
        record_accepted(ledger, listings, [accepted("a"), accepted("b")], now=NOON)
        assert confirmations.next_due(ledger, "fr_home") == NOON + timedelta(minutes=1)
        assert confirmations.due_looks(ledger, "fr_home", now=NOON + timedelta(seconds=59)) == []
        later = NOON + timedelta(minutes=1)
        looks = confirmations.due_looks(ledger, "fr_home", now=later)
        assert [(look.sku, look.looks, look.last) for look in looks] == [("a", 0, False), ("b", 0, False)]
        rows = [
            confirmations.SeenLook(looks[0], "live", "B01"),
            confirmations.SeenLook(looks[1], "accepted"),
        ]
        confirmations.record_looks(ledger, listings, rows, now=later)
        assert known_items(ledger, listings, ["a"])["a"].state == "live"
        assert known_items(ledger, listings, ["a"])["a"].asin == "B01"
        assert confirmations.next_due(ledger, "fr_home") == NOON + timedelta(minutes=5)
        (look,) = confirmations.due_looks(ledger, "fr_home", now=NOON + timedelta(days=2))
        assert (look.sku, look.looks, look.last) == ("b", 1, True)

    def test_what_was_not_applied_is_sent_again(self, ledger, listings):
        record_accepted(ledger, listings, [accepted("a", brand=[1])], now=NOON)
        (look,) = confirmations.due_looks(ledger, "fr_home", now=NOON + timedelta(days=1))
        row = confirmations.SeenLook(look, "not_applied")
        confirmations.record_looks(ledger, listings, [row])
        known = known_items(ledger, listings, ["a"])["a"]
        assert (known.state, known.accepted_hash, known.listed) == ("not_applied", None, None)
        assert accepted_contents(ledger, listings, ["a"]) == {}
        assert owned_contents(ledger, listings, ["a"]) == {"a": {"brand": [1]}}, "it stays ours"
        second = replace(listings, connector_key="fr_prices")
        (claim,) = claims_of_others(ledger, second, ["a"])["a"]
        assert claim.attributes == {"brand": [1]}

    def test_a_look_of_before_the_last_write_changes_nothing(self, ledger, listings):
        record_accepted(ledger, listings, [accepted("a", "h1")], now=NOON)
        (look,) = confirmations.due_looks(ledger, "fr_home", now=NOON + timedelta(hours=1))
        record_accepted(ledger, listings, [accepted("a", "h1")], now=NOON + timedelta(hours=1))
        row = confirmations.SeenLook(look, "not_applied")
        confirmations.record_looks(ledger, listings, [row])
        assert known_items(ledger, listings, ["a"])["a"].state == "accepted"
        assert confirmations.next_due(ledger, "fr_home") == NOON + timedelta(minutes=61)


def test_what_is_known_not_to_be_there_is_not_entered_again(ledger, listings, statements):
    record_listed(ledger, listings, {"a": False, "\ud800": False})
    with statements() as made:
        record_listed(ledger, listings, {"a": False, "\ud800": False})
    assert not any("INTO items" in one for one in made), made
    with statements() as made:
        record_listed(ledger, listings, {"a": False, "b": False})
    assert any("INTO items" in one for one in made)
    assert {sku: one.listed for sku, one in known_items(ledger, listings, ["a", "b"]).items()} == {
        "a": False,
        "b": False,
    }
