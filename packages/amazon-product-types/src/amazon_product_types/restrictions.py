"""Which values of a field are allowed only sometimes, and on what that depends.

A rule may narrow values instead of demanding them: the teams of `team_name` depend on
`league_name`, in a chain of `if`/`else` that is some fifty levels deep in real definitions.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amazon_product_types.definition import AnySchema, Definition, Names, Node, Schema

_NARROWING = frozenset({
    "enum", "const", "not", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "multipleOf", "minLength", "maxLength", "minUtf8ByteLength", "maxUtf8ByteLength",
})  # fmt: skip


class _Case(NamedTuple):
    """The conditions around a rule: what they speak of, and which they are."""

    sources: frozenset[Names] = frozenset()
    conditions: tuple[str, ...] = ()


class _Position(NamedTuple):
    """What a schema is about: the list of a node as a whole, or an element of it."""

    node: Node
    is_list: bool


class Restriction(NamedTuple):
    """What a field's allowed values depend on, and a digest of how, to see when it changes."""

    depends_on: tuple[Names, ...]
    digest: str


def restrictions(definition: Definition) -> dict[Names, Restriction]:
    """Return the restriction of each leaf that has one, by its names."""
    found: dict[Names, dict[str, frozenset[Names]]] = defaultdict(dict)
    for names, sources, rule in _narrowed(
        definition.document, _Position(definition.root, is_list=False), _Case()
    ):
        found[names][rule] = sources
    return {
        names: Restriction(
            tuple(sorted(frozenset().union(*rules.values()))),
            hashlib.sha256("\n".join(sorted(rules)).encode()).hexdigest()[:16],
        )
        for names, rules in found.items()
    }


def _narrowed(
    schema: AnySchema, position: _Position, case: _Case
) -> Iterator[tuple[Names, frozenset[Names], str]]:
    """Yield each narrowed leaf, with what the conditions around it speak of, and the rule as text."""
    if isinstance(schema, bool):
        return
    narrowing = {key: schema[key] for key in _NARROWING & set(schema)}
    if narrowing and case.conditions and position.node.is_leaf and not position.is_list:
        names = position.node.names
        yield names, case.sources - {names}, json.dumps([*case.conditions, narrowing], sort_keys=True)
    for below, inner in _inside(schema, position):
        yield from _narrowed(below, inner, case)
    for part in schema.get("allOf", ()):
        yield from _narrowed(part, position, case)
    if "if" in schema:
        spoken = case.sources | frozenset(_spoken(schema["if"], position))
        text = hashlib.sha256(json.dumps(schema["if"], sort_keys=True).encode()).hexdigest()
        for keyword in ("then", "else"):
            if keyword in schema:
                inside = _Case(spoken, (*case.conditions, f"{keyword} {text}"))
                yield from _narrowed(schema[keyword], position, inside)


def _spoken(schema: AnySchema, position: _Position) -> Iterator[Names]:
    """Yield the leaves that a condition speaks of."""
    if isinstance(schema, bool):
        return
    node = position.node
    for name in schema.get("required", ()):
        if name not in schema.get("properties", {}) and name in node.members and not position.is_list:
            yield (*node.names, name)
    for below, inner in _inside(schema, position):
        spoken = list(_spoken(below, inner))
        yield from spoken or ([inner.node.names] if inner.node is not node else [])
    for keyword in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(keyword, ()):
            yield from _spoken(part, position)
    if isinstance(schema.get("not"), dict):
        yield from _spoken(schema["not"], position)


def _inside(schema: Schema, position: _Position) -> Iterator[tuple[Schema, _Position]]:
    """Yield what a schema says of the members of an object or the elements of a list: it, and of what."""
    node, resolved = position.node, position.node.definition.resolved
    if position.is_list:
        for keyword in ("items", "contains"):
            if isinstance(schema.get(keyword), dict):
                yield resolved(schema[keyword]), _Position(node, is_list=False)
        return
    for name, below in schema.get("properties", {}).items():
        member = node.members.get(name)
        if member is not None and isinstance(below, dict):
            yield resolved(below), _Position(member, member.is_array)
