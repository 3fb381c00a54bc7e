"""What is to be written: what a run wants of a listing, and what is known of the listing just before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from amazon_listings.ledger.items import Removal
    from amazon_listings.ledger.known_items import KnownItem
    from amazon_listings.ledger.submissions import Sent
    from amazon_listings.planning.planner import Attributes, CurrentListing, PlannedWrite
    from amazon_listings.runs.plan import Change
    from amazon_listings.runs.records import MappedItem, Role
    from amazon_listings.selling_partner.leaves import Leaf

    #: Makes the plan of what is wanted, given what its listing has.
    Plans = Callable[["WantedItem", CurrentListing], PlannedWrite]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedItem:
    """An item, and what its listing is to hold.

    Attributes:
        pim_id: The PIM's identity of the item.
        sku: Its SKU.
        attributes: The attributes that are wanted.
        hash: The hash of the payload that the write leads to.
        requirements: How complete Amazon wants the attributes.
        group: The PIM's identity of the item's family; None where it is not known.
        role: Its place in a family at Amazon.
        parent_sku: The SKU of its parent.
        read_at: When the PIM was read; None where that does not count.
        forced: Send what is unchanged too.
        kept: Leaves that are not touched, with an owner or without.
        plan_hash: The hash of the plan that may be carried out; None: any plan.
        makes: That plan makes the listing of just these attributes where there was nothing.
        approval: The hash of what a person approved; empty if nothing had to be asked.
        guarded: The changes that were approved for what the listing had before.
        removal: How the listing is taken off sale, if it is.
    """

    pim_id: str
    sku: str
    attributes: Attributes
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

    @classmethod
    def of(cls, item: MappedItem, *, forced: bool = False) -> WantedItem:
        """Return what a mapped item wants."""
        return cls(
            pim_id=item.pim_id,
            sku=item.sku or "",
            attributes=item.attributes,
            hash=item.hash,
            requirements=item.requirements,
            group=item.group,
            role=item.role,
            parent_sku=item.parent_sku,
            forced=forced,
        )


@dataclass(frozen=True, slots=True)
class DueItem:
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
