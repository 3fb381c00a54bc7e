"""The conditions behind a failure that stands in a `then` or `else`, and how to say them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from amazon_product_types.validation.causes import value_at
from amazon_product_types.validation.conditions import Condition, Node, Term, read, reasons
from amazon_product_types.validation.document import MAPS, Pointer, at
from amazon_product_types.validation.engine import compile_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    import jsonschema_rs

    from amazon_product_types.definition import Definition
    from amazon_product_types.messages import Catalogue

#: Of a condition with more values than this, only so many are said.
SAID = 3
MEMORY = 4096
#: Keywords that step into a property or an element of the payload; the others stay where they are.
INTO = frozenset(("properties", "items"))


class Reasons:
    """Reads the `if`s of one definition, each at most once.

    Args:
        document: The definition.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._nodes: dict[Pointer, Node] = {}
        self._checks: dict[str, jsonschema_rs.Validator] = {}

    def of(self, pointer: Pointer, path: Pointer, attributes: Any) -> Term:
        """The conditions that made the keyword at `pointer` apply to the place at `path`."""
        term: Term = frozenset()
        for index, step in enumerate(pointer):
            if step in {"then", "else"} and not (index and pointer[index - 1] in MAPS):
                holder = pointer[:index]
                node = self._node((*holder, "if"))
                instance = value_at(attributes, path[: _depth(holder)])
                term |= reasons(node, instance, wanted=step == "then")
        return term

    def _node(self, pointer: Pointer) -> Node:
        node = self._nodes.get(pointer)
        if node is None:
            node = self._nodes[pointer] = read(at(self._document, pointer), self._check)
        return node

    def _check(self, schema: Any) -> jsonschema_rs.Validator:
        key = json.dumps(schema, sort_keys=True)
        check = self._checks.get(key)
        if check is None:
            # References inside a condition go to the definition's own $defs.
            whole = {"$defs": self._document.get("$defs", {}), "allOf": [schema]} if "$ref" in key else schema
            check = self._checks[key] = compile_schema(whole)
        return check


def _depth(pointer: Pointer) -> int:
    """How many steps of the payload a pointer goes down."""
    depth = 0
    steps = iter(pointer)
    for step in steps:
        if step in MAPS or step in {"allOf", "anyOf", "oneOf"}:
            next(steps, None)
        depth += step in INTO
    return depth


@dataclass(frozen=True)
class Saying:
    """How conditions are said of one payload.

    Attribute names are English. Where people read another language, what they call the attribute and
    its values is said too.
    """

    catalogue: Catalogue
    definition: Definition
    attributes: Any

    def clause(self, term: Term, kind: str) -> str:
        """The conditions as a clause: "required because … , unless …"; empty if there are none.

        Args:
            term: The conditions.
            kind: `required`, `forbidden` or `rule`: how the clause starts.
        """
        ordered = sorted(term)
        because = self.catalogue.all_of(self._said(one) for one in ordered if one.wanted)
        unless = self.catalogue.any_of(self._said(one) for one in ordered if not one.wanted)
        if not (because or unless):
            return ""
        form = "both" if because and unless else "because" if because else "unless"
        return self.catalogue.phrase(f"why.{kind}_{form}", because=because, unless=unless)

    def _said(self, condition: Condition) -> str:
        if not condition.name:
            return self.catalogue.phrase("why.other_item")
        name = self._name(condition.name)
        if condition.asks in {"given", "other"}:
            return self.catalogue.phrase(f"why.{condition.asks}", name=name)
        return self.catalogue.phrase(f"why.{condition.asks}", name=name, value=self._values(condition))

    def _name(self, name: str) -> str:
        return self._called("why.named", name, self.definition.label_at(_path(name)), plain=f"`{name}`")

    def _values(self, condition: Condition) -> str:
        values = condition.values
        if condition.wanted:
            present = set(_leaves(value_at(self.attributes, _path(condition.name)[:1])))
            values = tuple(value for value in values if value in present) or values
        first, index, *rest = _path(condition.name)
        names = self.definition.names_at((first, index, *(rest or ["value"])))
        said = [
            self._called(
                "why.valued", _plain(value), names.get(_key(value), _plain(value)), plain=_plain(value)
            )
            for value in values
        ]
        if len(said) <= SAID:
            return self.catalogue.any_of(said)
        return self.catalogue.phrase("why.more", count=len(said), values=", ".join(said[:SAID]))

    def _called(self, phrase: str, name: str, label: str, *, plain: str) -> str:
        """An English name with what people call it, if that is something else."""
        if _letters(name) == _letters(label):
            return plain
        return self.catalogue.phrase(phrase, name=name, label=self.catalogue.quoted(label))


@lru_cache(MEMORY)
def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _path(name: str) -> Pointer:
    """The place of an attribute's element, or of a field in it: `battery.weight`."""
    first, *rest = name.split(".")
    return (first, 0, *rest)


def _plain(text: str) -> str:
    return str(json.loads(text)) if text.startswith('"') else text


def _key(text: str) -> str:
    """A JSON text as `Definition.names_at` has it."""
    return text if text.isascii() else json.dumps(json.loads(text))


def _leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in _leaves(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in _leaves(part)]
    return [json.dumps(value, ensure_ascii=False)]
