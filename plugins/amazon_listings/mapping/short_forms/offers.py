"""`offers`: prices by currency and audience, with sales, dates and quantity discounts.

Shapes after "Manage purchasable offer" of the SP-API documentation; names after the definitions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.mapping.faults import InvalidLine
from amazon_listings.mapping.short_forms.context import check_keys
from amazon_listings.messages import message

if TYPE_CHECKING:
    from amazon_listings.mapping.short_forms.context import MarketplaceContext, Placed

_PRICES = {
    "price": "our_price",
    "minimum": "minimum_seller_allowed_price",
    "maximum": "maximum_seller_allowed_price",
    "advertised": "map_price",
}
_OFFER = (*_PRICES, "currency", "audience", "from", "to", "sale", "quantity_discounts", "business")


def offers(value: object, context: MarketplaceContext) -> Placed:
    """`offers`: prices by currency and audience, with sales, dates and quantity discounts."""
    placed = []
    for entry in value if isinstance(value, list) else [value]:
        offer = dict(entry) if isinstance(entry, dict) else {"price": entry}
        business = offer.pop("business", None)
        placed.append(_offer(offer, context))
        if business is not None:
            b2b = dict(business) if isinstance(business, dict) else {"price": business}
            placed.append(_offer({"currency": offer.get("currency"), **b2b, "audience": "B2B"}, context))
    return [("purchasable_offer", placed)]


def _offer(offer: dict[str, Any], context: MarketplaceContext) -> dict[str, Any]:
    check_keys(offer, _OFFER, message("mapping.an_offer"))
    element: dict[str, Any] = {"currency": offer.get("currency") or context.marketplace.currency}
    audience = context.fields.get("purchasable_offer.audience")
    wanted = offer.get("audience", "ALL")
    if audience is not None:
        if wanted == "B2B" and "B2B" not in {option.value for option in audience.options}:
            raise InvalidLine(message("mapping.no_business_prices"))
        element["audience"] = wanted
    elif wanted != "ALL":
        raise InvalidLine(message("mapping.one_audience"))
    for name, path in _PRICES.items():
        if name in offer:
            element[path] = {"schedule": {"value_with_tax": offer[name]}}
    for name, path in (("from", "start_at"), ("to", "end_at")):
        if name in offer:
            element[path] = {"value": offer[name]}
    if "sale" in offer:
        element["discounted_price"] = {"schedule": _sale(offer["sale"])}
    if "quantity_discounts" in offer:
        element["quantity_discount_plan"] = {"schedule": _discounts(offer["quantity_discounts"])}
    return element


def _sale(sale: object) -> dict[str, Any]:
    if not isinstance(sale, dict):
        raise InvalidLine(message("mapping.sale_is"))
    check_keys(sale, ("price", "from", "to"), message("mapping.a_sale"))
    missing = [name for name in ("price", "from", "to") if name not in sale]
    if missing:
        raise InvalidLine(message("mapping.sale_needs", missing=missing))
    return {"value_with_tax": sale["price"], "start_at": sale["from"], "end_at": sale["to"]}


def _discounts(discounts: object) -> dict[str, Any]:
    """`{type: fixed | percent, levels: {5: 9.50, 10: 9.00}}`: from so many pieces, this price or percent."""
    if not isinstance(discounts, dict) or not isinstance(discounts.get("levels"), dict):
        raise InvalidLine(message("mapping.discounts_are"))
    check_keys(discounts, ("type", "levels"), message("mapping.discounts"))
    kind = discounts.get("type", "fixed")
    try:
        levels = [{"lower_bound": int(bound), "value": price} for bound, price in discounts["levels"].items()]
    except ValueError:
        raise InvalidLine(message("mapping.levels_are")) from None
    return {"discount_type": kind, "levels": levels}
