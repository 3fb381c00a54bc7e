"""Selling Partner API client: tokens, quotas, retries, definitions, listings, feeds.

`SellingPartner(account, quotas=…)` calls; the modules `definitions`, `listings`, `feeds` and
`sellers` are the operations, as functions that take a client.
"""

from __future__ import annotations

from .account import Account
from .buckets import BucketStore, Lease, LocalBuckets
from .client import SellingPartner
from .quotas import Quotas

__all__ = ["Account", "BucketStore", "Lease", "LocalBuckets", "Quotas", "SellingPartner"]
