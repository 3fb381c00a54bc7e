"""Sellers API v1: the marketplaces an account takes part in, and the check of a connection."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, NamedTuple

from amazon_listings.marketplaces import SHOPS, region_of
from amazon_listings.messages import Message, message
from amazon_listings.selling_partner import definitions, listings
from amazon_listings.selling_partner.calls.shapes import Shape
from amazon_listings.selling_partner.faults.exceptions import (
    AccessDenied,
    SecretExpired,
    WrongAccount,
    WrongMarketplace,
)

if TYPE_CHECKING:
    from amazon_listings.marketplaces import Marketplace
    from amazon_listings.selling_partner.calls.client import SellingPartner

log = logging.getLogger(__name__)

#: A SKU that no seller has: asking for it shows whether seller id, marketplace and role fit.
_PROBE = "amazon-listings-connection-test"
#: What Amazon hands out: five characters to vendors, thirteen or fourteen with an A before to sellers.
_VENDOR_CODE, _MERCHANT_TOKEN = re.compile(r"[A-Z0-9]{5}"), re.compile(r"A[A-Z0-9]{11,14}")


class Participation(NamedTuple):
    """A marketplace an account may sell in, with what Amazon says of it.

    `suspended`: the listings are inactive (vacation mode, or suspended by Amazon).
    """

    marketplace_id: str
    country: str
    language: str
    currency: str
    participating: bool
    suspended: bool


def participations(client: SellingPartner) -> list[Participation]:
    """Return the marketplaces of a seller's account (Amazon: one call a minute)."""
    name = "getMarketplaceParticipations"
    answer = client.call(name)
    shape = Shape(answer, name)
    if "payload" not in answer.body:
        shape.bad("amazon.bad.missing", key="payload")
    found = []
    for entry in shape.objects("payload"):
        marketplace, state = shape.object("marketplace", entry), shape.object("participation", entry)
        found.append(
            Participation(
                shape.text("id", marketplace),
                shape.text("countryCode", marketplace),
                shape.text("defaultLanguageCode", marketplace),
                shape.text("defaultCurrencyCode", marketplace),
                state.get("isParticipating") is True,
                state.get("hasSuspendedListings") is True,
            )
        )
    return found


def places_around(client: SellingPartner, marketplace_id: str) -> list[str]:
    """Return the marketplaces of the same region in which the account sells, the given one first.

    Vendors have only the given one; so has an application that Amazon does not tell of the others.
    """
    if client.account.vendor:
        return [marketplace_id]
    try:
        found = participations(client)
    except AccessDenied as error:
        log.warning("%s", error)
        return [marketplace_id]
    region = region_of(marketplace_id)
    places = {one.marketplace_id for one in found if one.participating}
    others = sorted(one for one in places - {marketplace_id} if region_of(one) == region)
    return [marketplace_id, *others]


def check_account(client: SellingPartner, marketplace: Marketplace) -> list[Message]:
    """Check a connection by calling Amazon: token, marketplace, role, seller id.

    Returns:
        What was found to be right, and what to know about it.

    Raises:
        ActionRequiredError: what is wrong, and who must act.
        RetryableError: Amazon does not answer now.
    """
    account = client.account
    if not account.vendor and _VENDOR_CODE.fullmatch(account.seller_id):
        raise WrongAccount("connection.vendor_code_as_seller", code=account.seller_id)
    if account.vendor and _MERCHANT_TOKEN.fullmatch(account.seller_id):
        raise WrongAccount("connection.seller_as_vendor_code", seller=account.seller_id)
    if marketplace.region != account.region:
        raise WrongMarketplace(
            "amazon.other_region",
            marketplace=marketplace.shop,
            region=marketplace.region,
            region_2=account.region,
        )
    note = None if account.vendor else check_participation(client, marketplace)
    definitions.search(client, [marketplace.id], keywords=["test"])
    listings.get(client, _PROBE, [marketplace.id], included=("summaries",))
    who = "vendor" if account.vendor else "seller"
    right = message(f"connection.test_{who}", account=account.seller_id, marketplace=marketplace.shop)
    return [right, note] if note else [right]


def check_participation(client: SellingPartner, marketplace: Marketplace) -> Message | None:
    """Check that a seller sells there, as far as Amazon lets this application read it.

    Returns:
        A note for the check of a connection, if there is one.

    Raises:
        WrongMarketplace: the account does not sell there; the sentence names the countries where it does.
        RetryableError: Amazon does not answer now.
    """
    try:
        found = participations(client)
    except SecretExpired:
        raise
    except AccessDenied:
        return message("connection.list_unreadable")
    here = next((entry for entry in found if entry.marketplace_id == marketplace.id), None)
    if here is None or not here.participating:
        countries = sorted(SHOPS.get(entry.country, entry.country) for entry in found if entry.participating)
        raise WrongMarketplace(
            "amazon.not_selling_there",
            marketplace=marketplace.shop,
            countries=", ".join(countries) or "-",
        )
    return message("connection.listings_inactive") if here.suspended else None
