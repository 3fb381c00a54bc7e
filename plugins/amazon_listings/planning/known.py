"""What the ledger knows of listings: what plans are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_listings.ledger.known_items import known_items, owned_contents
from amazon_listings.planning.planner import current_by_ledger
from amazon_listings.runs.ownership import OfOthers, of_others, without_shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

    from amazon_listings.ledger.items import ListingScope
    from amazon_listings.planning.planner import CurrentListing
    from amazon_listings.selling_partner.leaves import Layout


def current_listings(
    ledger: Engine, listings: ListingScope, skus: Sequence[str], layout: Layout
) -> dict[str, CurrentListing]:
    """Return what is known of the listings of SKUs, with what other connectors own of them.

    Of a value that another connector writes too, such as the one stock of a region, it is not known which of
    the two the listing holds.
    """
    known = known_items(ledger, listings, skus)
    contents = without_shared(ledger, listings, owned_contents(ledger, listings, skus), layout)
    others = of_others(ledger, listings, skus, layout)
    found = {}
    for sku in skus:
        theirs = others.get(sku, OfOthers())
        current = current_by_ledger(known.get(sku), contents.get(sku), theirs.leaves)
        # Another connector may have made since what was not there when this one looked.
        found[sku] = current._replace(exists=None) if theirs.listed and not current.exists else current
    return found
