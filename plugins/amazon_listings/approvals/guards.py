"""Guards: changes of an item, or of a whole run, that look like an accident."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amazon_listings.approvals.prices import (
    AVAILABILITY,
    OFFER,
    buyer_prices,
    leaves_before,
    quantities,
    units,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amazon_listings.connectors.model import Guards
    from amazon_listings.runs.plan import Change
    from amazon_listings.selling_partner.content.leaves import Layout, Leaf

PRICE_FALL, PRICE_RISE, QUANTITY, UNIT = "price_fall", "price_rise", "quantity_times", "unit_change"
CHANGED, REMOVED, QUANTITY_SUM, VANISHED = (
    "changed_share",
    "removed_share",
    "quantity_sum_fall",
    "vanished_share",
)
#: Why a guard asks, in the order of what is worst.
NAMES = (PRICE_FALL, PRICE_RISE, UNIT, QUANTITY, QUANTITY_SUM, REMOVED, CHANGED, VANISHED)
#: A connector of fewer known items than this may change half of them in one run.
SMALL, SMALL_SHARE = 100, 0.5
#: Shares are computed in binary: 0.6 of 100 is 40 percent less, and not a hair more.
_HAIR = 1e-9


def is_quantity(change: Change) -> bool:
    """Return whether a change is one of a quantity only."""
    return change.leaf.attribute == AVAILABILITY and change.leaf.path[:1] == ("quantity",)


def is_price(change: Change) -> bool:
    """Return whether a change belongs to a price, its floor and ceiling included."""
    leaf = change.leaf
    return leaf.attribute == OFFER and (not leaf.path or str(leaf.path[0]).endswith("price"))


def ask_about(
    changes: Iterable[Change],
    wanted: Mapping[str, Any],
    guards: Guards,
    *,
    layout: Layout,
    defaults: Mapping[str, Any],
) -> dict[Leaf, set[str]]:
    """Return the leaves of an existing listing whose changes look like an accident, each with its guards.

    Args:
        changes: The changes of the item's plan.
        wanted: The item's attributes as they are to be.
        guards: The connector's limits.
        layout: The layout of the product type's definition.
        defaults: Selector values that Amazon fills in.
    """
    changes = list(changes)
    found: dict[Leaf, set[str]] = {}

    def ask(reason: str, some: Iterable[Change]) -> None:
        for change in some:
            found.setdefault(change.leaf, set()).add(reason)

    offers = [change for change in changes if change.leaf.attribute in {OFFER, AVAILABILITY}]
    if offers:
        attributes = {name: wanted.get(name) or [] for name in (OFFER, AVAILABILITY)}
        before, after = leaves_before(attributes, offers, layout, defaults)
        for key, price in buyer_prices(before, after).items():
            reason = _price_reason(price.change, guards)
            if reason:
                ask(reason, (one for one in changes if is_price(one) and _of_offer(one, key)))
        quantity_before = quantities(before)
        for leaf, after_quantity in quantities(after).items():
            if leaf in quantity_before and _too_many(quantity_before[leaf], after_quantity, guards):
                ask(QUANTITY, (one for one in changes if one.leaf == leaf))
    if guards.unit_change:
        for change in _with_other_unit(changes):
            ask(UNIT, _beside(change, changes))
    return found


def _of_offer(change: Change, key: Any) -> bool:
    selectors = tuple(pair for pair in change.leaf.selectors if pair[0] != "currency")
    return (change.leaf.marketplace_id, selectors) == (key.marketplace_id, key.selectors)


def _price_reason(change: float, guards: Guards) -> str:
    if guards.price_fall is not None and change < -guards.price_fall - _HAIR:
        return PRICE_FALL
    if guards.price_rise is not None and change > guards.price_rise + _HAIR:
        return PRICE_RISE
    return ""


def _too_many(before: int, after: int, guards: Guards) -> bool:
    limit = guards.quantity_times
    return limit is not None and after > guards.quantity_over and after > limit * before


def _with_other_unit(changes: list[Change]) -> Iterable[Change]:
    """Yield the changes that lead to another currency or unit."""
    for change in changes:
        before, after = units(change)
        if before and after and before != after:
            yield change
    yield from _with_other_currency(changes)


def _with_other_currency(changes: list[Change]) -> Iterable[Change]:
    """Yield what is written in a currency that is a selector, where the same is removed in another."""
    kinds: dict[tuple[Any, ...], tuple[set[str], set[str], list[Change]]] = {}
    for change in changes:
        currency = next((str(value) for name, value in change.leaf.selectors if name == "currency"), None)
        if currency is None:
            continue
        others = tuple(pair for pair in change.leaf.selectors if pair[0] != "currency")
        key = (change.leaf.marketplace_id, change.leaf.attribute, others)
        gone, come, members = kinds.setdefault(key, (set(), set(), []))
        members.append(change)
        if change.after is None:
            gone.add(currency)
        else:
            come.add(currency)
    for gone, come, members in kinds.values():
        if gone and come and gone.isdisjoint(come):
            yield from members


def _beside(change: Change, changes: list[Change]) -> Iterable[Change]:
    """Return the changes of the value that a unit belongs to."""
    leaf = change.leaf
    if any(name == "currency" for name, _ in leaf.selectors):
        return [change]
    place = (leaf.marketplace_id, leaf.attribute, leaf.selectors, leaf.path[:-1])
    return [
        one
        for one in changes
        if (one.leaf.marketplace_id, one.leaf.attribute, one.leaf.selectors, one.leaf.path[:-1]) == place
    ]


@dataclass
class RunTally:
    """What a run as a whole would change, counted item by item.

    Attributes:
        changed: Items of which something else than a quantity changes, those that are created included.
        created: Items that are created.
        removed: Listings that are deleted or set to a quantity of 0.
        vanished: Items that are created again.
        quantity_before: The sum of the quantities that change, before.
        quantity_after: The same, after.
    """

    changed: int = 0
    created: int = 0
    removed: int = 0
    vanished: int = 0
    quantity_before: int = 0
    quantity_after: int = 0
    emptied: set[str] = field(default_factory=set)

    def add(
        self, sku: str, changes: Iterable[Change], *, created: bool = False, vanished: bool = False
    ) -> None:
        """Count an item's changes."""
        changes = list(changes)
        self.changed += any(not is_quantity(change) for change in changes)
        self.created += created
        self.vanished += vanished
        for change in changes:
            if not is_quantity(change) or not isinstance(change.before, int):
                continue
            after = change.after if isinstance(change.after, int) else 0
            self.quantity_before += change.before
            self.quantity_after += after
            if change.before > 0 and after == 0 and sku not in self.emptied:
                self.emptied.add(sku)
                self.removed += 1

    def add_made(self, *, vanished: bool) -> None:
        """Count an item whose listing is made of its whole payload."""
        self.changed += 1
        self.created += 1
        self.vanished += vanished


def run_reasons(
    tally: RunTally,
    guards: Guards,
    *,
    removed_share: float,
    known: int,
    listed: int,
    owned: int,
    stock: int | None,
) -> frozenset[str]:
    """Return the guards on the run that ask.

    Args:
        tally: What the run would change.
        guards: The connector's limits.
        removed_share: The share of the listings that one run may take off sale.
        known: How many items the connector has.
        listed: How many listings it has at Amazon.
        owned: Of how many of them something is its own. Where there is none, what it makes is its beginning
            and changes nothing that is known.
        stock: The sum of the connector's quantities at Amazon; None if it need not be known, because what
            changes cannot be half of it.
    """
    found: set[str] = set()
    if guards.changed_share is not None:
        small = known < SMALL
        limit = known * max(SMALL_SHARE, guards.changed_share) if small else known * guards.changed_share
        least = 0 if small else guards.changed_at_least
        changed = tally.changed if owned else tally.changed - tally.created
        if changed > max(limit, least):
            found.add(CHANGED)
    if tally.removed > removed_share * listed:
        found.add(REMOVED)
    if guards.vanished_share is not None and tally.vanished > guards.vanished_share * listed:
        found.add(VANISHED)
    fall = tally.quantity_before - tally.quantity_after
    limit_of_sum = guards.quantity_sum_fall
    if limit_of_sum is not None and stock and fall > 0 and fall >= limit_of_sum * stock:
        found.add(QUANTITY_SUM)
    return frozenset(found)


def waits_for(change: Change, reasons: frozenset[str], *, creates: bool) -> set[str]:
    """Return which guards on the run a change waits for: each stops the changes of its kind.

    Args:
        change: A change of an item.
        reasons: The guards on the run that ask.
        creates: The change is part of a listing that is created.
    """
    if is_quantity(change) and not creates:
        emptied = isinstance(change.before, int) and change.before > 0 and not change.after
        fell = isinstance(change.before, int) and (change.after or 0) < change.before
        return {
            reason
            for reason, meant in ((QUANTITY_SUM, fell), (REMOVED, emptied))
            if meant and reason in reasons
        }
    return {CHANGED} & reasons
