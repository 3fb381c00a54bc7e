"""Listings Items API 2021-08-01: put, patch, get and delete of single listings; `searches` has the search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from amazon_listings.selling_partner.calls.shapes import Shape
from amazon_listings.selling_partner.content.comparison import matches_patches, matches_put
from amazon_listings.selling_partner.faults.exceptions import (
    AnswerUnclear,
    MalformedAnswer,
    NotFound,
    OutcomeUnknown,
)
from amazon_listings.selling_partner.listing_answers import (
    Listing,
    Submission,
    read_listing,
    read_submission,
)
from amazon_listings.selling_partner.operations import kinds_of
from amazon_listings.selling_partner.searches import search

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from amazon_listings.selling_partner.calls.client import SellingPartner

__all__ = ["delete", "get", "patch", "put", "search", "submit"]

#: How often a write whose outcome is unknown is sent.
SENDS = 3


def submit(
    client: SellingPartner,
    method: str,
    sku: str,
    marketplace_id: str,
    *,
    product_type: str,
    requirements: str,
    body: Any,
    carried: Collection[str] = (),
    preview: bool = False,
    issue_locale: str | None = None,
) -> Submission:
    """Send a write of one method: `PUT`, `PATCH` or `DELETE`.

    Args:
        client: Whose listing.
        method: The method.
        sku: The item's SKU.
        marketplace_id: The marketplace.
        product_type: Amazon's product type.
        requirements: Those of a PUT, see `put`.
        body: The attributes of a PUT, the operations of a PATCH; nothing of a DELETE.
        carried: Further marketplaces of the region, of which a PATCH carries elements.
        preview: Validate only; nothing changes. A DELETE has no preview.
        issue_locale: Language of the issues, such as `fr_FR`.

    Raises:
        SellingPartnerError: see `put` and `patch`.
    """
    if method == "DELETE":
        return delete(client, sku, marketplace_id, issue_locale=issue_locale)
    if method == "PUT":
        return put(
            client,
            sku,
            marketplace_id,
            product_type=product_type,
            attributes=body,
            requirements=requirements,
            preview=preview,
            issue_locale=issue_locale,
        )
    return patch(
        client,
        sku,
        [marketplace_id, *sorted(carried)],
        product_type=product_type,
        patches=body,
        preview=preview,
        issue_locale=issue_locale,
    )


def put(
    client: SellingPartner,
    sku: str,
    marketplace_id: str,
    *,
    product_type: str,
    attributes: Mapping[str, Any],
    requirements: str = "LISTING",
    preview: bool = False,
    issue_locale: str | None = None,
) -> Submission:
    """Create a listing or replace all its attributes.

    If no readable answer comes, the listing is read before it is sent again.

    Args:
        client: Whose listing.
        sku: The item's SKU.
        marketplace_id: One marketplace.
        product_type: Amazon's product type.
        attributes: All attributes; those left out are dropped.
        requirements: `LISTING`, `LISTING_PRODUCT_ONLY` or `LISTING_OFFER_ONLY`.
        preview: Validate only; nothing changes. The ASIN that would be matched is in `identifiers`.
        issue_locale: Language of the issues, such as `fr_FR`.

    Raises:
        OutcomeUnknown: no readable answer, and the listing does not hold what was sent.
        SellingPartnerError: see `SellingPartner.call`.
    """
    body = {"productType": product_type, "requirements": requirements, "attributes": attributes}
    return _submit(
        client,
        "putListingsItem",
        sku,
        [marketplace_id],
        body=body,
        touched=attributes,
        matches=lambda listing: matches_put(listing.attributes, attributes),
        preview=preview,
        issue_locale=issue_locale,
    )


def patch(
    client: SellingPartner,
    sku: str,
    marketplace_ids: Collection[str],
    *,
    product_type: str,
    patches: list[dict[str, Any]],
    preview: bool = False,
    issue_locale: str | None = None,
) -> Submission:
    """Change attributes of a listing; see `patches.build_patches`.

    Amazon accepts a patch to an unknown SKU and makes a partial listing of it: know before that
    the listing exists. If no readable answer comes, the listing is read before it is sent again.

    Args:
        client: Whose listing.
        sku: The item's SKU.
        marketplace_ids: Marketplaces of one region.
        product_type: Amazon's product type.
        patches: Amazon's patch operations, at least one.
        preview: Validate only; nothing changes.
        issue_locale: Language of the issues, such as `fr_FR`.

    Raises:
        OutcomeUnknown: no readable answer, and the listing does not hold what was sent.
        SellingPartnerError: see `SellingPartner.call`.
    """
    return _submit(
        client,
        "patchListingsItem",
        sku,
        marketplace_ids,
        body={"productType": product_type, "patches": patches},
        touched={str(patch["path"]).removeprefix("/attributes/") for patch in patches},
        matches=lambda listing: matches_patches(listing.attributes, patches),
        preview=preview,
        issue_locale=issue_locale,
    )


def delete(
    client: SellingPartner, sku: str, marketplace_id: str, *, issue_locale: str | None = None
) -> Submission:
    """Delete a listing in one marketplace; one that Amazon does not know counts as deleted."""
    name = "deleteListingsItem"
    try:
        answer = client.call(
            name,
            path={"sellerId": client.account.seller_id, "sku": sku},
            query={"marketplaceIds": [marketplace_id], "issueLocale": issue_locale},
        )
    except NotFound as error:
        return Submission(sku, "ACCEPTED", "", request_id=error.request_id, read_back=True)
    return read_submission(answer, name, sku, preview=False)


def get(
    client: SellingPartner,
    sku: str,
    marketplace_ids: Collection[str],
    *,
    included: Collection[str] = ("summaries", "attributes", "issues"),
    issue_locale: str | None = None,
) -> Listing | None:
    """Return a listing, or None if Amazon does not know the SKU (also shortly after it was accepted)."""
    name = "getListingsItem"
    try:
        answer = client.call(
            name,
            path={"sellerId": client.account.seller_id, "sku": sku},
            query={
                "marketplaceIds": marketplace_ids,
                "issueLocale": issue_locale,
                "includedData": included,
            },
        )
    except NotFound:
        return None
    return read_listing(Shape(answer, name), answer.body)


def _submit(
    client: SellingPartner,
    name: str,
    sku: str,
    marketplace_ids: Collection[str],
    *,
    body: dict[str, Any],
    touched: Collection[str],
    matches: Callable[[Listing], bool],
    preview: bool,
    issue_locale: str | None,
) -> Submission:
    query = {
        "marketplaceIds": marketplace_ids,
        "includedData": ["identifiers", "issues"] if preview else ["issues"],
        "mode": "VALIDATION_PREVIEW" if preview else None,
        "issueLocale": issue_locale,
    }

    def send() -> Submission:
        try:
            answer = client.call(
                name,
                path={"sellerId": client.account.seller_id, "sku": sku},
                query=query,
                body=body,
                kinds=kinds_of(touched, preview=preview),
                repeatable=preview,
            )
            return read_submission(answer, name, sku, preview=preview)
        except (OutcomeUnknown, MalformedAnswer) as error:
            if not preview:
                listing = get(client, sku, marketplace_ids, included=("attributes",))
                if listing is not None and matches(listing):
                    return Submission(sku, "ACCEPTED", "", request_id=error.request_id, read_back=True)
            raise

    tries = Retrying(
        stop=stop_after_attempt(SENDS),
        wait=wait_exponential_jitter(initial=1, max=20),
        retry=retry_if_exception(_worth_repeating),
        sleep=client.sleep,
        reraise=True,
    )
    return tries(send)


def _worth_repeating(error: BaseException) -> bool:
    """Return an answer that can be read is never a reason to send again, whatever it says."""
    return isinstance(error, OutcomeUnknown | MalformedAnswer) and not isinstance(error, AnswerUnclear)
