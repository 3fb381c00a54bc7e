"""What is known of listings, by the ledger or a reading: what plans are made of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.ledger.items.known import known_items, owned_contents
from amazon_listings.runs.listings.ownership import OfOthers, of_others, without_shared

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Engine

    from amazon_listings.ledger.items.known import KnownItem
    from amazon_listings.ledger.items.payloads import ListingScope
    from amazon_listings.selling_partner.content.leaves import Layout, Leaf
    from amazon_listings.selling_partner.listing_answers import Listing

Attributes = dict[str, Any]


class CurrentListing(NamedTuple):
    """What is known of a listing.

    Args:
        exists: Whether Amazon has it; None if that is not known.
        found: Its attributes as Amazon returned them; None if it was not read.
        owned: What was last accepted of the connector: its leaves are ours. None if there is nothing, or
            it is not known whether the listing still holds it.
        certain: Whether the listing holds what is owned, as far as we know.
        others: The leaves that other connectors own of it.
    """

    exists: bool | None
    found: Attributes | None = None
    owned: Attributes | None = None
    certain: bool = True
    others: frozenset[Leaf] = frozenset()

    @property
    def is_enough(self) -> bool:
        """Whether a plan can be made of it without asking Amazon."""
        known = self.found is not None or (self.owned is not None and self.certain)
        return self.exists is False or (self.exists is True and known)

    @property
    def attributes(self) -> Attributes:
        """What the listing holds, as far as it is known."""
        return self.found if self.found is not None else self.owned or {}

    def read_as(self, listing: Listing | None) -> CurrentListing:
        """Return what is known once the listing was read."""
        found = listing.attributes if listing else None
        return CurrentListing(listing is not None, found, self.owned, self.certain, self.others)


UNKNOWN = CurrentListing(None)


def current_by_ledger(
    known: KnownItem | None,
    content: Attributes | None,
    others: frozenset[Leaf] = frozenset(),
    *,
    now: datetime | None = None,
) -> CurrentListing:
    """Return what the ledger knows of a listing: whether Amazon has it, and what was last accepted.

    A listing that was not seen for longer than a day may be gone: it is not certain to hold anything.
    """
    if known is None or known.listed is None:
        return CurrentListing(None, owned=content, others=others)
    applied = not known.doubtful and known.state != "not_applied"
    certain = applied and known.is_fresh(now or datetime.now(UTC))
    owned = content if known.listed else None
    return CurrentListing(known.listed, owned=owned, certain=certain, others=others)


def current_listings(
    ledger: Engine,
    listings: ListingScope,
    skus: Sequence[str],
    layout: Layout,
    known: Mapping[str, KnownItem] | None = None,
) -> dict[str, CurrentListing]:
    """Return what is known of the listings of SKUs, with what other connectors own of them.

    Of a value that another connector writes too, such as the one stock of a region, it is not known which of
    the two the listing holds. `known`: what the ledger knows of the items, where that was read just before.
    """
    if known is None:
        known = known_items(ledger, listings, skus)
    owned = owned_contents(ledger, listings, [sku for sku in skus if sku in known])
    contents = without_shared(ledger, listings, owned, layout)
    others = of_others(ledger, listings, skus, layout)
    found = {}
    for sku in skus:
        theirs = others.get(sku, OfOthers())
        current = current_by_ledger(known.get(sku), contents.get(sku), theirs.leaves)
        # Another connector may have made since what was not there when this one looked.
        found[sku] = current._replace(exists=None) if theirs.listed and not current.exists else current
    return found
