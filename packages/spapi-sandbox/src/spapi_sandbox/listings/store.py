"""The listings: what was submitted, what is already to be read, what became of it."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spapi_sandbox.clock import Clock
    from spapi_sandbox.storage import StateFile

Issue = dict[str, Any]


@dataclass
class Version:
    """Attributes that can be read from `at` on, kept as JSON text (a quarter of the memory)."""

    at: float
    product_type: str
    written: str | None

    @property
    def deleted(self) -> bool:
        """Whether this is a deletion."""
        return self.written is None

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes, a copy of the caller's own; empty for a deletion."""
        return dict(json.loads(self.written)) if self.written else {}


@dataclass
class Listing:
    """One SKU of one account in one marketplace.

    `versions` are in the order of submission; `asin_at` is when the catalog has matched it;
    `added_issues` were injected by a test.
    """

    seller_id: str
    sku: str
    marketplace_id: str
    created_at: float
    updated_at: float
    asin_at: float
    versions: list[Version] = field(default_factory=list)
    added_issues: list[Issue] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str, str]:
        """Identity: account, SKU, marketplace."""
        return self.seller_id, self.sku, self.marketplace_id

    @property
    def latest(self) -> Version:
        """What was submitted last, readable or not."""
        return self.versions[-1]


class ListingStore:
    """All listings; safe to use from several threads.

    Args:
        clock: Decides what can be read already.
        state_file: Where listings survive a restart.
    """

    def __init__(self, clock: Clock, state_file: StateFile) -> None:
        self._clock = clock
        self._file = state_file
        self.lock = threading.RLock()
        self._listings: dict[tuple[str, str, str], Listing] = {}
        for _, value in state_file.all("listing"):
            value["versions"] = [Version(**version) for version in value["versions"]]
            listing = Listing(**value)
            self._listings[listing.key] = listing

    def clear(self) -> None:
        """No listings."""
        with self.lock:
            self._listings.clear()

    def submitted(self, seller_id: str, sku: str, marketplace_id: str) -> Version | None:
        """Return the last submitted state, `None` if there is none or it was a deletion."""
        with self.lock:
            listing = self._listings.get((seller_id, sku, marketplace_id))
            if listing is None or listing.latest.deleted:
                return None
            return listing.latest

    def has_history(self, key: tuple[str, str, str]) -> bool:
        """Return whether a SKU was ever submitted, a deleted one included."""
        with self.lock:
            return key in self._listings

    def readable(self, seller_id: str, sku: str, marketplace_id: str) -> tuple[Listing, Version] | None:
        """Return the listing and the state that can be read now."""
        with self.lock:
            listing = self._listings.get((seller_id, sku, marketplace_id))
            version = self._visible(listing) if listing else None
            return (listing, version) if listing and version else None

    def all_readable(self, seller_id: str) -> Iterator[tuple[Listing, Version]]:
        """Yield every readable listing of an account."""
        with self.lock:
            keys = [key for key in self._listings if key[0] == seller_id]
        for key in keys:
            found = self.readable(*key)
            if found:
                yield found

    def _visible(self, listing: Listing) -> Version | None:
        now = self._clock.now()
        due = [version for version in listing.versions if version.at <= now]
        return due[-1] if due and not due[-1].deleted else None

    def write(
        self,
        key: tuple[str, str, str],
        product_type: str,
        attributes: dict[str, Any] | None,
        *,
        read_delay: float,
        asin_delay: float,
    ) -> None:
        """Write a new state (`None` deletes): seconds until it can be read, and until it has an ASIN."""
        now = self._clock.now()
        written = None if attributes is None else json.dumps(attributes, ensure_ascii=False)
        with self.lock:
            listing = self._listings.get(key)
            if listing is None or listing.latest.deleted:
                if attributes is None:
                    return
                listing = Listing(*key, created_at=now, updated_at=now, asin_at=now + asin_delay)
                self._listings[key] = listing
            listing.updated_at = now
            due = [version for version in listing.versions if version.at <= now]
            waiting = [version for version in listing.versions if version.at > now]
            listing.versions = [*due[-1:], *waiting, Version(now + read_delay, product_type, written)]
            self._keep(listing)

    def add_issue(self, key: tuple[str, str, str], issue: Issue) -> bool:
        """Adds an issue to a listing; False if there is no such listing."""
        with self.lock:
            listing = self._listings.get(key)
            if listing is None:
                return False
            listing.added_issues.append(issue)
            self._keep(listing)
            return True

    def _keep(self, listing: Listing) -> None:
        self._file.put("listing", "\n".join(listing.key), listing)
