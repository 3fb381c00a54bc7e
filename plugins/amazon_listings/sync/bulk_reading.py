"""Reading many listings before they are written by a feed: twenty with one search.

Reading them one by one would take longer than the feed saves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amazon_listings.ledger.database import chunks
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.sync.amazon_calls import Progress, call_for_all
from amazon_listings.sync.submission_plan import Held

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from amazon_listings.selling_partner.client import SellingPartner

#: Identifiers that one search takes.
AT_ONCE = 20
ABSENT = Held(exists=False, attributes=None)


@dataclass
class Reading:
    """What was read: `held` by SKU; `troubles` says why a SKU could not be read; `calls` made."""

    held: dict[str, Held] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)
    calls: int = 0


def read_listings(
    client: SellingPartner, marketplace_id: str, skus: Iterable[str], *, listed: Collection[str]
) -> Reading:
    """What Amazon says of these SKUs.

    Args:
        client: Whose listings.
        marketplace_id: One marketplace.
        skus: Which.
        listed: Those that Amazon is known to have: should a search not find them, they are read alone.

    Raises:
        TryAgain, PersonMustAct: Amazon cannot be asked.
    """
    reading = Reading()

    def read(sku: str) -> Held:
        listing = amazon.get(client, sku, [marketplace_id], included=("attributes",))
        return ABSENT if listing is None else Held(exists=True, attributes=listing.attributes)

    def search(job: dict[str, Any]) -> dict[str, Held]:
        wanted = job["skus"]
        if len(wanted) == 1:
            return {wanted[0]: read(wanted[0])}
        found = amazon.search(
            client,
            [marketplace_id],
            included=("attributes",),
            page_size=AT_ONCE,
            identifiers=wanted,
            identifiersType="SKU",
        )
        known = {listing.sku: Held(exists=True, attributes=listing.attributes) for listing in found}
        missing = {sku: read(sku) if sku in listed else ABSENT for sku in wanted if sku not in known}
        return known | missing

    jobs = list(_jobs(skus))
    for answered in call_for_all(
        jobs,
        search,
        in_flight=lambda: client.in_flight("searchListingsItems"),
        progress=Progress(len(jobs), "searches"),
    ):
        reading.calls += 1
        if answered.result is None:
            reading.troubles |= dict.fromkeys(answered.row["skus"], answered.trouble)
        else:
            reading.held |= answered.result
    return reading


def _jobs(skus: Iterable[str]) -> Iterator[dict[str, Any]]:
    """SKUs by twenties. A search takes a list with commas, so one that has a comma is read alone."""
    together = []
    for sku in skus:
        if "," in sku:
            yield {"skus": [sku]}
        else:
            together.append(sku)
    for batch in chunks(together, AT_ONCE):
        yield {"skus": batch}
