"""Taking back what has no answer from Amazon, or a rollback that got none."""

from __future__ import annotations

import pytest

from amazon_listings.ledger.runs.answers import answers_of
from amazon_listings.ledger.runs.history import recent_runs
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.selling_partner.content.comparison import matches_put
from amazon_listings.writes.protocol import WriteProtocol
from support.sellers import FR, HERE, OFFER, QUANTITY, priced


@pytest.mark.parametrize("carried_out", [True, False])
def test_an_update_without_an_answer_is_taken_back_if_it_happened(seller, carried_out):
    first, second = seller.run(), seller.run()
    seller.put(first, "S1", OFFER)
    before = seller.held("S1")
    value = [{"fulfillment_channel_code": "DEFAULT", "quantity": 9}]
    patches = [QUANTITY | {"value": value}]
    seller.unanswered(second, "S1", "PATCH", patches, OFFER, carried_out=carried_out)
    plan = seller.planned(second)["S1"]
    if carried_out:
        assert (plan.method, plan.remark.code) == ("PATCH", "rollback.remark.unanswered_held")
    else:
        assert (plan.method, plan.remark.code) == ("NOTHING", "rollback.remark.unanswered_not_held")
    assert seller.carry_out(second) == {"S1": "ACCEPTED" if carried_out else "KEPT"}
    assert seller.held("S1") == before


def test_a_creation_without_an_answer_is_deleted_if_it_is_ours(seller):
    run = seller.run()
    seller.unanswered(run, "ours", "PUT", OFFER, OFFER, carried_out=True)
    seller.unanswered(run, "never", "PUT", OFFER, OFFER, carried_out=False)
    seller.unanswered(run, "theirs", "PUT", {"item_weight": OFFER["item_weight"]}, {}, carried_out=False)
    seller.put(seller.run(), "theirs", priced(20.0, item_weight=[{"value": 3, "unit": "kilograms", **HERE}]))
    with seller.ledger.begin() as connection:
        connection.exec_driver_sql("DELETE FROM submissions WHERE sku = 'theirs' AND status = 'ACCEPTED'")
    methods = {sku: one.method for sku, one in seller.planned(run).items()}
    assert methods == {"ours": "DELETE", "never": "NOTHING", "theirs": "NOTHING"}
    seller.carry_out(run)
    assert seller.held("ours") is None
    assert seller.held("theirs") is not None


def test_of_a_write_without_an_answer_only_what_is_there_is_taken_back(seller):
    first, second = seller.run(), seller.run()
    seller.put(first, "S1", OFFER)
    weight = {"op": "replace", "path": "/attributes/item_weight"}
    patches = [
        QUANTITY | {"value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 9}]},
        weight | {"value": [{"value": 4, "unit": "kilograms", **HERE}]},
    ]
    seller.unanswered(second, "S1", "PATCH", patches, OFFER, carried_out=True)
    others = [{"value": 8, "unit": "kilograms", **HERE}]
    amazon.patch(seller.client, "S1", [FR.id], product_type="PRODUCT", patches=[weight | {"value": others}])
    seller.carry_out(second)
    assert matches_put(seller.held("S1"), OFFER | {"item_weight": others})


def test_a_rollback_that_gets_no_answer_is_in_the_ledger_and_can_be_repeated(seller, sandbox):
    first, second = seller.run(), seller.run()
    seller.put(first, "S1", priced(15.0))
    seller.put(second, "S1", priced(20.0))
    sandbox.fault("patchListingsItem", "reset", times=20)
    assert seller.carry_out(second) == {"S1": "FAILED"}
    undo = recent_runs(seller.ledger, "fr_lamps")[0].number
    assert answers_of(seller.ledger, undo) == {"UNANSWERED": 1}
    sandbox.state.traffic.forget_faults()
    assert seller.carry_out(second) == {"S1": "ACCEPTED"}
    assert matches_put(seller.held("S1"), priced(15.0))


def test_a_rollback_that_breaks_off_says_what_it_restored(seller, ledger, monkeypatch):
    first, second = seller.run(), seller.run()
    for sku in ("S1", "S2", "S3"):
        seller.put(first, sku, priced(15.0))
        seller.put(second, sku, priced(20.0))
    remember, answered = WriteProtocol.remember, []

    def dying(protocol, answers):
        if len(answered) == 2:
            raise KeyboardInterrupt
        answered.append(answers)
        remember(protocol, answers)

    monkeypatch.setattr(WriteProtocol, "remember", dying)
    with pytest.raises(KeyboardInterrupt):
        seller.carry_out(second)
    (undo, *_) = recent_runs(ledger, "fr_lamps")
    assert (undo.state, undo.counts) == ("failed", {"accepted": 2, "failed": 1})
    monkeypatch.setattr(WriteProtocol, "remember", remember)
    assert set(seller.carry_out(second).values()) == {"KEPT"}, "Amazon had carried all of them out"
    assert all(matches_put(seller.held(sku), priced(15.0)) for sku in ("S1", "S2", "S3"))
