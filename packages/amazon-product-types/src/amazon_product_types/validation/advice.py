"""What a definition only advises: values it suggests, values about to go, values that cannot change.

Warnings never make a payload invalid. Advice is read where a definition gives it for a place
without condition, as Amazon's do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_product_types.validation.document import Pointer, target

if TYPE_CHECKING:
    from collections.abc import Iterator


class Advised(NamedTuple):
    """A place that goes against advice, and the keyword that gives it."""

    path: Pointer
    keyword: str


@dataclass(slots=True)
class Advice:
    """The advice for one place of a payload, and for the places below it.

    Args:
        suggested: Values that are suggested; None if any text is as good.
        deprecated: Values that Amazon is going to withdraw.
        fixed: True if an existing listing cannot change the value. What identifies an element
            (its selectors) or is hidden from people is not meant.
        items: The advice for the elements.
        properties: The advice for the fields.
    """

    suggested: frozenset[str] | None = None
    deprecated: frozenset[str] = frozenset()
    fixed: bool = False
    items: Advice | None = None
    properties: dict[str, Advice] = field(default_factory=dict)
    usual: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        #: Texts that follow the advice; others may too.
        self.usual = (self.suggested or frozenset()) - self.deprecated


def advice(document: dict[str, Any]) -> Advice:
    """The advice of a definition."""
    return _read(document, document, frozenset(), ()) or Advice()


def against(advice: Advice, value: Any, path: Pointer = ()) -> Iterator[Advised]:
    """Places with a value that is not suggested or is deprecated."""
    if isinstance(value, str):
        if value in advice.deprecated:
            yield Advised(path, "enumDeprecated")
        if advice.suggested is not None and value not in advice.suggested:
            yield Advised(path, "enum")
    elif isinstance(value, dict):
        for name, child in value.items():
            below = advice.properties.get(name)
            if below is not None and not _followed(below, child):
                yield from against(below, child, (*path, name))
    elif isinstance(value, list) and advice.items is not None:
        for index, item in enumerate(value):
            yield from against(advice.items, item, (*path, index))


def _followed(advice: Advice, value: Any) -> bool:  # noqa: C901 - calls would cost more than what it decides
    """Does a value follow all advice for its place? Runs over every payload, so in few calls."""
    if isinstance(value, list):
        if advice.items is not None:
            for item in value:
                if not _followed(advice.items, item):
                    return False
    elif isinstance(value, dict):
        properties = advice.properties
        for name, child in value.items():
            below = properties.get(name)
            if below is None or (type(child) is str and child in below.usual):
                continue
            if type(child) is list and below.items is not None:
                for item in child:
                    if not _followed(below.items, item):
                        return False
            elif not _followed(below, child):
                return False
    elif isinstance(value, str):
        return value not in advice.deprecated and (advice.suggested is None or value in advice.suggested)
    return True


def unchangeable(advice: Advice, value: Any, path: Pointer = ()) -> Iterator[Advised]:
    """Places whose value an existing listing cannot change."""
    if advice.fixed:
        yield Advised(path, "editable")
    elif isinstance(value, dict):
        for name, child in value.items():
            if name in advice.properties:
                yield from unchangeable(advice.properties[name], child, (*path, name))
    elif isinstance(value, list) and advice.items is not None:
        for index, item in enumerate(value):
            yield from unchangeable(advice.items, item, (*path, index))


def suggestions(node: dict[str, Any]) -> list[Any]:
    """The values a place suggests: the `enum` in an `anyOf` whose other branch takes any text."""
    branches = [branch for branch in node.get("anyOf", ()) if isinstance(branch, dict)]
    free = any(set(branch) == {"type"} and branch["type"] == "string" for branch in branches)
    return next((branch["enum"] for branch in branches if branch.get("enum")), []) if free else []


def current(node: dict[str, Any]) -> list[Any]:
    """The values of a place that stay: allowed or suggested, and not deprecated."""
    going = _deprecated(node)
    return [value for value in node.get("enum") or suggestions(node) if value not in going]


def replacements(node: dict[str, Any], value: Any) -> list[Any]:
    """What the definition names in place of a deprecated value, if it does."""
    entries = [entry for entry in _lifecycle(node, "enumReplacement") if isinstance(entry, dict)]
    return [new for entry in entries if entry.get("value") == value for new in entry.get("replacements", ())]


def _deprecated(node: dict[str, Any]) -> frozenset[str]:
    return _texts(_lifecycle(node, "enumDeprecated"))


def _lifecycle(node: dict[str, Any], name: str) -> list[Any]:
    """An entry of `$lifecycle`, which stands beside the `enum` it is about."""
    parts = [part for part in (node, *node.get("anyOf", ())) if isinstance(part, dict)]
    found = [part["$lifecycle"] for part in parts if isinstance(part.get("$lifecycle"), dict)]
    return [entry for lifecycle in found for entry in lifecycle.get(name, ())]


def _texts(values: Any) -> frozenset[str]:
    return frozenset(value for value in values if isinstance(value, str))


def _read(
    document: dict[str, Any], node: Any, identifying: frozenset[str], seen: tuple[str, ...], name: str = ""
) -> Advice | None:
    if not isinstance(node, dict):
        return None
    reference = node.get("$ref")
    if isinstance(reference, str):
        if reference in seen:
            return None
        node = {**(target(document, reference) or {}), **node}
        seen = (*seen, reference)
    selectors = frozenset(node.get("selectors", ()))
    found = Advice(
        suggested=_texts(suggestions(node)) or None,
        deprecated=_deprecated(node),
        fixed=node.get("editable") is False and node.get("hidden") is not True and name not in identifying,
        items=_read(document, node.get("items"), selectors, seen),
        properties={
            key: below
            for key, child in node.get("properties", {}).items()
            if (below := _read(document, child, identifying, seen, key))
        },
    )
    speaks = found.suggested or found.deprecated or found.fixed or found.items or found.properties
    return found if speaks else None
