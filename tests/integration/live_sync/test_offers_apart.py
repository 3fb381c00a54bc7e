"""Price and stock of items with other errors: said first, or sent alone."""

import pytest

from amazon_listings.ledger.items.known import accepted_contents, known_items
from amazon_listings.runs.payload import payload_hash
from support.sync_runs import lamp

LONG = "x" * 300


def codes(item):
    return {issue.code for issue in item.issues}


def offer(shop, connector, sku):
    held = shop.held(connector, sku)
    price = held["purchasable_offer"][0]["our_price"][0]["schedule"][0]["value_with_tax"]
    return held["fulfillment_availability"][0]["quantity"], price


def alone(shop, **sync):
    return shop.connector(sync={"partial": "offer"} | sync)


def test_stock_that_an_error_holds_back_is_said(shop):
    connector = shop.connector()
    shop.run(connector, [lamp("A", stock=5), lamp("B", stock=5), lamp("C", stock=5)])
    run = shop.run(
        connector,
        [lamp("A", stock=0, name=LONG), lamp("B", price=30, name=LONG), lamp("C", stock=5, name=LONG)],
    )
    items = run.items()
    assert {sku: item.outcome for sku, item in items.items()} == dict.fromkeys("ABC", "blocked")
    assert "sold_out_on_sale" in codes(items["A"])
    assert "offer_held_back" in codes(items["B"])
    assert not codes(items["C"]) & {"sold_out_on_sale", "offer_held_back"}
    assert offer(shop, connector, "A") == (5, 10.0)


def test_an_item_that_was_never_on_sale_holds_nothing_back(shop):
    connector = alone(shop)
    item = shop.run(connector, [lamp("NEW", stock=0, name=LONG)]).items()["NEW"]
    assert item.outcome == "blocked"
    assert not codes(item) & {"sold_out_on_sale", "offer_held_back"}
    assert shop.held(connector, "NEW") is None


@pytest.mark.parametrize("preview", ["changed", "none", "all"])
def test_price_and_quantity_go_out_alone(shop, ledger, preview):
    connector = alone(shop, preview=preview)
    shop.run(connector, [lamp("A", stock=5)])
    before = shop.held(connector, "A")
    run = shop.run(connector, [lamp("A", stock=0, price=30, name=LONG, brand="Other")])
    item = run.items()["A"]
    assert item.outcome == "accepted_in_part"
    assert "too_long" in codes(item)
    assert "sold_out_on_sale" not in codes(item)
    assert offer(shop, connector, "A") == (0, 30.0)
    after = shop.held(connector, "A")
    kept = {
        name: value
        for name, value in before.items()
        if name not in {"purchasable_offer", "fulfillment_availability"}
    }
    assert {name: after[name] for name in kept} == kept
    content = accepted_contents(ledger, shop.listings(connector), ["A"])["A"]
    assert known_items(ledger, shop.listings(connector), ["A"])["A"].accepted_hash == payload_hash(content)
    # The same again sends nothing, and the item is what it is.
    assert shop.run(connector, [lamp("A", stock=0, price=30, name=LONG, brand="Other")]).outcomes() == {
        "A": "blocked"
    }
    assert shop.run(connector, [lamp("A", stock=0, price=30, brand="Other")]).outcomes() == {"A": "accepted"}
    assert shop.held(connector, "A")["brand"][0]["value"] == "Other"


def test_a_wrong_price_does_not_go_and_a_right_quantity_does(shop):
    connector = alone(shop)
    shop.run(connector, [lamp("A", stock=5)])
    run = shop.run(connector, [lamp("A", stock=2, price="abc", name=LONG)])
    assert run.outcomes() == {"A": "accepted_in_part"}
    assert offer(shop, connector, "A") == (2, 10.0)


def test_a_test_run_sends_nothing_and_says_what_is_wrong(shop):
    connector = alone(shop)
    shop.run(connector, [lamp("A", stock=5)])
    assert shop.run(connector, [lamp("A", stock=0, name=LONG)], operation="test").outcomes() == {
        "A": "blocked"
    }
    assert offer(shop, connector, "A") == (5, 10.0)


def test_a_listing_that_is_gone_gets_no_offer_of_its_own(shop, ledger):
    connector = alone(shop, when_removed="delete", removed_share=1)
    shop.run(connector, [lamp("A"), lamp("B")])
    shop.run(connector, [lamp("B")])
    assert shop.run(connector, [lamp("A", stock=0, name=LONG), lamp("B")]).outcomes()["A"] == "blocked"
    assert shop.held(connector, "A") is None


@pytest.mark.parametrize("preview", ["changed", "none"])
def test_the_offer_of_a_rejected_item_goes_out_alone(shop, preview):
    connector = alone(shop, preview=preview)
    shop.run(connector, [lamp("A", stock=5)])
    refuse_once(shop, ["brand"])
    run = shop.run(connector, [lamp("A", stock=0, brand="Refused")])
    item = run.items()["A"]
    assert item.outcome == "accepted_in_part"
    assert any(issue.severity == "ERROR" for issue in item.issues)
    assert offer(shop, connector, "A") == (0, 10.0)
    assert shop.held(connector, "A")["brand"][0]["value"] == "Acme"


@pytest.mark.parametrize("names", [[], ["brand", "fulfillment_availability"]])
@pytest.mark.parametrize("preview", ["changed", "none"])
def test_what_amazon_refuses_as_a_whole_or_in_its_offer_stays_and_is_said(shop, preview, names):
    connector = alone(shop, preview=preview)
    shop.run(connector, [lamp("A", stock=5)])
    refuse_once(shop, names)
    item = shop.run(connector, [lamp("A", stock=0, brand="Refused")]).items()["A"]
    assert item.outcome == "rejected"
    assert "sold_out_on_sale" in codes(item)
    assert offer(shop, connector, "A") == (5, 10.0)


def refuse_once(shop, names):
    issue = {"code": "5665", "message": "No.", "severity": "ERROR", "categories": [], "attributeNames": names}
    body = {"sku": "A", "status": "INVALID", "submissionId": "s", "issues": [issue]}
    shop.sandbox.fault("patchListingsItem", "status", status=200, body=body)
