"""Patches applied by Amazon's rules must give what is wanted and leave the rest alone.

The rules are written here a second time, from Amazon's documentation, and in both readings of
what it leaves open: whether `replace` removes elements of other selectors, and whether `merge`
reaches into nested objects.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_listings.selling_partner.patches import build_patches

SELECTORS = {
    "item_name": ["marketplace_id", "language_tag"],
    "bullet_point": ["marketplace_id", "language_tag"],
    "purchasable_offer": ["marketplace_id", "currency", "audience"],
    "fulfillment_availability": ["fulfillment_channel_code"],
    "item_dimensions": ["marketplace_id"],
    "variation_theme": [],
    "cost_price": ["marketplace_id", "currency"],
    "foreign": ["marketplace_id"],
}
#: Attributes of which several elements may share their selectors.
SEVERAL = {"bullet_point"}

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


def apply(document, patches, *, whole_replace, deep_merge):
    document = json.loads(json.dumps(document))  # nothing shared inside, as in a drawn one
    for patch in patches:
        assert set(patch) == {"op", "path", "value"}
        assert patch["value"], "Amazon refuses a patch without a value"
        name = patch["path"].removeprefix("/attributes/")
        elements = document.get(name, [])
        values = json.loads(json.dumps(patch["value"]))
        if patch["op"] == "replace":
            kept = (
                []
                if whole_replace
                else [one for one in elements if key(name, one) not in {key(name, value) for value in values}]
            )
            elements = kept + values
        elif patch["op"] == "merge":
            for value in values:
                assert all(value.get(selector) not in (None, "") for selector in SELECTORS[name])
                (target,) = [one for one in elements if key(name, one) == key(name, value)]
                merge(target, value, deep=deep_merge)
        elif patch["op"] == "delete":
            for value in values:
                if SELECTORS[name]:
                    assert set(value) == set(SELECTORS[name])
                assert any(key(name, one) == key(name, value) for one in elements)
                elements = [one for one in elements if key(name, one) != key(name, value)]
        else:
            raise AssertionError(patch["op"])
        document[name] = elements
        if not elements:
            del document[name]
    return document


def merge(target, value, *, deep):
    for name, part in value.items():
        if part is None:
            target.pop(name, None)
        elif deep and isinstance(part, dict) and isinstance(target.get(name), dict):
            merge(target[name], part, deep=True)
        else:
            target[name] = part


def canonical(document):
    """Elements of different selectors have no order; those that share them have one."""
    return {
        name: json.dumps(sorted(elements, key=lambda element, name=name: key(name, element)), sort_keys=True)
        for name, elements in document.items()
    }


@settings(max_examples=250, deadline=None)
@given(DOCUMENT, DOCUMENT, st.booleans(), st.booleans(), st.sets(st.sampled_from(sorted(SELECTORS))))
def test_the_wanted_document_comes_out_and_foreign_attributes_stay(
    before, wanted, whole_replace, deep_merge, force
):
    owned = set(SELECTORS) - {"foreign"}
    wanted.pop("foreign", None)
    patches = build_patches(before, wanted, selectors=SELECTORS, owned=owned, force=force)
    after = apply(before, patches, whole_replace=whole_replace, deep_merge=deep_merge)
    expected = {**wanted, **({"foreign": before["foreign"]} if "foreign" in before else {})}
    assert canonical(after) == canonical(expected)
    assert not any("foreign" in patch["path"] for patch in patches)
    again = build_patches(after, wanted, selectors=SELECTORS, owned=owned)
    assert again == []


def offer(price, **more):
    return {
        "marketplace_id": "FR",
        "currency": "EUR",
        "audience": "ALL",
        "our_price": [{"schedule": [{"value_with_tax": price}]}],
        **more,
    }


def test_a_new_price_is_merged_so_that_what_others_set_stays():
    patches = build_patches(
        {"purchasable_offer": [offer(15.0)]},
        {"purchasable_offer": [offer(14.5)]},
        selectors=SELECTORS,
        owned={"purchasable_offer"},
    )
    assert patches == [{"op": "merge", "path": "/attributes/purchasable_offer", "value": [offer(14.5)]}]


def test_an_ended_promotion_is_removed_by_null_as_amazons_lab_does():
    patches = build_patches(
        {"purchasable_offer": [offer(15.0, discounted_price=[{"schedule": []}])]},
        {"purchasable_offer": [offer(15.0)]},
        selectors=SELECTORS,
        owned={"purchasable_offer"},
    )
    assert patches == [
        {
            "op": "merge",
            "path": "/attributes/purchasable_offer",
            "value": [
                {"marketplace_id": "FR", "currency": "EUR", "audience": "ALL", "discounted_price": None}
            ],
        }
    ]


def test_another_channel_is_deleted_by_its_selector_and_the_new_one_added():
    patches = build_patches(
        {"fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 3}]},
        {"fulfillment_availability": [{"fulfillment_channel_code": "AMAZON_EU"}]},
        selectors=SELECTORS,
        owned={"fulfillment_availability"},
    )
    assert patches == [
        {
            "op": "delete",
            "path": "/attributes/fulfillment_availability",
            "value": [{"fulfillment_channel_code": "DEFAULT"}],
        },
        {
            "op": "replace",
            "path": "/attributes/fulfillment_availability",
            "value": [{"fulfillment_channel_code": "AMAZON_EU"}],
        },
    ]


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
    patches = build_patches(before, wanted, selectors=SELECTORS, owned=set(wanted))
    assert [patch["op"] for patch in patches] == [op]
    for deep_merge in (True, False):
        assert apply(before, patches, whole_replace=True, deep_merge=deep_merge) == wanted


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
    how = {
        "selectors": SELECTORS,
        "owned": set(wanted),
        "defaults": {"audience": "ALL", "marketplace_id": "UK"},
    }
    assert build_patches(before, wanted, **how) == []
    wanted["fulfillment_availability"][0]["quantity"] = 2
    assert build_patches(before, wanted, **how) == [
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
    patches = build_patches(
        {"item_dimensions": [{"marketplace_id": "FR", "value": old}]},
        {"item_dimensions": [{"marketplace_id": "FR", "value": new}]},
        selectors=SELECTORS,
        owned={"item_dimensions"},
    )
    (value,) = patches[0]["value"]
    assert value["value"] == new
    assert type(value["value"]) is type(new)


COST = [{"marketplace_id": "FR", "currency": "EUR", "value": 5}]
NAME = [{"marketplace_id": "FR", "language_tag": "fr_FR", "value": "Lampe"}]


@pytest.mark.parametrize("wanted_cost", [{}, {"cost_price": COST}])
def test_vendors_repeat_cost_price_and_send_no_offer(wanted_cost):
    patches = build_patches(
        {"cost_price": COST, "purchasable_offer": [offer(1)]},
        {"item_name": NAME, "purchasable_offer": [offer(2)], **wanted_cost},
        selectors=SELECTORS,
        owned={"item_name", "purchasable_offer", *wanted_cost},
        vendor=True,
    )
    assert [patch["path"] for patch in patches] == ["/attributes/item_name", "/attributes/cost_price"]
    assert patches[1]["value"] == COST
    assert (
        build_patches({"cost_price": COST}, {}, selectors=SELECTORS, owned={"item_name"}, vendor=True) == []
    )


def test_an_existing_relation_is_never_sent_again():
    relation = {
        "child_parent_sku_relationship": [
            {"marketplace_id": "FR", "parent_sku": "P", "child_relationship_type": "variation"}
        ]
    }
    selectors = {"child_parent_sku_relationship": ["marketplace_id"]}
    how = {"selectors": selectors, "owned": set(relation)}
    assert build_patches(relation, relation, force=set(relation), **how) == []
    assert build_patches(relation, {}, **how) == [
        {
            "op": "delete",
            "path": "/attributes/child_parent_sku_relationship",
            "value": [{"marketplace_id": "FR"}],
        }
    ]
