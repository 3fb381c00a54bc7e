"""Make the plan of one item, before the preview, so that preview and submission are the same.

- A SKU that Amazon does not have: PUT of all attributes.
- A SKU that it has: PATCH of the difference between what the listing has and what is wanted, only
  for attributes that the mapping owns. What it has is what was last accepted (the ledger); where
  the ledger does not know, what Amazon returns.
- `full_replace: true`: PUT always.

Amazon accepts a PATCH to a SKU that it does not know and makes a partial listing of it, so no plan is
a PATCH unless the ledger or a reading says that the listing exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.approvals.withholding import withhold
from amazon_listings.mapping.families.members import FAMILY_ATTRIBUTES
from amazon_listings.runs.plan import MappingLine, Method, Plan, changes_between
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.selling_partner.patches import build_patches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amazon_listings.connectors.model import Connector, Where
    from amazon_listings.ledger.items import KnownItem
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.marketplaces import Marketplace
    from amazon_listings.runs.plan import Change
    from amazon_listings.selling_partner.client import SellingPartner
    from amazon_listings.selling_partner.leaves import Layout, Leaf
    from amazon_listings.selling_partner.listings import Submission
    from amazon_product_types.validation.issue import Origin

Attributes = dict[str, Any]


class CurrentListing(NamedTuple):
    """What is known of a listing: `exists` None if it is not known, `attributes` None likewise.

    `ours`: the attributes are those we wrote, not all that the listing has.
    """

    exists: bool | None
    attributes: Attributes | None
    ours: bool = False

    @property
    def is_enough(self) -> bool:
        """Whether a plan can be made of it without asking Amazon."""
        return self.exists is False or (self.exists is True and self.attributes is not None)


UNKNOWN = CurrentListing(None, None)


def current_by_ledger(known: KnownItem | None, content: Attributes | None) -> CurrentListing:
    """Return what the ledger knows of a listing: whether Amazon has it, and what was last accepted.

    A listing that was not seen for more than a day is read before it is written.
    """
    if known is None or known.listed is None:
        return UNKNOWN
    believed = known.listed and not known.doubtful and known.is_fresh(datetime.now(UTC))
    attributes = content if believed else None
    return CurrentListing(known.listed, attributes, ours=True)


def amazon_defaults(marketplace: Marketplace) -> dict[str, Any]:
    """Return the properties that Amazon fills in where an element was sent without them."""
    return {
        "marketplace_id": marketplace.id,
        "audience": "ALL",
        "currency": marketplace.currency,
        "language_tag": marketplace.languages[0],
    }


@dataclass(frozen=True)
class PlannedWrite:
    """A plan with what is sent to carry it out.

    Args:
        plan: The plan.
        body: The attributes of a PUT, the operations of a PATCH, None of a DELETE.
        before: What the listing had; None if there was none, or it is not known.
        existed: Whether there was a listing.
        after: What we know the listing to have once this is accepted.
    """

    plan: Plan
    body: Any
    before: Attributes | None
    existed: bool | None
    after: Attributes

    @property
    def method(self) -> Method:
        """How it is carried out."""
        return self.plan.method

    @property
    def touched(self) -> frozenset[str]:
        """The attributes that the request names."""
        if self.method == Method.PATCH:
            return frozenset(str(patch["path"]).removeprefix("/attributes/") for patch in self.body)
        return frozenset(self.body or ())


class Planner:
    """Makes and carries out the plans of one connector; may be used from several threads.

    Args:
        connector: The connector that runs.
        mapping: Its compiled mapping, which owns attributes.
        layout: The layout of the definition: selectors, and what is a leaf.
        client: The account's client.
    """

    def __init__(
        self, connector: Connector, mapping: FieldMapping, layout: Layout, client: SellingPartner
    ) -> None:
        self._connector = connector
        self._client = client
        self._mapping = mapping
        self._layout = layout
        self._selectors = {name: below.selectors for name, below in layout.properties.items()}
        self._marketplace = connector.marketplace
        self._defaults = amazon_defaults(self._marketplace)
        self._replaces = connector.sync.full_replace
        self.recreates = connector.sync.when_vanished == "recreate"
        self._issue_locale = None if connector.amazon.locale == "DEFAULT" else connector.amazon.locale
        self._owned = frozenset(mapping.attributes)
        if connector.variations is not None:
            self._owned |= set(FAMILY_ATTRIBUTES)

    def read(self, sku: str) -> CurrentListing:
        """Return what Amazon says of a listing."""
        listing = amazon.get(self._client, sku, [self._marketplace.id], included=("attributes",))
        return CurrentListing(listing is not None, listing.attributes if listing else None)

    def plan(self, row: Mapping[str, Any], current: CurrentListing) -> PlannedWrite:
        """Return the plan of a mapped row.

        Args:
            row: `sku` and the `attributes` that are wanted; with a true `forced`, all are sent again.
            current: What the listing has; `is_enough`, unless the connector replaces whole listings.
        """
        wanted: Attributes = row["attributes"]
        if not current.exists or self._replaces:
            # What else a listing loses is not known before it is read, which a preview does not do.
            changes = self.changes(current.attributes or {}, wanted, forced=True)
            written = tuple(change for change in changes if change.after is not None)
            plan = Plan(row["sku"], Method.PUT, written)
            return PlannedWrite(plan, wanted, current.attributes, current.exists, wanted)
        before = current.attributes or {}
        owned = self._owned.union(wanted)
        if current.ours:
            # A connector without families any more still takes back the relationships that it wrote.
            owned |= set(FAMILY_ATTRIBUTES).intersection(before)
        patches = build_patches(
            before,
            wanted,
            selectors=self._selectors,
            owned=owned,
            vendor=self._client.account.vendor,
            force=owned if row.get("forced") else (),
            defaults=self._defaults,
        )
        kept = {name: value for name, value in before.items() if current.ours and name not in owned}
        method = Method.PATCH if patches else Method.NOTHING
        named = {str(patch["path"]).removeprefix("/attributes/") for patch in patches} & owned
        changes = self.changes(
            {name: value for name, value in before.items() if name in named},
            {name: value for name, value in wanted.items() if name in named},
            forced=bool(row.get("forced")),
        )
        return PlannedWrite(Plan(row["sku"], method, changes), patches, before, current.exists, kept | wanted)

    def changes(self, before: Attributes, after: Attributes, *, forced: bool = False) -> tuple[Change, ...]:
        """Return the changes between some attributes of a listing, each with its mapping line.

        Args:
            before: What the listing has of them.
            after: What it is to have.
            forced: Count leaves that are wanted as changes although they are as they should be.
        """
        return changes_between(
            before,
            after,
            layout=self._layout,
            defaults=self._defaults,
            line_of=self.line_of,
            forced=forced,
        )

    @property
    def defaults(self) -> dict[str, Any]:
        """The properties that Amazon fills in."""
        return self._defaults

    def without(self, wanted: Attributes, withheld: Iterable[Change]) -> Attributes:
        """Return wanted attributes that lead to a plan without some of its changes."""
        return withhold(wanted, withheld, self._layout, self._defaults)

    def line_of(self, leaf: Leaf) -> MappingLine | None:
        """Return the mapping line that makes a leaf; None if no line does."""
        names = [leaf.attribute, *(step for step in leaf.path if isinstance(step, str))]
        origin = self._mapping.origin_of("/".join(names))
        return _mapping_line(self._connector.where, origin) if origin else None

    def send(self, row: Mapping[str, Any], write: PlannedWrite, *, preview: bool = False) -> Submission:
        """Carry a plan out, or ask for Amazon's verdict on it; the plan is not `NOTHING`.

        Args:
            row: The mapped row that the plan is of.
            write: What is sent.
            preview: Validate only; nothing changes at Amazon.

        Raises:
            SellingPartnerError: see `listings.put` and `listings.patch`.
        """
        sku, marketplace_id = row["sku"], self._marketplace.id
        if write.method == Method.DELETE:
            return amazon.delete(self._client, sku, marketplace_id, issue_locale=self._issue_locale)
        if write.method == Method.PUT:
            return amazon.put(
                self._client,
                sku,
                marketplace_id,
                product_type=self._connector.amazon.product_type,
                requirements=row["requirements"],
                attributes=write.body,
                preview=preview,
                issue_locale=self._issue_locale,
            )
        return amazon.patch(
            self._client,
            sku,
            [marketplace_id],
            product_type=self._connector.amazon.product_type,
            patches=write.body,
            preview=preview,
            issue_locale=self._issue_locale,
        )


def _mapping_line(where: Where, origin: Origin) -> MappingLine:
    """Return a line of the connector's document: one that no file holds is of the Variable."""
    if origin.line is None and where.variable is not None:
        return MappingLine(f"Variable {where.variable}", None, origin.key)
    return MappingLine(origin.file or str(where.path or ""), origin.line, origin.key)
