from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_listings.selling_partner.content.comparison import matches, matches_patches, matches_put, same

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_everything_is_the_same_as_itself_and_contained_in_it(value):
    assert same(value, value)
    assert matches(value, value)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1", 1),
        (1, True),
        (0, False),
        ("true", True),
        ("0123", "123"),
        ("", None),
        ([1], [1, 1]),
        ({"a": 1}, {"a": 1, "b": 2}),
    ],
)
def test_types_and_shapes_count(left, right):
    assert not same(left, right)
    assert not same(right, left)


def test_whole_numbers_are_numbers():
    assert same(400, 400.0)


# As Amazon returned it for an offer sent without audience, and an availability without marketplace.
HELD = {
    "purchasable_offer": [
        {
            "currency": "GBP",
            "audience": "ALL",
            "our_price": [{"schedule": [{"value_with_tax": 400.0}]}],
            "marketplace_id": "UK",
        }
    ],
    "fulfillment_availability": [
        {"fulfillment_channel_code": "DEFAULT", "quantity": 1, "marketplace_id": "UK"}
    ],
    "bullet_point": [{"value": "a", "language_tag": "en"}, {"value": "b", "language_tag": "en"}],
}


def test_what_a_put_should_have_removed_shows_that_it_was_not_carried_out():
    sent = {"item_name": [{"value": "Lampe", "marketplace_id": "FR"}]}
    assert matches_put(sent, sent)
    assert not matches_put({**sent, "color": [{"value": "red"}]}, sent)
    assert not matches_put({"item_name": [{**sent["item_name"][0], "pronunciation": "x"}]}, sent)


def test_what_amazon_adds_does_not_hide_what_was_sent():
    sent = {
        "purchasable_offer": [
            {
                "currency": "GBP",
                "our_price": [{"schedule": [{"value_with_tax": 400}]}],
                "marketplace_id": "UK",
            }
        ],
        "fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 1}],
    }
    held = {name: HELD[name] for name in sent}
    assert matches_put(held, sent)
    sent["fulfillment_availability"][0]["quantity"] = 2
    assert not matches_put(held, sent)


@pytest.mark.parametrize(
    ("op", "name", "value", "held"),
    [
        ("merge", "fulfillment_availability", {"fulfillment_channel_code": "DEFAULT", "quantity": 1}, True),
        ("merge", "fulfillment_availability", {"fulfillment_channel_code": "DEFAULT", "quantity": 2}, False),
        (
            "merge",
            "fulfillment_availability",
            {"fulfillment_channel_code": "DEFAULT", "restock_date": None},
            True,
        ),
        ("merge", "purchasable_offer", {"currency": "GBP", "our_price": None}, False),
        ("delete", "fulfillment_availability", {"fulfillment_channel_code": "DEFAULT"}, False),
        ("delete", "fulfillment_availability", {"fulfillment_channel_code": "AMAZON_EU"}, True),
        ("delete", "missing", {"marketplace_id": "UK"}, True),
        ("replace", "bullet_point", {"value": "a", "language_tag": "en"}, False),
        ("add", "missing", {"value": "a"}, False),
    ],
)
def test_patches_are_looked_for_by_their_operation(op, name, value, held):
    assert matches_patches(HELD, [{"op": op, "path": f"/attributes/{name}", "value": [value]}]) is held


def test_what_was_deleted_and_put_there_again_is_as_sent():
    """Fewer bullet points are sent as a deletion of all, and those that are wanted."""
    path = "/attributes/bullet_point"
    deletion = {"op": "delete", "path": path, "value": [{"language_tag": "en"}] * 3}
    wanted = {"op": "replace", "path": path, "value": HELD["bullet_point"][:1]}
    other = {"op": "delete", "path": "/attributes/purchasable_offer", "value": [{"currency": "GBP"}]}
    assert matches_patches({"bullet_point": wanted["value"]}, [deletion, wanted])
    assert not matches_patches(HELD, [deletion, wanted]), "it has one more"
    assert not matches_patches({"bullet_point": wanted["value"]}, [wanted, deletion])
    assert not matches_patches(HELD | {"bullet_point": wanted["value"]}, [deletion, wanted, other])


@pytest.mark.parametrize("name", ["audience", "currency", "language_tag", "marketplace_id"])
def test_what_amazon_adds_is_no_difference(name):
    assert matches({"value": 1, name: "x"}, {"value": 1})
    assert matches_put({"price": [{"value": 1, name: "x"}]}, {"price": [{"value": 1}]})
    # What was sent and is not there, or is another, is one.
    assert not matches({"value": 1}, {"value": 1, name: "x"})
    assert not matches({"value": 1, name: "y"}, {"value": 1, name: "x"})


def test_anything_else_that_is_there_and_was_not_sent_is_a_difference():
    assert not matches({"value": 1, "unit": "kg"}, {"value": 1})
