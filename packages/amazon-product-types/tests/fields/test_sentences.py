from __future__ import annotations

import json
import string
from importlib.resources import files

import pytest

from amazon_product_types.changes import KINDS
from amazon_product_types.fields import fields

FOLDER = files("amazon_product_types") / "messages"
TEXTS = {
    name: json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["words"]
    for name in ("en", "es", "fr", "de")
}


@pytest.mark.parametrize("language", ["es", "fr", "de"])
def test_each_language_says_all_that_english_says(language):
    def shape(texts):
        return {
            word: sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)
            for word, text in texts.items()
        }

    assert shape(TEXTS[language]) == shape(TEXTS["en"])
    assert {f"kind_{kind}" for kind in KINDS} <= TEXTS["en"].keys()


def attribute(title, *, enum=None):
    value = {"type": "string", "title": title} | ({"enum": enum} if enum else {})
    return {"type": "array", "items": {"type": "object", "properties": {"value": value}}}


RULE = {
    "if": {
        "required": ["level"],
        "properties": {
            "level": {"contains": {"required": ["value"], "properties": {"value": {"enum": ["child"]}}}}
        },
    },
    "then": {"required": ["parent"]},
}
DOCUMENT = {
    "type": "object",
    "properties": {
        "level": attribute("Level", enum=["child", "parent"]),
        "parent": attribute("Parent"),
        "asin": attribute("ASIN"),
        "gtin": attribute("GTIN"),
    },
    "allOf": [RULE, {"if": {"not": {"required": ["asin"]}}, "then": {"required": ["gtin"]}}],
}


@pytest.mark.parametrize(
    ("language", "parent", "gtin"),
    [
        ("en", "required when `level` is child", "required unless `asin` is given"),
        ("es", "obligatorio cuando `level` es child", "obligatorio salvo cuando `asin` está indicado"),
        ("fr", "obligatoire quand `level` est child", "obligatoire sauf quand `asin` est renseigné"),
        ("de", "erforderlich, wenn `level` child ist", "erforderlich, außer wenn `asin` angegeben ist"),
    ],
)
def test_conditions_in_each_language(language, parent, gtin):
    said = {field.path: field.condition for field in fields(DOCUMENT, language=language)}
    assert (said["parent.value"], said["gtin.value"]) == (parent, gtin)
