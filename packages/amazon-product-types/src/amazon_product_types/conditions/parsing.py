"""Conditions of Amazon's rules, read as formulas: what an `if`, `not` or `contains` says.

They are read as JSON Schema means them: a keyword for objects says nothing about a list.
Source: JSON Schema 2019-09, "Validation vocabulary" and "Applicators".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from amazon_product_types.conditions.formulas import (
    ALL,
    ALWAYS,
    ANY,
    HERE,
    NEVER,
    ONE,
    WHOLE,
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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from amazon_product_types.definition import AnySchema, Names, Node, Schema

#: Keywords that test a value, an object or a list by themselves; a rule's condition rarely has them.
_OF_VALUES = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "pattern", "format",
    "minLength", "maxLength", "minUtf8ByteLength", "maxUtf8ByteLength",
)  # fmt: skip
_OF_OBJECTS = ("minProperties", "maxProperties", "dependentRequired")
_OF_LISTS = ("minItems", "maxItems", "minUniqueItems", "maxUniqueItems", "uniqueItems")


def truth(schema: AnySchema, node: Node) -> Formula:
    """Return when an element of `node` (an object or a value) satisfies `schema`."""
    if isinstance(schema, bool):
        return ALWAYS if schema else NEVER
    schema = node.definition.resolved(schema)
    parts = list(_logic(schema, lambda part: truth(part, node)))
    kind = node.element.get("type")
    if kind == "object":
        parts += _object_parts(schema, node)
    elif kind != "array":
        parts += _value_parts(schema, node)
    return both(*parts)


def member_truth(schema: AnySchema, node: Node) -> Formula:
    """Return when the value of `node`, if it is there, satisfies `schema`."""
    if isinstance(schema, bool):
        return ALWAYS if schema else NEVER
    if not node.is_array:
        return prefixed(truth(schema, node), Hop(node.name, ONE))
    schema = node.definition.resolved(schema)
    parts = list(_logic(schema, lambda part: member_truth(part, node)))
    if "items" in schema:
        parts.append(_every(_plain(truth(schema["items"], node), node), node))
    if "contains" in schema:
        parts.append(_some(_plain(truth(schema["contains"], node), node), node))
    # A list that is there has elements.
    stated = {keyword: schema[keyword] for keyword in _OF_LISTS if schema.get(keyword, 0) not in {0, 1}}
    parts += _checks(stated, (Hop(node.name, WHOLE),))
    return both(*parts)


def from_root(formula: Formula, names: Names) -> Formula:
    """Return what is said of the element at `names`, said from the root."""
    for name in reversed(names):
        formula = prefixed(formula, Hop(name, HERE))
    return formula


def _object_parts(schema: Schema, node: Node) -> Iterator[Formula]:
    required = set(schema.get("required", ()))
    for name in sorted(required | set(schema.get("properties", {}))):
        member = node.members.get(name)
        if member is None:
            # Nothing else may be there, so it is never given.
            if name in required:
                yield NEVER if node.element.get("additionalProperties") is False else fact((Hop(name, ONE),))
            continue
        given = fact((Hop(name, ONE),))
        inside = member_truth(schema.get("properties", {}).get(name, True), member)
        if name in required:
            yield both(given, inside)
        else:
            yield either(negated(given), both(given, inside))
    yield from _checks({keyword: schema[keyword] for keyword in _OF_OBJECTS if keyword in schema}, ())


def _value_parts(schema: Schema, node: Node) -> Iterator[Formula]:
    allowed = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if allowed is not None:
        values = {json.dumps(value) for value in allowed}
        if "enum" in node.element:
            # A closed list: what is not on it is never there.
            values &= {json.dumps(value) for value in node.element["enum"]}
        yield fact((), "in", values) if values else NEVER
    yield from _checks({keyword: schema[keyword] for keyword in _OF_VALUES if keyword in schema}, ())


def _checks(stated: Schema, path: tuple[Hop, ...]) -> Iterator[Formula]:
    for keyword, operand in stated.items():
        yield fact(path, "check", [json.dumps([keyword, operand])])


def _logic(schema: Schema, meaning: Callable[[AnySchema], Formula]) -> Iterator[Formula]:
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


def _plain(formula: Formula, node: Node) -> Formula:
    """Return a formula without facts that every element fulfils: members it always requires."""
    always = frozenset(node.element.get("required", ()))
    sure = {Literal(Fact((Hop(name, ONE),)), holds=True) for name in always}
    return shortest(frozenset(
        frozenset(item for item in term if item not in sure)
        for term in formula
        if not any(item._replace(holds=True) in sure and not item.holds for item in term)
    ))  # fmt: skip


def is_single(node: Node) -> bool:
    """Return whether a list holds one element: Amazon's limit is per marketplace, and an item has one."""
    if node.max_items == 1:
        return True
    return node.max_unique == 1 and set(node.selectors or ("",)) <= {"marketplace_id"}


def _every(formula: Formula, node: Node) -> Formula:
    return _quantified(formula, node.name, ONE if is_single(node) else ALL)


def _some(formula: Formula, node: Node) -> Formula:
    return _quantified(formula, node.name, ONE if is_single(node) else ANY)


def _quantified(formula: Formula, name: str, elements: str) -> Formula:
    """Return that all (or any) elements of `name` fulfil `formula`; a list that is there has elements."""
    if formula in (ALWAYS, NEVER):
        return formula
    if elements == ONE:
        return prefixed(formula, Hop(name, ONE))
    opposite = ANY if elements == ALL else ALL
    if elements == ANY and len(formula) > 1:
        return either(*(_quantified(frozenset([term]), name, ANY) for term in formula))
    term = next(iter(formula))
    if len(formula) == 1 and len(term) == 1:
        item = next(iter(term))
        hop = Hop(name, elements if item.holds else opposite)
        return frozenset([frozenset([Literal(item.fact._replace(path=(hop, *item.fact.path)), item.holds)])])
    if len(formula) == 1 and elements == ALL:
        return both(*(_quantified(frozenset([frozenset([item])]), name, ALL) for item in term))
    return frozenset([frozenset([Literal(Fact((Hop(name, elements),), "sub", formula=formula), holds=True)])])
