"""Twenty accidents stop, and two hundred ordinary days pass."""

import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_listings.approvals.guards import RunTally, ask_about, run_reasons
from amazon_listings.connectors.model import Guards
from amazon_listings.runs.plan import changes_between
from amazon_listings.selling_partner.content.leaves import Layout

MARKET = "A13V1IB3VIYZZH"
PLACED = ("marketplace_id",)
SCHEDULE = Layout(properties={"schedule": Layout()})
LAYOUT = Layout(
    properties={
        "item_name": Layout(("marketplace_id", "language_tag"), single=True),
        "item_weight": Layout(PLACED, single=True),
        "purchasable_offer": Layout(
            ("marketplace_id", "currency", "audience"),
            single=True,
            properties={"our_price": SCHEDULE, "discounted_price": SCHEDULE},
        ),
        "fulfillment_availability": Layout(("fulfillment_channel_code",), single=True),
    }
)
DEFAULTS = {"marketplace_id": MARKET, "audience": "ALL", "currency": "EUR", "language_tag": "fr_FR"}
GUARDS = Guards()


def listing(name="Lampe", price=100.0, stock=40, sale=None, currency="EUR", weight=1.5, unit="kilograms"):
    offer = {
        "marketplace_id": MARKET,
        "currency": currency,
        "audience": "ALL",
        "our_price": [{"schedule": [{"value_with_tax": price}]}],
    }
    if sale is not None:
        amount, start, end = sale
        dates = {"start_at": start, "end_at": end}
        offer["discounted_price"] = [{"schedule": [{"value_with_tax": amount, **dates}]}]
    return {
        "item_name": [{"value": name, "marketplace_id": MARKET, "language_tag": "fr_FR"}],
        "item_weight": [{"value": weight, "unit": unit, "marketplace_id": MARKET}],
        "purchasable_offer": [offer],
        "fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": stock}],
    }


def stopped(before, after, *, removed=0):
    """What waits of a run that leads from some listings to others: the reasons of items, and of the run."""
    tally = RunTally(removed=removed)
    reasons = set()
    for sku, wanted in after.items():
        had = before.get(sku)
        changes = changes_between(had or {}, wanted, layout=LAYOUT, defaults=DEFAULTS)
        asked = ask_about(changes, wanted, GUARDS, layout=LAYOUT, defaults=DEFAULTS) if had else {}
        reasons.update(*asked.values())
        tally.add(sku, [one for one in changes if one.leaf not in asked], created=not had)
    stock = sum(one["fulfillment_availability"][0]["quantity"] for one in before.values())
    had = len(before)
    return reasons | run_reasons(
        tally, GUARDS, removed_share=0.05, known=had or len(after), listed=had, owned=had, stock=stock
    )


def shop(size, chance):
    return {
        f"L{n}": listing(price=round(chance.uniform(5, 300), 2), stock=chance.randint(0, 300))
        for n in range(size)
    }


def copied(listings):
    """Copy listings, faster than `deepcopy`."""
    return msgspec.json.decode(msgspec.json.encode(listings))


def priced(factor):
    return lambda one: one["purchasable_offer"][0]["our_price"][0]["schedule"][0].update(
        value_with_tax=round(
            one["purchasable_offer"][0]["our_price"][0]["schedule"][0]["value_with_tax"] * factor, 2
        )
    )


def on_sale(share, start="2026-11-01T00:00:00Z", end="2099-01-01T00:00:00Z"):
    def change(one):
        offer = one["purchasable_offer"][0]
        price = offer["our_price"][0]["schedule"][0]["value_with_tax"]
        sale = {"value_with_tax": round(price * share, 2), "start_at": start, "end_at": end}
        offer["discounted_price"] = [{"schedule": [sale]}]

    return change


def stocked(quantity):
    def change(one):
        one["fulfillment_availability"][0]["quantity"] = quantity(
            one["fulfillment_availability"][0]["quantity"]
        )

    return change


def in_currency(currency):
    return lambda one: one["purchasable_offer"][0].update(currency=currency)


def weighing(value, unit):
    return lambda one: one["item_weight"][0].update(value=value, unit=unit)


#: Each changes one listing; what happens to one, to a twentieth and to all of them must stop.
ACCIDENTS = {
    "decimal point lost": priced(100),
    "price in cents read as euros": priced(0.01),
    "a digit missing": priced(0.1),
    "a digit too many": priced(10),
    "price of a box for a piece": priced(12),
    "price of a piece for a box": priced(1 / 12),
    "half price": priced(0.5),
    "a price of one cent": priced(0.0001),
    "double price": priced(2),
    "net taken for a factor": priced(0.19),
    "sale at nine percent": on_sale(0.09),
    "sale at the price of the rebate": on_sale(0.3),
    "sale that starts later": on_sale(0.5, start="2098-01-01T00:00:00Z"),
    "stock is a barcode": stocked(lambda _: 4006381333931),
    "stock is a dummy number": stocked(lambda _: 99999),
    "stock times a thousand": stocked(lambda had: (had + 2) * 1000),
    "dollars": in_currency("USD"),
    "pounds": in_currency("GBP"),
    "grams for kilograms": weighing(1.5, "grams"),
    "pounds for kilograms": weighing(3.3, "pounds"),
}


@pytest.mark.parametrize("share", ["one", "5 %", "all"])
@pytest.mark.parametrize("accident", ACCIDENTS)
def test_an_accident_stops(accident, share):
    assert len(ACCIDENTS) == 20
    before = shop(300, random.Random(accident))
    after = copied(before)
    for sku in list(after)[: {"one": 1, "5 %": 15, "all": 300}[share]]:
        ACCIDENTS[accident](after[sku])
    assert stopped(before, after)


def test_accidents_of_a_whole_run_stop():
    before = shop(300, random.Random(1))
    texts = {sku: one | {"item_name": listing(name="x")["item_name"]} for sku, one in before.items()}
    assert stopped(before, texts) == {"changed_share"}
    empty = copied(before)
    for one in empty.values():
        stocked(lambda _: 0)(one)
    assert "quantity_sum_fall" in stopped(before, empty)
    assert stopped(before, {}, removed=16) == {"removed_share"}
    assert stopped(before, {}, removed=15) == set()


@settings(max_examples=200, deadline=None)
@given(seed=st.sampled_from(range(200)))
def test_an_ordinary_day_passes(seed):
    chance = random.Random(seed)
    size = chance.choice((120, 300, 600))
    before = shop(size, chance)
    after = copied(before)
    skus = list(after)
    for sku in chance.sample(skus, int(size * 0.6)):
        stocked(lambda had: max(1, had + chance.randint(-15, 15)) if had else chance.choice((0, 40)))(
            after[sku]
        )
    fifth = chance.sample(skus, size // 5)
    match seed % 4:
        case 0:
            for sku in fifth:
                on_sale(0.65)(after[sku])
        case 1:  # the end of that sale
            for sku in fifth:
                on_sale(0.65)(before[sku])
        case 2:  # the new season
            after |= {f"N{n}": listing() for n in range(int(size * 0.15))}
        case 3:  # texts and prices of some days at once
            for sku in fifth[: size // 6]:
                after[sku]["item_name"][0]["value"] = "Lampe de table"
                priced(chance.uniform(0.8, 1.25))(after[sku])
    assert stopped(before, after) == set()


def test_a_sale_that_is_over_does_not_count():
    before, after = listing(price=100), listing(price=100, sale=(20, "2020-01-01", "2020-02-01"))
    assert stopped({"A": before} | shop(10, random.Random(2)), {"A": after}) == set()


@pytest.mark.parametrize("size", [8, 150])
def test_a_connector_that_begins_is_not_asked_about_what_it_makes(size):
    chance = random.Random(4)
    first, more = shop(size, chance), {f"N{n}": listing() for n in range(size)}
    assert stopped({}, first) == set()
    assert stopped(first, first | more) == {"changed_share"}, "as many again are an accident later"


def test_each_limit_has_its_two_sides():
    others = shop(10, random.Random(3))
    for price, reason in ((60, set()), (59.99, {"price_fall"}), (170, set()), (170.01, {"price_rise"})):
        assert stopped({"A": listing(price=100)} | others, {"A": listing(price=price)}) == reason
    for had, has, reason in ((10, 1000, set()), (10, 1001, {"quantity_times"}), (11, 1100, set())):
        assert stopped({"A": listing(stock=had)} | others, {"A": listing(stock=has)}) == reason


@pytest.mark.parametrize(
    ("tally", "reasons"),
    [
        ({"vanished": 10}, set()),
        ({"vanished": 11}, {"vanished_share"}),
        ({"removed": 5}, set()),
        ({"removed": 6}, {"removed_share"}),
    ],
)
def test_each_limit_of_the_run_has_its_two_sides(tally, reasons):
    facts = {"removed_share": 0.05, "known": 100, "listed": 100, "owned": 100, "stock": None}
    assert run_reasons(RunTally(**tally), Guards(vanished_share=0.1), **facts) == reasons
    assert "vanished_share" not in run_reasons(RunTally(**tally), Guards(vanished_share=None), **facts)
