"""The form of a definition: of what type the value of each keyword is.

What reads a definition trusts its form: that `required` lists names, that `properties` are schemas. Source:
the meta-schema of JSON Schema 2019-09, and for Amazon's keywords the page "Product Type Definition
Meta-Schema (v1)" of the SP-API documentation. Keywords that only inform, and are read as text, may be
anything.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import jsonschema_rs

_SCHEMA = {"$ref": "#/$defs/schema"}
_SCHEMAS = {"type": "array", "minItems": 1, "items": _SCHEMA}
_BY_NAME = {"type": "object", "additionalProperties": _SCHEMA}
_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_NUMBER = {"type": "number"}
_COUNT = {"type": "integer", "minimum": 0}
_LIST = {"type": "array"}
_TYPE = {"enum": ["array", "boolean", "integer", "null", "number", "object", "string"]}


def _of_list(schema: dict[str, Any], *, otherwise: dict[str, Any]) -> dict[str, Any]:
    # Not `anyOf`, whose errors do not tell the place below it.
    return {"if": {"type": "array"}, "then": schema, "else": otherwise}


META_SCHEMA: dict[str, Any] = {
    "$ref": "#/$defs/schema",
    "$defs": {
        "schema": {
            "type": ["object", "boolean"],
            "properties": {
                **dict.fromkeys(
                    (
                        "additionalItems", "additionalProperties", "contains", "else", "if", "not",
                        "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties",
                    ),
                    _SCHEMA,
                ),
                **dict.fromkeys(("allOf", "anyOf", "oneOf"), _SCHEMAS),
                **dict.fromkeys(
                    ("$defs", "definitions", "dependentSchemas", "patternProperties", "properties"), _BY_NAME
                ),
                **dict.fromkeys(
                    ("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"), _NUMBER
                ),
                **dict.fromkeys(
                    (
                        "maxContains", "maxItems", "maxLength", "maxProperties", "maxUniqueItems",
                        "maxUtf8ByteLength", "minContains", "minItems", "minLength", "minProperties",
                        "minUniqueItems", "minUtf8ByteLength",
                    ),
                    _COUNT,
                ),
                **dict.fromkeys(("$ref", "$recursiveRef", "format", "pattern"), _TEXT),
                **dict.fromkeys(("required", "selectors"), _TEXTS),
                **dict.fromkeys(("enum", "enumNames", "examples"), _LIST),
                "dependentRequired": {"type": "object", "additionalProperties": _TEXTS},
                "items": _of_list(_SCHEMAS, otherwise=_SCHEMA),
                "type": _of_list({"minItems": 1, "items": _TYPE}, otherwise=_TYPE),
                "$lifecycle": {
                    "type": "object",
                    "properties": {
                        **dict.fromkeys(("replacedBy", "replaces"), _TEXTS),
                        "enumDeprecated": _LIST,
                        "enumReplacement": {"type": "array", "items": {"type": "object"}},
                    },
                },
            },
        }
    },
}  # fmt: skip


class Misshapen(NamedTuple):
    """A place of a definition whose form is wrong: the steps that lead there, and what is wrong."""

    path: str
    reason: str


def misshapen(document: object) -> Misshapen | None:
    """Return the first place of a definition whose form is wrong."""
    error = next(iter(_meta_schema().iter_errors(document)), None)
    if error is None:
        return None
    return Misshapen("/".join(map(str, error.instance_path)), str(error.message))


@cache
def _meta_schema() -> jsonschema_rs.Validator:
    # What an error says of the value would be the value, which may be a whole definition.
    return jsonschema_rs.Draft201909Validator(META_SCHEMA, offline=True, mask="this")
