"""What people arranged at Amazon, and no plan undoes."""

import pytest

from amazon_listings.marketplaces import marketplace
from amazon_listings.planning.left_alone import (
    family_leaves,
    parent_of_others,
    stock_at_amazon,
    theme_of_others,
)
from amazon_listings.selling_partner.content.leaves import Layout, amazon_defaults, split

FRANCE = marketplace("FR")
HERE, ELSEWHERE = FRANCE.id, marketplace("DE").id
DEFAULTS = amazon_defaults(FRANCE)
LAYOUT = Layout(
    properties={
        "fulfillment_availability": Layout(
            ("fulfillment_channel_code",),
            properties={"fulfillment_channel_code": Layout(), "quantity": Layout()},
        ),
        "child_parent_sku_relationship": Layout(("marketplace_id",), single=True),
    }
)


def child_of(parent, place=HERE):
    return {"child_parent_sku_relationship": [{"parent_sku": parent, "marketplace_id": place}]}


def stock(*channels):
    return {
        "fulfillment_availability": [{"fulfillment_channel_code": one, "quantity": 3} for one in channels]
    }


@pytest.mark.parametrize(
    ("wanted", "found", "owned", "parent"),
    [
        (child_of("P"), child_of("Q"), {}, "Q"),
        (child_of("P"), child_of("P"), {}, ""),
        (child_of("P"), {}, {}, ""),
        (child_of("P"), child_of("Q"), child_of("Q"), ""),  # the PIM moves its own child
        (child_of("P"), child_of("Q"), child_of("R"), "Q"),  # people moved it since
        (child_of("P"), child_of("Q", ELSEWHERE), {}, ""),
        ({"parentage_level": [{"value": "parent"}]}, child_of("Q"), {}, "Q"),
        ({"color": [{"value": "red"}]}, child_of("Q"), {}, ""),  # the mapping says nothing of a family
    ],
)
def test_only_a_family_that_others_chose_is_left_alone(wanted, found, owned, parent):
    assert parent_of_others(wanted, found, owned, DEFAULTS) == parent


def varying(theme, **more):
    return {"variation_theme": [{"name": theme, "marketplace_id": HERE}], **more}


PARENT = {"parentage_level": [{"value": "parent", "marketplace_id": HERE}]}


@pytest.mark.parametrize(
    ("wanted", "found", "owned", "theme"),
    [
        (varying("COLOR"), varying("SIZE", **child_of("P")), {}, "SIZE"),
        (varying("COLOR"), varying("SIZE", **PARENT), {}, "SIZE"),
        (varying("COLOR"), varying("SIZE"), {}, ""),  # it is in no family any more
        (varying("COLOR"), varying("COLOR", **PARENT), {}, ""),
        (varying("COLOR"), varying("SIZE", **PARENT), varying("SIZE"), ""),  # the PIM changes its own theme
        (varying("COLOR"), PARENT, {}, ""),
        ({"color": [{"value": "red"}]}, varying("SIZE", **PARENT), {}, ""),
    ],
)
def test_only_a_theme_that_others_chose_is_left_alone(wanted, found, owned, theme):
    assert theme_of_others(wanted, found, owned, DEFAULTS) == theme


def test_all_that_says_which_family_is_left_alone():
    theme = {"variation_theme": [{"name": "COLOR", "marketplace_id": HERE}]}
    leaves = family_leaves(child_of("P") | {"color": [{"value": "red"}]}, theme, LAYOUT, DEFAULTS)
    assert leaves == split(child_of("P"), LAYOUT, DEFAULTS).keys() | split(theme, LAYOUT, DEFAULTS).keys()


@pytest.mark.parametrize(
    ("found", "left"),
    [
        (stock("AMAZON_EU"), {"DEFAULT"}),
        (stock("AMAZON_EU", "DEFAULT"), set()),
        (stock("DEFAULT"), set()),
        ({}, set()),
    ],
)
def test_a_merchants_stock_is_left_out_where_only_amazon_ships(found, left):
    leaves = stock_at_amazon(stock("DEFAULT"), found, LAYOUT, DEFAULTS)
    assert {dict(leaf.selectors)["fulfillment_channel_code"] for leaf in leaves} == left
