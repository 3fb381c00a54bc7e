"""Leaves of listings: what is one, and that splitting and joining lose nothing."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_listings.marketplaces import MARKETPLACES
from amazon_listings.selling_partner.content.leaves import (
    Layout,
    Leaf,
    amazon_defaults,
    compare,
    join,
    same_leaf,
    same_value,
    split,
)
from support.listing_values import DE, FR, in_no_order, listings, shuffled

DEFAULTS = {"marketplace_id": FR, "audience": "ALL", "currency": "EUR", "language_tag": "fr_FR"}


def attribute(selectors, properties, **more):
    items = {"type": "object", "properties": properties}
    return {"type": "array", "selectors": selectors, "items": items, **more}


LAYOUT = Layout.of(
    {
        "properties": {
            "item_name": attribute(["marketplace_id", "language_tag"], {"value": {}}, maxUniqueItems=1),
            "bullet_point": attribute(["marketplace_id", "language_tag"], {"value": {}}, maxUniqueItems=5),
            "purchasable_offer": attribute(
                ["marketplace_id", "currency", "audience"],
                {"our_price": {"type": "array", "items": {"properties": {"schedule": {"type": "array"}}}}},
                maxUniqueItems=1,
            ),
            "fulfillment_availability": attribute(
                ["fulfillment_channel_code"], {"quantity": {}}, maxUniqueItems=1
            ),
            "ring": attribute(
                ["marketplace_id"],
                {
                    "size": attribute(["language_tag"], {"value": {}}, maxUniqueItems=1),
                    "stone": attribute(["language_tag"], {"value": {}}, maxUniqueItems=3),
                    "width": {},
                },
                maxUniqueItems=1,
            ),
            "theme": {"type": "array", "items": {"properties": {"name": {}}}},
            "tag": attribute([], {"name": {}}, maxUniqueItems=1),
            "length": attribute(["unit"], {"value": {}}, maxUniqueItems=1),
        }
    }
)


def leaves(**attributes):
    return {str(leaf): value for leaf, value in split(attributes, LAYOUT, DEFAULTS).items()}


def test_a_property_of_a_single_element_is_a_leaf():
    element = {"marketplace_id": FR, "language_tag": "fr_FR", "value": "Lampe"}
    (leaf,) = split({"item_name": [element]}, LAYOUT)
    assert leaf == Leaf(FR, "item_name", (("language_tag", "fr_FR"),), ("value",))


def test_elements_that_share_their_selectors_are_one_leaf():
    elements = [{"marketplace_id": FR, "language_tag": "fr_FR", "value": word} for word in "ab"]
    german = {"marketplace_id": DE, "language_tag": "de_DE", "value": "c"}
    assert leaves(bullet_point=[*elements, german]) == {
        f"bullet_point[marketplace_id={FR},language_tag=fr_FR]": elements,
        f"bullet_point[marketplace_id={DE},language_tag=de_DE]": [german],
    }
    # One bullet point is the same leaf as two: how many there are is the value's matter.
    assert leaves(bullet_point=elements[:1]).keys() == leaves(bullet_point=elements).keys()


def test_two_elements_where_the_definition_allows_one_are_one_leaf():
    elements = [{"marketplace_id": FR, "language_tag": "fr_FR", "value": word} for word in "ab"]
    assert leaves(item_name=elements) == {
        f"item_name[marketplace_id={FR},language_tag=fr_FR]": elements,
    }


def test_a_list_without_selectors_is_one_leaf():
    prices = [{"schedule": [{"value_with_tax": 5}]}]
    offer = {"marketplace_id": FR, "currency": "EUR", "audience": "B2B", "our_price": prices}
    assert leaves(purchasable_offer=[offer], theme=[{"name": "SIZE"}]) == {
        f"purchasable_offer[marketplace_id={FR},audience=B2B,currency=EUR]/our_price": prices,
        "theme": [{"name": "SIZE"}],
    }


def test_an_attribute_without_a_marketplace_belongs_to_the_whole_account():
    stock = {"fulfillment_channel_code": "DEFAULT", "quantity": 3, "lead_time": {"days": 2}}
    found = split({"fulfillment_availability": [stock]}, LAYOUT, DEFAULTS)
    assert {leaf.marketplace_id for leaf in found} == {None}
    assert leaves(fulfillment_availability=[stock]) == {
        "fulfillment_availability[fulfillment_channel_code=DEFAULT]/quantity": 3,
        "fulfillment_availability[fulfillment_channel_code=DEFAULT]/lead_time/days": 2,
    }


def test_elements_of_a_nested_list_are_told_apart_by_its_selectors():
    sizes = [{"language_tag": "fr_FR", "value": "54"}, {"language_tag": "de_DE", "value": "17"}]
    assert leaves(ring=[{"marketplace_id": FR, "size": sizes, "width": 2}]) == {
        f"ring[marketplace_id={FR}]/size[language_tag=fr_FR]/value": "54",
        f"ring[marketplace_id={FR}]/size[language_tag=de_DE]/value": "17",
        f"ring[marketplace_id={FR}]/width": 2,
    }


def test_joining_keeps_elements_of_a_nested_list_apart_by_its_selectors():
    sizes = [
        {"language_tag": "fr_FR", "value": "moyenne"},
        {"language_tag": "de_DE", "value": "mittel"},
    ]
    ring = {"ring": [{"marketplace_id": FR, "width": 3, "size": sizes}]}
    found = split(ring, LAYOUT)
    assert len(found) == 3
    assert join(found) == ring


def test_a_selector_that_is_not_stated_is_the_one_that_amazon_fills_in():
    stated = {"marketplace_id": FR, "currency": "EUR", "audience": "ALL", "our_price": [1]}
    short = {"currency": "EUR", "our_price": [1]}
    assert leaves(purchasable_offer=[short]) == leaves(purchasable_offer=[stated])


def test_a_selector_that_is_neither_stated_nor_filled_in_is_left_out():
    offer = {"marketplace_id": FR, "currency": "EUR", "our_price": [1]}
    (leaf,) = split({"purchasable_offer": [offer]}, LAYOUT)
    assert leaf == Leaf(FR, "purchasable_offer", (("currency", "EUR"),), ("our_price",))


def test_a_selector_after_the_marketplace_in_the_alphabet_is_no_marketplace():
    (leaf,) = split({"length": [{"unit": "cm", "value": 1}]}, LAYOUT)
    assert leaf == Leaf(None, "length", (("unit", "cm"),), ("value",))


@pytest.mark.parametrize(
    ("name", "elements"),
    [
        ("tag", [{"name": "SIZE"}]),
        ("theme", [{"name": "SIZE"}]),
        # A selector that is no plain value tells nothing apart.
        ("item_name", [{"marketplace_id": {"id": FR}, "value": "Lampe"}]),
    ],
)
def test_what_no_selector_tells_apart_is_one_leaf(name, elements):
    assert leaves(**{name: elements}) == {name: elements}


@pytest.mark.parametrize("name", ["item_name", "theme"])
def test_an_empty_list_is_no_attribute(name):
    assert leaves(**{name: []}) == {}
    assert list(compare({name: []}, {name: []}, LAYOUT)) == []


def test_elements_of_a_nested_list_are_leaves_where_the_marketplace_is_not_stated():
    size = [{"language_tag": "fr_FR", "value": "54"}]
    assert leaves(ring=[{"size": size}]) == {
        f"ring[marketplace_id={FR}]/size[language_tag=fr_FR]/value": "54"
    }


@pytest.mark.parametrize("size", [54, "54", []])
def test_what_should_be_a_list_and_is_none_is_a_leaf(size):
    ring = {"marketplace_id": FR, "size": size}
    assert leaves(ring=[ring]) == {f"ring[marketplace_id={FR}]/size": size}


def test_joining_keeps_elements_of_a_nested_list_that_share_their_selectors():
    stones = [{"language_tag": "fr_FR", "value": word} for word in ("rubis", "opale")]
    ring = {"ring": [{"marketplace_id": FR, "stone": stones}]}
    assert join(split(ring, LAYOUT)) == ring


def test_two_elements_and_the_one_that_takes_their_place_are_one_leaf():
    before, after = (
        [{"marketplace_id": FR, "language_tag": "fr_FR", "value": word} for word in words]
        for words in ("ab", "a")
    )
    (found,) = compare({"item_name": before}, {"item_name": after}, LAYOUT)
    assert (found.leaf.path, found.before, found.after) == ((), before, after)


def test_an_attribute_that_goes_as_a_whole_is_a_difference():
    assert list(compare({"theme": [{"name": "SIZE"}]}, {}, LAYOUT)) == [
        (Leaf(None, "theme"), [{"name": "SIZE"}], None)
    ]


def test_amazon_fills_in_the_first_language_of_the_marketplace():
    belgium = MARKETPLACES["BE"]
    assert len(belgium.languages) > 1
    assert amazon_defaults(belgium) == {
        "marketplace_id": belgium.id,
        "audience": "ALL",
        "currency": "EUR",
        "language_tag": belgium.languages[0],
    }


@pytest.mark.parametrize(
    ("path", "left", "right", "same"),
    [
        (("language_tag",), None, "fr_FR", True),
        (("language_tag",), None, "de_DE", False),
        (("language_tag",), "fr_FR", "de_DE", False),
        (("value",), None, "fr_FR", False),
        (("value",), "a", "a", True),
        # Only a property of the element itself is filled in.
        (("language_tag", "value"), None, "fr_FR", False),
        ((), None, [{"value": 1}], False),
    ],
)
def test_a_leaf_is_the_same_where_amazon_fills_it_in(path, left, right, same):
    leaf = Leaf(FR, "item_name", (), path)
    assert same_leaf(leaf, left, right, DEFAULTS) is same
    assert same_leaf(leaf, right, left, DEFAULTS) is same


def test_both_values_of_each_leaf_are_compared():
    before = {"item_name": [{"marketplace_id": FR, "language_tag": "fr_FR", "value": "a"}]}
    after = {"theme": [{"name": "SIZE"}]}
    assert [(str(leaf), left, right) for leaf, left, right in compare(before, after, LAYOUT)] == [
        ("theme", None, [{"name": "SIZE"}]),
        (f"item_name[marketplace_id={FR},language_tag=fr_FR]/value", "a", None),
    ]


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ([{"value": 1}], [{"value": 1, "language_tag": "fr_FR"}], True),
        ([{"value": 1}], [{"value": 1, "language_tag": "de_DE"}], False),
        ([{"value": 1}], [{"value": 1}, {"value": 2}], False),
        ([{"value": 1}], [1], False),
        ("1", 1, False),
        (1, 1.0, True),
        (True, 1, False),
    ],
)
def test_values_are_the_same_apart_from_what_amazon_fills_in(left, right, same):
    assert same_value(left, right, DEFAULTS) is same
    assert same_value(right, left, DEFAULTS) is same


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_joining_the_leaves_makes_the_listing_again(definitions, data):
    attributes, layout = data.draw(listings([definitions.document]))
    found = split(attributes, layout)
    assert in_no_order(join(found)) == in_no_order(attributes)
    assert split(join(found), layout) == found


@settings(max_examples=50, deadline=None)
@given(st.data(), st.randoms())
def test_the_order_of_keys_does_not_matter(definitions, data, random):
    attributes, layout = data.draw(listings([definitions.document]))
    assert split(shuffled(attributes, lambda _: random.random()), layout) == split(attributes, layout)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_leaves_survive_being_written_down(definitions, data):
    attributes, layout = data.draw(listings([definitions.document]))
    for leaf in split(attributes, layout):
        assert msgspec.json.decode(msgspec.json.encode(leaf), type=Leaf) == leaf


NODE = {"type": "object", "properties": {"child": {"$ref": "#/$defs/node"}, "value": {"type": "string"}}}


@pytest.mark.parametrize(
    "definitions",
    [
        {"node": {"$ref": "#/$defs/node"}},
        {"node": {"$ref": "#/$defs/other"}, "other": {"$ref": "#/$defs/node"}},
        {"node": NODE},
        {"node": {**NODE, "title": "beside"}},
        {},
        {"node": True},
    ],
)
@pytest.mark.parametrize("reference", ["#/$defs/node", "#/properties/tree", "#"])
def test_a_definition_that_refers_to_itself_or_to_nothing_has_a_layout(definitions, reference):
    tree = {"type": "array", "selectors": ["marketplace_id"], "items": {"$ref": reference, "title": "Tree"}}
    document = {"$defs": definitions, "type": "object", "properties": {"tree": tree}}
    assert Layout.of(document).properties["tree"].selectors == ("marketplace_id",)
