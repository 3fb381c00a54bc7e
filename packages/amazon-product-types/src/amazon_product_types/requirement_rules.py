"""Amazon's conditional rules, read as: this member is needed (or not allowed) where that holds.

In a definition they are `required`, `if`/`then`/`else`, `not`, `contains` and the like, nested to
any depth, in `allOf` and inside attributes. They are read as JSON Schema means them: a keyword
for objects says nothing about a list, so that a rule written against the wrong kind of value is
no rule. Source: JSON Schema 2019-09 and the definitions themselves.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from amazon_product_types.conditions.formulas import (
    ALWAYS,
    ONE,
    Formula,
    Hop,
    both,
    either,
    fact,
    negated,
)
from amazon_product_types.conditions.parsing import from_root, member_truth, truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from amazon_product_types.definition import AnySchema, Definition, Names, Node, Schema


class Rules:
    """What a definition demands of an item, per node.

    `needed` and `forbidden` give, for the names from the attribute to a member, when that member
    must be there or must not, provided that what it belongs to is there.

    Args:
        definition: The definition.
    """

    def __init__(self, definition: Definition) -> None:
        self._needed: dict[Names, list[Formula]] = defaultdict(list)
        self._forbidden: dict[Names, list[Formula]] = defaultdict(list)
        self._read(definition.document, definition.root, ALWAYS)
        self.needed = {names: either(*cases) for names, cases in self._needed.items()}
        self.forbidden = {names: either(*cases) for names, cases in self._forbidden.items()}

    def _read(self, schema: AnySchema, node: Node, when: Formula) -> None:
        """Collect what `schema`, in force `when`, demands of the object `node`."""
        if isinstance(schema, bool) or node.element.get("type") != "object":
            # True and false name no member, and in a single value nothing can be missing.
            return
        names = node.names
        for name in schema.get("required", ()):
            self._needed[(*names, name)].append(when)
        for name, others in schema.get("dependentRequired", {}).items():
            given = from_root(fact((Hop(name, ONE),)), names)
            for other in others:
                self._needed[(*names, other)].append(both(when, given))
        for name, below in schema.get("properties", {}).items():
            member = node.members.get(name)
            if member is not None and isinstance(below, dict):
                self._read_value(below, member, when)
        self._read_logic(
            schema,
            names,
            when,
            read=lambda part, case: self._read(part, node, case),
            meaning=lambda part: from_root(truth(part, node), names),
        )

    def _read_value(self, schema: AnySchema, node: Node, when: Formula) -> None:
        """Collect from a schema for the value of a member: of a list, from its elements."""
        schema = node.definition.resolved(schema)
        if not node.is_array:
            self._read(schema, node, when)
            return
        for keyword in ("items", "contains"):
            if isinstance(schema.get(keyword), dict):
                self._read(node.definition.resolved(schema[keyword]), node, when)
        self._read_logic(
            schema,
            node.names,
            when,
            read=lambda part, case: self._read_value(part, node, case),
            meaning=lambda part: from_root(member_truth(part, node), node.names[:-1]),
        )

    def _read_logic(
        self,
        schema: Schema,
        names: Names,
        when: Formula,
        *,
        read: Callable[[AnySchema, Formula], None],
        meaning: Callable[[AnySchema], Formula],
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


def _silent(*schemas: Schema | None) -> bool:
    """Return whether these schemas demand no member: only such rules are put into words."""
    return not any("required" in text or "dependentRequired" in text for text in map(json.dumps, schemas))
