"""A listing full of what people and other tools made, through every way that a run can write it."""

import pytest

from amazon_listings.ledger.runs.history import find_run
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.writes.rollback.rollback import Rollback
from spapi_sandbox.listings.patches import Readings
from support.ledgers import ledger_in
from support.sync_runs import PRODUCT, Shop, lamp

FRANCE = "A13V1IB3VIYZZH"
FRENCH = {"marketplace_id": FRANCE, "language_tag": "fr_FR"}
ENGLISH = {"marketplace_id": FRANCE, "language_tag": "en_GB"}
LONG = "x" * 300


def price(amount, **more):
    return [{"schedule": [{"value_with_tax": amount, **more}]}]


#: What others made of the listing. Ours is the price for everybody, the quantity, and the French texts.
OFFER = {"marketplace_id": FRANCE, "currency": "EUR"}
MADE = {
    "purchasable_offer": [
        {
            **OFFER,
            "audience": "ALL",
            "our_price": price(9.0),
            "discounted_price": price(8.0, start_at="2026-11-20", end_at="2099-12-31"),
            "minimum_seller_allowed_price": price(7.0),
            "maximum_seller_allowed_price": price(99.0),
            "start_at": {"value": "2026-01-01T00:00:00Z"},
        },
        {**OFFER, "audience": "B2B", "our_price": price(8.5)},
    ],
    "fulfillment_availability": [
        {"fulfillment_channel_code": "DEFAULT", "quantity": 3, "lead_time_to_ship_max_days": 10}
    ],
    "bullet_point": [
        *({**FRENCH, "value": text} for text in ("Solide", "Durable")),
        *({**ENGLISH, "value": text} for text in ("Sturdy", "Lasting", "Green")),
    ],
    "item_name": [{**FRENCH, "value": "Lampe"}, {**ENGLISH, "value": "Lamp"}],
    "model_name": [{**FRENCH, "value": "Modèle"}],
}


def of_others(held):
    """What of a listing no line of the mapping writes."""
    offers = {one["audience"]: one for one in held["purchasable_offer"]}
    texts = {name: held.get(name, []) for name in ("bullet_point", "item_name")}
    return {
        "beside our price": {key: value for key, value in offers["ALL"].items() if key != "our_price"},
        "business price": offers.get("B2B"),
        "lead time": held["fulfillment_availability"][0].get("lead_time_to_ship_max_days"),
        "model": held.get("model_name"),
        **{name: [one for one in some if one["language_tag"] == "en_GB"] for name, some in texts.items()},
    }


def ours(held):
    (own,) = (one for one in held["purchasable_offer"] if one["audience"] == "ALL")
    return own["our_price"][0]["schedule"][0]["value_with_tax"], held["fulfillment_availability"][0][
        "quantity"
    ]


def changed(shop, **sync):
    run = shop.run(shop.connector(sync=sync), [lamp("A", price=12, stock=5)])
    assert run.outcomes() == {"A": "accepted"}
    return run


def by_patch(shop):
    changed(shop)
    return 12, 5


def by_feed(shop):
    run = shop.run(shop.connector(sync={"feed_from": 1}), [lamp("A", price=12, stock=5)])
    shop.sandbox.advance(3600)
    shop.sandbox.state.feeds.wait()
    run.sync.collect()
    return 12, 5


def a_second_time(shop):
    changed(shop)
    shop.run(shop.connector(), [lamp("A", price=13, stock=6)], force=True)
    return 13, 6


def taken_off(how):
    def leave(shop):
        leaving = {"when_removed": how}
        changed(shop, **leaving).finish()
        run = shop.run(shop.connector(sync=leaving), [lamp("B")])
        run.finish()
        assert run.outcomes()["A"] == "pending"
        return 12, 0

    return leave


def rolled_back(shop):
    run = changed(shop)
    definitions = shop.definitions(run.connector)
    undo = Rollback(
        find_run(shop.ledger, str(run.number)),
        ledger=shop.ledger,
        client=shop.client,
        definition=definitions.document,
        requirements="LISTING",
    )
    list(undo.carry_out())
    return 9, 3


def offer_alone(shop):
    changed(shop)
    connector = shop.connector(sync={"partial": "offer"})
    run = shop.run(connector, [lamp("A", price=13, stock=6, name=LONG)])
    assert run.outcomes() == {"A": "accepted_in_part"}
    return 13, 6


def by_a_contributor(shop):
    mapping = dict.fromkeys([*PRODUCT, "condition_type", "merchant_shipping_group"])
    connector = shop.connector(id="offers", contributes=True, mapping=mapping)
    assert shop.run(connector, [lamp("A", price=12, stock=5)]).outcomes() == {"A": "accepted"}
    return 12, 5


WAYS = {
    "patch": by_patch,
    "feed": by_feed,
    "second run by force": a_second_time,
    "quantity to zero": taken_off("zero_quantity"),
    "deletion of a listing that was there": taken_off("delete"),
    "rollback": rolled_back,
    "partial offer": offer_alone,
    "contributor": by_a_contributor,
}


@pytest.mark.parametrize("reading", [Readings(), Readings(*[True] * 5)], ids=["usual", "other"])
@pytest.mark.parametrize("way", WAYS)
def test_what_no_line_writes_stays(shop, sandbox, tmp_path, way, reading):
    connector = shop.connector()
    shop.run(connector, [lamp("A")])
    patches = [
        {"op": "replace", "path": f"/attributes/{name}", "value": value} for name, value in MADE.items()
    ]
    made = amazon.patch(shop.client, "A", [FRANCE], product_type="LAMP", patches=patches)
    assert made.status == "ACCEPTED", made.issues
    before = of_others(shop.held(connector, "A"))
    assert before["business price"]
    assert before["lead time"] == 10
    root = tmp_path / "new"
    root.mkdir()
    new = Shop(sandbox, ledger_in(root), root)
    sandbox.control("settings", **{switch: int(on) for switch, on in reading._asdict().items()})
    expected = WAYS[way](new)
    held = new.held(connector, "A")
    assert ours(held) == expected
    assert of_others(held) == before


@pytest.mark.parametrize("how", [{}, {"feed_from": 1}], ids=["patch", "feed"])
def test_a_field_that_people_changed_by_hand_does_not_keep_others_from_going(shop, how):
    """What is sent carries the entries of others, so that the listing is read: its title is another one."""
    connector = shop.connector(sync=how)
    shop.run(shop.connector(), [lamp("A")])
    by_hand = {
        "item_name": [{**FRENCH, "value": "A la main"}],
        "bullet_point": [
            {**FRENCH, "value": "Solide"},
            {**FRENCH, "value": "Durable"},
            {**ENGLISH, "value": "Sturdy"},
        ],
    }

    def change(name):
        patch = {"op": "replace", "path": f"/attributes/{name}", "value": by_hand[name]}
        amazon.patch(shop.client, "A", [FRANCE], product_type="LAMP", patches=[patch])

    change("bullet_point")
    run = shop.run(connector, [lamp("A", point="Stable")], until="approved")
    change("item_name")
    run.send()
    assert run.outcomes() == {"A": "accepted"}
    held = shop.held(connector, "A")
    assert held["item_name"][0]["value"] == "A la main", "it is not part of what was tested"
    assert [one["value"] for one in held["bullet_point"]] == ["Stable", "Durable", "Sturdy"]
    assert shop.run(connector, [lamp("A", point="Léger")]).outcomes() == {"A": "accepted"}
    held = shop.held(connector, "A")
    assert held["item_name"][0]["value"] == "Lampe", "what is ours is set back with the next change"
    assert [one["value"] for one in held["bullet_point"]] == ["Léger", "Durable", "Sturdy"]
