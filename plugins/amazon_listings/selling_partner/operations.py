"""The operations of the Selling Partner API that are used, and their limits.

Source of methods, paths, rates and bursts: Amazon's own models (`amzn/selling-partner-api-models`,
files named in `source`). Limits that the models do not state carry their own source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

Kind = Literal["preview", "relationships", "product data"]
Scope = Literal["account", "application"]


class Operation(NamedTuple):
    """One operation: how it is called and the default quota of an account.

    `rate` is in requests per second. `repeatable`: sending it again after an unknown outcome
    (a time-out, a 5xx) can do no harm, so the client does so by itself. `answers`: a success has a
    body.
    """

    name: str
    method: str
    path: str
    rate: float
    burst: int
    source: str
    repeatable: bool = True
    answers: bool = True


LISTINGS = "listingsItems_2021-08-01.json"
RESTRICTIONS = "listingsRestrictions_2021-08-01.json"
DEFINITIONS = "definitionsProductTypes_2020-09-01.json"
FEEDS = "feeds_2021-06-30.json"
SELLERS = "sellers.json"

_ITEM = "/listings/2021-08-01/items/{sellerId}/{sku}"
_TYPES = "/definitions/2020-09-01/productTypes"

OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        Operation("putListingsItem", "PUT", _ITEM, 5, 10, LISTINGS, repeatable=False),
        Operation("patchListingsItem", "PATCH", _ITEM, 5, 5, LISTINGS, repeatable=False),
        Operation("getListingsItem", "GET", _ITEM, 5, 10, LISTINGS),
        Operation("deleteListingsItem", "DELETE", _ITEM, 5, 5, LISTINGS),
        Operation("searchListingsItems", "GET", "/listings/2021-08-01/items/{sellerId}", 5, 5, LISTINGS),
        Operation("getListingsRestrictions", "GET", "/listings/2021-08-01/restrictions", 5, 10, RESTRICTIONS),
        Operation("searchDefinitionsProductTypes", "GET", _TYPES, 5, 10, DEFINITIONS),
        Operation("getDefinitionsProductType", "GET", _TYPES + "/{productType}", 5, 10, DEFINITIONS),
        Operation("createFeedDocument", "POST", "/feeds/2021-06-30/documents", 0.5, 15, FEEDS),
        # A listings feed draws on a bucket of its type, too: see `LISTINGS_FEEDS`.
        Operation("createFeed", "POST", "/feeds/2021-06-30/feeds", 0.0083, 15, FEEDS, repeatable=False),
        Operation("getFeed", "GET", "/feeds/2021-06-30/feeds/{feedId}", 2, 15, FEEDS),
        Operation("getFeeds", "GET", "/feeds/2021-06-30/feeds", 0.0222, 10, FEEDS),
        Operation("cancelFeed", "DELETE", "/feeds/2021-06-30/feeds/{feedId}", 2, 15, FEEDS, answers=False),
        Operation(
            "getFeedDocument",
            "GET",
            "/feeds/2021-06-30/documents/{feedDocumentId}",
            0.0222,
            10,
            FEEDS,
        ),
        Operation(
            "getMarketplaceParticipations",
            "GET",
            "/sellers/v1/marketplaceParticipations",
            0.016,
            15,
            SELLERS,
        ),
    )
}


class Limit(NamedTuple):
    """One token bucket that a request draws on: `scope` says whose it is."""

    name: str
    scope: Scope
    rate: float
    burst: float
    source: str


_PAGE = 'SP-API documentation, "Listings Items API Rate Limits"'
_CHANGE = f"{_PAGE}; raised on 2025-06-30 to a number Amazon gives only in a discussion"

#: What one application may do over all accounts, by operation and, if not None, by kind of request.
#: Amazon states no burst: one second's worth is taken.
APPLICATION_LIMITS: dict[tuple[str, Kind | None], tuple[float, str]] = {
    ("putListingsItem", None): (100, _PAGE),
    ("patchListingsItem", None): (500, _PAGE),
    ("getListingsItem", None): (100, _PAGE),
    ("deleteListingsItem", None): (100, _PAGE),
    ("patchListingsItem", "product data"): (100, _PAGE),
    ("putListingsItem", "relationships"): (25, _PAGE),
    ("patchListingsItem", "relationships"): (25, _CHANGE),
    ("putListingsItem", "preview"): (20, _PAGE),
    ("patchListingsItem", "preview"): (20, _PAGE),
}

#: The bucket of listings feeds, beside the one of all feeds that `x-amzn-RateLimit-Limit` is about.
LISTINGS_FEEDS = Limit(
    "createFeed JSON_LISTINGS_FEED",
    "account",
    5 / 300,
    5,
    "SP-API changelog 2025-05-06: 5 JSON_LISTINGS_FEED per 5 minutes",
)

#: Previews per second and account. Amazon started with 1 a second (2024-01) and states no number
#: now; users report 429s above it.
PREVIEW_RATE = 1.0
PREVIEW_BURST = 2
PREVIEW_SOURCE = "SP-API changelog 2024-01-31 (launch of VALIDATION_PREVIEW)"

#: Attributes behind the separate "relationships" limit (SP-API changelog 2025-06-25).
RELATIONSHIP_ATTRIBUTES = frozenset({"child_parent_sku_relationship", "package_contains_sku"})
#: Attributes that are not "product data" in the sense of that limit.
OFFER_ATTRIBUTES = frozenset({"purchasable_offer", "fulfillment_availability"})


def limits(name: str, kinds: Collection[Kind] = (), *, preview_rate: float = PREVIEW_RATE) -> Iterator[Limit]:
    """Yield every bucket that one request of operation `name` draws on.

    Args:
        name: Amazon's operation name, a key of `OPERATIONS`.
        kinds: What is special about the request; see `kinds_of`.
        preview_rate: Previews per second that one account may make.
    """
    operation = OPERATIONS[name]
    yield Limit(name, "account", operation.rate, operation.burst, operation.source)
    if name == "createFeed":
        yield LISTINGS_FEEDS
    if "preview" in kinds:
        yield Limit("preview", "account", preview_rate, max(PREVIEW_BURST, preview_rate), PREVIEW_SOURCE)
    for (limited, kind), (rate, source) in APPLICATION_LIMITS.items():
        if limited == name and (kind is None or kind in kinds):
            yield Limit(f"{name} {kind}" if kind else name, "application", rate, rate, source)


def kinds_of(attributes: Collection[str], *, preview: bool = False) -> frozenset[Kind]:
    """Return what is special, for Amazon's limits, about a submission of these attributes."""
    kinds: set[Kind] = set()
    if preview:
        kinds.add("preview")
    if RELATIONSHIP_ATTRIBUTES.intersection(attributes):
        kinds.add("relationships")
    if not OFFER_ATTRIBUTES.issuperset(attributes):
        kinds.add("product data")
    return frozenset(kinds)
