"""Patches of a listing: the operations that change some of its leaves and no others.

Rules (Listings Items API 2021-08-01 reference; "Merge a listing", "Partially update a listing"
and "Manage purchasable offer" in the SP-API documentation):

- A patch has the path of a whole attribute; its value is a list of elements.
- An element is identified by its selectors, which the product type's definition names.
- `replace` puts the elements given in the attribute's place.
- `merge` changes the element with the same selectors; what it leaves out stays.
- `delete` needs the selectors of each element to remove; a name alone is refused.

Amazon leaves open whether `replace` also removes elements of other selectors and marketplaces,
whether `merge` reaches into nested objects and whether its null removes, and whether elements of
equal selectors are taken as a group or one by one. The patches built here have the same result
either way: `merge` only sets whole properties of single elements, and wherever something must be
taken out of an element, or elements share their selectors, the attribute is replaced by all that
it is to hold, elements of others among it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amazon_listings.selling_partner.content.leaves import MARKETPLACE, Layout, same_value
from amazon_listings.selling_partner.content.overlay import changing, leaves_nothing_out, sendable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from amazon_listings.selling_partner.content.leaves import Difference, Element, Leaf
    from amazon_listings.selling_partner.content.overlay import Group, Overlay

Patch = dict[str, Any]

COST_PRICE = "cost_price"
#: Relations that exist are not sent again (SP-API changelog 2025-05).
RELATIONS = frozenset({"child_parent_sku_relationship"})


@dataclass
class Patches:
    """How a listing is made to hold what is wanted.

    Args:
        operations: Amazon's patch operations, in the order of the attributes' names; empty if nothing
            has to be changed.
        differences: The leaves that they change.
        carries: Whether an operation carries, or may have to carry, what others put into the listing,
            here or in another marketplace: it may only be sent right after the listing was read in all.
        marketplaces: The other marketplaces of which elements are carried.
    """

    operations: list[Patch] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    carries: bool = False
    marketplaces: frozenset[str] = frozenset()


def build_patches(
    current: Mapping[str, list[Element]],
    wanted: Mapping[str, list[Element]],
    *,
    owned: Mapping[str, list[Element]],
    layout: Layout,
    read: bool = True,
    vendor: bool = False,
    forced: bool = False,
    defaults: Mapping[str, Any] | None = None,
    kept: Callable[[Leaf], bool] = lambda _: False,
) -> Patches:
    """Return the patches that make a listing hold what is wanted, and touch no other leaf.

    JSON types are kept as they are: `"0123"`, `"true"` and `123` stay what they are.

    Args:
        current: What the listing holds: as Amazon returns it, or as far as it is known.
        wanted: What it is to hold of the mapping.
        owned: What was last accepted of the mapping: what is not wanted of it any more is removed.
        layout: The layout of the product type's definition.
        read: Whether `current` is all that the listing holds; if not, `carries` also says that it has
            to be read.
        vendor: Of a vendor: every patch repeats `cost_price`.
        forced: Send everything that is wanted although nothing changed; existing relations never are.
        defaults: Properties that Amazon fills in, such as `marketplace_id` or `audience: ALL`, with
            their values: an element that lacks one is the same as one that has it so.
        kept: Whether a leaf that is owned and not wanted stays, because another connector wants it.
    """
    patches = Patches()
    defaults = defaults or {}
    found = changing(
        current,
        owned,
        wanted,
        layout,
        defaults,
        kept=kept,
        forced=wanted.keys() - RELATIONS if forced else (),
    )
    for overlay in found:
        _add(patches, overlay, read=read, defaults=defaults)
    if patches.operations and vendor and not _touched(patches.operations, COST_PRICE):
        below = layout.properties.get(COST_PRICE, Layout())
        cost = wanted.get(COST_PRICE) or sendable(current.get(COST_PRICE) or [], below, defaults)
        if cost:
            patches.operations.append(_patch("replace", COST_PRICE, cost))
        patches.carries |= not (cost or read)
    return patches


def _add(patches: Patches, overlay: Overlay, *, read: bool, defaults: Mapping[str, Any]) -> None:
    """Add the operations that change one attribute."""
    name, selectors = overlay.name, overlay.layout.selectors
    patches.differences += overlay.differences
    if not selectors or any(group.selection is None for group in overlay.groups):
        patches.operations += _whole(overlay, defaults)
        patches.carries |= MARKETPLACE in selectors
        return
    changed = [group for group in overlay.groups if group.differences]
    gone = [group for group in changed if not group.target]
    set_ = [group for group in changed if group.target]
    addressed = all(_is_addressed(group, selectors) for group in gone)
    if addressed and all(_is_mergeable(group, selectors) for group in set_):
        if gone:
            # Once for each: Amazon may take elements of equal selectors as a group, or singly.
            dropped = [dict(group.selection or ()) for group in gone for _ in group.current]
            patches.operations.append(_patch("delete", name, dropped))
            patches.carries |= not read
        if set_:
            patches.operations.append(_patch("merge", name, [_merged(group) for group in set_]))
            patches.carries |= any(_merge_carries(group, overlay.layout, read=read) for group in set_)
        return
    fewer = [
        group
        for group in changed
        if len(group.target) < len(group.current) and _is_addressed(group, selectors)
    ]
    if fewer:
        dropped = [dict(group.selection or ()) for group in fewer for _ in group.current]
        patches.operations.append(_patch("delete", name, dropped))
    if overlay.target:
        patches.operations.append(_patch("replace", name, overlay.target))
    elsewhere = MARKETPLACE in selectors
    patches.carries |= elsewhere or not read or any(group.foreign for group in overlay.groups)
    patches.marketplaces |= _other_marketplaces(overlay, defaults)


def _whole(overlay: Overlay, defaults: Mapping[str, Any]) -> list[Patch]:
    """Return the operations for an attribute that is one leaf.

    What stands there is dropped first, unless it is only added to: a replace that leaves equal elements
    where they are would keep their old order, and one of two that are equal.
    """
    current = [element for group in overlay.groups for element in group.current]
    target = overlay.target
    added_to = same_value(current, target[: len(current)], defaults)
    # The larger first: Amazon may take an element that has all that is given, and more.
    dropped = [] if added_to else sorted(current, key=len, reverse=True)
    operations = [_patch("delete", overlay.name, dropped)] if dropped else []
    if target:
        operations.append(_patch("replace", overlay.name, target))
    return operations


def _is_addressed(group: Group, selectors: tuple[str, ...]) -> bool:
    """Return whether all selectors of the elements are known, without which Amazon refuses to find them."""
    stated = dict(group.selection or ())
    return stated.keys() == set(selectors) and all(value != "" for value in stated.values())


def _is_mergeable(group: Group, selectors: tuple[str, ...]) -> bool:
    """Return whether `merge` is clear: a single element that loses nothing, named by all its selectors."""
    return (
        group.properties is not None
        and _is_addressed(group, selectors)
        and all(difference.after is not None for difference in group.differences)
    )


def _merged(group: Group) -> Element:
    """Return the selectors and the properties that change, each whole."""
    changed = {name: part.target for name, part in (group.properties or {}).items() if part.differences}
    return dict(group.selection or ()) | changed


def _merge_carries(group: Group, layout: Layout, *, read: bool) -> bool:
    """Return whether a property that is merged may have parts of others."""
    changed = {name: part for name, part in (group.properties or {}).items() if part.differences}
    if any(part.foreign for part in changed.values()):
        return True
    return not read and not all(
        leaves_nothing_out(part.target, layout.properties.get(name, Layout()))
        for name, part in changed.items()
        if isinstance(part.target, dict | list)
    )


def _other_marketplaces(overlay: Overlay, defaults: Mapping[str, Any]) -> frozenset[str]:
    named = {dict(group.selection or ()).get(MARKETPLACE) for group in overlay.groups if group.target}
    return frozenset(str(one) for one in named if one is not None and one != defaults.get(MARKETPLACE))


def _touched(operations: list[Patch], name: str) -> bool:
    return any(patch["path"] == f"/attributes/{name}" for patch in operations)


def _patch(op: str, name: str, value: list[Element]) -> Patch:
    return {"op": op, "path": f"/attributes/{name}", "value": value}
