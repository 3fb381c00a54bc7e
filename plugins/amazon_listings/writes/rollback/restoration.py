"""How one write of a run is taken back, given what Amazon has now.

Only leaves that the run wrote and that still hold what it sent are restored; what others changed since
stays, and is listed. A listing that was not there before is deleted, unless others have written to it
since; one that was deleted is put back. A write without an answer may or may not have been carried out:
the listing tells, and only what is there of it is taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amazon_listings.marketplaces import MARKETPLACES
from amazon_listings.messages import message
from amazon_listings.runs.plan import Change, Method, Plan, changes_between
from amazon_listings.selling_partner.content.leaves import (
    Layout,
    amazon_defaults,
    compare,
    join,
    same_leaf,
    split,
)
from amazon_listings.selling_partner.content.overlay import sendable
from amazon_listings.selling_partner.content.patches import build_patches
from amazon_listings.writes.rollback.effect import left_by

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amazon_listings.ledger.writes.before_images import Write
    from amazon_listings.messages import Message
    from amazon_listings.selling_partner.content.leaves import Difference
    from amazon_listings.selling_partner.listing_answers import Listing
    from amazon_product_types.errors import CodedError

Attributes = dict[str, Any]


@dataclass(frozen=True)
class Restoration:
    """What takes back one write: shown first, then sent.

    Args:
        write: What the run did.
        plan: How it is taken back; its method is `NOTHING` if it cannot or need not be.
        body: Patch operations, or the attributes to put; None to delete.
        current: The attributes that Amazon has now; None if it has no such listing.
        remark: Why nothing is sent, or what to know about it.
        changed: Leaves that do not hold any more what the run sent, with what they hold: they stay.
        carries: Whether the body has what others put into the listing.
        marketplaces: The other marketplaces of which elements are carried.
    """

    write: Write
    plan: Plan
    body: Any = None
    current: Attributes | None = None
    remark: Message | CodedError | None = None
    changed: tuple[Change, ...] = ()
    carries: bool = False
    marketplaces: frozenset[str] = frozenset()

    @property
    def method(self) -> Method:
        """How it is taken back."""
        return self.plan.method


def nothing(
    write: Write,
    remark: Message | CodedError,
    current: Attributes | None = None,
    changed: tuple[Change, ...] = (),
) -> Restoration:
    """Return that a write is left as it is, and why."""
    return Restoration(
        write, Plan(write.sku, Method.NOTHING), current=current, remark=remark, changed=changed
    )


def restoration(
    write: Write, listing: Listing | None, *, definition: Mapping[str, Any], vendor: bool
) -> Restoration:
    """Return how to take back a write.

    Args:
        write: What the run did.
        listing: What Amazon has now.
        definition: The product type's definition: selectors, and what may be sent.
        vendor: Whether the selling partner is a vendor.
    """
    current = None if listing is None else listing.attributes
    if obstacle := _obstacle(write):
        return nothing(write, obstacle, current)
    return _Restoring(write, Layout.of(definition), vendor=vendor).restoration(current)


@dataclass(frozen=True)
class _Restoring:
    """The taking back of one write."""

    write: Write
    layout: Layout
    vendor: bool

    @property
    def _defaults(self) -> dict[str, Any]:
        here = self.write.listings.marketplace_id
        return next(amazon_defaults(one) for one in MARKETPLACES.values() if one.id == here)

    def restoration(self, current: Attributes | None) -> Restoration:
        """Return how to take the write back, given the listing's attributes; None if there is none."""
        write = self.write
        if current is None:
            return self._without_listing()
        here, before = self._sendable(current), self._sendable(write.before or {})
        sent = left_by(write.steps, before, self.layout, self._defaults)
        there, now = split(sent, self.layout, self._defaults), split(here, self.layout, self._defaults)
        written = [one for one in self._compared(before, sent) if self._differs(one, one.before, one.after)]
        # Of a write in doubt only what is there was written.
        as_sent = [one for one in written if not self._differs(one, now.get(one.leaf), one.after)]
        others = [
            Change(one.leaf, one.after, now.get(one.leaf))
            for one in written
            if self._differs(one, now.get(one.leaf), one.after)
        ]
        doubt = None if write.certain else message("rollback.remark.unanswered_held")
        if not write.certain and not as_sent:
            return nothing(write, message("rollback.remark.unanswered_not_held"), current)
        changed = tuple(others)
        if write.before is None:
            added = [Change(leaf, None, value) for leaf, value in now.items() if leaf not in there]
            if others or added:
                remark = message("rollback.remark.others_wrote")
                return nothing(write, remark, current, (*changed, *added))
            remark = message("rollback.remark.no_listing_before")
            if doubt is not None:
                remark = message("rollback.remark.both", first=remark, second=doubt)
            return Restoration(write, Plan(write.sku, Method.DELETE), current=current, remark=remark)
        return self._patched(here, as_sent, doubt, changed, current)

    def _patched(
        self,
        here: Attributes,
        as_sent: list[Difference],
        remark: Message | None,
        changed: tuple[Change, ...],
        current: Attributes,
    ) -> Restoration:
        """Return the patches that give some leaves the values that they had before the run."""
        patches = build_patches(
            here,
            join({one.leaf: one.before for one in as_sent if one.before is not None}),
            owned=join({one.leaf: one.after for one in as_sent if one.before is None}),
            layout=self.layout,
            vendor=self.vendor,
            defaults=self._defaults,
        )
        if not patches.operations:
            why = message(f"rollback.remark.{'all_changed' if changed else 'as_before'}")
            return nothing(self.write, why, current, changed)
        plan = Plan(
            self.write.sku,
            Method.PATCH,
            tuple(Change(one.leaf, one.before, one.after) for one in patches.differences),
        )
        return Restoration(
            self.write,
            plan,
            patches.operations,
            current,
            remark,
            changed,
            carries=patches.carries,
            marketplaces=patches.marketplaces,
        )

    def _without_listing(self) -> Restoration:
        """Return how to take back a write to a listing that is not there now."""
        write = self.write
        if write.before is None:
            return nothing(write, message("rollback.remark.none_before_none_now"))
        if write.method != Method.DELETE:
            return nothing(write, message("rollback.remark.listing_gone"))
        body = self._sendable(write.before)
        changes = changes_between({}, body, layout=self.layout, defaults={})
        remark = message("rollback.remark.run_deleted")
        return Restoration(write, Plan(write.sku, Method.PUT, changes), body, remark=remark)

    def _sendable(self, attributes: Attributes) -> Attributes:
        return {
            name: sendable(elements, self.layout.properties.get(name, Layout()), self._defaults)
            for name, elements in attributes.items()
        }

    def _compared(self, before: Attributes, sent: Attributes) -> list[Difference]:
        return list(compare(before, sent, self.layout, self._defaults))

    def _differs(self, one: Difference, left: object, right: object) -> bool:
        if left is None and right is None:
            return False
        return not same_leaf(one.leaf, left, right, self._defaults)


def ours_after(one: Restoration, content: Attributes, layout: Layout) -> Attributes:
    """Return what is ours of a listing once a write was taken back.

    Nothing is, if the run was the first to write to it: what it has again was put there by others. Of a
    listing that is put back whole it is not known who made what.

    Args:
        one: How the write is taken back.
        content: What was last accepted.
        layout: The layout of the product type's definition.
    """
    if one.write.first or one.method != Method.PATCH:
        return {}
    here = {"marketplace_id": one.write.listings.marketplace_id}
    leaves = split(content, layout, here)
    for change in one.plan.changes:
        leaves.pop(change.leaf, None)
        if change.after is not None:
            leaves[change.leaf] = change.after
    return join(leaves)


def _obstacle(write: Write) -> Message | None:
    """Return why a write cannot be taken back; None if it can."""
    if write.undone_by is not None:
        return message("rollback.remark.taken_back", run=write.undone_by)
    if write.pending:
        return message("rollback.remark.in_feed")
    if write.later:
        runs = ", ".join(map(str, write.later))
        return message("rollback.remark.written_since", runs=runs, count=len(write.later))
    if write.before is None and write.existed is not False:
        return message("rollback.remark.before_unknown")
    return None
