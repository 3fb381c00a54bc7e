from __future__ import annotations

import pytest

from amazon_product_types.changes import KINDS
from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields
from amazon_product_types.messages import catalogue


def test_each_kind_of_change_has_a_heading():
    assert all(catalogue("en").knows(f"change.kind_{kind}") for kind in KINDS)


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
        ("en", "required when “level” is child", "required unless “asin” is given"),
        ("es", "obligatorio cuando «level» es child", "obligatorio salvo cuando «asin» está indicado"),
        ("fr", "obligatoire quand « level » est child", "obligatoire sauf quand « asin » est renseigné"),
        ("de", "erforderlich, wenn „level“ child ist", "erforderlich, außer wenn „asin“ angegeben ist"),
    ],
)
def test_conditions_in_each_language(language, parent, gtin):
    said = {field.path: field.condition for field in fields(Definition(DOCUMENT), language=language)}
    assert (said["parent.value"], said["gtin.value"]) == (parent, gtin)
