"""Three runs over a listing that others use too: right at once, and quiet, however Amazon reads patches."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from amazon_listings.confirm.checks import confirm
from amazon_listings.ledger.tables import items
from amazon_listings.selling_partner import listings as amazon
from spapi_sandbox.listings.patches import Readings
from support.sync_runs import lamp

FRANCE = "A13V1IB3VIYZZH"
FRENCH = {"marketplace_id": FRANCE, "language_tag": "fr_FR"}
ENGLISH = {"marketplace_id": FRANCE, "language_tag": "en_GB"}
OFFER = {"marketplace_id": FRANCE, "currency": "EUR"}
#: Every reading of a replace, each with the others so that each pair of them comes up;
#: `test_patches` has all of them together.
READINGS = [
    Readings(keeps, *[keeps != singly] * 3, singly)
    for keeps, singly in itertools.product([False, True], repeat=2)
]


def price(amount, **more):
    return [{"schedule": [{"value_with_tax": amount, **more}]}]


TIERS = {
    "discount_type": "fixed",
    "levels": [{"lower_bound": 5, "value": 8.0}, {"lower_bound": 10, "value": 7.5}],
}
#: What people, a repricer and Amazon's warehouse put beside what is ours.
BESIDE = {
    "discounted_price": price(8.0, start_at="2026-11-20", end_at="2099-12-31"),
    "minimum_seller_allowed_price": price(7.0),
    "map_price": price(7.5),
}
BUSINESS = {
    **OFFER,
    "audience": "B2B",
    "our_price": price(8.5),
    "quantity_discount_plan": [{"schedule": [TIERS]}],
}
WAREHOUSE = {"fulfillment_channel_code": "AMAZON_EU"}
POINTS = [{**ENGLISH, "value": text} for text in ("Sturdy", "Lasting", "Sturdy")]


def people(shop, **attributes):
    patches = [
        {"op": "replace", "path": f"/attributes/{name}", "value": value} for name, value in attributes.items()
    ]
    answer = amazon.patch(shop.client, "A", [FRANCE], product_type="LAMP", patches=patches)
    assert answer.status == "ACCEPTED", answer.issues


def shared(shop, held):
    """Put what others make into a listing."""
    (own,) = held["purchasable_offer"]
    (stock,) = held["fulfillment_availability"]
    people(
        shop,
        purchasable_offer=[BUSINESS, own | BESIDE],
        fulfillment_availability=[WAREHOUSE, stock | {"lead_time_to_ship_max_days": 10}],
        bullet_point=[POINTS[0], *held["bullet_point"], *POINTS[1:]],
        item_name=[*held["item_name"], {**ENGLISH, "value": "Lamp"}],
        model_name=[{**FRENCH, "value": "Modèle"}],
    )


def of_others(held):
    offers = {one["audience"]: one for one in held["purchasable_offer"]}
    stocks = {one["fulfillment_channel_code"]: one for one in held["fulfillment_availability"]}
    english = [one for name in ("bullet_point", "item_name") for one in held[name]]
    return {
        "beside our price": {name: offers["ALL"].get(name) for name in BESIDE},
        "for businesses": offers["B2B"],
        "warehouse": stocks["AMAZON_EU"],
        "lead time": stocks["DEFAULT"].get("lead_time_to_ship_max_days"),
        "English": [one["value"] for one in english if one["language_tag"] == "en_GB"],
        "model": held["model_name"],
    }


def points(held):
    return [one["value"] for one in held["bullet_point"] if one["language_tag"] == "fr_FR"]


def states_later(shop, connector):
    """The items' states once the listings were read back."""
    confirm(
        connector,
        shop.definitions(connector),
        client=shop.client,
        ledger=shop.ledger,
        storage=shop._root / "storage",
        now=lambda: datetime.now(UTC) + timedelta(hours=2),
    )
    with shop.ledger.connect() as connection:
        return dict(connection.execute(select(items.c.sku, items.c.state)).all())


#: Another order, fewer, more, and the same text twice.
SERIES = [("b", "a", "c"), ("b", "c"), ("c", "b", "c", "a")]


@pytest.mark.parametrize("reading", READINGS, ids=lambda one: "".join("01"[switch] for switch in one))
def test_three_runs_come_out_right_and_a_fourth_sends_nothing(shop, sandbox, reading):
    def with_points(texts):
        return shop.connector(mapping={"bullet_point": list(texts)})

    first = with_points("abc")
    shop.run(first, [lamp("A")])
    shared(shop, shop.held(first, "A"))
    before = of_others(shop.held(first, "A"))
    sandbox.control("settings", **{switch: int(on) for switch, on in reading._asdict().items()})
    for number, texts in enumerate(SERIES, 4):
        connector = with_points(texts)
        run = shop.run(connector, [lamp("A", price=10 + number, stock=number)])
        assert run.outcomes() == {"A": "accepted"}
        held = shop.held(connector, "A")
        assert points(held) == list(texts)
        assert of_others(held) == before
        assert states_later(shop, connector) == {"A": "live"}
    again = shop.run(connector, [lamp("A", price=16, stock=6)])
    assert again.outcomes() == {"A": "unchanged"}
    assert not again.calls().get("updates")


def test_fewer_bullet_points_whose_answer_was_lost_are_not_sent_again(shop, sandbox):
    shop.run(shop.connector(mapping={"bullet_point": ["a", "b", "c"]}), [lamp("A")])
    run = shop.run(shop.connector(mapping={"bullet_point": ["b", "a"]}), [lamp("A")], until="approved")
    asked = requests(sandbox)
    sandbox.fault("patchListingsItem", "timeout_after_write")
    run.send()
    assert run.outcomes() == {"A": "accepted"}
    assert requests(sandbox) == asked + 1


def requests(sandbox):
    return sandbox.counters()["operations"].get("patchListingsItem", {}).get("requests", 0)
