"""What the changes of a listing touch, and by how much they move what a buyer pays."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amazon_listings.approvals.prices import buyer_prices

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from amazon_listings.ledger.approvals.progress import Touched
    from amazon_listings.runs.plan import Change

#: Price changes that are shown of a question.
PRICES = 10
_TOUCHED: dict[str, Touched] = {
    "purchasable_offer": "price",
    "list_price": "price",
    "fulfillment_availability": "quantity",
}


@dataclass(frozen=True)
class PriceChange:
    """What a buyer pays for an item before and after.

    `share` is by which share that changes, -0.5 for half.
    """

    sku: str
    before: float
    after: float
    share: float


def touched(attribute: str) -> Touched:
    """Return what a change of an attribute touches."""
    return "image" if "image_locator" in attribute else _TOUCHED.get(attribute, "text")


def touched_by(changes: Iterable[Change]) -> tuple[Touched, ...]:
    """Return what changes touch, in order."""
    return tuple(sorted({touched(change.leaf.attribute) for change in changes}))


def price_changes(sku: str, changes: Sequence[Change]) -> Iterator[PriceChange]:
    """Yield the changes of what a buyer pays for an item, of all that is asked about it."""
    before = {change.leaf: change.before for change in changes if change.before is not None}
    after = {change.leaf: change.after for change in changes if change.after is not None}
    for price in buyer_prices(before, after).values():
        if price.before is not None and price.after is not None and price.change:
            yield PriceChange(sku, price.before, price.after, price.change)


def largest_share(changes: Sequence[Change]) -> float | None:
    """Return the largest share, without its sign, by which changes move what a buyer pays; None: no price."""
    return max((abs(price.share) for price in price_changes("", changes)), default=None)


def largest(prices: Iterable[PriceChange]) -> list[PriceChange]:
    """Return the largest of some price changes, as many as are shown."""
    return heapq.nlargest(PRICES, prices, key=lambda one: abs(one.share))
