"""What a plan leaves as people arranged it, although the mapping says otherwise.

A listing that people moved to Amazon's warehouses gets no merchant's stock, and one that is a child in
another parent's family is not moved out of it. Whoever wants it otherwise maps the channel, or adopts what
the listing has (`amazon-listings adopt`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.mapping.families.members import FAMILY_ATTRIBUTES, RELATION
from amazon_listings.runs.quantities import AVAILABILITY, CHANNEL, MERCHANT
from amazon_listings.selling_partner.leaves import MARKETPLACE, split

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amazon_listings.selling_partner.leaves import Layout, Leaf

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


def family_leaves(
    wanted: Attributes, found: Attributes, layout: Layout, defaults: Mapping[str, Any]
) -> frozenset[Leaf]:
    """Return the leaves that say in which family a listing is, and is wanted to be."""
    parts = ({name: some[name] for name in FAMILY_ATTRIBUTES if some.get(name)} for some in (wanted, found))
    return frozenset(leaf for part in parts for leaf in split(part, layout, defaults))


def _parent(attributes: Attributes, marketplace_id: str) -> str:
    """Return the parent's SKU that the attributes of a listing name; empty if they name none."""
    for element in attributes.get(RELATION) or ():
        if element.get(MARKETPLACE, marketplace_id) == marketplace_id and element.get("parent_sku"):
            return str(element["parent_sku"])
    return ""
