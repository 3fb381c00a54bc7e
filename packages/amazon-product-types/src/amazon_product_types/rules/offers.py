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
_LIMITS = ("minimum_seller_allowed_price", "maximum_seller_allowed_price")
#: Attributes of a price beside the offer.
_OTHER_PRICES = ("list_price", "cost_price", "uvp_list_price", "retail_price")
#: The attributes that have prices.
PRICED = frozenset((OFFER, *_OTHER_PRICES))
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
    for name in _OTHER_PRICES:
        for position, element in elements(attributes[name]) if name in attributes else ():
            for key in ("value", "value_with_tax"):
                price = amount(element.get(key))
                if price is not None and not _is_payable(element[key], element.get("currency")):
                    yield _money(price, (name, position, key), element.get("currency"))


def _price_for_all(offers: list[tuple[int, dict[str, Any]]], offer: Mapping[str, Any]) -> Priced | None:
    """Return the price for everybody beside an offer for businesses."""
    if offer.get("audience") != "B2B":
        return None
    for position, other in offers:
        same = all(other.get(name) == offer.get(name) for name in ("currency", "marketplace_id"))
        if same and other.get("audience", "ALL") == "ALL":
            return next(iter(_prices(other.get("our_price"), (OFFER, position, "our_price"))), None)
    return None


def _one_offer(offer: Mapping[str, Any], path: Path, for_all: Priced | None) -> Iterator[Finding]:
    # Runs over every payload; most offers are one price, so each rule is asked only of what it is about.
    currency = offer.get("currency")
    prices = {name: _prices(offer[name], (*path, name)) for name in _PRICES if name in offer}
    for found in prices.values():
        for priced in found:
            if not _is_payable(priced.schedule["value_with_tax"], currency):
                yield _money(priced.amount, priced.path, currency)
    own = [one for one in prices.get("our_price", ()) if one.amount > 0]
    if "discounted_price" in prices:
        yield from _sales(prices["discounted_price"], own)
    if not prices.keys().isdisjoint(_LIMITS):
        yield from _limits(prices, own)
    if "end_at" in offer:
        yield from _dates(
            "offer_dates", _dated(offer, "start_at"), _dated(offer, "end_at"), (*path, "end_at")
        )
    if own and for_all is not None and for_all.amount < own[0].amount:
        facts = {"price": own[0].amount, "limit": for_all.amount}
        yield Finding("business_price", own[0].path, facts, found=float(own[0].amount))
    if "quantity_discount_plan" in offer:
        ceiling = min((one.amount for one in own), default=for_all.amount if for_all else None)
        yield from _tiers(offer, path, ceiling)


def _prices(prices: object, path: Path) -> list[Priced]:
    found = []
    for outer, priced in elements(prices):
        for inner, schedule in elements(priced.get("schedule")):
            price = amount(schedule.get("value_with_tax"))
            if price is not None:
                place = (*path, outer, "schedule", inner, "value_with_tax")
                found.append(Priced(price, place, schedule))
    return found


def _is_payable(price: Any, currency: object) -> bool:
    """Return whether a price is above nothing and has no more decimals than its currency."""
    if price <= 0:
        return False
    most = _DECIMALS.get(str(currency), 2)
    if price.__class__ is float:  # as nearly all are; a `Decimal` takes three times as long
        return bool(round(price, most) == price)
    exact = amount(price)
    return exact is not None and _exponent(exact.normalize()) >= -most


def _exponent(price: Decimal) -> int:
    return int(price.as_tuple().exponent)


def _money(price: Decimal, path: Path, currency: object) -> Finding:
    if price <= 0:
        return Finding("price_positive", path, {"price": price}, found=float(price))
    most = _DECIMALS.get(str(currency), 2)
    facts = {"price": str(price), "currency": str(currency), "most": most}
    return Finding("price_decimals", path, facts, found=float(price))


def _sales(sales: list[Priced], own: list[Priced]) -> Iterator[Finding]:
    price = min([one.amount for one in own], default=None)
    for sale in sales:
        start, end = sale.schedule.get("start_at"), sale.schedule.get("end_at")
        yield from _dates("sale_dates", start, end, (*sale.path[:-1], "end_at"))
        if price is not None and sale.amount >= price:
            facts = {"sale": sale.amount, "price": price}
            yield Finding("sale_below_price", sale.path, facts, found=float(sale.amount))


def _limits(prices: Mapping[str, list[Priced]], own: list[Priced]) -> Iterator[Finding]:
    floors, ceilings = (prices.get(name, []) for name in _LIMITS)
    floor = max([one.amount for one in floors], default=None)
    ceiling = min([one.amount for one in ceilings], default=None)
    if floor is not None and ceiling is not None and floor > ceiling:
        facts = {"floor": floor, "ceiling": ceiling}
        yield Finding("price_limits", floors[0].path, facts, "crossed", float(floor))
        return
    for priced in [*own, *(one for one in prices.get("discounted_price", ()) if one.amount > 0)]:
        if floor is not None and priced.amount < floor:
            yield _beyond(priced, floor, "below")
        if ceiling is not None and priced.amount > ceiling:
            yield _beyond(priced, ceiling, "above")


def _beyond(priced: Priced, limit: Decimal, variant: str) -> Finding:
    facts = {"price": priced.amount, "limit": limit}
    return Finding("price_limits", priced.path, facts, variant, float(priced.amount))


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
        wrong: tuple[str, dict[str, Any]] | None = None
        if bound <= 0 or value <= 0 or (not fixed and value >= _PERCENT):
            wrong = "impossible", {}
        elif fixed and price is not None and value >= price:
            wrong = "above", {"price": price}
        elif before is not None and bound <= before[0]:
            wrong = "bounds", {"before": before[0]}
        elif before is not None and (value >= before[1] if fixed else value <= before[1]):
            wrong = "values", {"before": before[1]}
        if wrong is not None:
            variant, more = wrong
            facts = {"bound": bound, "value": value, **more}
            yield Finding("quantity_tiers", (*place, position, "value"), facts, variant, float(value))
        before = (bound, value)
