"""Conditions of Amazon's rules, read as formulas: what an `if`, `not` or `contains` says.

They are read as JSON Schema means them: a keyword for objects says nothing about a list.
Source: JSON Schema 2019-09, "Validation vocabulary" and "Applicators".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeAlias

from amazon_product_types.conditions.formulas import (
    ALL,
    ALWAYS,
    ANY,
    NEVER,
    ONE,
    Fact,
    Formula,
    Hop,
    Literal,
    both,
    either,
    fact,
    negated,
    prefixed,
    shortest,
)
from amazon_product_types.tree import Schema, resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: JSON Schema allows true and false where a schema may stand.
AnySchema: TypeAlias = Schema | bool

#: Keywords that test a single value; a rule's condition rarely has them.
_CHECKS = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "pattern", "format",
    "minLength", "maxLength", "minUtf8ByteLength", "maxUtf8ByteLength", "minItems", "maxItems",
)  # fmt: skip


def truth(document: Schema, schema: AnySchema, node: Schema) -> Formula:
    """When an object or value of the definition's `node` satisfies `schema`."""
    if isinstance(schema, bool):
        return ALWAYS if schema else NEVER
    schema = resolved(document, schema)
    parts = list(_logic(schema, lambda part: truth(document, part, node)))
    if node.get("type") == "object":
        parts += _object_parts(document, schema, node)
    elif node.get("type") != "array":
        parts += _value_parts(schema, node)
    return both(*parts)


def _object_parts(document: Schema, schema: Schema, node: Schema) -> Iterator[Formula]:
    members = node.get("properties", {})
    required = set(schema.get("required", ()))
    for name in sorted(required | set(schema.get("properties", {}))):
        if name not in members:
            # Nothing else may be there, so it is never given.
            if name in required:
                yield NEVER if node.get("additionalProperties") is False else fact((Hop(name, ONE),))
            continue
        given = fact((Hop(name, ONE),))
        child = resolved(document, members[name])
        below = schema.get("properties", {}).get(name, True)
        inside = member_truth(document, below, child, name)
        if name in required:
            yield both(given, inside)
        else:
            yield either(negated(given), both(given, inside))


def member_truth(document: Schema, schema: AnySchema, node: Schema, name: str) -> Formula:
    """When the value of member `name`, if it is there, satisfies `schema`."""
    if isinstance(schema, bool):
        return ALWAYS if schema else NEVER
    if node.get("type") != "array":
        return prefixed(truth(document, schema, node), Hop(name, ONE))
    schema = resolved(document, schema)
    element = resolved(document, node.get("items", {}))
    parts = list(_logic(schema, lambda part: member_truth(document, part, node, name)))
    if "items" in schema:
        parts.append(_every(name, _plain(truth(document, schema["items"], element), element), node))
    if "contains" in schema:
        parts.append(_some(name, _plain(truth(document, schema["contains"], element), element), node))
    if schema.get("minItems", 1) > 1:
        parts.append(fact((Hop(name, ONE),), "check", [json.dumps(["minItems", schema["minItems"]])]))
    return both(*parts)


def _logic(schema: Schema, meaning: Callable[[Schema], Formula]) -> Iterator[Formula]:
    yield from (meaning(part) for part in schema.get("allOf", ()))
    if "anyOf" in schema:
        yield either(*(meaning(part) for part in schema["anyOf"]))
    if "oneOf" in schema:
        read = [meaning(part) for part in schema["oneOf"]]
        yield either(
            *(
                both(one, *(negated(two) for j, two in enumerate(read) if j != i))
                for i, one in enumerate(read)
            )
        )
    if "not" in schema:
        yield negated(meaning(schema["not"]))
    if "if" in schema:
        condition = meaning(schema["if"])
        yield either(
            both(condition, meaning(schema.get("then", {}))),
            both(negated(condition), meaning(schema.get("else", {}))),
        )


def _value_parts(schema: Schema, node: Schema) -> Iterator[Formula]:
    allowed = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if allowed is not None:
        values = {json.dumps(value) for value in allowed}
        if "enum" in node:
            # A closed list: what is not on it is never there.
            values &= {json.dumps(value) for value in node["enum"]}
        yield fact((), "in", values) if values else NEVER
    for keyword in _CHECKS:
        if keyword in schema:
            yield fact((), "check", [json.dumps([keyword, schema[keyword]])])


def _plain(formula: Formula, element: Schema) -> Formula:
    """Without facts that every element of the definition fulfils: members it always requires."""
    always = frozenset(element.get("required", ()))
    sure = {Literal(Fact((Hop(name, ONE),)), holds=True) for name in always}
    return shortest(frozenset(
        frozenset(item for item in term if item not in sure)
        for term in formula
        if not any(item._replace(holds=True) in sure and not item.holds for item in term)
    ))  # fmt: skip


def is_single(node: Schema) -> bool:
    """Whether a list holds one element: Amazon's limit is per marketplace, and an item has one."""
    if node.get("maxItems") == 1:
        return True
    return node.get("maxUniqueItems") == 1 and set(node.get("selectors", ("",))) <= {"marketplace_id"}


def _every(name: str, formula: Formula, node: Schema) -> Formula:
    return _quantified(name, formula, ONE if is_single(node) else ALL)


def _some(name: str, formula: Formula, node: Schema) -> Formula:
    return _quantified(name, formula, ONE if is_single(node) else ANY)


def _quantified(name: str, formula: Formula, elements: str) -> Formula:
    """All (or any) elements of `name` fulfil `formula`; an array that is there has elements."""
    if formula in (ALWAYS, NEVER):
        return formula
    if elements == ONE:
        return prefixed(formula, Hop(name, ONE))
    opposite = ANY if elements == ALL else ALL
    if elements == ANY and len(formula) > 1:
        return either(*(_quantified(name, frozenset([term]), ANY) for term in formula))
    term = next(iter(formula))
    if len(formula) == 1 and len(term) == 1:
        item = next(iter(term))
        hop = Hop(name, elements if item.holds else opposite)
        return frozenset([frozenset([Literal(item.fact._replace(path=(hop, *item.fact.path)), item.holds)])])
    if len(formula) == 1 and elements == ALL:
        return both(*(_quantified(name, frozenset([frozenset([item])]), ALL) for item in term))
    return frozenset([frozenset([Literal(Fact((Hop(name, elements),), "sub", formula=formula), holds=True)])])
