"""What can be said of an item without asking Amazon: is its payload right, and is it new?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from amazon_listings.checks.offers_apart import held_back, offer_alone, separable
from amazon_listings.checks.offers_of_others import issues_beside_others
from amazon_listings.errors import ActionRequiredError
from amazon_listings.ledger.items.known import accepted_contents
from amazon_listings.messages import catalogue
from amazon_listings.planning.vanished import missing_note
from amazon_listings.remarks import remark
from amazon_listings.runs.listings.ownership import Wording, conflicts, known_as_held, mapping_lines
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import TestedItem
from amazon_listings.runs.tracing import traced
from amazon_listings.selling_partner.content.leaves import amazon_defaults
from amazon_listings.selling_partner.operations import OFFER_ATTRIBUTES
from amazon_product_types.rules import MODULAR_HIGHLIGHTS, MODULAR_NAME, TITLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.items.known import KnownItem
    from amazon_listings.ledger.items.payloads import ListingScope
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.messages import Catalogue
    from amazon_listings.planning.wanted import PlannedWrite
    from amazon_listings.remarks import Remarks
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.runs.records import MappedItem
    from amazon_listings.runs.scope import Scope
    from amazon_listings.runs.tracing import Sources
    from amazon_product_types.rules import RuleCheck
    from amazon_product_types.validation.issue import Issue


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


def _is_of_title(issue: Issue) -> bool:
    return issue.code in {MODULAR_NAME.name, MODULAR_HIGHLIGHTS.name}


class _Step(NamedTuple):
    """What is next for an item: `extracted` means that Amazon is asked."""

    outcome: Outcome
    note: Remarks = ()
    forced: bool = False
    sent_before: bool = False
    due: bool = False


class _Wrong(NamedTuple):
    """An item with errors.

    `known` and `content` are what the ledger knows of its listing, `found` what the local checks found of
    it, `everything` that with what quality and mapping found.
    """

    item: MappedItem
    known: KnownItem | None
    content: dict[str, Any] | None
    found: tuple[Issue, ...]
    everything: list[Issue]


@dataclass
class LocalChecks:
    """The local checks of one run; counts what will be asked of Amazon.

    Attributes:
        waiting: Items that need Amazon's verdict.
        readings: Those of them whose listing has to be read before.
        calls: Calls by kind, those of the previews too.
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
    calls: Counter[str] = field(default_factory=Counter)
    messages: Catalogue = field(init=False)
    _rules: RuleCheck = field(init=False)
    _sampled: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.messages = catalogue(self.definitions.language)
        self._rules = self.definitions.rules(self.connector.rules_off.keys())

    def check(
        self, mapped: list[MappedItem], barred: Mapping[str, Sequence[Issue]], sources: Sources
    ) -> Iterator[TestedItem]:
        """Yield the items of a part after the local checks; those to be previewed are `extracted` still.

        Args:
            mapped: Mapped items of a part.
            barred: The issues of those that the quality check blocked, by identity.
            sources: Where the values of the payloads come from.
        """
        wanted = {item.sku: item.hash for item in mapped if item.sku}
        known = known_as_held(self.ledger, self.listings, wanted, layout=self.definitions.layout)
        owned = conflicts(
            self.ledger,
            self.listings,
            mapped,
            layout=self.definitions.layout,
            lines=mapping_lines(self.connector, self.mapping),
            wording=Wording(self.messages, self.connector.id, self.definitions.labels),
        )
        found: dict[str, tuple[Issue, ...]] = {}
        wrong: set[str] = set()
        for item in mapped:
            # All issues at once: an item that quality or mapping blocked is validated all the same.
            own = self._issues(item, known.get(item.sku or "")) + owned.get(item.sku or "", [])
            # Most items have none.
            found[item.pim_id] = traced(own, sources.of(item.pim_id)) if own else ()
            errors = item.blocked or any(issue.severity == "ERROR" for issue in found[item.pim_id])
            if not item.sku or errors or item.pim_id in barred:
                wrong.add(item.pim_id)
        contents = self.contents(item.sku for item in mapped if item.pim_id in wrong)
        for item in mapped:
            before, issues = known.get(item.sku or ""), found[item.pim_id]
            if item.pim_id in wrong:
                everything = [*issues, *item.issues, *barred.get(item.pim_id, ())]
                content = contents.get(item.sku or "")
                tested = self._blocked(_Wrong(item, before, content, issues, everything))
            elif missing_note(before, exists=before.listed if before else None, recreates=self._recreates):
                step = _Step(Outcome.GONE, remark("note.vanished"))
                tested = self._tested(item, before, step, issues)
            else:
                tested = self._tested(item, before, self._next(item, before), issues)
            if tested.outcome is Outcome.EXTRACTED:
                self.waiting += 1
                self.readings += before is None or before.listed is not False
            yield tested

    def _blocked(self, wrong: _Wrong) -> TestedItem:
        """Return an item with errors; only its offer goes on, if the connector wants that."""
        item, content = wrong.item, wrong.content
        only = separable(item.attributes, wrong.everything, content) if self.sends_offers_alone else ()
        if only and content is not None:
            alone = offer_alone(item, only, content)
            step = self._next(alone, wrong.known)
            if step.outcome is not Outcome.UNCHANGED:
                tested = self._tested(alone, wrong.known, step, wrong.found)
                return offer_only(tested, only, Outcome.BLOCKED)
        found = (*wrong.found, *held_back(item.attributes, content, self.messages))
        return self._tested(item, wrong.known, _Step(Outcome.BLOCKED), found)

    @property
    def _recreates(self) -> bool:
        return self.connector.sync.when_vanished == "recreate"

    @property
    def sends_offers_alone(self) -> bool:
        """Whether price and quantity of an item with errors go out alone."""
        return self.connector.sync.partial == "offer" and not self.connector.sync.full_replace

    def contents(self, skus: Iterable[str | None]) -> dict[str, dict[str, Any]]:
        """Return what was last accepted of listings, by SKU; one that is not there any more has nothing."""
        named = [sku for sku in skus if sku]
        return accepted_contents(self.ledger, self.listings, named) if named else {}

    @staticmethod
    def _tested(
        item: MappedItem, known: KnownItem | None, step: _Step, found: tuple[Issue, ...]
    ) -> TestedItem:
        return TestedItem(
            pim_id=item.pim_id,
            sku=item.sku,
            role=item.role,
            parent_sku=item.parent_sku,
            outcome=step.outcome,
            note=step.note,
            asin=known.asin if known else None,
            hash=item.hash,
            issues=found,
            forced=step.forced,
            sent_before=step.sent_before,
            due=step.due or step.outcome is Outcome.READY,
        )

    def _issues(self, item: MappedItem, known: KnownItem | None) -> list[Issue]:
        """Return the issues of a payload by the definition and by the rules beyond it."""
        judged = self.definitions
        found = (judged.part_issues if self.connector.contributes else judged.issues)(item.attributes)
        said = {issue.path for issue in found if issue.severity == "ERROR"}
        broken = [
            issue
            for issue in self._rules.issues(item.attributes, self.definitions.language)
            if issue.path not in said
        ]
        if known is None or not known.accepted_hash or not any(map(_is_of_title, broken)):
            return found + broken
        # A title that Amazon has already is not sent again.
        held = accepted_contents(self.ledger, self.listings, [item.sku or ""]).get(item.sku or "") or {}
        same = all(held.get(name) == item.attributes.get(name) for name in TITLES)
        return found + [issue for issue in broken if not (same and _is_of_title(issue))]

    def issues_beside_others(self, write: PlannedWrite) -> Iterator[Issue]:
        """Yield what of an item's offers makes no sense with what others keep of them at Amazon."""
        return issues_beside_others(
            write,
            self._rules,
            layout=self.definitions.layout,
            defaults=amazon_defaults(self.connector.marketplace),
            messages=self.messages,
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
        # What Amazon took by the definition of today has passed more than a preview.
        if same and (live or (known and known.accepted_definition == self.definitions.checksum)):
            return _Step(Outcome.UNCHANGED)
        if known and not self.scope.force and self._passed(item, known):
            outcome = Outcome.READY if live else Outcome.UNCHANGED
            return _Step(outcome, remark("note.passed_before"), due=not same)
        if preview == "none":
            return _Step(unsent, remark("note.no_preview"), forced=forced)
        if preview == "sample":
            if self._sampled >= (self.connector.sync.preview_sample or 0):
                return _Step(unsent, remark("note.not_sampled"), forced=forced)
            self._sampled += 1
        return _Step(Outcome.EXTRACTED, forced=accepted, sent_before=same)

    def _passed(self, item: MappedItem, known: KnownItem) -> bool:
        """Return whether Amazon's preview passed this payload, by the definition of today."""
        return known.tested_hash == item.hash and known.tested_definition == self.definitions.checksum


def offer_only(tested: TestedItem, only: tuple[str, ...], whole: Outcome) -> TestedItem:
    """Return an item of which some attributes go on alone; `whole` is what became of it as a whole."""
    note = remark("note.offer_alone") + tested.note
    return msgspec.structs.replace(tested, only=only, whole=whole, note=note)
