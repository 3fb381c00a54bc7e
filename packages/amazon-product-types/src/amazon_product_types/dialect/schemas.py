"""Schemas: which keywords hold further ones, what stands at a pointer, and their compiled form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema_rs

from amazon_product_types import json_pointer
from amazon_product_types.dialect import keywords
from amazon_product_types.dialect.formats import FORMATS, SHAPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from amazon_product_types.json_pointer import Pointer

#: Keywords whose value is one schema.
ONE = frozenset(
    (
        "additionalItems",
        "additionalProperties",
        "contains",
        "else",
        "if",
        "items",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    )
)
#: Keywords whose value is a list of schemas (`items` may be one too).
LISTS = frozenset(("allOf", "anyOf", "items", "oneOf"))
#: Keywords whose value is schemas by name.
MAPS = frozenset(("$defs", "definitions", "dependentSchemas", "patternProperties", "properties"))


def children(schema: dict[str, Any]) -> Iterator[tuple[Pointer, Any]]:
    """Yield the schemas right below `schema`, each with the steps that lead there."""
    for keyword, value in schema.items():
        if keyword in MAPS and isinstance(value, dict):
            for name, child in value.items():
                yield (keyword, name), child
        elif keyword in LISTS and isinstance(value, list):
            for index, child in enumerate(value):
                yield (keyword, index), child
        elif keyword in ONE:
            yield (keyword,), value


def at(document: Any, pointer: Pointer) -> Any:
    """Return what stands at `pointer`, following a `$ref` where the pointer steps through one.

    Returns:
        The schema or keyword value there; None if there is nothing.
    """
    node = document
    for step in pointer:
        try:
            node = json_pointer.value_at(document, node["$ref"]) if step == "$ref" else node[step]
        except (KeyError, IndexError, TypeError):
            return None
    return None if node is json_pointer.ABSENT else node


def compile_schema(schema: Any) -> jsonschema_rs.Validator:
    """Return a validator of the dialect: 2019-09, formats asserted, Amazon's keywords, never the network."""
    return _compiled(schema, FORMATS)


def compile_verdict(schema: Any) -> jsonschema_rs.Validator:
    """Return a validator of the dialect that is asked for verdicts, not for places; faster with dates."""
    return _compiled(_with_shapes(schema), None)


def _compiled(schema: Any, formats: dict[str, Callable[[str], bool]] | None) -> jsonschema_rs.Validator:
    # The engine is a quarter slower once it knows any keyword of ours, so only where one is left.
    own = keywords.engine_keywords() if _uses_keywords(schema) else None
    # What an error says is never read, so the engine need not spell out the values it found.
    return jsonschema_rs.Draft201909Validator(
        schema, validate_formats=True, formats=formats, offline=True, keywords=own, mask=""
    )


def _with_shapes(schema: Any) -> Any:
    """Return a schema that needs no check of ours for its formats: the shape of each stands beside it."""
    if not isinstance(schema, dict):
        return schema
    result = dict(schema)
    for keyword, value in schema.items():
        if keyword in MAPS and isinstance(value, dict):
            result[keyword] = {name: _with_shapes(child) for name, child in value.items()}
        elif keyword in LISTS and isinstance(value, list):
            result[keyword] = [_with_shapes(child) for child in value]
        elif keyword in ONE:
            result[keyword] = _with_shapes(value)
    if schema.get("format") in FORMATS:
        shape = SHAPES[schema["format"]].pattern
        result["allOf"] = [*result.get("allOf", ()), {"pattern": f"^(?:{shape})$"}]
    return result


def _uses_keywords(schema: object) -> bool:
    return isinstance(schema, dict) and (
        any(keyword in schema for keyword in keywords.KEYWORDS)
        or any(_uses_keywords(child) for _, child in children(schema))
    )
