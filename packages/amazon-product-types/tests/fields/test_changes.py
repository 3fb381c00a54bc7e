from __future__ import annotations

import copy

import pytest

from amazon_product_types.changes import BREAKING, KINDS, changes, told
from amazon_product_types.definition import Definition


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


def changed(edit):
    new = copy.deepcopy(OLD)
    edit(new, {name: item["items"]["properties"]["value"] for name, item in new["properties"].items()})
    return new


@pytest.mark.parametrize(
    ("edit", "kind", "text"),
    [
        (lambda new, v: new["properties"].pop("note"), "removed", "no longer exists"),
        (
            lambda new, v: new["properties"].update(extra=attribute("E", {"type": "string"})),
            "added",
            "new, optional",
        ),
        (lambda new, v: new.update(required=["note"]), "required", "required (before: optional)"),
        (
            lambda new, v: new.update(
                allOf=[{"if": {"required": ["count"]}, "then": {"required": ["note"]}}]
            ),
            "condition",
            "required when “Count” is given (before: optional)",
        ),
        (
            lambda new, v: new.update(
                allOf=[{"if": {"required": ["count"]}, "then": {"not": {"required": ["note"]}}}]
            ),
            "forbidden",
            "not allowed when “Count” is given (before: always allowed)",
        ),
        (
            lambda new, v: new.update(
                allOf=[
                    {
                        "if": {"required": ["count"]},
                        "then": {
                            "properties": {"color": {"items": {"properties": {"value": {"enum": ["r"]}}}}}
                        },
                    }
                ]
            ),
            "restricted",
            "which values are allowed depends on count in another way",
        ),
        (lambda new, v: v["color"].update(enum=["r"], enumNames=["Red"]), "options_gone", "gone: Green (g)"),
        (
            lambda new, v: v["color"].update(enum=["r", "g", "b"], enumNames=["Red", "Green", "Blue"]),
            "options_new",
            "new: Blue (b)",
        ),
        (
            lambda new, v: v["color"].update({"$lifecycle": {"enumDeprecated": ["g"]}}),
            "deprecated",
            "going away: Green (g)",
        ),
        (lambda new, v: v["name"].update(maxLength=75), "tightened", "at most 75 characters (before: 200)"),
        (
            lambda new, v: v["name"].update(maxUtf8ByteLength=100),
            "tightened",
            "at most 100 bytes (before: 500)",
        ),
        (lambda new, v: v["name"].update(maxLength=300), "loosened", "at most 300 characters (before: 200)"),
        (lambda new, v: v["count"].update(minimum=2), "tightened", "at least 2 (before: 1)"),
        (
            lambda new, v: v["note"].update(enum=["a"]),
            "tightened",
            "only takes its options, other text is refused",
        ),
        (
            lambda new, v: new["properties"]["note"].update(maxUniqueItems=1),
            "tightened",
            "at most 1 value (before: 3)",
        ),
        (lambda new, v: v["count"].update(type="string"), "type", "its type is text (before: whole number)"),
        (lambda new, v: v["note"].update(title="Remark"), "renamed", "was called “Note”"),
    ],
)
def test_each_kind_of_change_in_words(edit, kind, text):
    found = {(change.kind, change.text) for change in changes(Definition(OLD), Definition(changed(edit)))}
    assert (kind, text) in found


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("es", "como máximo 75 caracteres (antes: 200)"),
        ("fr_CA", "au plus 75 caractères (avant : 200)"),
        ("de", "höchstens 75 Zeichen (vorher: 200)"),
        ("ja_JP", "at most 75 characters (before: 200)"),
    ],
)
def test_changes_are_told_in_the_people_s_language(language, wanted):
    new = changed(lambda _, values: values["name"].update(maxLength=75))
    found = changes(Definition(OLD), Definition(new), language=language)
    assert [change.text for change in found] == [wanted]


def test_nothing_changed():
    assert changes(Definition(OLD), Definition(copy.deepcopy(OLD))) == []
    assert list(told([])) == ["No field changed."]


def test_a_field_that_comes_required_is_both_new_and_required():
    def edit(new, _):
        new["properties"]["extra"] = attribute("Extra", {"type": "string"})
        new["required"] = ["extra"]

    found = changes(Definition(OLD), Definition(changed(edit)))
    assert [change.kind for change in found] == [
        "required",
        "added",
    ]


def test_the_worst_is_told_first():
    order = list(KINDS)
    assert all(order.index(bad) < order.index(good) for bad in BREAKING for good in set(KINDS) - BREAKING)
