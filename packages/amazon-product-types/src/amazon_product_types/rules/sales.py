"""Sales that are over: they are left out, because Amazon has no use for them; they are no mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_product_types.rules.finding import elements, end_of, moment
from amazon_product_types.rules.offers import OFFER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

_SALE = "discounted_price"


class PastSale(NamedTuple):
    """A sale that was left out: where it stood, and when it ended."""

    path: str
    end: str


def without_past_sales(
    attributes: Mapping[str, Any], now: datetime
) -> tuple[dict[str, Any], tuple[PastSale, ...]]:
    """Return the attributes without the sales that are over, and those sales.

    Args:
        attributes: The payload; it stays as it is.
        now: The moment by which a sale is over.
    """
    if not any(_SALE in offer for _, offer in elements(attributes.get(OFFER))):
        return dict(attributes), ()
    past: list[PastSale] = []
    offers = [
        _without(offer, position, now, past) if isinstance(offer, dict) else offer
        for position, offer in enumerate(attributes[OFFER])
    ]
    return {**attributes, OFFER: offers}, tuple(past)


def next_change(attributes: Mapping[str, Any], now: datetime) -> datetime | None:
    """Return when the next sale of a payload is over; None if none will be."""
    ends = [end for end in map(_over_from, _schedules(attributes)) if end is not None and end >= now]
    return min(ends, default=None)


def _over_from(schedule: Mapping[str, Any]) -> datetime | None:
    """Return when a sale is over: one that ends before it begins is a mistake until it would have begun."""
    end, start = end_of(schedule.get("end_at")), moment(schedule.get("start_at"))
    return end if end is None or start is None else max(end, start)


def _without(offer: dict[str, Any], position: int, now: datetime, past: list[PastSale]) -> dict[str, Any]:
    kept = []
    for outer, sale in enumerate(offer.get(_SALE) or ()):
        if not isinstance(sale, dict) or not isinstance(sale.get("schedule"), list):
            kept.append(sale)
            continue
        schedules = []
        for inner, schedule in enumerate(sale["schedule"]):
            end = _over_from(schedule) if isinstance(schedule, dict) else None
            if end is not None and end < now:
                path = f"{OFFER}/{position}/{_SALE}/{outer}/schedule/{inner}"
                past.append(PastSale(path, str(schedule["end_at"])))
            else:
                schedules.append(schedule)
        if schedules:
            kept.append({**sale, "schedule": schedules})
    rest = {name: value for name, value in offer.items() if name != _SALE}
    return {**rest, _SALE: kept} if kept else rest


def _schedules(attributes: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for _, offer in elements(attributes.get(OFFER)):
        for _, sale in elements(offer.get(_SALE)):
            for _, schedule in elements(sale.get("schedule")):
                yield schedule
