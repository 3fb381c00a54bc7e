"""What can be said of an item without asking Amazon: is its payload right, and is it new?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amazon_listings.errors import ActionRequiredError
from amazon_listings.ledger.items import known_items
from amazon_listings.messages import catalogue
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.quantities import contradictions
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
    from amazon_listings.runs.scope import Scope
    from amazon_listings.runs.tracing import Sources

#: Marks rows that wait for Amazon; never left in a part that is finished.
WAITING = Outcome.EXTRACTED


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


@dataclass
class LocalChecks:
    """The local checks of one run; counts what will be asked of Amazon.

    Attributes:
        waiting: Rows that need Amazon's verdict.
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

    def rows(
        self, mapped: list[dict[str, Any]], barred: Collection[str], sources: Sources
    ) -> Iterator[dict[str, Any]]:
        """The rows of a part with the outcome of the local checks; those to be previewed are `waiting`.

        Args:
            mapped: Mapped items of a part.
            barred: Ids of those that the quality check blocked.
            sources: Where the values of the payloads come from.
        """
        known = known_items(self.ledger, self.listings, [row["sku"] for row in mapped if row["sku"]])
        quantities = contradictions(self.ledger, self.listings, mapped, self.messages)
        for row in mapped:
            before = known.get(row["sku"])
            # All issues at once: an item that quality or mapping blocked is validated all the same.
            own = self.definitions.issues(row["attributes"]) + quantities.get(row["sku"], [])
            found = traced(own, sources.of(row["pim_id"]))
            errors = any(issue["severity"] == "ERROR" for issue in (*row["issues"], *found))
            checked = {name: row[name] for name in ("role", "parent_sku") if name in row} | {
                "pim_id": row["pim_id"],
                "sku": row["sku"],
                "outcome": "blocked",
                "note": "",
                "asin": before.asin if before else None,
                "issues": found,
            }
            if row["sku"] and not errors and row["pim_id"] not in barred:
                checked |= self._next(row, before)
            if checked["outcome"] == WAITING:
                self.waiting += 1
                self.readings += self._must_be_read(before)
            yield checked

    def _next(self, row: dict[str, Any], known: KnownItem | None) -> dict[str, Any]:
        """What is next for an item that is right: nothing, a preview, or the submission."""
        preview = self.connector.sync.preview
        accepted = known is not None and known.accepted_hash == row["hash"]
        forced = self.scope.force and accepted
        same = accepted and not self.scope.force
        live = self.scope.operation == "live"
        if preview == "all":
            # An unchanged payload is previewed as if all of it were sent again; it is not sent.
            return {"outcome": WAITING, "forced": accepted, "sent_before": same}
        if same and live:
            return {"outcome": "unchanged"}
        if known and not self.scope.force and self._passed(row, known):
            return {
                "outcome": "ready" if live else "unchanged",
                "note": self.messages.phrase("note.passed_before"),
            }
        if preview == "none":
            note = self.messages.phrase("note.no_preview")
            return {"outcome": "unchanged" if same else "ready", "note": note, "forced": forced}
        if preview == "sample":
            if self._sampled >= (self.connector.sync.preview_sample or 0):
                note = self.messages.phrase("note.not_sampled")
                return {"outcome": "unchanged" if same else "ready", "note": note, "forced": forced}
            self._sampled += 1
        return {"outcome": WAITING, "forced": accepted, "sent_before": same}

    def _passed(self, row: dict[str, Any], known: KnownItem) -> bool:
        """Whether Amazon's preview passed this payload, by the definition of today."""
        return known.tested_hash == row["hash"] and known.tested_definition == self.definitions.checksum

    def _must_be_read(self, known: KnownItem | None) -> bool:
        content: dict[str, Any] | None = {} if known and known.accepted_hash else None
        return not self.connector.sync.full_replace and not current_by_ledger(known, content).is_enough
