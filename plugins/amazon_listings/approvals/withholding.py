"""Leave some changes out of what is sent: nothing is said of their leaves, which stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.selling_partner.content.leaves import join, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amazon_listings.runs.plan import Change
    from amazon_listings.selling_partner.content.leaves import Layout, Leaf

#: Last steps of leaves that mean something only together with the leaves beside them.
_COUPLED = frozenset({"value", "unit", "currency", "type"})


def withhold(
    attributes: Mapping[str, Any],
    withheld: Iterable[Change],
    layout: Layout,
    defaults: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the attributes without the leaves of some changes.

    Args:
        attributes: The attributes that are wanted.
        withheld: The changes to leave out.
        layout: The layout of the product type's definition.
        defaults: Selector values that Amazon fills in.
    """
    wanted = dict(attributes)
    by_attribute: dict[str, list[Change]] = {}
    for change in withheld:
        by_attribute.setdefault(change.leaf.attribute, []).append(change)
    for name, changes in by_attribute.items():
        leaves = split({name: wanted.get(name) or []}, layout, defaults)
        for change in changes:
            leaves.pop(change.leaf, None)
        elements = join(leaves).get(name)
        if elements:
            wanted[name] = elements
        else:
            wanted.pop(name, None)
    return wanted


def with_coupled(leaves: Iterable[Leaf], changes: Iterable[Change]) -> set[Leaf]:
    """Return some leaves of a plan with those that mean nothing without them: a unit and its value."""
    chosen = set(leaves)
    groups: dict[tuple[Any, ...], set[Leaf]] = {}
    for change in changes:
        leaf = change.leaf
        if leaf.path and leaf.path[-1] in _COUPLED:
            place = (leaf.marketplace_id, leaf.attribute, leaf.selectors, leaf.path[:-1])
            groups.setdefault(place, set()).add(leaf)
    for together in groups.values():
        if not together.isdisjoint(chosen):
            chosen |= together
    return chosen
