"""The search of the Listings Items API 2021-08-01, past the thousand results that Amazon pages through.

What may have more results is asked for in the order of creation; where Amazon's pages end at a thousand, the
search goes on a little before the moment of creation that was reached. A search that is cut would look like
listings that are gone, so what leads no further is an error.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from amazon_listings.selling_partner.calls.shapes import Shape
from amazon_listings.selling_partner.listing_answers import read_listing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from amazon_listings.selling_partner.calls.client import SellingPartner
    from amazon_listings.selling_partner.listing_answers import Listing

#: Results that Amazon pages through.
PAGED = 1000
#: Pages between a thousand results and their end: one result a page, and some that are empty.
MOST_PAGES = 1100
#: Pages in a row that may bring nothing.
MOST_IDLE = 3
#: How far two windows of creation overlap; whether Amazon counts the moment itself in is not said.
_OVERLAP = timedelta(seconds=1)
_NAME = "searchListingsItems"


class _Page(NamedTuple):
    """One page: what was found, how many there are in all, the token of the next page, and its answer."""

    listings: list[Listing]
    found: int
    next_token: str | None
    shape: Shape


def search(
    client: SellingPartner,
    marketplace_ids: Collection[str],
    *,
    included: Collection[str] = ("summaries",),
    page_size: int = 20,
    **filters: str | Collection[str] | None,
) -> Iterator[Listing]:
    """Yield the listings that match, each SKU once, page by page.

    Args:
        client: Whose listings.
        marketplace_ids: Marketplaces of one region.
        included: Parts to return, such as `summaries`, `issues`. More than a thousand results need the
            summaries, which say when a listing was created.
        page_size: Listings a request, at most 20.
        filters: Amazon's further parameters by their own names, such as `identifiers` with
            `identifiersType`, `variationParentSku`, `withIssueSeverity`, `lastUpdatedAfter`.

    Raises:
        MalformedAnswer: Amazon's pages do not end, or do not lead to all results.
    """
    if "identifiers" not in filters:
        filters = {"sortBy": "createdDate", "sortOrder": "ASC", **filters}
    skus: set[str] = set()
    while True:
        shown, created, before = 0, "", len(skus)
        for page in _pages(client, marketplace_ids, included, page_size, filters):
            for listing in page.listings:
                shown += 1
                created = max([created, *(str(one.get("createdDate") or "") for one in listing.summaries)])
                if listing.sku not in skus:
                    skus.add(listing.sku)
                    yield listing
            found, shape = page.found, page.shape
        # A count of a thousand may be all that Amazon counts.
        is_whole = shown < PAGED or (found <= shown and found != PAGED)
        if is_whole or "identifiers" in filters:
            return
        reached = _moment(created)
        if reached is None or len(skus) == before:
            shape.bad("amazon.bad.counts", found=found, shown=shown)
            return
        filters = {**filters, "createdAfter": (reached - _OVERLAP).isoformat().replace("+00:00", "Z")}


def _pages(
    client: SellingPartner,
    marketplace_ids: Collection[str],
    included: Collection[str],
    page_size: int,
    filters: dict[str, str | Collection[str] | None],
) -> Iterator[_Page]:
    """Yield page after page, as far as Amazon leads."""
    token: str | None = None
    seen: set[str] = set()
    idle = 0
    while True:
        page = _page(client, marketplace_ids, included=included, page_size=page_size, token=token, **filters)
        yield page
        token = page.next_token
        if token is None:
            return
        idle = 0 if page.listings else idle + 1
        if token in seen or idle > MOST_IDLE or len(seen) > MOST_PAGES:
            page.shape.bad("amazon.bad.circle")
        seen.add(token)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _page(
    client: SellingPartner,
    marketplace_ids: Collection[str],
    *,
    included: Collection[str] = ("summaries",),
    page_size: int = 20,
    token: str | None = None,
    **filters: str | Collection[str] | None,
) -> _Page:
    """Return one page of a search."""
    answer = client.call(
        _NAME,
        path={"sellerId": client.account.seller_id},
        query={
            "marketplaceIds": marketplace_ids,
            "includedData": included,
            "pageSize": page_size,
            "pageToken": token,
            **filters,
        },
    )
    shape = Shape(answer, _NAME)
    found = shape.number("numberOfResults")
    if found is None and not answer.body.get("items"):
        shape.bad("amazon.bad.neither", key="numberOfResults", other="items")
    if found and answer.body.get("items") is None:
        shape.bad("amazon.bad.no_items", found=found)
    listings = [read_listing(shape, item) for item in shape.objects("items")]
    pagination = shape.optional_object("pagination")
    return _Page(
        listings,
        len(listings) if found is None else found,
        shape.repaired_text("nextToken", pagination),
        shape,
    )
