"""Amazon's conditional rules, read as: this member is needed (or not allowed) where that holds.

In a definition they are `required`, `if`/`then`/`else`, `not`, `contains` and the like, nested to
any depth, in `allOf` and inside attributes. They are read as JSON Schema means them: a keyword
for objects says nothing about a list, so that a rule written against the wrong kind of value is
no rule. Source: JSON Schema 2019-09 and the definitions themselves.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from amazon_listings.product_types.propositions import (
    ALL,
    ALWAYS,
    ANY,
    HERE,
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
from amazon_listings.product_types.tree import resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Schema: TypeAlias = Mapping[str, Any]
#: JSON Schema allows true and false where a schema may stand.
AnySchema: TypeAlias = Schema | bool
Names = tuple[str, ...]

#: Keywords that test a single value; a rule's condition rarely has them.
_CHECKS = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "pattern", "format",
    "minLength", "maxLength", "minUtf8ByteLength", "maxUtf8ByteLength", "minItems", "maxItems",
)  # fmt: skip


class Rules:
    """What a definition demands of an item, per place.

    `needed` and `forbidden` give, for the names from the attribute to a member, when that member
    must be there or must not, provided that what it belongs to is there.

    Args:
        document: The definition.
    """

    def __init__(self, document: Schema) -> None:
        self._document = document
        self._needed: dict[Names, list[Formula]] = defaultdict(list)
        self._forbidden: dict[Names, list[Formula]] = defaultdict(list)
        self._read(document, document, (), ALWAYS)
        self.needed = {names: either(*cases) for names, cases in self._needed.items()}
        self.forbidden = {names: either(*cases) for names, cases in self._forbidden.items()}

    def _read(self, schema: Schema, node: Schema, names: Names, when: Formula) -> None:
        """Collect what `schema`, in force `when`, demands of the object `node` at `names`."""
        if node.get("type") != "object":
            # A single value: nothing in it can be missing.
            return
        for name in schema.get("required", ()):
            self._needed[(*names, name)].append(when)
        for name, others in schema.get("dependentRequired", {}).items():
            given = _here(fact((Hop(name, ONE),)), names)
            for other in others:
                self._needed[(*names, other)].append(both(when, given))
        for name, below in schema.get("properties", {}).items():
            child = self._child(node, name)
            if child is not None and isinstance(below, dict):
                self._read_value(below, child, (*names, name), when)
        self._read_logic(
            schema,
            names,
            when,
            read=lambda part, case: self._read(part, node, names, case),
            meaning=lambda part: _here(truth(self._document, part, node), names),
        )

    def _read_value(self, schema: Schema, node: Schema, names: Names, when: Formula) -> None:
        """Collect from a schema for the value of a member: of a list, from its elements."""
        schema = resolved(self._document, schema)
        if node.get("type") != "array":
            self._read(schema, node, names, when)
            return
        element = resolved(self._document, node.get("items", {}))
        for keyword in ("items", "contains"):
            if isinstance(schema.get(keyword), dict):
                self._read_value(schema[keyword], element, names, when)
        self._read_logic(
            schema,
            names,
            when,
            read=lambda part, case: self._read_value(part, node, names, case),
            meaning=lambda part: _here(_list_truth(self._document, part, node, names[-1]), names[:-1]),
        )

    def _read_logic(
        self,
        schema: Schema,
        names: Names,
        when: Formula,
        *,
        read: Callable[[Schema, Formula], None],
        meaning: Callable[[Schema], Formula],
    ) -> None:
        """Follow `allOf`, `if`, `anyOf`, `oneOf` and `not`, each with the case it applies in."""
        for part in schema.get("allOf", ()):
            read(part, when)
        if "if" in schema and not _silent(schema.get("then"), schema.get("else")):
            condition = meaning(schema["if"])
            if "then" in schema:
                read(schema["then"], both(when, condition))
            if "else" in schema:
                read(schema["else"], both(when, negated(condition)))
        for keyword in ("anyOf", "oneOf"):
            branches = schema.get(keyword, ())
            if _silent(*branches):
                continue
            for index, part in enumerate(branches):
                others = [negated(meaning(other)) for i, other in enumerate(branches) if i != index]
                read(part, both(when, *others))
        if "not" in schema:
            self._deny(meaning(schema["not"]), names, when)

    def _deny(self, formula: Formula, names: Names, when: Formula) -> None:
        """`not`: in each of its cases one fact must give way; say so of what is given or missing."""
        for term in formula:
            if not term:
                # True of whatever is there (such as `required`, which is for objects, of a list).
                self._forbidden[names].append(when)
            for item in term:
                if item.fact.test == "given":
                    others: Formula = frozenset([term - {item}])
                    place = self._forbidden if item.holds else self._needed
                    place[item.fact.names].append(both(when, others))

    def _child(self, node: Schema, name: str) -> Schema | None:
        child = node.get("properties", {}).get(name)
        return None if child is None else resolved(self._document, child)


def _silent(*schemas: Schema | None) -> bool:
    """Whether these schemas demand no member: only such rules are put into words."""
    return not any("required" in text or "dependentRequired" in text for text in map(json.dumps, schemas))


def _here(formula: Formula, names: Names) -> Formula:
    """What is said of the element at `names`, said from the root."""
    for name in reversed(names):
        formula = prefixed(formula, Hop(name, HERE))
    return formula


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
        inside = _list_truth(document, below, child, name)
        if name in required:
            yield both(given, inside)
        else:
            yield either(negated(given), both(given, inside))


def _list_truth(document: Schema, schema: AnySchema, node: Schema, name: str) -> Formula:
    """When the value of member `name`, if it is there, satisfies `schema`."""
    if isinstance(schema, bool):
        return ALWAYS if schema else NEVER
    if node.get("type") != "array":
        return prefixed(truth(document, schema, node), Hop(name, ONE))
    schema = resolved(document, schema)
    element = resolved(document, node.get("items", {}))
    parts = list(_logic(schema, lambda part: _list_truth(document, part, node, name)))
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


def _is_single(node: Schema) -> bool:
    """Whether a list holds one element: Amazon's limit is per marketplace, and an item has one."""
    if node.get("maxItems") == 1:
        return True
    return node.get("maxUniqueItems") == 1 and set(node.get("selectors", ("",))) <= {"marketplace_id"}


def _every(name: str, formula: Formula, node: Schema) -> Formula:
    return _quantified(name, formula, ONE if _is_single(node) else ALL)


def _some(name: str, formula: Formula, node: Schema) -> Formula:
    return _quantified(name, formula, ONE if _is_single(node) else ANY)


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
