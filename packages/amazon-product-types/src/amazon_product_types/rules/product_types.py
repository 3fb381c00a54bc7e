"""Product types that are for offers alone."""

from __future__ import annotations

#: Types whose products cannot be described: they take offers on products that Amazon has.
_OFFERS_ONLY = frozenset(("PRODUCT",))


def takes_no_listing(product_type: str, requirements: str) -> bool:
    """Return whether a product type does not take these requirements (`LISTING`)."""
    return product_type in _OFFERS_ONLY and requirements != "LISTING_OFFER_ONLY"
