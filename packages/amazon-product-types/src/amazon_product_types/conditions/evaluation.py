"""Whether a formula holds of a payload."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from amazon_product_types.conditions.formulas import ALL, HERE, Fact, Formula, Hop

if TYPE_CHECKING:
    from collections.abc import Mapping


def true_of(formula: Formula, payload: Mapping[str, Any], here: Mapping[tuple[str, ...], Any]) -> bool:
    """Whether the formula holds of a payload.

    Args:
        formula: What to judge.
        payload: The attributes of an item.
        here: For every name path that facts speak of as `HERE`, the element meant.
    """
    return any(all(_true(item.fact, payload, here) is item.holds for item in term) for term in formula)


def _true(item: Fact, payload: Mapping[str, Any], here: Mapping[tuple[str, ...], Any]) -> bool:
    value: Any = payload
    depth = 0
    while depth < len(item.path) and item.path[depth].elements == HERE:
        value = here.get(item.names[: depth + 1])
        depth += 1
    return _below(item, item.path[depth:], value, here)


def _below(item: Fact, path: tuple[Hop, ...], value: Any, here: Mapping[tuple[str, ...], Any]) -> bool:
    if not path:
        return _tested(item, value, here)
    hop, *rest = path
    if not isinstance(value, dict) or hop.name not in value:
        return False
    if not rest and item.test == "given":
        return True
    value = value[hop.name]
    if not isinstance(value, list):
        return _below(item, tuple(rest), value, here)
    found = [_below(item, tuple(rest), element, here) for element in value]
    return all(found) if hop.elements == ALL else any(found)


def _tested(item: Fact, value: Any, here: Mapping[tuple[str, ...], Any]) -> bool:
    if item.test == "in":
        return json.dumps(value) in item.values
    if item.test == "part":
        return isinstance(value, dict) and any(name in value for name in item.values)
    if item.test == "sub" and item.formula is not None:
        return isinstance(value, dict) and true_of(item.formula, value, here)
    return value is not None
