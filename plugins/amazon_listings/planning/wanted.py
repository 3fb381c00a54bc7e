"""What is to be written: what a run wants of a listing, what is known of it just before, and what is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from amazon_listings.runs.payload import attributes_of
from amazon_listings.runs.plan import Method

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from amazon_listings.ledger.items.known import KnownItem
    from amazon_listings.ledger.items.payloads import Removal
    from amazon_listings.ledger.writes.submissions import Sent
    from amazon_listings.planning.known import Attributes, CurrentListing
    from amazon_listings.runs.plan import Change, Displaced, Plan
    from amazon_listings.runs.records import MappedItem, PackedItem, Role
    from amazon_listings.selling_partner.content.leaves import Leaf

    #: Makes the plan of what is wanted, given what its listing has.
    Plans = Callable[["WantedItem", CurrentListing], "PlannedWrite"]
    #: Says whether a listing is read before it is written, given what the ledger knows of it.
    Reads = Callable[[CurrentListing], bool]


class Named(Protocol):
    """Anything about one item."""

    @property
    def pim_id(self) -> str:
        """The PIM's identity of the item."""

    @property
    def sku(self) -> str | None:
        """Its SKU."""


class WantedItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item, and what its listing is to hold.

    Attributes:
        pim_id: The PIM's identity of the item.
        sku: Its SKU.
        payload: The attributes that are wanted; or their JSON, where it goes on as it is.
        hash: The hash of the payload that the write leads to.
        requirements: How complete Amazon wants the attributes.
        group: The PIM's identity of the item's family; None where it is not known.
        role: Its place in a family at Amazon.
        parent_sku: The SKU of its parent.
        read_at: When the PIM was read; None where that does not count.
        forced: Send what is unchanged too.
        kept: Leaves that are not touched, with an owner or without.
        plan_hash: What the plan that may be carried out is known by; None: any plan.
        makes: That plan makes the listing of just these attributes where there was nothing.
        approval: The hash of what a person approved; empty if nothing had to be asked.
        guarded: The changes that were approved for what the listing had before.
        removal: How the listing is taken off sale, if it is.
    """

    pim_id: str
    sku: str
    payload: Attributes | msgspec.Raw
    hash: str = ""
    requirements: str = ""
    group: str | None = None
    role: Role = ""
    parent_sku: str | None = None
    read_at: datetime | None = None
    forced: bool = False
    kept: frozenset[Leaf] = frozenset()
    plan_hash: str | None = None
    makes: bool = False
    approval: str = ""
    guarded: tuple[Change, ...] = ()
    removal: Removal | None = None

    @property
    def attributes(self) -> Attributes:
        """The attributes that are wanted."""
        return attributes_of(self.payload)

    @classmethod
    def of(
        cls,
        item: MappedItem | PackedItem,
        *,
        forced: bool = False,
        read_at: datetime | None = None,
        plan_hash: str | None = None,
        makes: bool = False,
        approval: str = "",
        guarded: tuple[Change, ...] = (),
    ) -> WantedItem:
        """Return what a mapped item wants, and what was decided about it."""
        return cls(
            pim_id=item.pim_id,
            sku=item.sku or "",
            payload=item.attributes,
            hash=item.hash,
            requirements=item.requirements,
            group=item.group,
            role=item.role,
            parent_sku=item.parent_sku,
            forced=forced,
            read_at=read_at,
            plan_hash=plan_hash,
            makes=makes,
            approval=approval,
            guarded=guarded,
        )


class DueItem(msgspec.Struct, frozen=True):
    """An item that is about to be written, with what is known of its listing behind its fence.

    Attributes:
        wanted: The item.
        current: What the ledger knows of the listing.
        known: What the ledger knows of the item.
        sent: The same write by an earlier try of the run, which may have been carried out.
        read: What Amazon says of the listing, if it was read together with others.
    """

    wanted: WantedItem
    current: CurrentListing
    known: KnownItem | None = None
    sent: Sent | None = None
    read: CurrentListing | None = None

    @property
    def sku(self) -> str:
        """The SKU."""
        return self.wanted.sku

    @property
    def pim_id(self) -> str:
        """The PIM's identity of the item."""
        return self.wanted.pim_id


class PlannedWrite(msgspec.Struct, frozen=True):
    """A plan with what is sent to carry it out.

    Args:
        plan: The plan.
        body: The attributes of a PUT, or their JSON; the operations of a PATCH, None of a DELETE.
        before: What the listing had; None if there was none, or it is not known.
        existed: Whether there was a listing.
        after: The attributes that are ours once this is accepted.
        carries: Whether the body has what others put into the listing, so that it is only sent right
            after the listing was read.
        marketplaces: The other marketplaces of which elements are carried.
        displaced: What others put into the listing and the write replaces or drops.
        absent: There is no listing to contribute to.
        creates: It makes a listing of all that is wanted where nothing is known to have been.
        left_to_amazon: The merchant's stock is left out, because the listing is fulfilled by Amazon.
        other_parent: The SKU of the parent in whose family the listing stays, because others put it there.
        other_theme: The theme by which the listing's family goes on varying, because others chose it.
    """

    plan: Plan
    body: Any
    before: Attributes | None
    existed: bool | None
    after: Attributes | msgspec.Raw
    carries: bool = False
    marketplaces: frozenset[str] = frozenset()
    displaced: tuple[Displaced, ...] = ()
    absent: bool = False
    creates: bool = False
    left_to_amazon: bool = False
    other_parent: str = ""
    other_theme: str = ""

    @property
    def method(self) -> Method:
        """How it is carried out."""
        return self.plan.method

    @property
    def touched(self) -> frozenset[str]:
        """The attributes that the request names."""
        if self.method == Method.PATCH:
            return frozenset(str(patch["path"]).removeprefix("/attributes/") for patch in self.body)
        return frozenset(attributes_of(self.body or {}))
