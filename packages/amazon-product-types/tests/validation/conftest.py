import copy

import pytest

TEXT = {"type": "string"}


def attribute(value, *, title, required=("value",), selectors=("marketplace_id",), most=1, **parts):
    properties = {"value": value, "marketplace_id": {"$ref": "#/$defs/marketplace_id"}, **parts}
    return {
        "title": title,
        "type": "array",
        "minItems": 1,
        "minUniqueItems": 1,
        "maxUniqueItems": most,
        "selectors": list(selectors),
        "items": {
            "type": "object",
            "required": list(required),
            "properties": properties,
            "additionalProperties": False,
        },
    }


def is_(name, *values):
    """Amazon's way to say: the attribute is one of the values."""
    value = {"required": ["value"], "properties": {"value": {"enum": list(values)}}}
    return {"required": [name], "properties": {name: {"contains": value}}}


def given(name, field="value"):
    """Amazon's way to say: the attribute is there."""
    return {"required": [name], "properties": {name: {"items": {"required": [field]}}}}


TAG = {"$ref": "#/$defs/language_tag"}
LAMP = {
    "$schema": "https://schemas.amazon.com/selling-partners/definitions/product-types/meta-schema/v1",
    "$id": "https://schemas.amazon.com/selling-partners/definitions/product-types/schema/v1/LAMP",
    "$defs": {
        "marketplace_id": {
            "type": "string",
            "anyOf": [TEXT, {"type": "string", "enum": ["A1"], "enumNames": ["Here"]}],
        },
        "language_tag": {"type": "string", "anyOf": [TEXT, {"type": "string", "enum": ["en_GB"]}]},
    },
    "type": "object",
    "required": ["item_name"],
    "additionalProperties": False,
    "properties": {
        "item_name": attribute(
            {"title": "Title", "type": "string", "minLength": 1, "maxLength": 50, "maxUtf8ByteLength": 60},
            title="Item Name",
            required=("value", "language_tag"),
            selectors=("marketplace_id", "language_tag"),
            language_tag=TAG,
        ),
        "bullet_point": attribute(
            {"title": "Bullet", "type": "string"},
            title="Bullet Point",
            required=("value", "language_tag"),
            selectors=("marketplace_id", "language_tag"),
            most=3,
            language_tag=TAG,
        ),
        "item_weight": attribute(
            {
                "title": "Item Weight",
                "type": "number",
                "minimum": 0,
                "exclusiveMaximum": 1000,
                "multipleOf": 0.01,
            },
            title="Item Weight",
            required=("value", "unit"),
            unit={
                "title": "Item Weight Unit",
                "type": "string",
                "enum": ["grams", "kilograms", "pounds", "ounces", "tons", "milligrams"],
                "enumNames": ["Grams", "Kilograms", "Pounds", "Ounces", "Tons", "Milligrams"],
            },
        ),
        "color": attribute(
            {
                "title": "Color",
                "type": "string",
                "anyOf": [
                    TEXT,
                    {"type": "string", "enum": ["Red", "Green", "Blue", "Black", "White", "Gold", "Pink"]},
                ],
            },
            title="Color",
        ),
        "theme": attribute(
            {
                "title": "Theme",
                "type": "string",
                "enum": ["SIZE", "COLOR", "COLOR", "OLD"],
                "$lifecycle": {
                    "enumDeprecated": ["OLD"],
                    "enumReplacement": [{"value": "OLD", "replacements": ["SIZE"]}],
                },
            },
            title="Variation Theme",
        ),
        "launch": attribute(
            {
                "title": "Launch Date",
                "type": "string",
                "oneOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}],
            },
            title="Launch",
        ),
        "picture": attribute(
            {
                "title": "Picture",
                "type": "string",
                "minLength": 1,
                "format": "uri",
                "pattern": "^(https?|s3)://",
            },
            title="Picture",
        ),
        "external_id": attribute(
            {"title": "External ID", "type": "string", "editable": False}, title="External ID"
        ),
        "asin": attribute({"title": "ASIN", "type": "string"}, title="ASIN"),
        "exempt": attribute({"title": "Exempt", "type": "boolean"}, title="Exempt"),
        "level": attribute({"title": "Level", "type": "string", "enum": ["parent", "child"]}, title="Level"),
        "parent": attribute({"title": "Parent SKU", "type": "string"}, title="Parent"),
        "size": attribute({"title": "Size", "type": "string"}, title="Size"),
    },
    "allOf": [
        {"if": is_("level", "child"), "then": {"required": ["parent"]}},
        {
            "if": {"not": is_("level", "child")},
            "then": {"properties": {"parent": {"items": {"not": {"required": ["value"]}}}}},
        },
        {
            "if": {"anyOf": [{"not": given("level")}, {"not": is_("level", "parent")}]},
            "then": {"required": ["size"]},
        },
        *(
            {
                "if": {
                    "anyOf": [
                        {"allOf": [{"not": given(other)}, {"not": given("exempt")}]},
                        {"allOf": [{"not": given(other)}, is_("exempt", False)]},
                    ]
                },
                "then": {"required": [name]},
            }
            for name, other in (("external_id", "asin"), ("asin", "external_id"))
        ),
    ],
}


@pytest.fixture
def lamp():
    """A small definition with everything that Amazon's have."""
    return copy.deepcopy(LAMP)


@pytest.fixture
def payload():
    """A payload that the definition accepts, without a warning."""
    return {
        "item_name": [{"value": "Lamp", "language_tag": "en_GB", "marketplace_id": "A1"}],
        "item_weight": [{"value": 1.25, "unit": "kilograms", "marketplace_id": "A1"}],
        "size": [{"value": "M"}],
        "asin": [{"value": "B000000000"}],
    }
