"""Which attributes of a payload deserve a closer look: told by the engine.

Python looks at an attribute node by node only where something may have to be said. Schemas that are
stricter than the definition find these attributes: texts are to be among those suggested and far below
their limit of bytes, arrays short. They also read every text, so that half a surrogate pair is noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import TYPE_CHECKING, Any, Literal

from amazon_product_types.dialect.keywords import LONGEST_CHARACTER, Rule
from amazon_product_types.dialect.schemas import children, compile_verdict
from amazon_product_types.validation.advice import Advice
from amazon_product_types.validation.factoring import factored, inlined

if TYPE_CHECKING:
    from amazon_product_types.definition import Definition, Node, Schema

_NO_ADVICE = Advice()
_NO_RULE = Rule(())
_SCALARS = frozenset(("string", "number", "integer", "boolean", "null"))
_ALWAYS: dict[str, Any] = {"not": {}}
#: Keywords for which the engine reads a text.
_READING = frozenset(("enum", "maxLength", "pattern"))
#: Keywords that two schemas may both have and one can keep for both.
_SHARED: dict[str, Callable[[Any, Any], Any]] = {
    "items": lambda one, other: _both(one, other),  # noqa: PLW0108 - is defined below
    "maxItems": min,
    "maxLength": min,
    "minItems": max,
    "minLength": max,
    "properties": lambda one, other: {**one, **{name: _both(one[name], other[name]) for name in other}},
}


class Attention:
    """Finds the attributes that need a closer look; the others keep their schema and every limit.

    `reads_every_text` says that a payload has no text beside those that are read here, if it is valid.

    Args:
        definition: The definition.
        schema: What each attribute may be; True where that cannot be told from the rest of the payload.
        rule: Amazon's limits of bytes and elements.
        advice: What the definition advises.
    """

    def __init__(
        self, definition: Definition, schema: Schema | Literal[True], rule: Rule | None, advice: Advice
    ) -> None:
        self.reads_every_text = True
        stricter = self._element(definition.root, rule or _NO_RULE, advice)
        if definition.root.element.get("type") != "object":
            self.reads_every_text, schema = False, {}
        self._usual = _Usual(schema, stricter.get("properties", {}))
        #: Attributes that were noticed before: likely they will be again.
        self._apart: frozenset[str] = frozenset()

    def noticed(self, attributes: object) -> set[str]:
        """Return the names of these attributes; of one with half a surrogate pair, if it does not raise.

        Raises:
            ValueError: A text is none that can be sent.
        """
        if not isinstance(attributes, dict):
            return set()
        # One verdict on all costs least, if it is good; an error of the engine costs more than ten verdicts.
        apart, usual = self._apart, self._usual
        together, found = attributes, set()
        if alone := attributes.keys() & apart:
            together = attributes.copy()
            found = {name for name in alone if not usual[name](together.pop(name))}
        if not usual.all(together):
            found_first = {name for name, value in together.items() if not usual[name](value)}
            self._apart |= found_first
            found |= found_first
        return found

    def _node(self, node: Node, rule: Rule, advice: Advice) -> dict[str, Any]:
        if not node.is_array:
            return self._element(node, rule, advice)
        if node.definition.resolved(node.schema.get("items", {})) != node.element:  # an array of arrays
            self.reads_every_text = False
            return _ALWAYS
        of_objects = node.element.get("type") == "object"
        if rule.fewest > 1 or (rule.fewest and not of_objects):
            return _ALWAYS
        below = self._element(node, rule.items or _NO_RULE, advice.items or _NO_ADVICE)
        stricter: dict[str, Any] = {"items": below} if below else {}
        if rule.fewest:
            stricter["minItems"] = 1
        if rule.most != inf:
            stricter["maxItems"] = rule.most
        return stricter

    def _element(self, node: Node, rule: Rule, advice: Advice) -> dict[str, Any]:
        kind = str(node.element.get("type"))
        if kind in _SCALARS:
            return _text(node.element, rule, advice)
        if kind != "object" or node.is_leaf or not _is_closed(node.element):
            self.reads_every_text = False
        if kind != "object" and (rule is not _NO_RULE or advice.speaks):
            return _ALWAYS
        below = {
            name: self._node(
                member, rule.properties.get(name, _NO_RULE), advice.properties.get(name, _NO_ADVICE)
            )
            for name, member in node.members.items()
        }
        told = {name: schema for name, schema in below.items() if schema}
        return {"properties": told} if told else {}


class _Usual(dict[str, Callable[[Any], bool]]):
    """The check of each attribute, compiled when the first payload needs it, and of all at once.

    Args:
        schema: What the attributes may be; True where that cannot be told from the rest of the payload.
        stricter: What else is asked of each that needs no closer look.
    """

    def __init__(self, schema: Schema | Literal[True], stricter: Mapping[str, Any]) -> None:
        super().__init__()
        # An attribute that is not declared always gets a closer look.
        self._undeclared = schema is True
        self._named: dict[str, Any] = {} if schema is True else schema.get("$defs", {})
        plain = dict.fromkeys(stricter, True) if schema is True else schema.get("properties", {})
        self._schemas = {
            name: _both(factored(inlined(part, self._named)), stricter.get(name, {}))
            for name, part in plain.items()
        }
        every = {"properties": self._schemas, "additionalProperties": self._undeclared}
        self.all: Callable[[Any], bool] = compile_verdict({"$defs": self._named, **every}).is_valid

    def __missing__(self, name: str) -> Callable[[Any], bool]:
        schema = self._schemas.get(name, self._undeclared)
        if _refers(schema):
            schema = {"$defs": self._named, "allOf": [schema]}
        check: Callable[[Any], bool] = compile_verdict(schema).is_valid
        self[name] = check
        return check


def _refers(schema: object) -> bool:
    return isinstance(schema, dict) and (
        "$ref" in schema or any(_refers(part) for _, part in children(schema))
    )


def _both(schema: object, stricter: dict[str, Any]) -> object:
    """Return a schema that accepts what both do: one pass instead of two."""
    if schema is True:
        return stricter
    if not isinstance(schema, dict) or not _can_be_one(schema, stricter):
        return {"allOf": [schema, stricter]}
    shared = schema.keys() & stricter.keys()
    return {**schema, **stricter, **{key: _SHARED[key](schema[key], stricter[key]) for key in shared}}


def _can_be_one(schema: Schema, stricter: Schema) -> bool:
    """Return whether no keyword of either schema changes what the other's mean."""
    by_neighbours = {"unevaluatedItems", "unevaluatedProperties"}
    if "if" in stricter:
        by_neighbours |= {"then", "else"}
    return (
        schema.keys() & stricter.keys() <= _SHARED.keys()
        and not schema.keys() & by_neighbours
        and stricter.get("properties", {}).keys() <= schema.get("properties", {}).keys()
        and not isinstance(schema.get("items"), list)
    )


def _is_closed(element: Schema) -> bool:
    """Return whether an object has no members but those that are declared."""
    return element.get("additionalProperties") is False and "patternProperties" not in element


def _text(element: Schema, rule: Rule, advice: Advice) -> dict[str, Any]:
    stricter: dict[str, Any] = {}
    if rule.least_bytes:
        stricter["minLength"] = rule.least_bytes
    if rule.most_bytes != inf:
        stricter["maxLength"] = int(rule.most_bytes) // LONGEST_CHARACTER
    if advice.suggested is not None:
        right = sorted(advice.suggested - advice.deprecated)
        # An error about `enum` would hold all of its values.
        told = {"const": right[0]} if len(right) == 1 else {"if": {"enum": right}, "else": False}
        return {**stricter, **told}
    if advice.deprecated:
        return {**stricter, "if": {"enum": sorted(advice.deprecated)}, "then": False}
    if element["type"] == "string" and not (element.keys() | stricter.keys()) & _READING:
        stricter["pattern"] = ""
    return stricter
