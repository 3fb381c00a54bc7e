"""Reading many listings: twenty with one search.

Reading them one by one would take longer than a feed saves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amazon_listings.ledger.database import chunks
from amazon_listings.runs.listings.calls import Progress, call_for_all
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.selling_partner.faults.exceptions import MalformedAnswer
from amazon_listings.selling_partner.listing_answers import of_marketplace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from amazon_listings.errors import AmazonListingsError
    from amazon_listings.selling_partner.calls.client import SellingPartner
    from amazon_listings.selling_partner.listing_answers import Listing

#: Identifiers that one search takes.
AT_ONCE = 20


@dataclass
class Reading:
    """What was read, by SKU: `listings`, None where Amazon has none; `troubles`, why it could not be read.

    `searched`: where a search named several marketplaces, what it shows of all. `calls`: how many searches.
    """

    listings: dict[str, Listing | None] = field(default_factory=dict)
    troubles: dict[str, AmazonListingsError | None] = field(default_factory=dict)
    searched: dict[str, Listing] = field(default_factory=dict)
    calls: int = 0


def read_listings(
    client: SellingPartner,
    marketplace_id: str,
    skus: Iterable[str],
    *,
    listed: Collection[str],
    others: Collection[str] = (),
    included: Collection[str] = ("attributes",),
    issue_locale: str | None = None,
) -> Reading:
    """Return what Amazon says of these SKUs.

    Args:
        client: Whose listings.
        marketplace_id: One marketplace.
        skus: Which.
        listed: Those that Amazon is known to have: should a search not find them, they are read alone.
        others: Further marketplaces that a search names. What it shows in the first one, by its summary, is
            what `listings` has.
        included: Parts of the listings.
        issue_locale: Language of the issues.

    Raises:
        RetryableError, ActionRequiredError: Amazon cannot be asked.
    """
    reading = Reading()
    asked: dict[str, Any] = {"included": included, "issueLocale": issue_locale}

    def read(sku: str) -> Listing | None:
        return amazon.get(client, sku, [marketplace_id], included=included, issue_locale=issue_locale)

    def search(wanted: list[str]) -> dict[str, Listing | None]:
        if len(wanted) == 1:
            return {wanted[0]: read(wanted[0])}
        try:
            found = amazon.search(
                client,
                [marketplace_id, *others],
                page_size=AT_ONCE,
                identifiers=wanted,
                identifiersType="SKU",
                **asked,
            )
            known = {listing.sku: listing for listing in found}
        except MalformedAnswer:
            # One odd listing among twenty: the others are read without it.
            return dict(_alone(wanted, read, reading))
        if others:
            reading.searched |= known
            here = {sku: of_marketplace(listing, marketplace_id) for sku, listing in known.items()}
            known = {sku: listing for sku, listing in here.items() if listing is not None}
        return {sku: known[sku] if sku in known else read(sku) if sku in listed else None for sku in wanted}

    jobs = list(_jobs(skus))
    for answered in call_for_all(
        jobs,
        search,
        in_flight=lambda: client.in_flight("searchListingsItems"),
        progress=Progress(len(jobs), "log.progress_searches"),
    ):
        reading.calls += 1
        if answered.result is None:
            reading.troubles |= dict.fromkeys(answered.row, answered.trouble)
        else:
            reading.listings |= answered.result
    return reading


def _alone(
    skus: list[str], read: Callable[[str], Listing | None], reading: Reading
) -> Iterator[tuple[str, Listing | None]]:
    """Yield what readings of their own show; note those that cannot be read."""
    for sku in skus:
        try:
            yield sku, read(sku)
        except MalformedAnswer as error:
            reading.troubles[sku] = error


def _jobs(skus: Iterable[str]) -> Iterator[list[str]]:
    """Yield SKUs by twenties. A search takes a list with commas, so one that has a comma is read alone."""
    together = []
    for sku in skus:
        if "," in sku:
            yield [sku]
        else:
            together.append(sku)
    yield from chunks(together, AT_ONCE)
