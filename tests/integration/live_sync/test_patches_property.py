"""Whatever was sent before and is wanted now: the plan makes it so, and touches nothing else."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amazon_listings.planning.known import CurrentListing
from amazon_listings.planning.planner import Planner
from amazon_listings.planning.wanted import WantedItem
from amazon_listings.runs.map_fields import compiled
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.selling_partner.content.comparison import same
from spapi_sandbox.server import running_sandbox
from support.ledgers import ledger_in
from support.sync_runs import Shop

HERE = {"marketplace_id": "A13V1IB3VIYZZH"}
TEXT = {**HERE, "language_tag": "fr_FR"}
WORDS = st.sampled_from(["Rouge", "Vert", "0123", "1e5", "true", "É'\"<"])
PRICES = st.sampled_from([1, 10, 10.5, 99.99])


def offers(draw_from):
    return st.lists(draw_from, min_size=1, max_size=2, unique_by=lambda offer: offer["audience"])


def price(amount):
    return [{"schedule": [{"value_with_tax": amount}]}]


OFFER = st.builds(
    lambda audience, amount, lowest: {
        **HERE,
        "currency": "EUR",
        "audience": audience,
        "our_price": price(amount),
        **({"minimum_seller_allowed_price": price(1)} if lowest and audience == "ALL" else {}),
    },
    st.sampled_from(["ALL", "ALL", "B2B"]),
    PRICES,
    st.booleans(),
)
STOCK = st.builds(
    lambda quantity, lead: (
        {"fulfillment_channel_code": "DEFAULT", "quantity": quantity}
        | ({"lead_time_to_ship_max_days": lead} if lead else {})
    ),
    st.integers(0, 50),
    st.sampled_from([None, 1, 2]),
)
OPTIONAL = {
    "color": st.builds(lambda word: [{"value": word, **TEXT}], WORDS),
    "bullet_point": st.lists(WORDS, min_size=1, max_size=4, unique=True).map(
        lambda words: [{"value": word, **TEXT} for word in words]
    ),
    "fulfillment_availability": st.builds(lambda stock: [stock], STOCK),
    "purchasable_offer": offers(OFFER),
    "item_weight": st.builds(lambda number: [{"value": number, "unit": "kilograms", **HERE}], PRICES),
}
ATTRIBUTES = st.fixed_dictionaries({}, optional=OPTIONAL)
FOREIGN = {
    "model_number": [{"value": "M-1", **HERE}],
    "model_name": [{"value": "Modèle", **TEXT}],
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    root = tmp_path_factory.mktemp("property")
    with running_sandbox(quotas=False) as sandbox:
        shop = Shop(sandbox, ledger_in(root), root)
        connector = shop.connector(mapping={"bullet_point": ["{{ item.point }}"]})
        definitions = shop.definitions(connector)
        mapping = compiled(connector, definitions)
        yield shop, connector, Planner(connector, mapping, definitions.layout, shop.client)


def write(shop, sku, attributes):
    patches = [
        {"op": "replace", "path": f"/attributes/{name}", "value": value} for name, value in attributes.items()
    ]
    answer = amazon.patch(shop.client, sku, [HERE["marketplace_id"]], product_type="LAMP", patches=patches)
    assert answer.status == "ACCEPTED", answer.issues


def alike(held, wanted):
    """The same elements with the same types; Amazon adds the marketplace, and orders by no selector."""
    left = list(held)
    for element in wanted:
        match = next((one for one in left if same(one, {**HERE, **element})), None)
        if match is None:
            return False
        left.remove(match)
    return not left


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=ATTRIBUTES, wanted=ATTRIBUTES, remembered=st.booleans(), number=st.integers())
def test_the_listing_is_as_wanted_and_foreign_attributes_are_as_before(
    bench, before, wanted, remembered, number
):
    shop, connector, planner = bench
    sku = f"S{abs(hash((str(before), str(wanted), remembered, number)))}"
    write(shop, sku, FOREIGN | before)
    known = CurrentListing(exists=True, owned=before)
    row = WantedItem(pim_id=sku, sku=sku, payload=wanted, requirements="LISTING")
    plan = planner.plan(row, known if remembered else planner.read(sku, known))
    if plan.carries:
        plan = planner.plan(row, planner.read_around(sku, known))
    if plan.method != "NOTHING":
        assert plan.method == "PATCH"
        answer = planner.send(row, plan)
        assert answer.status == "ACCEPTED", answer.issues
    now = shop.held(connector, sku)
    assert {name: now.get(name) for name in FOREIGN} == FOREIGN
    assert now.keys() == wanted.keys() | FOREIGN.keys()
    for name, value in wanted.items():
        assert alike(now[name], value), (name, now[name], value, plan.body)
    again = planner.plan(row, planner.read(sku, CurrentListing(exists=True, owned=wanted)))
    assert again.method == "NOTHING", again.body
