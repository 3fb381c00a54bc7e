"""Whether a formula holds of a payload."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from amazon_product_types.conditions.formulas import ALL, HERE, WHOLE, Fact, Formula, Hop, Literal, Term
from amazon_product_types.dialect.schemas import compile_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    import jsonschema_rs

    from amazon_product_types.definition import Names


def true_of(formula: Formula, payload: object, here: Mapping[Names, Any]) -> bool:
    """Return whether a formula holds of a payload.

    Args:
        formula: What to judge.
        payload: The attributes of an item.
        here: For every name path that facts speak of as `HERE`, the element meant.
    """
    return any(term_holds(term, payload, here) for term in formula)


def term_holds(term: Term, payload: object, here: Mapping[Names, Any]) -> bool:
    """Return whether every literal of a term holds of a payload."""
    return all(fact_holds(item.fact, payload, here) is item.holds for item in term)


def fact_holds(item: Fact, payload: object, here: Mapping[Names, Any]) -> bool:
    """Return whether a fact holds of a payload."""
    value = payload
    depth = 0
    while depth < len(item.path) and item.path[depth].elements == HERE:
        value = here.get(item.names[: depth + 1])
        depth += 1
    return _below(item, item.path[depth:], value, here)


def with_present_values(item: Literal, payload: object, here: Mapping[Names, Any]) -> Literal:
    """Return a literal about values that holds, with those values alone that the payload has."""
    if not item.holds or item.fact.test != "in":
        return item
    path = tuple(
        hop._replace(elements=hop.elements if hop.elements == HERE else "any") for hop in item.fact.path
    )
    present = frozenset(
        value for value in item.fact.values if fact_holds(Fact(path, "in", frozenset([value])), payload, here)
    )
    return item._replace(fact=item.fact._replace(values=present)) if present else item


def _below(item: Fact, path: tuple[Hop, ...], value: object, here: Mapping[Names, Any]) -> bool:
    if not path:
        return _tested(item, value, here)
    hop, *rest = path
    if not isinstance(value, dict) or hop.name not in value:
        return False
    if not rest and item.test == "given":
        return True
    value = value[hop.name]
    if not isinstance(value, list) or hop.elements == WHOLE:
        return _below(item, tuple(rest), value, here)
    found = [_below(item, tuple(rest), element, here) for element in value]
    return all(found) if hop.elements == ALL else any(found)


def _tested(item: Fact, value: object, here: Mapping[Names, Any]) -> bool:
    if item.test == "in":
        return json.dumps(value) in item.values
    if item.test == "part":
        return isinstance(value, dict) and any(name in value for name in item.values)
    if item.test == "check":
        return all(_check(text).is_valid(value) for text in item.values)
    if item.test == "sub" and item.formula is not None:
        return isinstance(value, dict) and true_of(item.formula, value, here)
    return value is not None


@lru_cache(4096)
def _check(text: str) -> jsonschema_rs.Validator:
    """Compile a keyword and its operand, given as JSON."""
    keyword, operand = json.loads(text)
    return compile_schema({keyword: operand})
