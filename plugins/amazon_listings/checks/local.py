"""What can be said of an item without asking Amazon: is its payload right, and is it new?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.errors import ActionRequiredError
from amazon_listings.ledger.items import known_items
from amazon_listings.messages import catalogue
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.quantities import contradictions
from amazon_listings.runs.records import TestedItem
from amazon_listings.runs.tracing import traced
from amazon_listings.selling_partner.operations import OFFER_ATTRIBUTES
from amazon_listings.writes.planner import current_by_ledger

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.items import KnownItem, ListingScope
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.runs.records import MappedItem
    from amazon_listings.runs.scope import Scope
    from amazon_listings.runs.tracing import Sources


class VendorOffer(ActionRequiredError):
    """The mapping of a vendor's connector fills attributes that only sellers have."""


def refuse_offers_of_vendors(connector: Connector, mapping: FieldMapping) -> None:
    """Vendors sell to Amazon: they have no offer and no stock on Amazon.

    Raises:
        VendorOffer: the mapping fills offer attributes.
    """
    offers = sorted(OFFER_ATTRIBUTES.intersection(mapping.attributes))
    if not offers:
        return
    lines = []
    for name in offers:
        origin = mapping.origin_of(name)
        place = f" (line {origin.line}, {origin.key!r})" if origin and origin.line else ""
        lines.append(f"`{name}`{place}")
    raise VendorOffer(
        "checks.vendor_offer",
        connector=connector.id,
        lines=lines,
    )


class _Step(NamedTuple):
    """What is next for an item: `extracted` means that Amazon is asked."""

    outcome: Outcome
    note: str = ""
    forced: bool = False
    sent_before: bool = False
    due: bool = False


@dataclass
class LocalChecks:
    """The local checks of one run; counts what will be asked of Amazon.

    Attributes:
        waiting: Items that need Amazon's verdict.
        readings: Those of them whose listing has to be read before.
        messages: The sentences, in the language of those who read the report.
    """

    connector: Connector
    scope: Scope
    definitions: Definitions
    ledger: Engine
    listings: ListingScope
    mapping: FieldMapping
    languages: dict[str, str]
    waiting: int = 0
    readings: int = 0
    messages: Catalogue = field(init=False)
    _sampled: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.messages = catalogue(self.definitions.language)

    def check(
        self, mapped: list[MappedItem], barred: Collection[str], sources: Sources
    ) -> Iterator[TestedItem]:
        """Yield the items of a part after the local checks; those to be previewed are `extracted` still.

        Args:
            mapped: Mapped items of a part.
            barred: Identities of those that the quality check blocked.
            sources: Where the values of the payloads come from.
        """
        known = known_items(self.ledger, self.listings, [item.sku for item in mapped if item.sku])
        quantities = contradictions(self.ledger, self.listings, mapped, self.messages)
        for item in mapped:
            before = known.get(item.sku or "")
            # All issues at once: an item that quality or mapping blocked is validated all the same.
            own = self.definitions.issues(item.attributes) + quantities.get(item.sku or "", [])
            found = traced(own, sources.of(item.pim_id))
            errors = item.blocked or any(issue.severity == "ERROR" for issue in found)
            right = bool(item.sku) and not errors and item.pim_id not in barred
            step = self._next(item, before) if right else _Step(Outcome.BLOCKED)
            if step.outcome is Outcome.EXTRACTED:
                self.waiting += 1
                self.readings += self._must_be_read(before)
            yield TestedItem(
                pim_id=item.pim_id,
                sku=item.sku,
                role=item.role,
                parent_sku=item.parent_sku,
                outcome=step.outcome,
                note=step.note,
                asin=before.asin if before else None,
                hash=item.hash,
                issues=found,
                forced=step.forced,
                sent_before=step.sent_before,
                due=step.due or step.outcome is Outcome.READY,
            )

    def _next(self, item: MappedItem, known: KnownItem | None) -> _Step:
        """Return what is next for an item that is right: nothing, a preview, or the submission."""
        preview = self.connector.sync.preview
        accepted = known is not None and known.accepted_hash == item.hash
        forced = self.scope.force and accepted
        same = accepted and not self.scope.force
        live = self.scope.operation == "live"
        unsent = Outcome.UNCHANGED if same else Outcome.READY
        if preview == "all":
            # An unchanged payload is previewed as if all of it were sent again; it is not sent.
            return _Step(Outcome.EXTRACTED, forced=accepted, sent_before=same)
        if same and live:
            return _Step(Outcome.UNCHANGED)
        if known and not self.scope.force and self._passed(item, known):
            outcome = Outcome.READY if live else Outcome.UNCHANGED
            return _Step(outcome, self.messages.phrase("note.passed_before"), due=not same)
        if preview == "none":
            return _Step(unsent, self.messages.phrase("note.no_preview"), forced=forced)
        if preview == "sample":
            if self._sampled >= (self.connector.sync.preview_sample or 0):
                return _Step(unsent, self.messages.phrase("note.not_sampled"), forced=forced)
            self._sampled += 1
        return _Step(Outcome.EXTRACTED, forced=accepted, sent_before=same)

    def _passed(self, item: MappedItem, known: KnownItem) -> bool:
        """Return whether Amazon's preview passed this payload, by the definition of today."""
        return known.tested_hash == item.hash and known.tested_definition == self.definitions.checksum

    def _must_be_read(self, known: KnownItem | None) -> bool:
        content: dict[str, Any] | None = {} if known and known.accepted_hash else None
        return not self.connector.sync.full_replace and not current_by_ledger(known, content).is_enough
