"""Rules about prices, sales, limits and quantity discounts."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_product_types.rules.finding import Finding, Path, amount, elements, is_day, moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OFFER = "purchasable_offer"
#: Decimals of currencies that have not two.
_DECIMALS = {
    **dict.fromkeys(("JPY", "KRW", "VND", "CLP", "ISK", "PYG", "UGX"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_PRICES = (
    "our_price", "discounted_price", "minimum_seller_allowed_price", "maximum_seller_allowed_price",
    "map_price",
)  # fmt: skip
#: Attributes of a price beside the offer.
_OTHER_PRICES = frozenset(("list_price", "cost_price", "uvp_list_price", "retail_price"))
#: The attributes that have prices.
PRICED = _OTHER_PRICES | {OFFER}
_PERCENT = Decimal(100)


class Priced(NamedTuple):
    """A price of an offer: its amount, its place, and the schedule that it stands in."""

    amount: Decimal
    path: Path
    schedule: dict[str, Any]


def offer_findings(attributes: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong with the offers and prices of a payload."""
    offers = elements(attributes.get(OFFER))
    for position, offer in offers:
        yield from _one_offer(offer, (OFFER, position), _price_for_all(offers, offer))
    for name in _OTHER_PRICES & attributes.keys():
        for position, element in elements(attributes[name]):
            for key in ("value", "value_with_tax"):
                price = amount(element.get(key))
                if price is not None:
                    yield from _money(price, (name, position, key), element.get("currency"))


def _price_for_all(offers: list[tuple[int, dict[str, Any]]], offer: Mapping[str, Any]) -> Priced | None:
    """Return the price for everybody beside an offer for businesses."""
    if offer.get("audience") != "B2B":
        return None
    for position, other in offers:
        same = all(other.get(name) == offer.get(name) for name in ("currency", "marketplace_id"))
        if same and other.get("audience", "ALL") == "ALL":
            return next(iter(_prices(other, "our_price", (OFFER, position))), None)
    return None


def _one_offer(offer: Mapping[str, Any], path: Path, for_all: Priced | None) -> Iterator[Finding]:
    currency = offer.get("currency")
    prices = {name: list(_prices(offer, name, path)) if name in offer else [] for name in _PRICES}
    for found in prices.values():
        for priced in found:
            yield from _money(priced.amount, priced.path, currency)
    own = [one for one in prices["our_price"] if one.amount > 0]
    yield from _sales(prices["discounted_price"], own)
    yield from _limits(prices, own)
    yield from _dates("offer_dates", _dated(offer, "start_at"), _dated(offer, "end_at"), (*path, "end_at"))
    if own and for_all is not None and for_all.amount < own[0].amount:
        facts = {"price": own[0].amount, "limit": for_all.amount}
        yield Finding("business_price", own[0].path, facts, found=float(own[0].amount))
    ceiling = min((one.amount for one in own), default=for_all.amount if for_all else None)
    yield from _tiers(offer, path, ceiling)


def _prices(offer: Mapping[str, Any], name: str, path: Path) -> Iterator[Priced]:
    for outer, priced in elements(offer.get(name)):
        for inner, schedule in elements(priced.get("schedule")):
            price = amount(schedule.get("value_with_tax"))
            if price is not None:
                yield Priced(price, (*path, name, outer, "schedule", inner, "value_with_tax"), schedule)


def _money(price: Decimal, path: Path, currency: object) -> Iterator[Finding]:
    if price <= 0:
        yield Finding("price_positive", path, {"price": price}, found=float(price))
        return
    most = _DECIMALS.get(str(currency), 2)
    exponent = price.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > most:
        facts = {"price": str(price), "currency": str(currency), "most": most}
        yield Finding("price_decimals", path, facts, found=float(price))


def _sales(sales: list[Priced], own: list[Priced]) -> Iterator[Finding]:
    for sale in sales:
        start, end = sale.schedule.get("start_at"), sale.schedule.get("end_at")
        yield from _dates("sale_dates", start, end, (*sale.path[:-1], "end_at"))
        price = min((one.amount for one in own), default=None)
        if price is not None and sale.amount >= price:
            facts = {"sale": sale.amount, "price": price}
            yield Finding("sale_below_price", sale.path, facts, found=float(sale.amount))


def _limits(prices: Mapping[str, list[Priced]], own: list[Priced]) -> Iterator[Finding]:
    floor = max((one.amount for one in prices["minimum_seller_allowed_price"]), default=None)
    ceiling = min((one.amount for one in prices["maximum_seller_allowed_price"]), default=None)
    if floor is not None and ceiling is not None and floor > ceiling:
        path = prices["minimum_seller_allowed_price"][0].path
        yield Finding("price_limits", path, {"floor": floor, "ceiling": ceiling}, "crossed", float(floor))
        return
    for priced in [*own, *(one for one in prices["discounted_price"] if one.amount > 0)]:
        facts, found = {"price": priced.amount}, float(priced.amount)
        if floor is not None and priced.amount < floor:
            yield Finding("price_limits", priced.path, {**facts, "limit": floor}, "below", found)
        if ceiling is not None and priced.amount > ceiling:
            yield Finding("price_limits", priced.path, {**facts, "limit": ceiling}, "above", found)


def _dated(offer: Mapping[str, Any], name: str) -> object:
    value = offer.get(name)
    return value.get("value") if isinstance(value, dict) else value


def _dates(rule: str, start: object, end: object, path: Path) -> Iterator[Finding]:
    """Yield a finding for a span that ends before it begins; one day may be both."""
    begins, ends = moment(start), moment(end)
    if begins is None or ends is None:
        return
    if ends < begins or (ends == begins and not (is_day(start) and is_day(end))):
        yield Finding(rule, path, {"start": str(start), "end": str(end)}, found=end)


def _tiers(offer: Mapping[str, Any], path: Path, price: Decimal | None) -> Iterator[Finding]:
    for outer, plan in elements(offer.get("quantity_discount_plan")):
        for inner, schedule in elements(plan.get("schedule")):
            place = (*path, "quantity_discount_plan", outer, "schedule", inner, "levels")
            levels = [
                (position, bound, value)
                for position, level in elements(schedule.get("levels"))
                if (bound := amount(level.get("lower_bound"))) is not None
                and (value := amount(level.get("value"))) is not None
            ]
            yield from _levels(levels, place, fixed=schedule.get("discount_type") != "percent", price=price)


def _levels(
    levels: list[tuple[int, Decimal, Decimal]], place: Path, *, fixed: bool, price: Decimal | None
) -> Iterator[Finding]:
    before: tuple[Decimal, Decimal] | None = None
    for position, bound, value in levels:
        path = (*place, position, "value")
        facts: dict[str, Any] = {"bound": bound, "value": value}
        found = float(value)
        if bound <= 0 or value <= 0 or (not fixed and value >= _PERCENT):
            yield Finding("quantity_tiers", path, facts, "impossible", found)
        elif fixed and price is not None and value >= price:
            yield Finding("quantity_tiers", path, {**facts, "price": price}, "above", found)
        elif before is not None and bound <= before[0]:
            yield Finding("quantity_tiers", path, {**facts, "before": before[0]}, "bounds", found)
        elif before is not None and (value >= before[1] if fixed else value <= before[1]):
            yield Finding("quantity_tiers", path, {**facts, "before": before[1]}, "values", found)
        before = (bound, value)
