"""What a definition only advises: values it suggests, values about to go, values that cannot change.

Each kind of advice is a small schema of its own that fails where a payload goes against it, so
the engine finds the places. Warnings never make a payload invalid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from amazon_listings.validation.document import Pointer, target
from amazon_listings.validation.engine import compile_schema

if TYPE_CHECKING:
    import jsonschema_rs


class Leaf(Protocol):
    """The schema that fails where a payload goes against one kind of advice."""

    def __call__(self, node: dict[str, Any], *, selects: bool) -> dict[str, Any]:
        """The schema for a place; `selects` tells whether the place identifies its element."""
        ...


class Advice:
    """Finds where a payload goes against a definition's advice.

    Args:
        document: The definition.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._values = self._compiled(_values)
        self._fixed: jsonschema_rs.Validator | None = None

    def against_values(self, attributes: Any) -> list[tuple[Pointer, str]]:
        """Places with a value that is not suggested (`enum`) or deprecated (`enumDeprecated`)."""
        if self._values.is_valid(attributes):
            return []
        return [
            (tuple(error.instance_path), "enumDeprecated" if "not" in error.schema_path[-1:] else "enum")
            for error in self._values.iter_errors(attributes)
        ]

    def against_fixed(self, attributes: Any) -> list[Pointer]:
        """Places with a value that an existing listing cannot change (`editable: false`).

        What identifies an element (its selectors) or is hidden from people is not meant.
        """
        if self._fixed is None:
            self._fixed = self._compiled(_fixed)
        return [tuple(error.instance_path) for error in self._fixed.iter_errors(attributes)]

    def _compiled(self, leaf: Leaf) -> jsonschema_rs.Validator:
        return compile_schema(self._reduced(self._document, leaf, frozenset(), name="") or {})

    def _reduced(
        self, node: Any, leaf: Leaf, selectors: frozenset[str], *, name: str, seen: tuple[str, ...] = ()
    ) -> dict[str, Any] | None:
        """The schema reduced to what the advice is about; None if there is nothing below it."""
        if not isinstance(node, dict):
            return None
        reference = node.get("$ref")
        if isinstance(reference, str):
            if reference in seen:
                return None
            node = {**(target(self._document, reference) or {}), **node}
            seen = (*seen, reference)
        reduced = leaf(node, selects=name in selectors)
        properties = {
            key: part
            for key, child in node.get("properties", {}).items()
            if (part := self._reduced(child, leaf, selectors, name=key, seen=seen))
        }
        items = self._reduced(
            node.get("items"), leaf, frozenset(node.get("selectors", ())), name="", seen=seen
        )
        if properties:
            reduced = {**reduced, "properties": properties}
        if items:
            reduced = {**reduced, "items": items}
        return reduced or None


def suggestions(node: dict[str, Any]) -> list[Any]:
    """The values a place suggests: the `enum` in an `anyOf` whose other branch takes any text."""
    branches = [branch for branch in node.get("anyOf", ()) if isinstance(branch, dict)]
    free = any(set(branch) == {"type"} and branch["type"] == "string" for branch in branches)
    return next((branch["enum"] for branch in branches if branch.get("enum")), []) if free else []


def deprecated(node: dict[str, Any]) -> list[Any]:
    """The values of a place that Amazon is going to withdraw."""
    lifecycle = node.get("$lifecycle")
    return list(lifecycle.get("enumDeprecated", ())) if isinstance(lifecycle, dict) else []


def replacements(node: dict[str, Any], value: Any) -> list[Any]:
    """What the definition names in place of a deprecated value, if it does."""
    lifecycle = node.get("$lifecycle")
    entries = lifecycle.get("enumReplacement", ()) if isinstance(lifecycle, dict) else ()
    return [new for entry in entries if entry.get("value") == value for new in entry.get("replacements", ())]


def _values(node: dict[str, Any], *, selects: bool) -> dict[str, Any]:  # noqa: ARG001 - advice on values is for all
    reduced: dict[str, Any] = {}
    suggested = suggestions(node)
    going = deprecated(node)
    if suggested:
        reduced["anyOf"] = [{"enum": suggested}, {"not": {"type": "string"}}]
    if going:
        reduced["not"] = {"enum": going}
    return reduced


def _fixed(node: dict[str, Any], *, selects: bool) -> dict[str, Any]:
    fixed = node.get("editable") is False and node.get("hidden") is not True and not selects
    return {"not": {}} if fixed else {}
