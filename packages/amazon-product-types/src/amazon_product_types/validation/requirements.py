"""Which attributes a definition asks for, and when; decided attribute by attribute.

An engine's error about the payload as a whole holds a copy of the payload. Most faulty items lack
attributes, often many: names are compared here, and an `if` is only asked where one is missing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from amazon_product_types.json_pointer import Pointer


class Check(Protocol):
    """A compiled schema."""

    def is_valid(self, instance: object, /) -> bool:
        """Is the schema true of the instance?"""
        ...


class Requirement(NamedTuple):
    """Attributes that are required if a condition holds.

    `pointer` is the place of `required` in the definition, `condition` the `if` as JSON text.
    """

    pointer: Pointer
    names: tuple[str, ...]
    condition: str


@dataclass(slots=True)
class Requirements:
    """Every rule of a definition about which attributes there must be, or may be.

    Args:
        compile_schema: Makes the check of a condition; called once for equal ones, on first use.
        always: The attributes that there must be whatever else there is.
        sometimes: The rules that hang on a condition.
        known: The attributes that there may be; None if any may.
    """

    compile_schema: Callable[[Any], Check]
    always: tuple[str, ...] = ()
    sometimes: list[Requirement] = field(default_factory=list)
    known: frozenset[str] | None = None
    _checks: dict[str, Check] = field(default_factory=dict)
    _always: frozenset[str] = frozenset()

    def missing(self, attributes: dict[str, Any]) -> Iterator[tuple[Pointer, str]]:
        """Yield each missing attribute that a condition asks for, with the place of `required`."""
        holds: dict[str, bool] = {}
        for pointer, names, condition in self.sometimes:
            absent = [name for name in names if name not in attributes]
            if not absent:
                continue
            if condition not in holds:
                holds[condition] = self._check(condition).is_valid(attributes)
            if holds[condition]:
                for name in absent:
                    yield pointer, name

    def has_right_names(self, attributes: dict[str, Any]) -> bool:
        """Return whether each attribute is there that must be, and none that may not be."""
        names = attributes.keys()
        return names >= self._always and (self.known is None or names <= self.known)

    def unknown(self, attributes: dict[str, Any]) -> tuple[str, ...]:
        """Return the attributes that there may not be."""
        if self.known is None or attributes.keys() <= self.known:
            return ()
        return tuple(name for name in attributes if name not in self.known)

    def take(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return what is left of a definition without the rules that are decided here."""
        left = dict(schema)
        if "required" in left:
            self.always = tuple(left.pop("required"))
            self._always = frozenset(self.always)
        if left.get("additionalProperties") is False and "patternProperties" not in left:
            del left["additionalProperties"]
            self.known = frozenset(left.get("properties", ()))
        if "allOf" in left:
            left["allOf"] = self._taken(left["allOf"], ("allOf",))
        return left

    def _taken(self, parts: list[Any], pointer: Pointer) -> list[Any]:
        """Return the parts of an `allOf`, `true` in place of those decided here.

        The others keep their places.
        """
        left: list[Any] = []
        for index, part in enumerate(parts):
            shape = set(part) if isinstance(part, dict) else set()
            here = (*pointer, index)
            if shape == {"allOf"}:
                left.append({"allOf": self._taken(part["allOf"], (*here, "allOf"))})
            elif shape == {"if", "then"} and _only_requires(part["then"]):
                condition = json.dumps(part["if"], sort_keys=True)
                names = tuple(part["then"]["required"])
                self.sometimes.append(Requirement((*here, "then", "required"), names, condition))
                left.append(True)
            else:
                left.append(part)
        return left

    def _check(self, condition: str) -> Check:
        check = self._checks.get(condition)
        if check is None:
            check = self._checks[condition] = self.compile_schema(json.loads(condition))
        return check


def _only_requires(schema: object) -> bool:
    return isinstance(schema, dict) and set(schema) == {"required"}
