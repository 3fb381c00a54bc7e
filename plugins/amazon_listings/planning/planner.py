"""Make the plan of one item, before the preview, so that preview and submission are the same.

- A SKU that Amazon does not have: PUT of all attributes.
- A SKU that it has: PATCH of the leaves that the mapping writes, and of those that were last accepted
  and are not wanted any more; every other leaf of the listing stays. What the listing holds is what was
  last accepted (the ledger); where the ledger does not know, or an operation has to carry what others
  put into the listing, what Amazon returns.
- `full_replace: true`: PUT always.

Amazon accepts a PATCH to a SKU that it does not know and makes a partial listing of it, so no plan is
a PATCH unless the ledger or a reading says that the listing exists.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from amazon_listings.approvals.withholding import withhold
from amazon_listings.mapping.families.members import FAMILY_ATTRIBUTES
from amazon_listings.planning.known import UNKNOWN, CurrentListing
from amazon_listings.planning.left_alone import (
    family_leaves,
    parent_of_others,
    stock_at_amazon,
    theme_leaves,
    theme_of_others,
)
from amazon_listings.planning.wanted import PlannedWrite
from amazon_listings.runs.creations import Creations
from amazon_listings.runs.listings.quantities import AVAILABILITY, CHANNEL
from amazon_listings.runs.payload import attributes_of
from amazon_listings.runs.plan import (
    Change,
    MappingLines,
    Method,
    Plan,
    changes_between,
    displaced,
    edited,
)
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.selling_partner.content.leaves import MARKETPLACE, Layout, amazon_defaults, join, split
from amazon_listings.selling_partner.content.overlay import sendable
from amazon_listings.selling_partner.content.patches import build_patches
from amazon_listings.selling_partner.sellers import places_around

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amazon_listings.connectors.model import Connector
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.planning.known import Attributes
    from amazon_listings.planning.wanted import WantedItem
    from amazon_listings.runs.plan import Displaced
    from amazon_listings.selling_partner.calls.client import SellingPartner
    from amazon_listings.selling_partner.content.leaves import Leaf
    from amazon_listings.selling_partner.listing_answers import Submission


class Planner:
    """Makes and carries out the plans of one connector; may be used from several threads.

    Args:
        connector: The connector that runs.
        mapping: Its compiled mapping, which owns attributes.
        layout: The layout of the definition: selectors, and what is a leaf.
        client: The account's client.
    """

    def __init__(
        self,
        connector: Connector,
        mapping: FieldMapping,
        layout: Layout,
        client: SellingPartner,
    ) -> None:
        self._connector = connector
        self._client = client
        self._mapping = mapping
        self._layout = layout
        self._marketplace = connector.marketplace
        self._defaults = amazon_defaults(self._marketplace)
        self._line_of = MappingLines(mapping, connector.where).of
        self._creations = Creations(layout, self._defaults, self._line_of)
        self._replaces = connector.sync.full_replace
        self.recreates = connector.sync.when_vanished == "recreate"
        stock = mapping.plan.get(AVAILABILITY)
        self._reads_channel = stock is not None and any(
            leaf.name == CHANNEL and not leaf.constant
            for template in stock.templates
            for leaf in template.leaves()
        )

    def read(self, sku: str, current: CurrentListing = UNKNOWN) -> CurrentListing:
        """Return what Amazon says of a listing, beside what is known to be ours of it."""
        listing = amazon.get(self._client, sku, [self._marketplace.id], included=("attributes",))
        return current.read_as(listing)

    def read_around(self, sku: str, current: CurrentListing = UNKNOWN) -> CurrentListing:
        """Return what Amazon says of a listing in all marketplaces of the region where the account sells.

        Amazon does not say whether an attribute that is replaced in one marketplace stays in the others.
        """
        listing = amazon.get(self._client, sku, self._places, included=("attributes",))
        here = self._marketplace.id
        if listing is not None and not any(
            element.get(MARKETPLACE) == here
            for elements in listing.attributes.values()
            for element in elements
        ):
            listing = None  # it is sold in other marketplaces only
        return current.read_as(listing)

    @property
    def marketplace_id(self) -> str:
        """The marketplace that the plans are for."""
        return self._marketplace.id

    @cached_property
    def _places(self) -> list[str]:
        return places_around(self._client, self._marketplace.id)

    def children_of(self, sku: str) -> list[str]:
        """Return the SKUs of the listings that Amazon has in a parent's family.

        Raises:
            SellingPartnerError: see `listings.search`.
        """
        found = amazon.search(self._client, [self._marketplace.id], variationParentSku=sku)
        return [listing.sku for listing in found]

    def plan(self, row: WantedItem, current: CurrentListing) -> PlannedWrite:
        """Return the plan of an item.

        Args:
            row: What is wanted.
            current: What the listing has; `is_enough`.
        """
        if not current.exists and self._connector.contributes:
            return PlannedWrite(Plan(row.sku, Method.NOTHING), None, None, current.exists, {}, absent=True)
        if _is_nothing(current) and not row.kept:
            return PlannedWrite(
                Plan(row.sku, Method.PUT), row.payload, None, current.exists, row.payload, creates=True
            )
        if not current.exists or self._replaces:
            return self._replacement(row.sku, row.attributes, row.kept, current)
        return self.patch(row.sku, row.attributes, current, row.kept, forced=row.forced)

    def plan_within(self, row: WantedItem, current: CurrentListing, previewed: Plan) -> PlannedWrite | None:
        """Return the plan of an item that changes nothing else than a plan that passed the preview.

        That one was made by what the ledger knows. Where others have changed more of what is ours, the
        listing keeps that; what the listing holds as wanted meanwhile is not sent.

        Args:
            row: What is wanted.
            current: What the listing has, as it was read.
            previewed: The plan that passed.

        Returns:
            None if there is no such plan.
        """
        agreed = {change.leaf: change.after for change in previewed.changes}
        write = self.plan(row, current)
        more = [change for change in write.plan.changes if change.leaf not in agreed]
        if more and write.method == Method.PATCH:
            kept = row.kept.union(change.leaf for change in more)
            write = self.plan(replace(row, payload=self.without(row.attributes, more), kept=kept), current)
        if write.method not in {Method.PATCH, Method.NOTHING} or not all(
            change.leaf in agreed and agreed[change.leaf] == change.after for change in write.plan.changes
        ):
            return None
        return write

    def patch(
        self,
        sku: str,
        wanted: Attributes,
        current: CurrentListing,
        kept: frozenset[Leaf] = frozenset(),
        *,
        forced: bool = False,
    ) -> PlannedWrite:
        """Return the plan to change a listing that exists.

        Args:
            sku: The SKU.
            wanted: What it is to hold of the mapping.
            current: What the listing has; `is_enough`.
            kept: Leaves that are not touched, with an owner or without.
            forced: Send everything that is wanted.
        """
        found, owned = current.found or {}, current.owned or {}
        at_amazon: frozenset[Leaf] = frozenset()
        if not self._reads_channel:
            at_amazon = stock_at_amazon(wanted, found, self._layout, self._defaults)
        other_parent = parent_of_others(wanted, found, owned, self._defaults)
        left = at_amazon
        if other_parent:
            left |= family_leaves(wanted, found, self._layout, self._defaults)
        other_theme = "" if other_parent else theme_of_others(wanted, found, owned, self._defaults)
        if other_theme:
            left |= theme_leaves(wanted, self._layout, self._defaults)
        if left:
            wanted, kept = self.without(wanted, (Change(leaf) for leaf in left)), kept | left
        patches = build_patches(
            current.attributes,
            wanted,
            owned=owned,
            layout=self._layout,
            read=current.found is not None,
            vendor=self._client.account.vendor,
            forced=forced,
            defaults=self._defaults,
            kept=(kept | current.others).__contains__,
        )
        plan = Plan(
            sku,
            Method.PATCH if patches.operations else Method.NOTHING,
            tuple(
                Change(one.leaf, one.before, one.after, self._line_of(one.leaf))
                for one in patches.differences
            ),
        )
        # People may have arranged stock and families otherwise.
        unread = current.found is None and _begins(plan)
        return PlannedWrite(
            plan,
            patches.operations,
            current.attributes,
            current.exists,
            self._ours(wanted, kept, current),
            carries=patches.carries or unread,
            marketplaces=patches.marketplaces,
            displaced=self._displaced(plan, current),
            left_to_amazon=bool(at_amazon),
            other_parent=other_parent,
            other_theme=other_theme,
        )

    def _replacement(
        self, sku: str, wanted: Attributes, kept: frozenset[Leaf], current: CurrentListing
    ) -> PlannedWrite:
        """Return the plan to put a listing whole: it has all that goes, as far as the listing was read."""
        # A listing is put in one marketplace; what it has in others stays.
        here = {
            name: [
                one for one in elements if one.get(MARKETPLACE, self._marketplace.id) == self._marketplace.id
            ]
            for name, elements in current.attributes.items()
        }
        before = {
            name: sendable(elements, self._layout.properties.get(name, Layout()), self._defaults)
            for name, elements in here.items()
            if elements
        }
        stays: dict[Leaf, Any] = {}
        body = wanted
        if before and (kept or current.others):
            held = split(before, self._layout, self._defaults)
            ours = split(wanted, self._layout, self._defaults)
            # What must not be touched is put again, and what other connectors own.
            untouched = kept | (current.others - ours.keys())
            stays = {leaf: held[leaf] for leaf in held if leaf in untouched}
            body = join(ours | stays) if stays else wanted
        creates = _is_nothing(current)
        # The changes of a creation are all that it has: they are found where they are needed.
        changes = () if creates else self._changes(before, body, forced=True)
        plan = Plan(sku, Method.PUT, tuple(one for one in changes if one.leaf not in stays))
        return PlannedWrite(
            plan,
            body,
            current.attributes if current.exists else None,
            current.exists,
            self._ours(wanted, kept, current),
            carries=bool(stays),
            creates=creates,
            displaced=self._displaced(plan, current),
        )

    def _ours(self, wanted: Attributes, kept: frozenset[Leaf], current: CurrentListing) -> Attributes:
        """Return what is ours once a write is accepted: what is wanted, and what was ours and is kept."""
        owned = split(current.owned or {}, self._layout, self._defaults) if kept else {}
        still = {leaf: value for leaf, value in owned.items() if leaf in kept}
        return join(split(wanted, self._layout, self._defaults) | still) if still else wanted

    def _displaced(self, plan: Plan, current: CurrentListing) -> tuple[Displaced, ...]:
        """Return what none of our connectors wrote, as far as it was read, and is not there afterwards."""
        if not current.found:
            return ()
        ours = split(current.owned or {}, self._layout, self._defaults)
        foreign = (
            change if change.leaf not in ours else edited(change, ours[change.leaf], self._defaults)
            for change in plan.changes
            if change.leaf not in current.others
        )
        found = (displaced(change, self._defaults) for change in foreign if change is not None)
        return tuple(one for one in found if one is not None)

    def _changes(self, before: Attributes, after: Attributes, *, forced: bool) -> tuple[Change, ...]:
        return changes_between(
            before,
            after,
            layout=self._layout,
            defaults=self._defaults,
            line_of=self._line_of,
            forced=forced,
        )

    @property
    def layout(self) -> Layout:
        """The layout of the definition."""
        return self._layout

    @property
    def defaults(self) -> dict[str, Any]:
        """The properties that Amazon fills in."""
        return self._defaults

    def without(self, wanted: Attributes, withheld: Iterable[Change]) -> Attributes:
        """Return wanted attributes without the leaves of some changes."""
        return withhold(wanted, withheld, self._layout, self._defaults)

    def with_changes(self, write: PlannedWrite) -> Plan:
        """Return the plan of a write with its changes, those of a listing that is made too."""
        if not write.creates:
            return write.plan
        return self._creations.with_changes(write.plan.sku, attributes_of(write.body))

    def is_other(self, row: WantedItem, write: PlannedWrite) -> bool:
        """Return whether a write of an item is another than the one that may be carried out."""
        if row.plan_hash is None:
            return False
        if row.makes:
            # A payload where there still is nothing is put as it was.
            return not write.creates
        return self.with_changes(write).hash != row.plan_hash

    def send(self, row: WantedItem, write: PlannedWrite, *, preview: bool = False) -> Submission:
        """Carry a plan out, or ask for Amazon's verdict on it; the plan is not `NOTHING`.

        Args:
            row: What the plan is of.
            write: What is sent.
            preview: Validate only; nothing changes at Amazon.

        Raises:
            SellingPartnerError: see `listings.put` and `listings.patch`.
        """
        return amazon.submit(
            self._client,
            write.method,
            row.sku,
            self._marketplace.id,
            product_type=self._connector.amazon.product_type,
            requirements=row.requirements,
            body=attributes_of(write.body),
            carried=write.marketplaces,
            preview=preview,
            issue_locale=self._connector.amazon.issue_locale,
        )


def _is_nothing(current: CurrentListing) -> bool:
    """Return whether there is no listing, and nothing is known of one."""
    return current.exists is False and not current.attributes


def _begins(plan: Plan) -> bool:
    """Return whether a plan writes stock or a family to a listing that is not known to have had either."""
    names = {AVAILABILITY, *FAMILY_ATTRIBUTES}
    return any(change.leaf.attribute in names and change.before is None for change in plan.changes)
