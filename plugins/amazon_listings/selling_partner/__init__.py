"""Selling Partner API client: tokens, quotas, retries, definitions, listings, feeds.

`SellingPartner(account, quotas=…)` calls; the modules `definitions`, `listings`, `feeds` and
`sellers` are the operations, as functions that take a client.
"""

from __future__ import annotations

from amazon_listings.selling_partner.account import Account
from amazon_listings.selling_partner.buckets import BucketStore, Lease, LocalBuckets
from amazon_listings.selling_partner.client import SellingPartner
from amazon_listings.selling_partner.quotas import Quotas

__all__ = ["Account", "BucketStore", "Lease", "LocalBuckets", "Quotas", "SellingPartner"]
