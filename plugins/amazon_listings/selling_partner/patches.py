"""Patches of a listing: the difference between what it holds and what is wanted.

Rules (Listings Items API 2021-08-01 reference; "Merge a listing", "Partially update a listing"
and "Manage purchasable offer" in the SP-API documentation):

- A patch has the path of a whole attribute; its value is a list of elements.
- An element is identified by its selectors, which the product type's definition names.
- `replace` puts the elements given in the attribute's place; what they leave out is gone.
- `merge` changes the element with the same selectors; what it leaves out stays, null removes.
- `delete` needs the selectors of each element to remove; a name alone is refused.

Amazon does not say whether `replace` also removes elements of other selectors, nor whether
`merge` reaches into nested objects. The patches built here have the same result either way:
elements that must go are deleted by name, and a change for which it would matter is a `replace`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from amazon_listings.selling_partner.comparison import same
from amazon_listings.selling_partner.operations import OFFER_ATTRIBUTES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

Element = dict[str, Any]

COST_PRICE = "cost_price"
#: Relations that exist are not sent again (SP-API changelog 2025-05).
RELATIONS = frozenset({"child_parent_sku_relationship"})


def build_patches(
    before: Mapping[str, list[Element]],
    wanted: Mapping[str, list[Element]],
    *,
    selectors: Mapping[str, Sequence[str]],
    owned: Collection[str],
    vendor: bool = False,
    force: Collection[str] = (),
    defaults: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Return patches that make a listing have what is wanted, touching only what the mapping owns.

    JSON types are kept as they are: `"0123"`, `"true"` and `123` stay what they are.

    Args:
        before: Attributes that the listing holds: those last accepted, or what Amazon returns.
        wanted: Attributes it shall hold, of those owned.
        selectors: The selectors of each attribute, from its definition; where an attribute has
            none, its elements are identified by everything they hold.
        owned: Attributes that the mapping fills; all others are left alone. One that is owned and
            not wanted is deleted.
        vendor: Of a vendor: offer attributes are never sent, and every patch repeats `cost_price`.
        force: Owned attributes to send although nothing changed; existing relations never are.
        defaults: Properties that Amazon fills in, such as `marketplace_id` or `audience: ALL`, with
            their values: an element that lacks one is the same as one that has it so.

    Returns:
        Amazon's patch operations, in the order of the attributes' names; empty if all is as wanted.
    """
    patches: list[dict[str, Any]] = []
    for name in sorted(set(owned)):
        if vendor and name in OFFER_ATTRIBUTES:
            continue
        attribute = _Attribute(name, tuple(selectors.get(name, ())), defaults or {})
        patches += attribute.change(before.get(name) or [], wanted.get(name) or [])
        if name in force and name not in RELATIONS and wanted.get(name) and not _touched(patches, name):
            patches.append(_patch("replace", name, wanted[name]))
    if patches and vendor and not _touched(patches, COST_PRICE):
        cost = wanted.get(COST_PRICE) or before.get(COST_PRICE)
        if cost:
            patches.append(_patch("replace", COST_PRICE, cost))
    return patches


class _Attribute:
    """One attribute: how its elements are told apart, and how it is changed."""

    def __init__(self, name: str, selectors: tuple[str, ...], defaults: Mapping[str, Any]) -> None:
        self.name = name
        self.selectors = selectors
        self.defaults = defaults

    def change(self, current: list[Element], wanted: list[Element]) -> Iterator[dict[str, Any]]:
        """The patches of this attribute."""
        before, after = self._groups(current), self._groups(wanted)
        gone = [self._selection(elements[0]) for key, elements in before.items() if key not in after]
        changed = [key for key, elements in after.items() if not self._alike(before.get(key), elements)]
        if gone:
            yield _patch("delete", self.name, gone)
        if not changed:
            return
        if all(self._can_merge(before.get(key), after[key]) for key in changed):
            merged = [self._difference(before[key][0], after[key][0]) for key in changed]
            yield _patch("merge", self.name, merged)
        else:
            yield _patch("replace", self.name, wanted)

    def _groups(self, elements: list[Element]) -> dict[str, list[Element]]:
        """Elements by their selectors' values, in order; several may share them (bullet points)."""
        groups: dict[str, list[Element]] = {}
        for element in elements:
            groups.setdefault(self._key(element), []).append(element)
        return groups

    def _key(self, element: Element) -> str:
        if self.selectors:
            key = self._selection(element)
        else:
            key = {name: value for name, value in element.items() if not self._is_default(name, value)}
        return json.dumps(key, sort_keys=True)

    def _is_default(self, name: str, value: Any) -> bool:
        return name in self.defaults and same(self.defaults[name], value)

    def _selection(self, element: Element) -> Element:
        """What identifies an element; all of it, where the definition names no selectors."""
        if not self.selectors:
            return element
        filled = {name: element.get(name, self.defaults.get(name)) for name in self.selectors}
        return {name: value for name, value in filled.items() if value is not None}

    def _alike(self, current: list[Element] | None, wanted: list[Element]) -> bool:
        return (
            current is not None
            and len(current) == len(wanted)
            and all(
                same(self._completed(left, right), self._completed(right, left))
                for left, right in zip(current, wanted, strict=True)
            )
        )

    def _completed(self, element: Element, other: Element) -> Element:
        """The element with those defaults that the other one states."""
        return {**{name: self.defaults[name] for name in other if name in self.defaults}, **element}

    def _can_merge(self, current: list[Element] | None, wanted: list[Element]) -> bool:
        """Whether `merge` is clear: one element on each side, all selectors set, nothing lost inside."""
        if current is None or len(current) != 1 or len(wanted) != 1 or not self.selectors:
            return False
        if self._selection(wanted[0]).keys() != set(self.selectors):
            return False
        if any(value is None for value in wanted[0].values()):
            return False
        return all(_only_adds(current[0].get(name), value) for name, value in wanted[0].items())

    def _difference(self, current: Element, wanted: Element) -> Element:
        """The selectors, what changed, and null for what is gone."""
        current, full = self._completed(current, wanted), self._completed(wanted, current)
        changed = {
            name: value
            for name, value in full.items()
            if name not in current or not same(current[name], value)
        }
        gone = dict.fromkeys(name for name in current if name not in full)
        return {**self._selection(wanted), **changed, **gone}


def _only_adds(current: Any, wanted: Any) -> bool:
    """Whether a nested object keeps all its properties, so that merging and replacing it are one."""
    if not (isinstance(current, dict) and isinstance(wanted, dict)):
        return True
    return all(name in wanted and _only_adds(value, wanted[name]) for name, value in current.items())


def _touched(patches: list[dict[str, Any]], name: str) -> bool:
    return any(patch["path"] == f"/attributes/{name}" for patch in patches)


def _patch(op: str, name: str, value: list[Element]) -> dict[str, Any]:
    return {"op": op, "path": f"/attributes/{name}", "value": value}
