"""Listings that people made: what a shop holds before any connector has run.

A seller who connects an existing catalogue has prices of a repricer, sales of marketing, offers for
business buyers, texts in other languages and goods in Amazon's warehouse. These few listings have one
of each; their reasons are in `data/listings/by_hand.yaml`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from spapi_sandbox.account.accounts import SELLER_ID
from spapi_sandbox.data_files import read_yaml
from spapi_sandbox.marketplaces import MARKETPLACES

if TYPE_CHECKING:
    from spapi_sandbox.listings.store import ListingStore

FILE = Path(__file__).resolve().parents[1] / "data" / "listings" / "by_hand.yaml"


def add_listings_by_hand(listings: ListingStore, *, seller_id: str = SELLER_ID) -> list[str]:
    """Add the listings that people made, apart from SKUs that were ever submitted; return the SKUs added."""
    added = []
    for made in read_yaml(FILE):
        key = (seller_id, made["sku"], MARKETPLACES[made["country"]].id)
        if not listings.has_history(key):
            listings.write(key, made["product_type"], made["attributes"], read_delay=0.0, asin_delay=0.0)
            added.append(made["sku"])
    return added
