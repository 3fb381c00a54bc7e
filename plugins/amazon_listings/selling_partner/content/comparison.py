"""Compare a listing with what was sent, when no answer came and after acceptance.

Amazon adds some properties to what it was given (`audience: ALL`, a `marketplace_id`); anything
else that is there and was not sent means that the listing is not as sent. JSON types count: `"1"`,
`1` and `true` differ, `1` and `1.0` do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Elements = list[dict[str, Any]]

#: Properties that Amazon fills in where they were not sent.
ADDED = frozenset({"audience", "currency", "language_tag", "marketplace_id"})
#: Operations that say all that an attribute is to hold.
_WHOLE = frozenset({"add", "replace"})


def same(left: object, right: object) -> bool:
    """Return whether two JSON values are equal, as JSON sees it."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def matches(current: object, sent: object) -> bool:
    """Return whether a current value is the one sent, apart from properties that Amazon adds."""
    if isinstance(current, dict) and isinstance(sent, dict):
        return current.keys() - sent.keys() <= ADDED and all(
            key in current and matches(current[key], value) for key, value in sent.items()
        )
    if isinstance(current, list) and isinstance(sent, list):
        return len(current) == len(sent) and all(map(matches, current, sent))
    return same(current, sent)


def matches_put(current: Mapping[str, Elements], sent: Mapping[str, Elements]) -> bool:
    """Return whether a listing is as after a put: every attribute sent, and none else."""
    return not mismatched_attributes(current, "PUT", sent)


def matches_patches(current: Mapping[str, Elements], patches: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether a listing is as after these patches."""
    return not mismatched_attributes(current, "PATCH", patches)


def mismatched_attributes(current: Mapping[str, Elements], method: str, body: Any) -> frozenset[str]:
    """Return the attributes that a listing does not have as a write would have left them.

    Args:
        current: The listing's attributes.
        method: Of a submission or of a feed's message.
        body: Its attributes or patches; None of a deletion, which would have left no listing.
    """
    if method == "PATCH":
        return frozenset(_attribute(patch) for patch in _lasting(body) if not _matches_patch(current, patch))
    sent = body or {}
    names = sent.keys() if method == "PARTIAL_UPDATE" else sent.keys() | current.keys()
    return frozenset(
        name for name in names if not _matches_elements(current.get(name, []), sent.get(name, []))
    )


def _lasting(patches: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield the patches whose effect lasts: what is replaced says all, whatever was deleted before."""
    patches = list(patches)
    replaced = {_attribute(patch): place for place, patch in enumerate(patches) if patch["op"] in _WHOLE}
    for place, patch in enumerate(patches):
        if place >= replaced.get(_attribute(patch), 0):
            yield patch


def _attribute(patch: Mapping[str, Any]) -> str:
    return str(patch["path"]).removeprefix("/attributes/")


def _matches_patch(current: Mapping[str, Elements], patch: Mapping[str, Any]) -> bool:
    elements = current.get(_attribute(patch), [])
    values: Elements = patch.get("value", [])
    if patch["op"] == "delete":
        return not any(_selected(element, value) for value in values for element in elements)
    if patch["op"] == "merge":
        return all(any(_merged(element, value) for element in elements) for value in values)
    return _matches_elements(elements, values)


def _selected(element: dict[str, Any], selectors: dict[str, Any]) -> bool:
    return all(key in element and same(element[key], value) for key, value in selectors.items())


def _merged(element: dict[str, Any], value: dict[str, Any]) -> bool:
    return all(
        key not in element if part is None else key in element and matches(element[key], part)
        for key, part in value.items()
    )


def _matches_elements(current: Elements, sent: Elements) -> bool:
    """Return whether every element sent is current, and none else.

    Elements of different selectors have no order.
    """
    left = list(current)
    for element in sent:
        match = next((index for index, other in enumerate(left) if matches(other, element)), None)
        if match is None:
            return False
        del left[match]
    return not left
