"""Random payloads of a definition's shape, and what its schema says is missing in them."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from jsonschema import Draft201909Validator

from amazon_product_types.conditions.evaluation import true_of
from amazon_product_types.conditions.parsing import is_single
from amazon_product_types.definition import Definition
from amazon_product_types.requirement_rules import Rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amazon_product_types.conditions.formulas import Formula
    from amazon_product_types.definition import Node

Place = tuple[str | int, ...]


class Payloads:
    """Makes payloads whose elements have the members the definition always requires of them.

    The values that rules speak of, and the attributes they are found in, are chosen often.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.definition = Definition(document)
        self.rules = Rules(self.definition)
        self.spoken: dict[tuple[str, ...], list[Any]] = {}
        for formula in [*self.rules.needed.values(), *self.rules.forbidden.values()]:
            self._listen(formula)
        self.validator = Draft201909Validator(self._rules_only())

    def _listen(self, formula: Formula) -> None:
        for term in formula:
            for item in term:
                known = self.spoken.setdefault(item.fact.names, [])
                if item.fact.test == "in":
                    known += [
                        value for v in sorted(item.fact.values) if (value := json.loads(v)) not in known
                    ]

    def _rules_only(self) -> dict[str, Any]:
        # python-jsonschema fetches unknown meta-schemas; the rules are plain 2019-09.
        return {key: value for key, value in self.document.items() if key not in {"$schema", "$id"}}

    def payload(self, seed: int) -> dict[str, Any]:
        chance = random.Random(seed)
        made = {}
        for name, attribute in self.definition.attributes.items():
            likely = any(names[0] == name for names in self.spoken)
            if chance.random() < (0.5 if likely else 0.1):
                made[name] = self._value(attribute, chance)
        return made

    def _value(self, node: Node, chance: random.Random) -> Any:
        if node.is_array:
            count = 1 if is_single(node) else chance.choice([1, 1, 2])
            return [self._element(node, chance) for _ in range(count)]
        return self._element(node, chance)

    def _element(self, node: Node, chance: random.Random) -> Any:
        schema = node.element
        if schema.get("type") == "object":
            required = set(schema.get("required", ()))
            return {
                name: self._value(member, chance)
                for name, member in node.members.items()
                if name in required or chance.random() < 0.5
            }
        if (spoken := self.spoken.get(node.names)) and chance.random() < 0.7:
            return chance.choice(spoken)
        if "enum" in schema:
            return chance.choice(schema["enum"])
        return {"number": 1.5, "integer": 3, "boolean": True}.get(schema.get("type", "string"), "text")

    def missing(self, payload: dict[str, Any]) -> set[tuple[Place, str]]:
        """What the schema itself says is missing: the object's place and the member's name."""
        return {
            (tuple(error.absolute_path), name)
            for error in self.validator.iter_errors(payload)
            if error.validator == "required"
            for name in error.validator_value
            if name not in error.instance
        }

    def refused(self, payload: dict[str, Any]) -> set[tuple[Place, str]]:
        """What the schema itself does not allow to be there, by `not: {required: [one]}`."""
        found = set()
        for error in self.validator.iter_errors(payload):
            denied = error.validator_value if error.validator == "not" else {}
            place = tuple(error.absolute_path)
            for one in denied.get("anyOf", [denied]):
                if set(one) != {"required"}:
                    continue
                if isinstance(error.instance, list):
                    # `required` says nothing about a list, so the list itself is refused.
                    found.add((place[:-1], place[-1]))
                elif one["required"][0] in error.instance:
                    found.add((place, one["required"][0]))
        return found

    def derived(
        self, known: dict[tuple[str, ...], Formula], payload: dict[str, Any], *, there: bool
    ) -> set[tuple[Place, str]]:
        """The same from the formulas: members that are there (or not) where they hold."""
        return {
            (place, names[-1])
            for names, formula in known.items()
            for place, element, here in _elements(payload, names[:-1])
            if (names[-1] in element) is there and true_of(formula, payload, here)
        }


def _elements(
    payload: dict[str, Any], names: tuple[str, ...]
) -> Iterator[tuple[Place, dict[str, Any], dict]]:
    found: list[tuple[Place, Any, dict]] = [((), payload, {})]
    for depth, name in enumerate(names, 1):
        below = []
        for place, element, here in found:
            value = element.get(name) if isinstance(element, dict) else None
            many = enumerate(value) if isinstance(value, list) else [(None, value)]
            for index, item in many:
                if isinstance(item, dict):
                    where = (*place, name) if index is None else (*place, name, index)
                    below.append((where, item, {**here, names[:depth]: item}))
        found = below
    yield from found
