from __future__ import annotations

import re
from pathlib import Path

from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields


def definition(**properties):
    return {"type": "object", "properties": properties}


def single(schema, **more):
    members = {"value": schema, "marketplace_id": {"type": "string"}, **more}
    item = {"type": "object", "properties": members}
    return {"type": "array", "title": "Outer", "selectors": ["marketplace_id"], "items": item}


def only(schema, **more):
    (field,) = fields(Definition(definition(a=single(schema, **more))))
    return field


def test_the_engine_writes_marketplace_and_language():
    field = only({"type": "string", "title": "Inner"}, language_tag={"type": "string"})
    assert (field.path, field.label, field.labels, field.language) == (
        "a.value",
        "Inner",
        ("Outer", "Inner"),
        True,
    )
    assert field.pointer == "a[].value"


def test_a_leaf_without_a_title_goes_by_what_it_is_in():
    assert only({"type": "string"}).label == "Outer"


def test_references_are_followed():
    document = definition(a=single({"$ref": "#/$defs/text"}))
    document["$defs"] = {"text": {"type": "string", "maxLength": 5}}
    (field,) = fields(Definition(document))
    assert field.max == 5


def test_a_list_of_plain_values_is_one_field():
    field = only(
        {"type": "array", "title": "Names", "maxItems": 5, "items": {"type": "string", "enum": ["x"]}}
    )
    assert (field.path, field.label, field.max_values) == ("a.value", "Names", 5)
    assert [option.value for option in field.options] == ["x"]


def test_suggestions_are_open_and_lists_are_closed():
    values = {"enum": ["r"], "enumNames": ["Red"]}
    assert only({"type": "string", "anyOf": [{"type": "string"}, values]}).open
    assert not only({"type": "string", **values}).open
    assert only({"type": "string", **values}).options[0].name == "Red"


def test_options_keep_their_json_type_and_repeated_codes_are_one():
    field = only({"type": "boolean", "enum": [True, False, True], "enumNames": ["Yes", "No"]})
    assert [(option.value, option.name) for option in field.options] == [(True, "Yes"), (False, "No")]


def test_options_going_away_are_marked_with_what_replaces_them():
    lifecycle = {"enumDeprecated": ["A"], "enumReplacement": [{"value": "A", "replacements": ["B"]}]}
    going, staying = only({"type": "string", "enum": ["A", "B"], "$lifecycle": lifecycle}).options
    assert (going.deprecated, going.replacements) == (True, ("B",))
    assert not staying.deprecated


def test_names_of_options_come_by_code_not_by_position():
    own = definition(a=single({"type": "string", "enum": ["x", "y"], "enumNames": ["Ix", "Igrec"]}))
    spoken = definition(a=single({"type": "string", "enum": ["y", "z"], "enumNames": ["Why", "Zed"]}))
    (field,) = fields(Definition(own, labels=spoken))
    assert [(option.value, option.name) for option in field.options] == [("x", "Ix"), ("y", "Why")]


def test_limits_are_numbers_for_numbers_and_characters_for_text():
    number = only({"type": "number", "minimum": 0, "exclusiveMinimum": 1, "maximum": 9, "maxLength": 3})
    assert (number.min, number.max) == (1, 9)
    text = only({"type": "string", "minLength": 2, "maxLength": 9, "maxUtf8ByteLength": 12})
    assert (text.min, text.max, text.max_bytes) == (2, 9, 12)


def test_types_say_dates_and_addresses():
    date = {
        "type": "string",
        "oneOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}],
    }
    assert (only(date).type, only(date).json_type) == ("date", "string")
    assert only({"type": "string", "format": "uri"}).type == "url"


def test_groups_come_from_amazons_answer():
    groups = {"offer": {"title": "Offre", "propertyNames": ["a"]}}
    (field,) = fields(Definition(definition(a=single({"type": "string"})), property_groups=groups))
    assert (field.group, field.group_id) == ("Offre", "offer")


def test_every_key_is_documented():
    text = (Path(__file__).resolve().parents[4] / "docs" / "fields.md").read_text()
    table = text.partition("## Keys of")[2].partition("## Requirement")[0]
    documented = {
        key
        for line in table.splitlines()
        if line.startswith("| `")
        for key in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    assert documented == set(only({"type": "string"}).to_dict())
