"""Listings Restrictions API 2021-08-01: whether an account may sell a product that Amazon's catalogue has."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from amazon_listings.selling_partner.calls.shapes import Shape

if TYPE_CHECKING:
    from amazon_listings.selling_partner.calls.client import SellingPartner

OPERATION = "getListingsRestrictions"
#: The product is not in the catalogue of the marketplace.
ASIN_NOT_FOUND = "ASIN_NOT_FOUND"


class Restriction(NamedTuple):
    """A reason why a product may not be sold.

    Args:
        code: Amazon's code (`APPROVAL_REQUIRED`, `ASIN_NOT_FOUND`, `NOT_ELIGIBLE`); empty if it gives none.
        message: Amazon's sentence, in the language asked for.
        link: Where an approval can be applied for; empty if Amazon names no such page.
    """

    code: str
    message: str
    link: str


def restrictions(
    client: SellingPartner, asin: str, marketplace_id: str, *, condition: str, product_type: str, locale: str
) -> list[Restriction]:
    """Return the reasons why the account may not sell an ASIN in a marketplace; none if it may.

    Args:
        client: The account's client.
        asin: The ASIN.
        marketplace_id: Where.
        condition: The condition of the offer (`new_new`), one of Amazon's; empty for any.
        product_type: The product type, which an exemption from product codes depends on.
        locale: The language of the reasons (`fr_FR`).

    Raises:
        SellingPartnerError: Amazon refuses, cannot be reached, or answers with something else.
    """
    query = {
        "asin": asin,
        "sellerId": client.account.seller_id,
        "marketplaceIds": marketplace_id,
        "conditionType": condition or None,
        "productType": product_type,
        "reasonLocale": locale,
    }
    shape = Shape(client.call(OPERATION, query=query), OPERATION)
    if "restrictions" not in shape.body:
        shape.bad("amazon.bad.missing", key="restrictions")
    found = []
    for entry in shape.objects("restrictions"):
        # A restriction is one, whether or not Amazon gives its reasons.
        for reason in shape.repaired_objects("reasons", entry) or [{}]:
            links = (one.get("resource") for one in shape.repaired_objects("links", reason))
            link = next((one for one in links if isinstance(one, str) and one.startswith("https://")), "")
            code, message = (str(reason.get(name) or "") for name in ("reasonCode", "message"))
            found.append(Restriction(code, message, link))
    return found
