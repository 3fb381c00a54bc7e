"""What a buyer pays, and how many can be bought, before and after the changes of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.selling_partner.content.leaves import split

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from amazon_listings.runs.plan import Change
    from amazon_listings.selling_partner.content.leaves import Element, Layout, Leaf

OFFER, AVAILABILITY = "purchasable_offer", "fulfillment_availability"
#: The properties of an offer that decide what a buyer pays.
PRICES = ("our_price", "discounted_price")
_UNITS = frozenset({"unit", "currency"})


class OfferKey(NamedTuple):
    """Which offer a price is of: its marketplace, and its selectors without the currency."""

    marketplace_id: str | None
    selectors: tuple[Any, ...]


@dataclass(frozen=True)
class Price:
    """A buyer's price before and after; None where there is none."""

    before: float | None
    after: float | None

    @property
    def change(self) -> float:
        """By which share the price changes, -0.5 for half; 0 where one side has none."""
        if not self.before or self.after is None:
            return 0.0
        return self.after / self.before - 1


def leaves_before(
    wanted: Mapping[str, list[Element]],
    changes: Iterable[Change],
    layout: Layout,
    defaults: Mapping[str, Any],
) -> tuple[dict[Leaf, Any], dict[Leaf, Any]]:
    """Return the leaves of some attributes before and after some changes of them.

    Args:
        wanted: The attributes as they are to be.
        changes: The changes that lead there.
        layout: The layout of the product type's definition.
        defaults: Selector values that Amazon fills in.
    """
    after = split(wanted, layout, defaults)
    before = dict(after)
    for change in changes:
        if change.before is None:
            before.pop(change.leaf, None)
        else:
            before[change.leaf] = change.before
        if change.after is not None:
            after[change.leaf] = change.after
    return before, after


def buyer_prices(before: Mapping[Leaf, Any], after: Mapping[Leaf, Any]) -> dict[OfferKey, Price]:
    """Return what buyers pay, sale included, by offer."""
    left, right = _by_offer(before), _by_offer(after)
    return {key: Price(_paid(left.get(key, {})), _paid(right.get(key, {}))) for key in left | right}


def quantities(leaves: Mapping[Leaf, Any]) -> dict[Leaf, int]:
    """Return the quantities among some leaves."""
    return {
        leaf: value
        for leaf, value in leaves.items()
        if leaf.attribute == AVAILABILITY
        and leaf.path[:1] == ("quantity",)
        and isinstance(value, int)
        and not isinstance(value, bool)
    }


def units(change: Change) -> tuple[frozenset[str], frozenset[str]]:
    """Return the currencies and units that a change leads from and to."""
    if change.leaf.path and change.leaf.path[-1] in _UNITS:
        return _texts(change.before), _texts(change.after)
    return frozenset(_units_in(change.before)), frozenset(_units_in(change.after))


def _texts(value: object) -> frozenset[str]:
    return frozenset({str(value)}) if isinstance(value, str | int | float) else frozenset()


def _units_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, below in value.items():
            if name in _UNITS and isinstance(below, str):
                yield below
            else:
                yield from _units_in(below)
    elif isinstance(value, list):
        for below in value:
            yield from _units_in(below)


def _by_offer(leaves: Mapping[Leaf, Any]) -> dict[OfferKey, dict[str, Any]]:
    offers: dict[OfferKey, dict[str, Any]] = {}
    for leaf, value in leaves.items():
        if leaf.attribute != OFFER:
            continue
        selectors = tuple(pair for pair in leaf.selectors if pair[0] != "currency")
        offer = offers.setdefault(OfferKey(leaf.marketplace_id, selectors), {})
        if leaf.path and leaf.path[0] in PRICES:
            offer[str(leaf.path[0])] = value
        elif not leaf.path and isinstance(value, list):
            # Several elements of the same selectors are one leaf.
            for element in value:
                offer.update({name: element[name] for name in PRICES if name in element})
    return offers


def _paid(offer: Mapping[str, Any]) -> float | None:
    """Return the lowest price that a buyer pays now or later: a sale that is over does not count."""
    found = [
        price
        for name in PRICES
        for price in _amounts(offer.get(name), datetime.now(UTC))
        if not isinstance(price, bool)
    ]
    regular = list(_amounts(offer.get(PRICES[0]), None))
    if not regular and not found:
        return None
    return min(found or regular)


def _amounts(value: object, now: datetime | None) -> Iterator[float]:
    """Yield the amounts of price schedules; with a time, not those that ended before."""
    if isinstance(value, dict):
        ended = now is not None and _is_past(value.get("end_at"), now)
        amount = value.get("value_with_tax", value.get("value"))
        if isinstance(amount, int | float) and not isinstance(amount, bool) and not ended:
            yield float(amount)
        for name, below in value.items():
            if name not in {"value_with_tax", "value", "start_at", "end_at"}:
                yield from _amounts(below, now)
    elif isinstance(value, list):
        for below in value:
            yield from _amounts(below, now)


def _is_past(moment: object, now: datetime) -> bool:
    """Return whether a moment lies before now; Amazon writes it as a text, or as an object with one."""
    if isinstance(moment, dict):
        moment = moment.get("value")
    if not isinstance(moment, str):
        return False
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return False
    return (found if found.tzinfo else found.replace(tzinfo=UTC)) < now
