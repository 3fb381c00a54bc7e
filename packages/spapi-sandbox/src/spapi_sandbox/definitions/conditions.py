"""Conditions of requirement rules, and how Amazon writes them in JSON Schema.

A condition is a dict: `{attribute.field: value}` (a value, a list of values, or `present`), or
one of `all`, `any`, `not` over conditions. Where a test's answer is known beforehand (the
attribute does not exist in this document, the parentage level was asked for), the condition is
simplified, as Amazon does for `parentageLevel`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Condition = dict[str, Any]


def simplified(condition: Condition, known: Callable[[str, str, Any], bool | None]) -> Condition | bool:
    """`condition` without the tests that `known(attribute, field, wanted)` can answer."""
    ((name, argument),) = condition.items()
    if name == "not":
        inner = simplified(argument, known)
        return not inner if isinstance(inner, bool) else {"not": inner}
    if name in {"all", "any"}:
        deciding = name == "any"
        parts = [simplified(part, known) for part in argument]
        if deciding in [part for part in parts if isinstance(part, bool)]:
            return deciding
        open_parts = [part for part in parts if not isinstance(part, bool)]
        if not open_parts:
            return not deciding
        return open_parts[0] if len(open_parts) == 1 else {name: open_parts}
    attribute, _, field = name.partition(".")
    answer = known(attribute, field, argument)
    return condition if answer is None else answer


def schema_of(condition: Condition) -> dict[str, Any]:
    """Return the JSON Schema that a whole payload meets when `condition` holds."""
    ((name, argument),) = condition.items()
    if name == "not":
        return {"not": schema_of(argument)}
    if name in {"all", "any"}:
        return {f"{name}Of": [schema_of(part) for part in argument]}
    attribute, _, field = name.partition(".")
    test: dict[str, Any]
    if argument == "present":
        test = {"items": {"required": [field]}}
    else:
        test = {"contains": {"required": [field], "properties": {field: {"enum": _listed(argument)}}}}
    return {"required": [attribute], "properties": {attribute: test}}


def element_schema_of(condition: Condition) -> dict[str, Any]:
    """Return the JSON Schema that one element of an attribute meets when `condition` on its fields holds."""
    ((name, argument),) = condition.items()
    if name == "not":
        return {"not": element_schema_of(argument)}
    if name in {"all", "any"}:
        return {f"{name}Of": [element_schema_of(part) for part in argument]}
    if argument == "present":
        return {"required": [name]}
    return {"required": [name], "properties": {name: {"enum": _listed(argument)}}}


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
