"""Why a rule applies to this item: its `if`, read as conditions that hold or do not.

A definition says "required" a hundred times as `if` and `then`, its conditions nested by `allOf`,
`anyOf` and `not`. Here the conditions that made an `if` true *on this item* are collected, and
those that say nothing beyond the others are dropped: "not given, or given and not `parent`" is
just "not `parent`".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

#: A truth value says what its opposite does not.
OPPOSITE: dict[tuple[str, ...], tuple[str, ...]] = {("true",): ("false",), ("false",): ("true",)}
#: No condition needs more ways to be true than this to be explained.
WAYS = 8


class Condition(NamedTuple):
    """One thing an `if` asks: whether `name` is given, or is one of `values`.

    Args:
        name: Attribute, with the field below it if the condition is about one: `battery.weight`.
        asks: `given`, `is`, `other_than` (given, and none of the values) or `other` (something
            these words do not cover).
        values: For `is` and `other_than`: the values as JSON texts, in the definition's order; for
            `other`: the text of the schema.
        wanted: False if the rule applies as long as the condition does *not* hold.
    """

    name: str
    asks: str
    values: tuple[str, ...] = ()
    wanted: bool = True

    def implies(self, other: Condition) -> bool:
        """Does the other hold whenever this one does?"""
        if self == other:
            return True
        if self.wanted != other.wanted:
            return False
        weak, strong = (other, self) if self.wanted else (self, other)
        if weak.asks == "given" and strong.asks != "other":
            return weak.name == strong.name or strong.name.startswith(f"{weak.name}.")
        both_are = weak.asks == strong.asks == "is" and weak.name == strong.name
        return both_are and set(strong.values) <= set(weak.values)


Term = frozenset[Condition]


class Check(Protocol):
    """A compiled schema."""

    def is_valid(self, instance: Any, /) -> bool:
        """Is the schema true of the instance?"""


Compile = Callable[[Any], Check]


@dataclass(slots=True, frozen=True)
class Asked:
    """One condition with the check that decides it."""

    condition: Condition
    check: Check


@dataclass(slots=True, frozen=True)
class Every:
    """Conditions that must hold together; none at all always hold."""

    parts: tuple[Node, ...]


@dataclass(slots=True, frozen=True)
class Some:
    """Alternatives, each with its conditions as a flat list if it is no more than that."""

    parts: tuple[Node, ...]
    flat: tuple[Term, ...]


@dataclass(slots=True, frozen=True)
class Never:
    """What must not hold."""

    part: Node


Node = Asked | Every | Some | Never


def read(schema: Any, compile_schema: Compile) -> Node:
    """An `if` as conditions. `compile_schema` makes the checks; equal ones may be shared."""
    if not isinstance(schema, dict):
        return Every(()) if schema else Never(Every(()))
    parts: list[Node] = [Asked(_condition(part), compile_schema(part)) for part in _fragments(schema)]
    parts.extend(read(part, compile_schema) for part in schema.get("allOf", ()))
    if "anyOf" in schema:
        branches = tuple(read(part, compile_schema) for part in schema["anyOf"])
        parts.append(Some(branches, tuple(_flat(branch) for branch in branches)))
    if "not" in schema:
        parts.append(Never(read(schema["not"], compile_schema)))
    return parts[0] if len(parts) == 1 else Every(tuple(parts))


def reasons(node: Node, instance: Any, *, wanted: bool = True) -> Term:
    """The conditions that make an `if` true on this item.

    Args:
        node: The `if`.
        instance: What the `if` looks at: the payload, or an element of an attribute.
        wanted: False asks what makes it false, for a rule that hangs on `else`.

    Returns:
        The fewest conditions found; empty if there are none, or the `if` is not true at all.
    """
    ways = _ways(node, instance, wanted=wanted)
    return min(ways, key=_length) if ways else frozenset()


def _length(term: Term) -> tuple[int, int, str]:
    return (len(term), sum(len(condition.values) for condition in term), repr(sorted(term)))


def _ways(node: Node, instance: Any, *, wanted: bool) -> list[Term]:
    """The ways in which the node is true (or false) here, the ones that ask least; none if it is not."""
    if isinstance(node, Asked):
        holds = node.check.is_valid(instance) is wanted
        return [frozenset((node.condition._replace(wanted=wanted),))] if holds else []
    if isinstance(node, Never):
        return _ways(node.part, instance, wanted=not wanted)
    if isinstance(node, Every) is wanted:
        together: list[Term] = [frozenset()]
        for part in node.parts:
            ways = _ways(part, instance, wanted=wanted)
            together = [one | other for one in together for other in ways][:WAYS]
        return _weakest(_reduced(term) for term in together)
    alternatives = [way for part in node.parts for way in _ways(part, instance, wanted=wanted)]
    if isinstance(node, Some):
        alternatives = [_widened(way, node.flat) for way in alternatives]
    return _weakest(alternatives)


def _fragments(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The parts of a schema that each ask one thing; `required` and what it asks of the property are one."""
    properties = dict(schema.get("properties", {}))
    for name in schema.get("required", ()):
        if name in properties:
            yield {"required": [name], "properties": {name: properties.pop(name)}}
        else:
            yield {"required": [name]}
    for name, part in properties.items():
        yield {"properties": {name: part}}
    read_elsewhere = {"required", "properties", "allOf", "anyOf", "not"}
    rest = {key: value for key, value in schema.items() if key not in read_elsewhere}
    if rest:
        yield rest


def _condition(fragment: dict[str, Any]) -> Condition:
    if "required" in fragment:
        (name,) = fragment["required"]
        return _asked((name,), fragment.get("properties", {}).get(name, {}))
    if set(fragment) == {"properties"}:
        ((name, _),) = fragment["properties"].items()
        return Condition(name, "other", (json.dumps(fragment, sort_keys=True),))
    return _asked((), fragment)


def _asked(steps: tuple[str, ...], part: Any) -> Condition:
    """What a fragment asks of the place at `steps`, looking through arrays and objects."""
    keys = set(part) - {"type"} if isinstance(part, dict) else {"?"}
    if keys in ({"items"}, {"contains"}):
        return _asked(steps, part[keys.pop()])
    if "required" in keys and keys <= {"required", "properties"} and len(part["required"]) == 1:
        (name,) = part["required"]
        inner = part.get("properties", {})
        if set(inner) <= {name}:
            return _asked((*steps, name), inner.get(name, {}))
    name = ".".join(steps[:-1] if len(steps) > 1 and steps[-1] == "value" else steps)
    if keys == {"enum"}:
        return Condition(name, "is", tuple(json.dumps(value, ensure_ascii=False) for value in part["enum"]))
    if keys == {"const"}:
        return Condition(name, "is", (json.dumps(part["const"], ensure_ascii=False),))
    if not keys:
        return Condition(name, "given")
    return Condition(name, "other", (json.dumps(part, sort_keys=True),))


def _reduced(term: Term) -> Term:
    """The term without conditions that another of its conditions implies."""
    return frozenset(
        condition
        for condition in term
        if not any(other != condition and other.implies(condition) for other in term)
    )


def _weakest(terms: Iterable[Term]) -> list[Term]:
    """The terms without those that ask more than another does: the better reason asks less."""
    unique = list(dict.fromkeys(terms))
    return [
        term
        for term in unique
        if not any(other != term and _implies(term, other) and not _implies(other, term) for other in unique)
    ][:WAYS]


def _implies(term: Term, other: Term) -> bool:
    return all(any(mine.implies(theirs) for mine in term) for theirs in other)


def _widened(term: Term, branches: tuple[Term, ...]) -> Term:
    """The term, "not given" widened where a sibling branch treats a value just like "not given".

    `anyOf [not given, is false]` hangs on "unless it is true", not on "unless it is given".
    """
    for condition in term:
        if condition.asks != "given" or condition.wanted:
            continue
        rest = term - {condition}
        as_good: dict[str, None] = {}
        for branch in branches:
            (value, *more) = branch - rest or (condition,)
            if (
                branch >= rest
                and not more
                and value.asks == "is"
                and value.wanted
                and value.name == condition.name
            ):
                as_good.update(dict.fromkeys(value.values))
        if as_good:
            values = tuple(as_good)
            opposite = OPPOSITE.get(values)
            said = ("is", opposite) if opposite else ("other_than", values)
            return rest | {Condition(condition.name, *said, wanted=False)}
    return term


def _flat(node: Node) -> Term:
    """The conditions of a branch that does no more than list some; empty if it does."""
    parts = node.parts if isinstance(node, Every) else (node,)
    conditions: list[Condition] = []
    for part in parts:
        if isinstance(part, Asked):
            conditions.append(part.condition)
        elif isinstance(part, Never) and isinstance(part.part, Asked):
            conditions.append(part.part.condition._replace(wanted=False))
        else:
            return frozenset()
    return frozenset(conditions)
