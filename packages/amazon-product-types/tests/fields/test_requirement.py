"""Rules in Amazon's ways of writing them, and what is said of the fields."""

from __future__ import annotations

from dataclasses import replace

import pytest

from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields
from amazon_product_types.labels import FieldIndex


def attribute(*names, required=("value",), values=None, **more):
    members = {name: {"type": "string"} for name in names or ("value",)}
    if values:
        members["value"] = {"type": "string", "enum": values}
    item = {"type": "object", "required": [n for n in required if n in members], "properties": members}
    return {"type": "array", "maxUniqueItems": 1, "selectors": ["marketplace_id"], "items": item} | more


def definition(*rules, required=(), **attributes):
    base = {
        "color": attribute(),
        "asin": attribute(),
        "level": attribute(values=["parent", "child"]),
        "weight": attribute("value", "unit", required=("value", "unit")),
        "ready": {
            "type": "array",
            "maxUniqueItems": 1,
            "selectors": ["marketplace_id"],
            "items": {
                "type": "object",
                "required": ["value"],
                "properties": {"value": {"type": "boolean", "enum": [True, False]}},
            },
        },
    }
    return {
        "type": "object",
        "required": list(required),
        "properties": base | attributes,
        "allOf": list(rules),
        "additionalProperties": False,
    }


def said(*rules, path="color.value", **more):
    found = {field.path: field for field in fields(Definition(definition(*rules, **more)))}[path]
    return found.requirement, found.condition


def given(name):
    return {"required": [name], "properties": {name: {"items": {"required": ["value"]}}}}


def is_(name, *values):
    inside = {"required": ["value"], "properties": {"value": {"enum": list(values)}}}
    return {"required": [name], "properties": {name: {"contains": inside}}}


NEED = {"required": ["color"]}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], ("optional", "")),
        ([NEED], ("required", "")),
        ([{"if": is_("level", "child"), "then": NEED}], ("conditional", "required when “level” is child")),
        ([{"if": {"not": given("asin")}, "then": NEED}], ("conditional", "required unless “asin” is given")),
        ([{"if": given("asin"), "else": NEED}], ("conditional", "required unless “asin” is given")),
        (
            [{"if": {"not": {"anyOf": [is_("level", "parent"), given("asin")]}}, "then": NEED}],
            ("conditional", "required unless “asin” is given or “level” is parent"),
        ),
        (
            [{"if": {"allOf": [is_("level", "child"), {"not": given("asin")}]}, "then": NEED}],
            ("conditional", "required when “level” is child, unless “asin” is given"),
        ),
        (
            # Amazon's way of saying "not a parent": absent, or there and something else.
            [{"if": {"anyOf": [{"not": given("level")}, {"not": is_("level", "parent")}]}, "then": NEED}],
            ("conditional", "required unless “level” is parent"),
        ),
        (
            [{"if": {"anyOf": [{"not": given("ready")}, is_("ready", False)]}, "then": NEED}],
            ("conditional", "required unless “ready” is true"),
        ),
        (
            [{"if": given("asin"), "then": NEED}, {"if": given("weight"), "then": NEED}],
            ("conditional", "required when “asin” is given or “weight” is given"),
        ),
        (
            [{"if": given("asin"), "then": NEED}, {"if": {"not": given("asin")}, "then": NEED}],
            ("required", ""),
        ),
        (
            [
                {
                    "if": given("asin"),
                    "then": {"if": is_("level", "child"), "then": {"properties": {}}, "else": NEED},
                }
            ],
            ("conditional", "required when “asin” is given, unless “level” is child"),
        ),
        ([{"if": given("nowhere"), "then": NEED}], ("optional", "")),
        ([{"if": {"not": given("nowhere")}, "then": NEED}], ("required", "")),
        ([{"if": is_("level", "unheard"), "then": NEED}], ("optional", "")),
        ([{"dependentRequired": {"asin": ["color"]}}], ("conditional", "required when “asin” is given")),
        (
            [{"anyOf": [NEED, given("asin")]}],
            ("conditional", "required unless “asin” is given"),
        ),
        (
            [{"oneOf": [NEED, {"required": ["asin"]}]}],
            ("conditional", "required unless “asin” is given"),
        ),
        (
            [{"not": {"allOf": [{"required": ["asin"]}, {"not": {"required": ["color"]}}]}}],
            ("conditional", "required when “asin” is given"),
        ),
        # “required” says nothing about a list, so this condition always holds.
        ([{"if": {"properties": {"asin": {"required": ["value"]}}}, "then": NEED}], ("required", "")),
    ],
)
def test_conditions_in_words(rules, expected):
    assert said(*rules) == expected


def test_many_values_are_counted():
    theme = attribute(values=[f"T{n}" for n in range(9)])
    rule = {"if": is_("theme", *(f"T{n}" for n in range(7))), "then": NEED}
    assert said(rule, theme=theme) == (
        "conditional",
        "required when “theme” is one of T0, T1, T2, T3 (and 3 more)",
    )


def test_the_only_leaf_of_a_required_attribute_is_required_though_the_schema_lets_it_out():
    assert said(required=["bare"], bare=attribute(required=()), path="bare.value") == ("required", "")


def test_a_unit_is_needed_with_its_value():
    assert said(path="weight.unit") == ("conditional", "required when “weight” is given")
    assert said(path="weight.value") == ("optional", "")
    assert said(required=["weight"], path="weight.unit") == ("required", "")


def test_members_of_a_composite_are_needed_with_each_other():
    pair = attribute("kind", "number", required=("kind", "number"))
    expected = ("conditional", "required when “number” is given")
    assert said(pair=pair, path="pair.kind") == expected


def test_a_rule_inside_an_attribute_speaks_of_the_element():
    channel = attribute("code", "quantity", required=("code",))
    rule = {
        "properties": {
            "channel": {
                "items": {
                    "if": {"required": ["code"], "properties": {"code": {"enum": ["DEFAULT"]}}},
                    "then": {"required": ["quantity"]},
                    "else": {"not": {"required": ["quantity"]}},
                }
            }
        }
    }
    found = {field.path: field for field in fields(Definition(definition(rule, channel=channel)))}[
        "channel.quantity"
    ]
    assert found.condition == "required when “code” is DEFAULT"
    assert found.forbidden == "not allowed unless “code” is DEFAULT"


def test_nested_members_made_required_by_a_rule():
    battery = attribute("cell", "weight", required=())
    inner = {"required": ["battery"], "properties": {"battery": {"items": {"required": ["cell"]}}}}
    rule = {"if": is_("ready", True), "then": inner}
    assert said(rule, battery=battery, path="battery.cell") == (
        "conditional",
        "required when “ready” is true",
    )


def test_recommended_is_what_amazon_asks_for_without_a_rule():
    picture = {"main_product_image_locator": attribute("media_location", required=("media_location",))}
    path = "main_product_image_locator.media_location"
    assert said(path=path, **picture) == ("recommended", "")
    assert said(path=path, required=["main_product_image_locator"], **picture) == ("required", "")
    relevant = {
        field.path: field.requirement for field in fields(Definition(definition()), relevant=["color"])
    }
    assert relevant["color.value"] == "recommended"
    assert relevant["asin.value"] == "optional"


def test_what_takes_the_place_of_another_field_is_recommended_and_what_goes_or_is_hidden_is_not():
    old = attribute("value") | {"$lifecycle": {"replacedBy": ["1/new"]}}
    document = definition(new=attribute("value"), bullet_point=old, generic_keyword=attribute("value"))
    document["properties"]["generic_keyword"]["hidden"] = True
    document["properties"]["product_description"] = attribute("value")
    document["properties"]["newest"] = attribute("value") | {"$lifecycle": {"replaces": ["1/older"]}}
    assert {
        f.path: f.recommended_by for f in fields(Definition(document)) if f.requirement == "recommended"
    } == {
        "new.value": "takes the place of bullet_point",
        "newest.value": "takes the place of older",
        "product_description.value": "Product detail page rules",
    }


def test_what_is_needed_of_an_item_of_which_nothing_is_known():
    found = {
        field.path: field.needed_alone
        for field in fields(
            Definition(
                definition(
                    {"if": {"not": is_("level", "parent")}, "then": NEED},
                    {"if": is_("level", "child"), "then": {"required": ["asin"]}},
                    required=["weight"],
                )
            )
        )
    }
    assert found == {
        "color.value": True,
        "asin.value": False,
        "level.value": False,
        "weight.value": True,
        "weight.unit": True,
        "ready.value": False,
    }


def test_a_requirement_is_made_out_when_it_is_asked_for_and_once():
    asked = []
    found = [
        replace(one, find_need=lambda one=one: asked.append(one.path) or one.find_need())
        for one in fields(Definition(definition(required=["color"])))
    ]
    color = FieldIndex(found).find("color").path
    assert asked == []
    (field,) = (one for one in found if one.path.startswith(color))
    assert (field.requirement, field.condition, field.needed_alone) == ("required", "", True)
    assert field.with_condition("because").condition == "because"
    assert asked == [field.path]
