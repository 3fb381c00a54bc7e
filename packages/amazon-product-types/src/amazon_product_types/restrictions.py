"""Which values of a field are allowed only sometimes, and on what that depends.

A rule may narrow values instead of demanding them: the teams of `team_name` depend on
`league_name`, in a chain of `if`/`else` that is some fifty levels deep in real definitions.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from amazon_product_types.tree import Names, Schema, resolved

if TYPE_CHECKING:
    from collections.abc import Iterator

_NARROWING = frozenset({
    "enum", "const", "not", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "multipleOf", "minLength", "maxLength", "minUtf8ByteLength", "maxUtf8ByteLength",
})  # fmt: skip


class _Case(NamedTuple):
    """The conditions around a rule: what they speak of, and which they are."""

    sources: frozenset[Names] = frozenset()
    conditions: tuple[str, ...] = ()


class Restriction(NamedTuple):
    """What a field's allowed values depend on, and a digest of how, to see when it changes."""

    depends_on: tuple[Names, ...]
    digest: str


def restrictions(document: Schema) -> dict[Names, Restriction]:
    """The restriction of each leaf that has one, by its names."""
    found: dict[Names, dict[str, frozenset[Names]]] = defaultdict(dict)
    root = {"type": "object", **document}
    for names, sources, rule in _narrowed(document, document, root, (), _Case()):
        found[names][rule] = sources
    return {
        names: Restriction(
            tuple(sorted(frozenset().union(*rules.values()))),
            hashlib.sha256("\n".join(sorted(rules)).encode()).hexdigest()[:16],
        )
        for names, rules in found.items()
    }


def _narrowed(
    document: Schema,
    schema: Schema,
    node: Schema,
    names: Names,
    case: _Case,
) -> Iterator[tuple[Names, frozenset[Names], str]]:
    """Each narrowed leaf, with what the conditions around it speak of, and the rule as text."""
    is_value = node.get("type") not in {"array", "object"}
    if is_value and case.conditions and (narrowing := {key: schema[key] for key in _NARROWING & set(schema)}):
        yield names, case.sources - {names}, json.dumps([*case.conditions, narrowing], sort_keys=True)
    for below, child, place in _inside(document, schema, node, names):
        yield from _narrowed(document, below, child, place, case)
    for part in schema.get("allOf", ()):
        yield from _narrowed(document, part, node, names, case)
    if "if" in schema:
        spoken = case.sources | frozenset(_spoken(document, schema["if"], node, names))
        text = hashlib.sha256(json.dumps(schema["if"], sort_keys=True).encode()).hexdigest()
        for keyword in ("then", "else"):
            if keyword in schema:
                inner = _Case(spoken, (*case.conditions, f"{keyword} {text}"))
                yield from _narrowed(document, schema[keyword], node, names, inner)


def _spoken(document: Schema, schema: Schema, node: Schema, names: Names) -> Iterator[Names]:
    """The leaves that a condition speaks of."""
    for name in schema.get("required", ()):
        if name not in schema.get("properties", {}) and name in node.get("properties", {}):
            yield (*names, name)
    for below, child, place in _inside(document, schema, node, names):
        inner = list(_spoken(document, below, child, place))
        yield from inner or ([place] if place != names else [])
    for keyword in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(keyword, ()):
            yield from _spoken(document, part, node, names)
    if isinstance(schema.get("not"), dict):
        yield from _spoken(document, schema["not"], node, names)


def _inside(
    document: Schema, schema: Schema, node: Schema, names: Names
) -> Iterator[tuple[Schema, Schema, Names]]:
    """What a schema says of the members of an object or the elements of a list: it, of what, where."""
    if node.get("type") == "array":
        element = resolved(document, node.get("items", {}))
        for keyword in ("items", "contains"):
            if isinstance(schema.get(keyword), dict):
                yield resolved(document, schema[keyword]), element, names
    for name, below in schema.get("properties", {}).items():
        child = node.get("properties", {}).get(name)
        if child is not None and isinstance(below, dict):
            yield resolved(document, below), resolved(document, child), (*names, name)
