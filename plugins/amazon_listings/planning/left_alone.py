"""What a plan leaves as people arranged it, although the mapping says otherwise.

A listing that people moved to Amazon's warehouses gets no merchant's stock, one that is a child in another
parent's family is not moved out of it, and a family that varies by another theme keeps it. To change
that, map the channel, or adopt what the listing has (`amazon-listings adopt`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.mapping.families.members import FAMILY_ATTRIBUTES, LEVEL, RELATION, THEME
from amazon_listings.runs.listings.quantities import AVAILABILITY, CHANNEL, MERCHANT
from amazon_listings.selling_partner.content.leaves import MARKETPLACE, split

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amazon_listings.selling_partner.content.leaves import Layout, Leaf

    Attributes = Mapping[str, Any]


def stock_at_amazon(
    wanted: Attributes, found: Attributes, layout: Layout, defaults: Mapping[str, Any]
) -> frozenset[Leaf]:
    """Return the leaves of the merchant's stock, if people moved the listing to Amazon's warehouses.

    A listing that is sold from both has its merchant's stock still.
    """
    channels = {one.get(CHANNEL, MERCHANT) for one in found.get(AVAILABILITY, [])}
    if not channels or MERCHANT in channels:
        return frozenset()
    stock = split({AVAILABILITY: wanted.get(AVAILABILITY) or []}, layout, defaults)
    return frozenset(leaf for leaf in stock if dict(leaf.selectors).get(CHANNEL) == MERCHANT)


def parent_of_others(
    wanted: Attributes, found: Attributes, owned: Attributes, defaults: Mapping[str, Any]
) -> str:
    """Return the SKU of the parent in whose family people put a listing; empty if it is in none of others.

    Args:
        wanted: What the mapping makes; one without a family leaves the listing's as it is.
        found: What Amazon returned.
        owned: What was last accepted of the connector.
        defaults: Selector values that Amazon fills in.
    """
    here = defaults[MARKETPLACE]
    parent = _parent(found, here)
    is_ours = parent in {_parent(wanted, here), _parent(owned, here)}
    return "" if is_ours or not any(wanted.get(name) for name in FAMILY_ATTRIBUTES) else parent


def theme_of_others(
    wanted: Attributes, found: Attributes, owned: Attributes, defaults: Mapping[str, Any]
) -> str:
    """Return the theme by which people let a listing's family vary; empty if that is ours, or there is none.

    Args:
        wanted: What the mapping makes.
        found: What Amazon returned.
        owned: What was last accepted of the connector.
        defaults: Selector values that Amazon fills in.
    """
    here = defaults[MARKETPLACE]
    theme, ours = _theme(found, here), _theme(wanted, here)
    in_family = bool(_parent(found, here)) or _level(found, here) == "parent"
    return theme if ours and in_family and theme not in {ours, _theme(owned, here)} else ""


def theme_leaves(wanted: Attributes, layout: Layout, defaults: Mapping[str, Any]) -> frozenset[Leaf]:
    """Return the leaves that say by which theme a listing's family is wanted to vary."""
    return frozenset(split({THEME: wanted.get(THEME) or []}, layout, defaults))


def family_leaves(
    wanted: Attributes, found: Attributes, layout: Layout, defaults: Mapping[str, Any]
) -> frozenset[Leaf]:
    """Return the leaves that say in which family a listing is, and is wanted to be."""
    parts = ({name: some[name] for name in FAMILY_ATTRIBUTES if some.get(name)} for some in (wanted, found))
    return frozenset(leaf for part in parts for leaf in split(part, layout, defaults))


def _parent(attributes: Attributes, marketplace_id: str) -> str:
    """Return the parent's SKU that the attributes of a listing name; empty if they name none."""
    return _stated(attributes.get(RELATION), "parent_sku", marketplace_id)


def _theme(attributes: Attributes, marketplace_id: str) -> str:
    return _stated(attributes.get(THEME), "name", marketplace_id)


def _level(attributes: Attributes, marketplace_id: str) -> str:
    return _stated(attributes.get(LEVEL), "value", marketplace_id)


def _stated(elements: Any, name: str, marketplace_id: str) -> str:
    """Return what the first element of a marketplace says; empty if none does."""
    for element in elements or ():
        if element.get(MARKETPLACE, marketplace_id) == marketplace_id and element.get(name):
            return str(element[name])
    return ""
