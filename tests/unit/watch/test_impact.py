from __future__ import annotations

import copy

import pytest

from amazon_listings.watch.impact import Mapped, impact, newly_failing
from amazon_product_types.changes import changes
from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields
from amazon_product_types.labels import FieldIndex
from amazon_product_types.validation import compile_definition


def attribute(title, value):
    item = {
        "type": "object",
        "required": ["value"],
        "properties": {"value": {"title": title, **value}},
        "additionalProperties": False,
    }
    return {"type": "array", "title": title, "maxUniqueItems": 3, "selectors": ["value"], "items": item}


OLD = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": attribute("Name", {"type": "string", "maxLength": 200, "maxUtf8ByteLength": 500}),
        "color": attribute("Color", {"type": "string", "enum": ["r", "g"], "enumNames": ["Red", "Green"]}),
        "count": attribute("Count", {"type": "integer", "minimum": 1}),
        "note": attribute("Note", {"type": "string"}),
    },
}


def index(document):
    return FieldIndex(fields(Definition(document)))


def differing(new):
    return changes(Definition(OLD), Definition(new))


def changed(edit):
    new = copy.deepcopy(OLD)
    edit(new, {name: item["items"]["properties"]["value"] for name, item in new["properties"].items()})
    return new


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("es", "fr_home, línea 11: Name: como máximo 75"),
        ("fr_CA", "fr_home, ligne 11: Name: au plus 75"),
        ("de", "fr_home, Zeile 11: Name: höchstens 75"),
        ("ja_JP", "fr_home, line 11: Name: at most 75"),
    ],
)
def test_what_changes_touch_is_told_in_the_people_s_language(language, line):
    new = changed(lambda _, values: values["name"].update(maxLength=75))
    found = changes(Definition(OLD), Definition(new), language=language)
    mapped = Mapped("fr_home", {"Name": "x"}, {"Name": 11})
    (touched,) = impact(found, [mapped], index(OLD), index(new), language=language)
    assert touched.told(language).startswith(line)


def drift():
    def edit(new, values):
        values["name"]["maxLength"] = 75
        new["properties"]["name"]["title"] = values["name"]["title"] = "Title"
        new["properties"].pop("note")
        new["properties"]["origin"] = attribute("Origin", {"type": "string"})
        new["required"] = ["origin"]

    return changed(edit)


def test_impact_on_mapping_lines():
    new = drift()
    mapping = {"Name": "{{ item.name }}", "Color": "r", "note": "{{ item.note }}", "Count": 1}
    mapped = Mapped("fr_home", mapping, {"Name": 11, "note": 13})
    touched = impact(
        differing(new),
        [mapped],
        index(OLD),
        index(new),
    )
    assert {(one.key, one.line, one.path, one.person) for one in touched} == {
        ("Name", 11, "name.value", True),
        ("Name", 11, "name.value", False),
        ("note", 13, "note.value", True),
        ("", None, "origin.value", True),
    }
    texts = [one.told() for one in touched]
    assert "fr_home, line 11: Name: the label is now “Title”; the line keeps its meaning" in texts
    assert "fr_home: origin.value: not mapped: required" in texts


def test_a_label_that_now_fits_several_fields_needs_a_person():
    def edit(new, _):
        new["properties"]["remark"] = attribute("Note", {"type": "string"})

    new = changed(edit)
    mapped = Mapped("fr_home", {"Note": "x", "note": "y"}, {})
    (touched,) = impact(
        differing(new),
        [mapped],
        index(OLD),
        index(new),
    )
    assert (touched.key, touched.person) == ("Note", True)
    assert "note.value, remark.value" in touched.text


def test_mapping_a_required_field_settles_it():
    mapped = Mapped("fr_home", {"origin": "FR", "Color": "r"}, {})
    new = drift()
    assert (
        impact(
            differing(new),
            [mapped],
            index(OLD),
            index(new),
        )
        == []
    )


def test_items_that_would_now_fail():
    items = [
        ("right", {"name": [{"value": "short"}], "origin": [{"value": "FR"}]}),
        ("long", {"name": [{"value": "x" * 100}]}),
        ("wrong before", {"name": [{"value": 5}]}),
        ("bare", {"name": [{"value": "x"}]}),
    ]
    wider = copy.deepcopy(OLD)
    wider["properties"]["origin"] = attribute("Origin", {"type": "string"})
    found = newly_failing(iter(items), compile_definition(wider), compile_definition(drift()), shown=1)
    assert (found.items, found.failed_before, found.failing_now) == (4, 1, 2)
    ((sku, wrong),) = found.skus
    assert sku == "long"
    assert any("name" in path for path in wrong)
