"""The conditions behind a failure that stands in a `then` or `else`, and how to say them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from amazon_listings.validation.causes import value_at
from amazon_listings.validation.conditions import Condition, Node, Term, read, reasons
from amazon_listings.validation.document import MAPS, Pointer, at
from amazon_listings.validation.engine import compile_schema

if TYPE_CHECKING:
    import jsonschema_rs

    from amazon_listings.validation.words import Words

#: Of a condition with more values than this, only so many are said.
SAID = 3
#: Keywords that step into a property or an element of the payload; the others stay where they are.
INTO = frozenset(("properties", "items"))


class Reasons:
    """Reads the `if`s of one definition, each at most once.

    Args:
        document: The definition.
    """

    def __init__(self, document: dict[str, Any]) -> None:
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


def in_words(term: Term, attributes: Any, words: Words, *, kind: str) -> str:
    """The conditions as a clause: "required because … , unless …"; empty if there are none.

    Args:
        term: The conditions.
        attributes: The payload; of a condition with many values, the one it has is said.
        words: The language.
        kind: `required`, `forbidden` or `rule`: how the clause starts.
    """
    ordered = sorted(term)
    because = words.all_of(_said(one, attributes, words) for one in ordered if one.wanted)
    unless = words.any_of(_said(one, attributes, words) for one in ordered if not one.wanted)
    if not (because or unless):
        return ""
    form = "both" if because and unless else "because" if because else "unless"
    return words.word(f"{kind}_{form}", because=because, unless=unless)


def _said(condition: Condition, attributes: Any, words: Words) -> str:
    if not condition.name:
        return words.word("other_item")
    if condition.asks in {"given", "other"}:
        return words.word(condition.asks, name=condition.name)
    values = condition.values
    if condition.wanted:
        present = set(_leaves(value_at(attributes, (condition.name.partition(".")[0],))))
        values = tuple(value for value in values if value in present) or values
    plain = [_plain(value) for value in values]
    value = (
        words.any_of(plain)
        if len(plain) <= SAID
        else words.word("more", count=len(plain), values=", ".join(plain[:SAID]))
    )
    return words.word(condition.asks, name=condition.name, value=value)


def _plain(text: str) -> str:
    return str(json.loads(text)) if text.startswith('"') else text


def _leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in _leaves(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in _leaves(part)]
    return [json.dumps(value, ensure_ascii=False)]
