"""Selling Partner API client: tokens, quotas, retries, definitions, listings, feeds.

`SellingPartner(account, quotas=…)` calls; the modules `definitions`, `listings`, `feeds` and
`sellers` are the operations, as functions that take a client.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amazon_listings.selling_partner.account import Account
    from amazon_listings.selling_partner.buckets import BucketStore, Lease, LocalBuckets
    from amazon_listings.selling_partner.client import SellingPartner
    from amazon_listings.selling_partner.quotas import Quotas

__all__ = ["Account", "BucketStore", "Lease", "LocalBuckets", "Quotas", "SellingPartner"]

#: Where each name is. They are imported when they are asked for: the ledger, which masks secrets by a module
#: of this package, needs no HTTP client.
_MODULES = {
    "Account": "account",
    "BucketStore": "buckets",
    "Lease": "buckets",
    "LocalBuckets": "buckets",
    "Quotas": "quotas",
    "SellingPartner": "client",
}


def __getattr__(name: str) -> Any:
    """Return a name of this package, imported when it is first asked for."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
