"""Plans, from what is known of a listing and what is wanted."""

import pytest

from amazon_listings.ledger.items import KnownItem
from amazon_listings.marketplaces import marketplace
from amazon_listings.runs.map_fields import compiled
from amazon_listings.selling_partner.account import Account
from amazon_listings.selling_partner.client import SellingPartner
from amazon_listings.writes.planner import UNKNOWN, CurrentListing, Planner, current_by_ledger

HERE = {"marketplace_id": marketplace("FR").id}
NAME = [{"value": "Lampe", "language_tag": "fr_FR", **HERE}]
COLOR = [{"value": "Rouge", "language_tag": "fr_FR", **HERE}]
RELATION = [{"child_relationship_type": "variation", "parent_sku": "P", **HERE}]


@pytest.fixture
def planner(connector, definitions):
    def planner(**sync):
        owner = connector(mapping={"item_name": "{{ item.name }}", "color": "{{ item.colour }}"}, sync=sync)
        account = Account(
            client_id="c",
            client_secret="s",
            refresh_token="r",
            seller_id="A1SANDBOXSELLER",
            region="EU",
        )
        return Planner(owner, compiled(owner, definitions), definitions.layout, SellingPartner(account))

    return planner


def row(**attributes):
    return {"sku": "S", "attributes": attributes, "requirements": "LISTING"}


def known(**facts):
    return KnownItem(
        **{"tested_hash": None, "tested_definition": None, "accepted_hash": "h", "asin": None} | facts
    )


@pytest.mark.parametrize(
    ("item", "content", "held", "enough"),
    [
        (None, None, UNKNOWN, False),
        (known(listed=None), {"a": []}, UNKNOWN, False),
        (known(listed=False), {"a": []}, CurrentListing(exists=False, attributes=None, ours=True), True),
        (known(listed=True), None, CurrentListing(exists=True, attributes=None, ours=True), False),
        (known(listed=True), {"a": []}, CurrentListing(exists=True, attributes={"a": []}, ours=True), True),
    ],
)
def test_what_the_ledger_says_is_enough_only_where_it_knows_existence_and_content(
    item, content, held, enough
):
    assert current_by_ledger(item, content) == held
    assert held.is_enough is enough


def test_a_new_listing_is_put_whole(planner):
    plan = planner().plan(row(item_name=NAME), CurrentListing(exists=False, attributes=None))
    assert (plan.method, plan.body, plan.before, plan.existed) == ("PUT", {"item_name": NAME}, None, False)
    assert plan.touched == {"item_name"}


def test_an_attribute_that_the_mapping_does_not_own_is_never_named(planner):
    held = CurrentListing(exists=True, attributes={"item_name": NAME, "color": COLOR, "model_name": NAME})
    plan = planner().plan(row(item_name=NAME), held)
    assert [(one["op"], one["path"]) for one in plan.body] == [("delete", "/attributes/color")]
    assert plan.after == {"item_name": NAME}


def test_what_another_connector_of_ours_wrote_stays_remembered(planner):
    held = CurrentListing(exists=True, attributes={"item_name": NAME, "model_name": NAME}, ours=True)
    plan = planner().plan(row(item_name=NAME, color=COLOR), held)
    assert plan.touched == {"color"}
    assert plan.after == {"item_name": NAME, "model_name": NAME, "color": COLOR}


def test_nothing_is_sent_where_nothing_differs(planner):
    held = CurrentListing(exists=True, attributes={"item_name": NAME})
    assert planner().plan(row(item_name=NAME), held).method == "NOTHING"
    forced = row(item_name=NAME) | {"forced": True}
    assert planner().plan(forced, held).touched == {"item_name"}


def test_a_whole_replacement_remembers_all_that_was_there(planner):
    held = CurrentListing(exists=True, attributes={"model_name": NAME})
    plan = planner(full_replace=True).plan(row(item_name=NAME), held)
    assert (plan.method, plan.before, plan.existed) == ("PUT", {"model_name": NAME}, True)


@pytest.mark.parametrize(("ours", "touched"), [(True, {"child_parent_sku_relationship"}), (False, set())])
def test_a_family_is_left_where_we_made_it(planner, ours, touched):
    held = CurrentListing(
        exists=True, attributes={"item_name": NAME, "child_parent_sku_relationship": RELATION}, ours=ours
    )
    plan = planner().plan(row(item_name=NAME), held)
    assert plan.touched == touched
    if ours:
        assert plan.body == [
            {"op": "delete", "path": "/attributes/child_parent_sku_relationship", "value": [HERE]}
        ]
