"""Taking runs back where others changed the listings since."""

from __future__ import annotations

from amazon_listings.cli.rollback import lines_of
from amazon_listings.messages import catalogue
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.selling_partner.content.comparison import matches_put
from support.sellers import FR, HERE, OFFER, priced


def test_what_others_changed_after_the_run_is_shown(seller):
    first, second = seller.run(), seller.run()
    seller.put(first, "S1", priced(15.0))
    seller.put(second, "S1", priced(20.0, item_weight=[{"value": 3, "unit": "kilograms", **HERE}]))
    assert seller.planned(second)["S1"].changed == ()
    amazon.patch(
        seller.client,
        "S1",
        [FR.id],
        product_type="PRODUCT",
        patches=[{"op": "replace", "path": "/attributes/item_weight", "value": OFFER["item_package_weight"]}],
    )
    plan = seller.planned(second)["S1"]
    assert {change.leaf.attribute for change in plan.changed} == {"item_weight"}
    assert "item_weight" not in {change.leaf.attribute for change in plan.plan.changes}
    shown = list(lines_of(plan, catalogue("en")))
    assert [line for line in shown if "(not what the run wrote)" in line and "item_weight" in line]
    seller.carry_out(second)
    assert matches_put(seller.held("S1"), priced(15.0) | {"item_weight": OFFER["item_package_weight"]}), (
        "what others changed stays"
    )


def test_a_created_listing_to_which_others_added_is_not_deleted(seller):
    run = seller.run()
    seller.put(run, "S1", OFFER)
    added = [{"value": "Lampe", "language_tag": "fr_FR", **HERE}]
    patch = {"op": "replace", "path": "/attributes/item_name", "value": added}
    amazon.patch(seller.client, "S1", [FR.id], product_type="PRODUCT", patches=[patch])
    plan = seller.planned(run)["S1"]
    assert plan.method == "NOTHING"
    assert [change.leaf.attribute for change in plan.changed] == ["item_name"]
    assert seller.carry_out(run) == {"S1": "KEPT"}
    assert seller.held("S1") is not None


def test_a_listing_that_others_deleted_is_not_made_again(seller):
    first, second = seller.run(), seller.run()
    seller.put(first, "S1", priced(15.0))
    seller.put(second, "S1", priced(20.0))
    amazon.delete(seller.client, "S1", FR.id)
    plan = seller.planned(second)["S1"]
    assert (plan.method, plan.remark.code) == ("NOTHING", "rollback.remark.listing_gone")
