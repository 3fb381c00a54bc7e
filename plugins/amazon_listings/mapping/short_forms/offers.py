"""`offers`: prices by currency and audience, with sales, dates and quantity discounts.

Shapes after "Manage purchasable offer" of the SP-API documentation; names after the definitions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.mapping.faults import InvalidLine
from amazon_listings.mapping.short_forms.context import check_keys

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
    check_keys(offer, _OFFER, "an offer")
    element: dict[str, Any] = {"currency": offer.get("currency") or context.marketplace.currency}
    audience = context.fields.get("purchasable_offer.audience")
    wanted = offer.get("audience", "ALL")
    if audience is not None:
        if wanted == "B2B" and "B2B" not in {option.value for option in audience.options}:
            raise InvalidLine(
                "this definition has no prices for businesses: the account must be enrolled in Amazon"
                " Business, and the definition fetched with the seller id"
            )
        element["audience"] = wanted
    elif wanted != "ALL":
        raise InvalidLine("this definition has one audience only")
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


def _sale(sale: Any) -> dict[str, Any]:
    if not isinstance(sale, dict):
        raise InvalidLine("a sale has a price and its dates: {price: …, from: …, to: …}")
    check_keys(sale, ("price", "from", "to"), "a sale")
    missing = [name for name in ("price", "from", "to") if name not in sale]
    if missing:
        raise InvalidLine(f"a sale needs {', '.join(missing)} too")
    return {"value_with_tax": sale["price"], "start_at": sale["from"], "end_at": sale["to"]}


def _discounts(discounts: Any) -> dict[str, Any]:
    """`{type: fixed | percent, levels: {5: 9.50, 10: 9.00}}`: from so many pieces, this price or percent."""
    if not isinstance(discounts, dict) or not isinstance(discounts.get("levels"), dict):
        raise InvalidLine("quantity discounts are {type: fixed or percent, levels: {from how many: price}}")
    check_keys(discounts, ("type", "levels"), "quantity discounts")
    kind = discounts.get("type", "fixed")
    try:
        levels = [{"lower_bound": int(bound), "value": price} for bound, price in discounts["levels"].items()]
    except ValueError:
        raise InvalidLine("the levels of quantity discounts are {from how many: price}") from None
    return {"discount_type": kind, "levels": levels}
