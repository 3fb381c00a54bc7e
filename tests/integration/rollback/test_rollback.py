"""Taking runs back, against the sandbox: what Amazon held before is what it holds after."""

from __future__ import annotations

import pytest

from amazon_listings.errors import RunAbortedError
from amazon_listings.ledger.items.known import accepted_contents, known_items
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.runs.answers import answers_of, writes_to
from amazon_listings.ledger.runs.history import recent_runs
from amazon_listings.ledger.writes.leases import ConnectorBusy, Lease
from amazon_listings.messages import catalogue
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.selling_partner.content.comparison import matches_put
from support.ledger_rows import open_feed, record_submissions
from support.sellers import FR, HERE, OFFER, QUANTITY, priced


def test_a_put_over_a_listing_is_taken_back_by_a_patch(seller):
    first, second = seller.run(), seller.run()
    seller.put(first, "S1", priced(15.0))
    before = seller.held("S1")
    changed = priced(99.0, item_weight=[{"value": 7, "unit": "kilograms", **HERE}])
    del changed["max_order_quantity"]
    seller.put(second, "S1", changed)
    plan = seller.planned(second)["S1"]
    assert plan.method == "PATCH"
    paths = {patch["path"].removeprefix("/attributes/") for patch in plan.body}
    assert paths == {"purchasable_offer", "item_weight", "max_order_quantity"}
    assert seller.held("S1") != before, "planning sends nothing"
    assert seller.carry_out(second) == {"S1": "ACCEPTED"}
    assert seller.held("S1") == before


def test_only_what_the_run_wrote_is_restored(seller, ledger):
    first, second = seller.run(), seller.run()
    seller.put(first, "S1", OFFER)
    value = [{"fulfillment_channel_code": "DEFAULT", "quantity": 9}]
    seller.patch(second, "S1", [QUANTITY | {"value": value}], OFFER | {"fulfillment_availability": value})
    foreign = [{"value": 8, "unit": "kilograms", **HERE}]
    amazon.patch(
        seller.client,
        "S1",
        [FR.id],
        product_type="PRODUCT",
        patches=[{"op": "replace", "path": "/attributes/item_weight", "value": foreign}],
    )
    assert seller.carry_out(second) == {"S1": "ACCEPTED"}
    assert matches_put(seller.held("S1"), OFFER | {"item_weight": foreign})
    (rollback, *_) = recent_runs(ledger, "fr_lamps")
    assert (rollback.operation, rollback.state, rollback.counts) == ("rollback", "settled", {"accepted": 1})
    last = list(writes_to(ledger, "S1"))[-1]
    assert (last.run, last.undoes, last.method, last.can_be_undone) == (
        rollback.number,
        second,
        "PATCH",
        True,
    )


def test_what_was_new_is_deleted_and_what_was_deleted_is_put_back(seller, ledger):
    first, second = seller.run(), seller.run()
    seller.put(first, "old", OFFER)
    before = seller.held("old")
    seller.put(second, "new", OFFER)
    seller.delete(second, "old")
    assert {sku: one.method for sku, one in seller.planned(second).items()} == {"new": "DELETE", "old": "PUT"}
    assert seller.carry_out(second) == {"new": "ACCEPTED", "old": "ACCEPTED"}
    assert seller.held("new") is None
    assert seller.held("old") == before
    known = known_items(ledger, seller.listings, ["new", "old"])
    assert (known["new"].listed, known["old"].listed) == (False, True)
    # Of what is put back it is not known who made what: nothing of it is taken away later.
    assert accepted_contents(ledger, seller.listings, ["old"]) == {}


def test_a_rollback_can_be_taken_back(seller):
    first, second = seller.run(), seller.run()
    seller.put(first, "S1", priced(15.0))
    seller.put(second, "S1", priced(20.0))
    seller.carry_out(second)
    assert seller.planned(second)["S1"].remark.code == "rollback.remark.taken_back"
    undo = recent_runs(seller.ledger, "fr_lamps")[0].number
    assert seller.carry_out(undo) == {"S1": "ACCEPTED"}
    price = seller.held("S1")["purchasable_offer"][0]["our_price"][0]["schedule"][0]["value_with_tax"]
    assert price == 20.0
    assert seller.planned(second)["S1"].method == "PATCH"


def test_runs_are_taken_back_in_their_order(seller):
    first, second, third = seller.run(), seller.run(), seller.run()
    for run, price in ((first, 1.0), (second, 2.0), (third, 3.0)):
        seller.put(run, "S1", priced(price))
    assert f"run {third} wrote to it since" in catalogue("en").value(seller.planned(second)["S1"].remark)
    assert seller.carry_out(second) == {"S1": "KEPT"}
    seller.carry_out(third)
    assert seller.carry_out(second) == {"S1": "ACCEPTED"}
    assert seller.carry_out(first) == {"S1": "ACCEPTED"}
    assert seller.held("S1") is None


def test_only_named_skus_and_items_with_nothing_to_do(seller):
    run = seller.run()
    seller.put(run, "a", OFFER)
    seller.put(run, "b", OFFER)
    assert set(seller.planned(run, skus=["a", "x"])) == {"a"}
    amazon.delete(seller.client, "b", FR.id)
    assert seller.carry_out(run) == {"a": "ACCEPTED", "b": "KEPT"}


def test_what_was_held_before_must_be_known(seller, ledger):
    run = seller.run()
    row = {
        "method": "PUT",
        "status": "ACCEPTED",
        "submission_id": "",
        "request_id": "",
        "hash": "h",
        "body": {},
    }
    record_submissions(ledger, seller.listings, run, [row | {"sku": "a"}])
    open_feed(ledger, seller.listings, run, "doc", [row | {"sku": "b", "pim_id": "b", "before": {}}])
    remarks = {sku: one.remark.code for sku, one in seller.planned(run).items()}
    assert remarks == {
        "a": "rollback.remark.before_unknown",
        "b": "rollback.remark.in_feed",
    }


def test_another_account_is_refused(seller, ledger):
    run = seller.run()
    other = ListingScope("fr_lamps", "A2OTHER", FR.id, "PRODUCT")
    row = {
        "sku": "a",
        "method": "PUT",
        "status": "ACCEPTED",
        "submission_id": "",
        "request_id": "",
        "hash": "h",
    }
    record_submissions(ledger, other, run, [row | {"body": {}, "existed": False}])
    with pytest.raises(RunAbortedError, match="A2OTHER"):
        seller.carry_out(run)
    assert "A2OTHER" in recent_runs(ledger, "fr_lamps")[0].failure_in(catalogue())


def test_no_run_of_the_connector_sends_while_listings_are_restored(seller, ledger):
    run = seller.run()
    seller.put(run, "a", OFFER)
    steps = seller.rollback(run).carry_out()
    next(steps)
    other = Lease(ledger, "fr_lamps", owner="x", patience=0)
    with pytest.raises(ConnectorBusy, match="rollback__"), other.sending():
        pass
    steps.close()
    assert recent_runs(ledger, "fr_lamps")[0].failure_in(catalogue()) == "The rollback was stopped."
    with other.sending():
        assert answers_of(ledger, recent_runs(ledger, "fr_lamps")[0].number) == {}
