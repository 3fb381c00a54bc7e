"""Patches applied by Amazon's rules must give what is wanted and leave every other leaf alone.

The rules are written here a second time, from Amazon's documentation, and in all readings of what it
leaves open: whether `replace` removes elements of other selectors, whether `merge` reaches into nested
objects, whether elements of equal selectors are taken as a group or one by one, and whether `delete` finds
elements without selectors that have more than what is given.
"""

from __future__ import annotations

import itertools
import json
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from amazon_listings.selling_partner.content.leaves import Layout, compare, same_leaf, split
from amazon_listings.selling_partner.content.overlay import changing, overlays
from amazon_listings.selling_partner.content.patches import build_patches

SELECTORS = {
    "item_name": ["marketplace_id", "language_tag"],
    "bullet_point": ["marketplace_id", "language_tag"],
    "purchasable_offer": ["marketplace_id", "currency", "audience"],
    "fulfillment_availability": ["fulfillment_channel_code"],
    "item_dimensions": ["marketplace_id"],
    "variation_theme": [],
    "cost_price": ["marketplace_id", "currency"],
}
#: Attributes of which several elements may share their selectors.
SEVERAL = {"bullet_point", "variation_theme"}

LAYOUT = Layout(
    properties={
        name: Layout(tuple(selectors), single=name not in SEVERAL) for name, selectors in SELECTORS.items()
    }
)

#: A few of each shape, so that two documents often hold the same value or a part of it.
_NESTED = st.sampled_from(
    [
        *("0123", "123", 123, 123.5, "1e5", "Infinity", "true", True, False, "", "é"),
        *({"a": 1}, {"a": 2}, {"a": 1, "b": "x"}, {"b": "x"}, {"a": {"c": 1}}, {"a": {"c": 1, "b": 2}}),
        *([], [1], [{"a": 1}], [{"a": 1, "b": 2}], [{"a": [{"b": 1}]}], [{"a": [{"b": True}]}]),
    ]
)
_CHOICES = {
    "marketplace_id": ["FR", "BE"],
    "language_tag": ["fr_FR", "nl_BE"],
    "currency": ["EUR", "USD"],
    "audience": ["ALL", "B2B"],
    "fulfillment_channel_code": ["DEFAULT", "AMAZON_EU"],
}


def key(name, element):
    chosen = SELECTORS[name] or sorted(element)
    return json.dumps({selector: element.get(selector) for selector in chosen}, sort_keys=True)


@st.composite
def attribute(draw, name):
    elements = draw(
        st.lists(
            st.fixed_dictionaries(
                {selector: st.sampled_from(_CHOICES[selector]) for selector in SELECTORS[name]},
                optional=dict.fromkeys(("value", "unit", "our_price", "schedule"), _NESTED),
            ),
            min_size=1,
            max_size=4,
        )
    )
    if name in SEVERAL:
        return elements
    return list({key(name, element): element for element in elements}.values())


DOCUMENT = st.fixed_dictionaries({}, optional={name: attribute(name) for name in SELECTORS})

#: Lists without selectors of which a replace, element by element, would leave too much or the old order.
OLD_ORDER = {"variation_theme": [{"value": "SIZE"}, {"value": "COLOR"}]}
NEW_ORDER = {"variation_theme": [{"value": "COLOR"}, {"value": "SIZE"}]}
TWICE = {"variation_theme": [{"value": "SIZE"}, {"value": "SIZE"}]}
ONCE = {"variation_theme": [{"value": "SIZE"}]}
WHOLE = {"variation_theme": [{"value": "SIZE", "unit": "x"}]}
PART_AND_WHOLE = {"variation_theme": [{"value": "SIZE", "unit": "x"}, {"value": "SIZE"}]}


class Reading(NamedTuple):
    """One reading of what Amazon leaves open."""

    replace_drops: bool
    merge_deep: bool
    by_group: bool
    delete_by_part: bool


READINGS = [Reading(*switches) for switches in itertools.product([True, False], repeat=4)]


def every_outcome(document, patches):
    """What a listing may be after the patches: one for each reading, without those that are the same."""
    outcomes = [apply(document, patches, reading) for reading in READINGS]
    return [one for number, one in enumerate(outcomes) if one not in outcomes[:number]]


def apply(document, patches, reading):
    document = json.loads(json.dumps(document))  # nothing shared inside, as in a drawn one
    for patch in patches:
        assert set(patch) == {"op", "path", "value"}
        assert patch["value"], "Amazon refuses a patch without a value"
        assert "null" not in json.dumps(patch), "whether null removes is not known"
        name = patch["path"].removeprefix("/attributes/")
        elements = document.get(name, [])
        values = json.loads(json.dumps(patch["value"]))
        if patch["op"] == "replace":
            elements = values if reading.replace_drops else replaced(name, elements, values, reading)
        elif patch["op"] == "merge":
            for value in values:
                assert all(value.get(selector) not in (None, "") for selector in SELECTORS[name])
                targets = [one for one in elements if key(name, one) == key(name, value)]
                assert len(targets) <= 1, "which of several is merged is not known"
                if targets:
                    merge(targets[0], value, deep=reading.merge_deep)
                else:
                    elements.append(value)
        elif patch["op"] == "delete":
            for value in values:
                if SELECTORS[name]:
                    assert set(value) == set(SELECTORS[name])
                found = [one for one in elements if deletes(name, value, one, reading)]
                gone = found if reading.by_group else found[:1]
                elements = [one for one in elements if not any(one is other for other in gone)]
        else:
            raise AssertionError(patch["op"])
        document[name] = elements
        if not elements:
            del document[name]
    return document


def deletes(name, value, element, reading):
    if SELECTORS[name] or not reading.delete_by_part:
        return key(name, element) == key(name, value)
    return value.items() <= element.items()


def replaced(name, elements, values, reading):
    """A replace that keeps elements of other selectors."""
    if reading.by_group:
        given = {key(name, value) for value in values}
        return [one for one in elements if key(name, one) not in given] + values
    left = list(values)
    result = []
    for element in elements:
        match = next((one for one in left if key(name, one) == key(name, element)), None)
        result.append(element if match is None else match)
        if match is not None:
            left.remove(match)
    return result + left


def merge(target, value, *, deep):
    for name, part in value.items():
        if deep and isinstance(part, dict) and isinstance(target.get(name), dict):
            merge(target[name], part, deep=True)
        else:
            target[name] = part


@settings(max_examples=75, deadline=None)
@example(before=OLD_ORDER, owned={}, wanted=NEW_ORDER, forced=False)
@example(before=TWICE, owned=TWICE, wanted=ONCE, forced=False)
@example(before=PART_AND_WHOLE, owned={}, wanted=WHOLE, forced=False)
@given(before=DOCUMENT, owned=DOCUMENT, wanted=DOCUMENT, forced=st.booleans())
def test_what_is_wanted_comes_out_and_leaves_of_others_stay(before, owned, wanted, forced):
    patches = build_patches(before, wanted, owned=owned, layout=LAYOUT, forced=forced)
    wants, ours, theirs = (split(document, LAYOUT) for document in (wanted, owned, before))
    for after in every_outcome(before, patches.operations):
        leaves = split(after, LAYOUT)
        left = {one.leaf: one for one in compare(after, wanted, LAYOUT)}
        for leaf, value in wants.items():
            if leaf not in left:  # a bare element is wanted, and there is one with content
                assert any(address(one) == address(leaf) for one in leaves), (leaf, patches.operations)
                continue
            assert same_leaf(leaf, left[leaf].before, value, {}), (leaf, left[leaf], patches.operations)
        for leaf, value in theirs.items():
            if not _within(leaf, wants) and not _within(leaf, ours):
                assert leaves.get(leaf) == value, (leaf, patches.operations)
        again = build_patches(after, wanted, owned=wanted, layout=LAYOUT)
        assert again.operations == []


def address(leaf):
    """The elements that a leaf is of."""
    return leaf.attribute, leaf.marketplace_id, leaf.selectors if SELECTORS[leaf.attribute] else ()


def _within(leaf, others):
    """Whether a leaf is one of others, contains one of them or lies in one."""
    return any(
        address(leaf) == address(other)
        and (leaf.path[: len(other.path)] == other.path or other.path[: len(leaf.path)] == leaf.path)
        for other in others
    )


@settings(max_examples=50, deadline=None)
@given(before=DOCUMENT, owned=DOCUMENT, wanted=DOCUMENT, same=DOCUMENT, forced=st.booleans())
def test_attributes_that_are_as_wanted_are_left_out_and_no_others(before, owned, wanted, same, forced):
    sides = (
        {**before, **same},
        owned,
        {**wanted, **same},
        LAYOUT,
        {"marketplace_id": "FR", "audience": "ALL"},
    )
    names = frozenset(wanted) if forced else frozenset()
    divided = [one for one in overlays(*sides, forced=names) if one.differences]
    assert list(changing(*sides, forced=names)) == divided


@settings(max_examples=50, deadline=None)
@given(before=DOCUMENT, owned=DOCUMENT, wanted=DOCUMENT)
def test_what_was_ours_and_is_not_wanted_goes(before, owned, wanted):
    patches = build_patches(before, wanted, owned=owned, layout=LAYOUT)
    wants = split(wanted, LAYOUT)
    for outcome in every_outcome(before, patches.operations):
        after = split(outcome, LAYOUT)
        for leaf in split(owned, LAYOUT):
            if leaf in split(before, LAYOUT) and not _within(leaf, wants):
                assert leaf not in after, patches.operations


@settings(max_examples=50, deadline=None)
@given(owned=DOCUMENT, foreign=DOCUMENT, wanted=DOCUMENT)
def test_what_is_sent_without_reading_needs_no_reading(owned, foreign, wanted):
    """Planned on what was last accepted, the patches do the same to a listing that has more."""
    listing = _beside(foreign, owned)
    patches = build_patches(owned, wanted, owned=owned, layout=LAYOUT, read=False)
    if patches.carries:
        return
    for outcome in every_outcome(listing, patches.operations):
        after = split(outcome, LAYOUT)
        for leaf, value in split(listing, LAYOUT).items():
            if not _within(leaf, split(owned, LAYOUT)) and not _within(leaf, split(wanted, LAYOUT)):
                assert after.get(leaf) == value, patches.operations


def _beside(foreign, owned):
    """A listing with what is ours, and elements of others beside it."""
    return {
        name: [
            *owned.get(name, []),
            *(
                one
                for one in foreign.get(name, [])
                if SELECTORS[name] and key(name, one) not in {key(name, own) for own in owned.get(name, [])}
            ),
        ]
        or foreign[name]
        for name in owned.keys() | foreign.keys()
    }


def offer(price, audience="ALL", **more):
    return {
        "marketplace_id": "FR",
        "currency": "EUR",
        "audience": audience,
        "our_price": [{"schedule": [{"value_with_tax": price}]}],
        **more,
    }


SALE = {"discounted_price": [{"schedule": [{"value_with_tax": 8}]}]}


def patches_of(before, owned, wanted, **how):
    return build_patches(before, wanted, owned=owned, layout=LAYOUT, **how)


@pytest.mark.parametrize("read", [True, False])
def test_a_new_price_is_merged_so_that_what_others_set_stays(read):
    before = [offer(15.0, **SALE), offer(9, "B2B")] if read else [offer(15.0)]
    patches = patches_of(
        {"purchasable_offer": before},
        {"purchasable_offer": [offer(15.0)]},
        {"purchasable_offer": [offer(14.5)]},
        read=read,
    )
    assert patches.operations == [
        {"op": "merge", "path": "/attributes/purchasable_offer", "value": [offer(14.5)]}
    ]
    assert not patches.carries


def test_an_ended_promotion_of_ours_goes_and_the_rest_of_the_offers_is_carried():
    patches = patches_of(
        {"purchasable_offer": [offer(15.0, **SALE, map_price=1), offer(9, "B2B")]},
        {"purchasable_offer": [offer(15.0, **SALE)]},
        {"purchasable_offer": [offer(15.0)]},
    )
    assert patches.operations == [
        {
            "op": "replace",
            "path": "/attributes/purchasable_offer",
            "value": [offer(15.0, map_price=1), offer(9, "B2B")],
        }
    ]
    assert patches.carries


def test_an_offer_that_lacks_a_selector_goes_by_a_replace():
    """Amazon refuses a `delete` without all selectors."""
    lacks = {name: value for name, value in offer(9).items() if name != "audience"}
    patches = patches_of(
        {"purchasable_offer": [offer(15.0), lacks]},
        {"purchasable_offer": [lacks]},
        {"purchasable_offer": []},
    )
    assert patches.operations == [
        {"op": "replace", "path": "/attributes/purchasable_offer", "value": [offer(15.0)]}
    ]


def test_an_offer_whose_selector_is_empty_goes_by_a_replace():
    """Amazon refuses an empty selector."""
    empty = {"purchasable_offer": [offer(9, "")]}
    found = {"purchasable_offer": [offer(15.0), *empty["purchasable_offer"]]}
    patches = patches_of(found, empty, {})
    assert patches.operations == [
        {"op": "replace", "path": "/attributes/purchasable_offer", "value": [offer(15.0)]}
    ]


def test_what_has_no_scalar_selector_is_dropped_whole_before_it_is_replaced():
    old, new = ({"purchasable_offer": [offer(price, ["ALL"])]} for price in (15, 14))
    patches = patches_of(old, old, new)
    assert [(one["op"], one["value"]) for one in patches.operations] == [
        ("delete", old["purchasable_offer"]),
        ("replace", new["purchasable_offer"]),
    ]


@pytest.mark.parametrize("read", [True, False])
def test_what_is_deleted_by_its_selectors_is_read_before(read):
    stock = {"fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 3}]}
    patches = patches_of(stock, stock, {}, read=read)
    assert [one["op"] for one in patches.operations] == ["delete"]
    assert patches.carries is not read


def test_what_is_replaced_without_marketplaces_carries_if_it_was_not_read_or_others_have_a_part():
    ours = {"fulfillment_channel_code": "DEFAULT", "quantity": 3}
    owned = {"fulfillment_availability": [ours | {"lead_time_to_ship_max_days": 10}]}
    wanted = {"fulfillment_availability": [ours]}
    assert [one["op"] for one in patches_of(owned, owned, wanted).operations] == ["replace"]
    assert not patches_of(owned, owned, wanted).carries
    assert patches_of(owned, owned, wanted, read=False).carries
    other = {"fulfillment_channel_code": "AMAZON_EU", "quantity": 1}
    found = {"fulfillment_availability": [*owned["fulfillment_availability"], other]}
    assert patches_of(found, owned, wanted).carries


def test_what_is_replaced_in_marketplaces_may_have_to_carry_those_of_others():
    owned = {"purchasable_offer": [offer(15.0, **SALE)]}
    patches = patches_of(owned, owned, {"purchasable_offer": [offer(15.0)]})
    assert [one["op"] for one in patches.operations] == ["replace"]
    assert patches.carries


def test_the_other_marketplaces_are_named_of_which_offers_are_carried():
    elsewhere = offer(9) | {"marketplace_id": "BE"}
    patches = patches_of(
        {"purchasable_offer": [offer(15.0, **SALE), elsewhere]},
        {"purchasable_offer": [offer(15.0, **SALE)]},
        {"purchasable_offer": [offer(15.0)]},
        defaults={"marketplace_id": "".join("FR")},  # equal to that of the offers, not the same object
    )
    assert patches.operations[0]["value"] == [offer(15.0), elsewhere]
    assert patches.marketplaces == {"BE"}


def test_first_contact_removes_nothing():
    """People made the handling time, Amazon's channel, the sale, the business offer, another language."""
    stock = {"fulfillment_channel_code": "DEFAULT", "quantity": 3, "lead_time_to_ship_max_days": 10}
    text = {"marketplace_id": "FR", "language_tag": "fr_FR", "value": "Lampe"}
    patches = patches_of(
        {
            "fulfillment_availability": [stock, {"fulfillment_channel_code": "AMAZON_EU"}],
            "purchasable_offer": [offer(10, **SALE), offer(9, "B2B")],
            "item_name": [text, {**text, "language_tag": "nl_BE"}],
            "cost_price": [{"marketplace_id": "FR", "currency": "EUR", "value": 5}],
        },
        {},
        {
            "fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 5}],
            "purchasable_offer": [offer(10)],
            "item_name": [text],
        },
    )
    assert patches.operations == [
        {
            "op": "merge",
            "path": "/attributes/fulfillment_availability",
            "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 5}],
        }
    ]


def test_another_channel_is_added_beside_and_ours_is_deleted_by_its_selector():
    path = "/attributes/fulfillment_availability"
    patches = patches_of(
        {"fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 3}]},
        {"fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 3}]},
        {"fulfillment_availability": [{"fulfillment_channel_code": "AMAZON_EU"}]},
    )
    assert [(one["op"], one["path"], one["value"]) for one in patches.operations] == [
        ("delete", path, [{"fulfillment_channel_code": "DEFAULT"}]),
        ("replace", path, [{"fulfillment_channel_code": "AMAZON_EU"}]),
    ]


def test_bullets_are_one_leaf_and_those_of_another_language_are_carried():
    def bullets(*texts, language="fr_FR"):
        return [{"marketplace_id": "FR", "language_tag": language, "value": text} for text in texts]

    theirs = bullets("een", language="nl_BE")
    patches = patches_of(
        {"bullet_point": [*bullets("1", "2", "3", "4", "5"), *theirs]},
        {},
        {"bullet_point": bullets("a", "b", "c")},
    )
    delete, replace = patches.operations
    assert (delete["op"], len(delete["value"])) == ("delete", 5)
    assert (replace["op"], replace["value"]) == ("replace", [*bullets("a", "b", "c"), *theirs])
    assert patches.carries


def test_a_leaf_that_another_connector_wants_is_not_removed():
    both = {"cost_price": [{"marketplace_id": "FR", "currency": "EUR", "value": 5}]}
    assert patches_of(both, both, {}, kept=lambda _: True).operations == []
    assert [one["op"] for one in patches_of(both, both, {}).operations] == ["delete"]


@pytest.mark.parametrize(
    ("old", "new", "op"),
    [
        ({"length": {"value": 1}, "width": {"value": 2}}, {"length": {"value": 1}}, "replace"),
        ({"length": {"value": 1, "unit": "inches"}}, {"length": {"value": 1}}, "replace"),
        ({"length": {"value": 1}}, {"length": {"value": 2}, "width": {"value": 2}}, "merge"),
    ],
)
def test_what_is_lost_inside_an_object_is_never_left_to_merge(old, new, op):
    place = {"marketplace_id": "FR"}
    before = {"item_dimensions": [{**place, "value": old, "unit": "x"}]}
    wanted = {"item_dimensions": [{**place, "value": new, "unit": "x"}]}
    patches = patches_of(before, before, wanted).operations
    assert [patch["op"] for patch in patches] == [op]
    for reading in READINGS:
        assert apply(before, patches, reading) == wanted


def test_what_stands_beside_a_leaf_inside_an_object_is_read_before_it_is_carried():
    place = {"marketplace_id": "FR"}
    ours = {"item_dimensions": [{**place, "value": {"length": 1}}]}
    wanted = {"item_dimensions": [{**place, "value": {"length": 2}}]}
    assert patches_of(ours, ours, wanted, read=False).carries
    found = {"item_dimensions": [{**place, "value": {"length": 1, "width": 7}}]}
    patches = patches_of(found, ours, wanted)
    assert patches.carries
    assert patches.operations[0]["value"] == [{**place, "value": {"length": 2, "width": 7}}]


def test_what_amazon_fills_in_is_no_difference():
    """Before is what Amazon returned for this very document."""
    wanted = {
        "purchasable_offer": [
            {
                "currency": "GBP",
                "our_price": [{"schedule": [{"value_with_tax": 400}]}],
                "marketplace_id": "UK",
            }
        ],
        "fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 1}],
        "variation_theme": [{"name": "SIZE"}],
    }
    before = {
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
        "variation_theme": [{"name": "SIZE", "marketplace_id": "UK"}],
    }
    layout = Layout(
        properties={
            **LAYOUT.properties,
            "fulfillment_availability": Layout(
                ("fulfillment_channel_code",),
                single=True,
                properties={"fulfillment_channel_code": Layout(), "quantity": Layout()},
            ),
            "variation_theme": Layout((), single=True, properties={"name": Layout()}),
        }
    )
    how = {"owned": wanted, "layout": layout, "defaults": {"audience": "ALL", "marketplace_id": "UK"}}
    assert build_patches(before, wanted, **how).operations == []
    wanted["fulfillment_availability"][0]["quantity"] = 2
    assert build_patches(before, wanted, **how).operations == [
        {
            "op": "merge",
            "path": "/attributes/fulfillment_availability",
            "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 2}],
        }
    ]


@pytest.mark.parametrize(
    ("old", "new"), [("0123", "123"), ("1", 1), (1, True), ("true", True), ("1e5", 100000.0)]
)
def test_a_change_of_type_is_a_change(old, new):
    before = {"item_dimensions": [{"marketplace_id": "FR", "value": old}]}
    patches = patches_of(before, before, {"item_dimensions": [{"marketplace_id": "FR", "value": new}]})
    (value,) = patches.operations[0]["value"]
    assert value["value"] == new
    assert type(value["value"]) is type(new)


COST = [{"marketplace_id": "FR", "currency": "EUR", "value": 5}]
NAME = [{"marketplace_id": "FR", "language_tag": "fr_FR", "value": "Lampe"}]


@pytest.mark.parametrize("wanted_cost", [{}, {"cost_price": COST}])
def test_vendors_repeat_cost_price(wanted_cost):
    found = {"cost_price": COST, "purchasable_offer": [offer(1)]}
    patches = patches_of(found, {}, {"item_name": NAME, **wanted_cost}, vendor=True).operations
    assert [patch["path"] for patch in patches] == ["/attributes/item_name", "/attributes/cost_price"]
    assert patches[1]["value"] == COST
    assert patches_of({"cost_price": COST}, {}, {}, vendor=True).operations == []


def test_vendors_repeat_cost_price_beside_what_comes_before_it_in_the_alphabet():
    text = {"marketplace_id": "FR", "language_tag": "fr_FR", "value": "Lampe"}
    wanted = {"bullet_point": [text], "cost_price": COST}
    patches = patches_of({"cost_price": COST}, {"cost_price": COST}, wanted, vendor=True)
    assert [one["path"] for one in patches.operations] == [
        "/attributes/bullet_point",
        "/attributes/cost_price",
    ]


def test_vendors_send_a_new_cost_price_once():
    new = {"cost_price": [COST[0] | {"value": 6}]}
    (patch,) = patches_of({"cost_price": COST}, {"cost_price": COST}, new, vendor=True).operations
    assert patch["value"] == new["cost_price"]


@pytest.mark.parametrize(
    ("cost", "read", "carries"),
    [
        ({"cost_price": COST}, False, False),
        ({"cost_price": COST}, True, False),
        ({}, False, True),
        ({}, True, False),
    ],
)
def test_vendors_of_whom_no_cost_price_is_known_read_before_they_send(cost, read, carries):
    patches = patches_of(cost, {}, {"item_name": NAME}, vendor=True, read=read)
    assert patches.operations
    assert patches.carries is carries


def test_an_existing_relation_is_never_sent_again():
    relation = {
        "child_parent_sku_relationship": [
            {"marketplace_id": "FR", "parent_sku": "P", "child_relationship_type": "variation"}
        ]
    }
    layout = Layout(properties={"child_parent_sku_relationship": Layout(("marketplace_id",), single=True)})
    how = {"owned": relation, "layout": layout}
    assert build_patches(relation, relation, forced=True, **how).operations == []
    assert build_patches(relation, {}, **how).operations == [
        {
            "op": "delete",
            "path": "/attributes/child_parent_sku_relationship",
            "value": [{"marketplace_id": "FR"}],
        }
    ]
