"""What is sent for one item: decided before the preview, so that preview and submission are the same.

- A SKU that Amazon does not have: PUT of all attributes.
- A SKU that it has: PATCH of the difference between what the listing holds and what is wanted, only
  for attributes that the mapping owns. What it holds is what was last accepted (the ledger); where
  the ledger does not know, what Amazon returns.
- `full_replace: true`: PUT always.

A PATCH to a SKU that Amazon does not know is accepted silently and makes a torso of a listing, so
no plan is a PATCH unless the ledger or a reading says that the listing exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from amazon_listings.mapping.families.members import FAMILY_ATTRIBUTES
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.selling_partner.patches import build_patches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.items import KnownItem
    from amazon_listings.mapping.mapping import Mapping as FieldMapping
    from amazon_listings.marketplaces import Marketplace
    from amazon_listings.selling_partner.client import SellingPartner
    from amazon_listings.selling_partner.listings import Submission

Attributes = dict[str, Any]


class Held(NamedTuple):
    """What a listing holds: `exists` None if nobody knows, `attributes` None if they are not known.

    `ours`: the attributes are those we wrote, not all that the listing holds.
    """

    exists: bool | None
    attributes: Attributes | None
    ours: bool = False

    @property
    def is_enough(self) -> bool:
        """Whether a plan can be made of it without asking Amazon."""
        return self.exists is False or (self.exists is True and self.attributes is not None)


UNKNOWN = Held(None, None)


def held_by_ledger(known: KnownItem | None, content: Attributes | None) -> Held:
    """What the ledger knows of a listing: whether Amazon has it, and what was last accepted."""
    if known is None or known.listed is None:
        return UNKNOWN
    return Held(known.listed, content if known.listed and not known.doubtful else None, ours=True)


def amazon_defaults(place: Marketplace) -> dict[str, Any]:
    """The properties that Amazon fills in where an element was sent without them."""
    return {
        "marketplace_id": place.id,
        "audience": "ALL",
        "currency": place.currency,
        "language_tag": place.languages[0],
    }


@dataclass(frozen=True)
class Plan:
    """What is sent for one item.

    Args:
        method: `NOTHING` if the listing is as it is wanted.
        body: The attributes of a PUT, the operations of a PATCH, None of a DELETE.
        before: What the listing held; None if there was none, or it is not known.
        existed: Whether there was a listing.
        after: What we know the listing to hold once this is accepted.
    """

    method: Literal["PUT", "PATCH", "DELETE", "NOTHING"]
    body: Any
    before: Attributes | None
    existed: bool | None
    after: Attributes

    @property
    def touched(self) -> frozenset[str]:
        """The attributes that are written."""
        if self.method == "PATCH":
            return frozenset(str(patch["path"]).removeprefix("/attributes/") for patch in self.body)
        return frozenset(self.body or ())

    @property
    def outline(self) -> dict[str, Any]:
        """What a preview is remembered by; a PUT's attributes are those of the mapped row."""
        return {"method": self.method, "patches": self.body if self.method == "PATCH" else []}


class Planner:
    """Makes and carries out the plans of one connector; may be used from several threads.

    Args:
        connector: The connector that runs.
        mapping: Its compiled mapping, which owns attributes.
        selectors: The selectors of each attribute, from the definition.
        client: The account's client.
    """

    def __init__(
        self,
        connector: Connector,
        mapping: FieldMapping,
        selectors: Mapping[str, Sequence[str]],
        client: SellingPartner,
    ) -> None:
        self._connector = connector
        self._client = client
        self._selectors = selectors
        self._place = connector.marketplace
        self._replaces = connector.sync.full_replace
        self._issue_locale = None if connector.amazon.locale == "DEFAULT" else connector.amazon.locale
        self._owned = frozenset(mapping.attributes)
        if connector.variations is not None:
            self._owned |= set(FAMILY_ATTRIBUTES)

    def read(self, sku: str) -> Held:
        """What Amazon says of a listing."""
        listing = amazon.get(self._client, sku, [self._place.id], included=("attributes",))
        return Held(exists=listing is not None, attributes=listing.attributes if listing else None)

    def plan(self, row: Mapping[str, Any], held: Held) -> Plan:
        """The plan of a mapped row.

        Args:
            row: `attributes` that are wanted; with a true `forced`, all are sent again.
            held: What the listing holds; `is_enough`, unless the connector replaces whole listings.
        """
        wanted: Attributes = row["attributes"]
        if not held.exists or self._replaces:
            return Plan("PUT", wanted, held.attributes, held.exists, wanted)
        before = held.attributes or {}
        owned = self._owned.union(wanted)
        if held.ours:
            # A connector without families any more still takes back the relationships that it wrote.
            owned |= set(FAMILY_ATTRIBUTES).intersection(before)
        patches = build_patches(
            before,
            wanted,
            selectors=self._selectors,
            owned=owned,
            vendor=self._client.account.vendor,
            force=owned if row.get("forced") else (),
            defaults=amazon_defaults(self._place),
        )
        kept = {name: value for name, value in before.items() if held.ours and name not in owned}
        return Plan("PATCH" if patches else "NOTHING", patches, before, held.exists, kept | wanted)

    def send(self, row: Mapping[str, Any], plan: Plan, *, preview: bool = False) -> Submission:
        """Carry a plan out, or ask for Amazon's verdict on it; the plan is not `NOTHING`.

        Args:
            row: The mapped row that the plan is of.
            plan: What is sent.
            preview: Validate only; nothing changes at Amazon.

        Raises:
            SellingPartnerError: see `listings.put` and `listings.patch`.
        """
        if plan.method == "DELETE":
            return amazon.delete(self._client, row["sku"], self._place.id, issue_locale=self._issue_locale)
        if plan.method == "PUT":
            return amazon.put(
                self._client,
                row["sku"],
                self._place.id,
                product_type=self._connector.amazon.product_type,
                requirements=row["requirements"],
                attributes=plan.body,
                preview=preview,
                issue_locale=self._issue_locale,
            )
        return amazon.patch(
            self._client,
            row["sku"],
            [self._place.id],
            product_type=self._connector.amazon.product_type,
            patches=plan.body,
            preview=preview,
            issue_locale=self._issue_locale,
        )
