"""The first run of a new installation over listings that people and other tools made."""

from datetime import UTC, datetime, timedelta

import pytest

from amazon_listings.confirm.checks import confirm
from amazon_listings.selling_partner import listings as amazon
from spapi_sandbox.listings.patches import Readings
from support.ledgers import ledger_in
from support.sync_runs import Shop, lamp

FRANCE = "A13V1IB3VIYZZH"
HERE = {"marketplace_id": FRANCE}
OFFER = {**HERE, "currency": "EUR", "audience": "ALL"}


def price(amount, **more):
    return [{"schedule": [{"value_with_tax": amount, **more}]}]


SALE = price(8.0, start_at="2026-11-20", end_at="2026-12-31")
FOREIGN = {
    "handling time": (
        "fulfillment_availability",
        [{"fulfillment_channel_code": "DEFAULT", "quantity": 3, "lead_time_to_ship_max_days": 10}],
        [{"fulfillment_channel_code": "DEFAULT", "quantity": 5, "lead_time_to_ship_max_days": 10, **HERE}],
    ),
    "Amazon's channel": (
        "fulfillment_availability",
        [
            {"fulfillment_channel_code": "DEFAULT", "quantity": 3},
            {"fulfillment_channel_code": "AMAZON_EU"},
        ],
        [
            {"fulfillment_channel_code": "DEFAULT", "quantity": 5, **HERE},
            {"fulfillment_channel_code": "AMAZON_EU", **HERE},
        ],
    ),
    "sale, floor and business price": (
        "purchasable_offer",
        [
            {
                **OFFER,
                "our_price": price(9.0),
                "discounted_price": SALE,
                "minimum_seller_allowed_price": price(7.0),
            },
            {**OFFER, "audience": "B2B", "our_price": price(8.5)},
        ],
        [
            {
                **OFFER,
                "our_price": price(10.0),
                "discounted_price": SALE,
                "minimum_seller_allowed_price": price(7.0),
            },
            {**OFFER, "audience": "B2B", "our_price": price(8.5)},
        ],
    ),
    "another language": (
        "item_name",
        [
            {**HERE, "language_tag": "fr_FR", "value": "Lampe"},
            {**HERE, "language_tag": "en_GB", "value": "Lamp"},
        ],
        [
            {**HERE, "language_tag": "fr_FR", "value": "Lampe"},
            {**HERE, "language_tag": "en_GB", "value": "Lamp"},
        ],
    ),
}


def people(shop, connector, sku, **attributes):
    patches = [
        {"op": "replace", "path": f"/attributes/{name}", "value": value} for name, value in attributes.items()
    ]
    answer = amazon.patch(shop.client, sku, [connector.marketplace.id], product_type="LAMP", patches=patches)
    assert answer.status == "ACCEPTED", answer.issues


@pytest.fixture
def new(shop, sandbox, tmp_path):
    """A shop with a listing that people made, seen by an installation whose ledger is empty."""

    def new(**foreign):
        connector = shop.connector()
        shop.run(connector, [lamp("A")])
        people(shop, connector, "A", **foreign)
        root = tmp_path / "new"
        root.mkdir()
        return Shop(sandbox, ledger_in(root), root)

    return new


def sort(elements):
    return sorted(elements, key=str)


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("feed", [False, True])
@pytest.mark.parametrize("reading", [Readings(), Readings(*[True] * 5)])
def test_what_people_made_beside_ours_stays(new, sandbox, kind, feed, reading):
    name, before, after = FOREIGN[kind]
    shop = new(**{name: before})
    sandbox.control("settings", **{switch: int(on) for switch, on in reading._asdict().items()})
    connector = shop.connector(id="new", sync={"feed_from": 1 if feed else 1500})
    run = shop.run(connector, [lamp("A", stock=5)], until="approved")
    run.live()
    if feed:
        sandbox.advance(3600)
        sandbox.state.feeds.wait()
        run.sync.collect()
    assert sort(shop.held(connector, "A")[name]) == sort(after)


def test_the_test_report_lists_what_would_be_dropped_and_what_is_otherwise(new):
    points = [{**HERE, "language_tag": "fr_FR", "value": f"point {number}"} for number in range(5)]
    shop = new(bullet_point=points, color=[{**HERE, "language_tag": "fr_FR", "value": "Vert"}])
    run = shop.run(shop.connector(id="new"), [lamp("A")], operation="test")
    found = {issue.code: issue for issue in run.items()["A"].issues if issue.source == "listing"}
    assert found["drops_elements"].found == points
    assert (found["replaces_value"].attribute, found["replaces_value"].found) == ("color", "Vert")
    assert "Vert" in found["replaces_value"].message


def test_a_later_test_sees_listings_that_people_made_since(shop, sandbox, tmp_path):
    new = shop.connector(id="new")
    items = [lamp("A"), lamp("B")]
    assert shop.run(new, items, operation="test").outcomes() == {"A": "ready", "B": "ready"}
    (tmp_path / "people").mkdir()
    others = Shop(sandbox, ledger_in(tmp_path / "people"), tmp_path / "people")
    others.run(others.connector(), [lamp("A", colour="Vert")])
    run = shop.run(new, items, operation="test")
    assert run.outcomes() == {"A": "ready", "B": "unchanged"}
    (found,) = [issue for issue in run.items()["A"].issues if issue.code == "replaces_value"]
    assert (found.attribute, found.found) == ("color", "green")
    assert run.calls() == {"previews": 1, "searches": 2}


def test_a_price_of_people_is_replaced_and_not_dropped(new):
    shop = new(purchasable_offer=[{**HERE, "audience": "ALL", "currency": "EUR", "our_price": price(9)}])
    run = shop.run(shop.connector(id="new"), [lamp("A")], operation="test")
    found = [issue for issue in run.items()["A"].issues if issue.attribute == "purchasable_offer"]
    assert [issue.code for issue in found] == ["replaces_value"]
    assert "9" in found[0].message
    assert "10" in found[0].message


@pytest.mark.parametrize(
    ("others", "code"),
    [
        ({"minimum_seller_allowed_price": price(12)}, "price_limits"),
        ({"maximum_seller_allowed_price": price(8)}, "price_limits"),
        ({"discounted_price": price(10, start_at="2026-11-20", end_at="2099-12-31")}, "sale_below_price"),
        ({"discounted_price": price(11, start_at="2020-11-20", end_at="2020-12-31")}, None),
        ({"minimum_seller_allowed_price": price(9)}, None),
    ],
)
def test_a_price_against_what_others_keep_of_the_offer_is_a_warning(new, others, code):
    shop = new(
        purchasable_offer=[{**HERE, "audience": "ALL", "currency": "EUR", "our_price": price(20), **others}]
    )
    run = shop.run(shop.connector(id="new"), [lamp("A")], operation="test")
    item = run.items()["A"]
    found = [(one.code, one.severity) for one in item.issues if one.code.startswith(("price", "sale"))]
    assert found == ([(code, "WARNING")] if code else [])
    assert item.outcome == "ready"


def test_a_listing_that_was_deleted_by_hand_gets_no_patch(shop):
    connector = shop.connector()
    definitions = shop.definitions(connector)
    shop.run(connector, [lamp("A")])

    def look(**ahead):
        return confirm(
            connector,
            definitions,
            client=shop.client,
            ledger=shop.ledger,
            storage=shop._root / "storage",
            now=lambda: datetime.now(UTC) + timedelta(**ahead),
        )

    look(hours=2)
    amazon.delete(shop.client, "A", FRANCE)
    with shop.ledger.begin() as connection:  # two days pass
        connection.exec_driver_sql("UPDATE items SET seen_at = '2026-01-01', accepted_at = '2026-01-01'")
    run = shop.run(connector, [lamp("A", price=12)])
    held = shop.held(connector, "A")
    assert held is None or "item_name" in held, "no partial listing"
    assert run.calls().get("updates", 0) == 0
