"""The same verdict from a smaller schema.

Amazon's generator repeats itself: the same few conditions (is it a child? has it a parent?) stand
in a hundred `if`s, and twenty rules reach into the same attribute one by one. What is equal by
logic alone is tested once here. Only the verdict survives this, not the place of a failure.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: Keywords that look at what their neighbours have evaluated: none of those may go.
_BY_NEIGHBOURS = frozenset(("unevaluatedItems", "unevaluatedProperties"))
Conditional = tuple[tuple[str, ...], Any]


def factored(schema: object) -> Any:
    """Return a schema that accepts exactly what `schema` accepts."""
    if not isinstance(schema, dict) or schema.keys() & _BY_NEIGHBOURS:
        return schema
    result = {**schema}
    if _accepts_by_type(schema):
        del result["anyOf"]
    for keyword in ("properties", "$defs"):
        if keyword in schema:
            result[keyword] = {name: factored(part) for name, part in schema[keyword].items()}
    if isinstance(schema.get("items"), dict):
        result["items"] = factored(schema["items"])
    if "allOf" in schema:
        parts = list(_merged(_flat(schema["allOf"])))
        if parts:
            result["allOf"] = parts
        else:
            del result["allOf"]
    return result


def inlined(schema: object, named: Mapping[str, Any]) -> object:
    """Return a schema with what its references name in their place.

    Args:
        schema: The schema; looked at are its fields and elements.
        named: The schemas of its `$defs`.
    """
    if not isinstance(schema, dict):
        return schema
    meant = named.get(str(schema.get("$ref")).removeprefix("#/$defs/"))
    if len(schema) == 1 and isinstance(meant, dict) and "$ref" not in meant:
        return meant
    result = {**schema}
    if "properties" in schema:
        result["properties"] = {name: inlined(part, named) for name, part in schema["properties"].items()}
    if "items" in schema:
        result["items"] = inlined(schema["items"], named)
    return result


def _accepts_by_type(schema: dict[str, Any]) -> bool:
    """Return a list of suggestions: `anyOf` with a branch that asks no more than `type` already does."""
    return "type" in schema and {"type": schema["type"]} in schema.get("anyOf", ())


def _flat(parts: Iterable[object]) -> Iterator[object]:
    for part in parts:
        if isinstance(part, dict) and set(part) == {"allOf"}:
            yield from _flat(part["allOf"])
        else:
            yield part


def _merged(parts: Iterable[Any]) -> Iterator[object]:
    """Yield the parts of an `allOf`, those of one shape merged into one."""
    conditionals: list[Conditional] = []
    by_name: dict[str, list[Any]] = {}
    for_items: list[Any] = []
    for part in parts:
        shape = set(part) if isinstance(part, dict) else set()
        if shape == {"if", "then"}:
            conditionals.append((tuple(_conjuncts(part["if"])), part["then"]))
        elif shape == {"properties"}:
            for name, inner in part["properties"].items():
                by_name.setdefault(name, []).append(inner)
        elif shape == {"items"} and isinstance(part["items"], dict):
            for_items.append(part["items"])
        else:
            yield part
    yield from _nested(conditionals)
    if by_name:
        yield {"properties": {name: factored({"allOf": inner}) for name, inner in by_name.items()}}
    if for_items:
        yield {"items": factored({"allOf": for_items})}


def _conjuncts(condition: object) -> Iterator[str]:
    """Yield the conditions that must hold together, as text that is equal where they are."""
    if isinstance(condition, dict) and set(condition) == {"allOf"}:
        for part in condition["allOf"]:
            yield from _conjuncts(part)
    else:
        yield json.dumps(condition, sort_keys=True)


def _nested(rules: list[Conditional]) -> Iterator[object]:
    """`if A and B then C`, `if A and D then E` as `if A then (if B then C, if D then E)`."""
    groups: dict[str, list[Conditional]] = {}
    consequences: list[Any] = []
    for conditions, consequence in rules:
        if conditions:
            groups.setdefault(conditions[0], []).append((conditions[1:], consequence))
        elif consequence not in consequences:
            consequences.append(consequence)
    yield from consequences
    for condition, members in groups.items():
        inner = list(_nested(members))
        consequence = inner[0] if len(inner) == 1 else {"allOf": inner}
        yield _implied(_distributed(json.loads(condition)), consequence)


def _implied(condition: object, consequence: object) -> object:
    """`if condition then consequence`; attributes that are there leave nothing to ask of the condition."""
    if _only_requires(consequence):
        return {"anyOf": [consequence, {"not": condition}]}
    parts = consequence.get("anyOf") if isinstance(consequence, dict) and len(consequence) == 1 else None
    if parts and _only_requires(parts[0]):
        return {"anyOf": [*parts, {"not": condition}]}
    return {"if": condition, "then": consequence}


def _only_requires(schema: object) -> bool:
    """Return whether a schema asks for members and nothing else."""
    if not isinstance(schema, dict) or len(schema) != 1:
        return False
    return "required" in schema or all(_only_requires(part) for part in schema.get("allOf", (None,)))


def _distributed(condition: object) -> object:
    """`(A and B) or (A and C)` as `A and (B or C)`."""
    if not isinstance(condition, dict) or set(condition) != {"anyOf"}:
        return condition
    branches = [dict.fromkeys(_conjuncts(part)) for part in condition["anyOf"]]
    shared = [part for part in branches[0] if all(part in branch for branch in branches)]
    if not shared:
        return condition
    rest = [[json.loads(part) for part in branch if part not in shared] for branch in branches]
    parts = [json.loads(part) for part in shared]
    if all(rest):
        parts.append({"anyOf": [one[0] if len(one) == 1 else {"allOf": one} for one in rest]})
    return {"allOf": parts}
