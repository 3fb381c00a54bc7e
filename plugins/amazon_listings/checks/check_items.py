"""Test sync: is each item right? Locally first, then by Amazon's preview. Nothing changes at Amazon."""

from __future__ import annotations

import logging
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amazon_listings.checks.families import note_waiting_children
from amazon_listings.checks.local import LocalChecks, refuse_offers_of_vendors
from amazon_listings.checks.made_since import with_made_since
from amazon_listings.checks.preview_need import PreviewNeed
from amazon_listings.checks.previews import Previews
from amazon_listings.checks.renamed import rename_issues, with_renames
from amazon_listings.checks.shapes import ShapeReader
from amazon_listings.errors import RunAbortedError
from amazon_listings.ledger.items.claims import record_lines
from amazon_listings.ledger.items.payloads import (
    ListingScope,
)
from amazon_listings.messages import Joined, Message, catalogue, log_line, message
from amazon_listings.planning.planner import Planner
from amazon_listings.planning.volume import Volume, feeds_left, measured_of
from amazon_listings.runs.extract.notations import columns_of
from amazon_listings.runs.extract.removed_items import plan_removals
from amazon_listings.runs.extract.siblings import kept_siblings
from amazon_listings.runs.listings.bulk_reading import AT_ONCE
from amazon_listings.runs.listings.calls import Progress
from amazon_listings.runs.listings.ownership import mapping_lines
from amazon_listings.runs.map_fields import compiled
from amazon_listings.runs.notes import (
    ApprovalNote,
    ExtractNote,
    ForeseenNote,
    LiveNote,
    QualityNote,
    RemovalsNote,
    StopNote,
    TestedNote,
)
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import (
    APPROVED,
    CONFIRMED,
    EXTRACT,
    LIVE,
    QUALITY,
    TESTED,
    encode,
)
from amazon_listings.runs.shared_payloads import SharedPayloads
from amazon_listings.runs.tracing import Sources
from amazon_listings.selling_partner.forecast import forecast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Record as PimRecord
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.scope import Scope
    from amazon_listings.selling_partner.calls.client import SellingPartner
    from amazon_product_types.validation.issue import Issue

log = logging.getLogger(__name__)

OUTCOMES = (
    Outcome.BLOCKED,
    Outcome.UNCHANGED,
    Outcome.REJECTED,
    Outcome.READY,
    Outcome.FAILED,
    Outcome.GONE,
)


class Unchecked(RunAbortedError):
    """The result of the quality check is missing, so it is unknown which items it blocked."""

    def __init__(self) -> None:
        super().__init__("runs.unchecked")


def test_sync(
    connector: Connector,
    scope: Scope,
    definitions: Definitions,
    *,
    client: SellingPartner,
    ledger: Engine,
    folder: RunFolder,
) -> dict[str, int]:
    """Validate every mapped item of the run.

    Args:
        connector: The connector that runs.
        scope: What the run covers; `force` previews unchanged items too.
        definitions: What to validate with.
        client: The account's client.
        ledger: Knows which payloads passed before, and what Amazon holds.
        folder: The run's folder; writes the stages `tested` and `removed`.

    Returns:
        Items by outcome; `ready` are those that may be submitted.

    Raises:
        Unchecked: the quality of the extract was not checked.
        VendorOffer: the mapping of a vendor's connector fills offer attributes.
        RunAbortedError: more items left the selection than the connector allows.
        RetryableError, ActionRequiredError: Amazon cannot be asked; no item is taken for passed.
    """
    listings = ListingScope.of(connector, client.account.seller_id)
    mapping = compiled(connector, definitions, columns=columns_of(folder))
    extract = folder.noted(ExtractNote)
    if folder.noted(QualityNote) is None or extract is None:
        raise Unchecked
    if client.account.vendor and connector.amazon.requirements != "LISTING_OFFER_ONLY":
        refuse_offers_of_vendors(connector, mapping)
    folder.forget(TestedNote, ForeseenNote, ApprovalNote, StopNote, LiveNote, RemovalsNote)
    folder.clear(TESTED, APPROVED, LIVE, CONFIRMED)
    record_lines(ledger, connector.key, mapping_lines(connector, mapping))
    leaving = plan_removals(
        connector, scope, ledger=ledger, folder=folder, listings=listings, vendor=client.account.vendor
    )
    languages = dict(connector.language_tags)
    local = LocalChecks(connector, scope, definitions, ledger, listings, mapping, languages)
    renamed = rename_issues(connector, scope, ledger, folder, local.messages)
    payloads = SharedPayloads()
    shapes = ShapeReader(definitions.document, payloads)
    checking = _Checking(local, folder, client, payloads, shapes, renamed, measured_of(extract.parts))
    ready = sum(checking.check(part) for part in extract.parts)
    sending = Volume(connector.sync.feed_from, connector.sync.when_removed)
    if scope.operation == "live":
        sending.left = feeds_left(ledger, listings)
        sending.creations, sending.leaving = ready + local.waiting, leaving
        sending.sizes = checking.sizes
    planner = Planner(connector, mapping, definitions.layout, client)
    preview = _previews(local, planner, client, shapes)
    cost = _forecast(client, local, sending, preview)
    log.info("%s", log_line("log.asking", cost=cost))
    counts = _preview_all(extract.parts, preview, folder, payloads)
    words = catalogue(definitions.language).word(cost)
    folder.note(
        TestedNote(
            calls=dict(preview.calls), forecast=words, removed=leaving, unpreviewed=preview.unpreviewed
        )
    )
    return {str(outcome): counts[outcome] for outcome in OUTCOMES}


@dataclass
class _Checking:
    """The local checks of a run, part by part.

    Args:
        local: The checks.
        folder: The run's folder.
        client: The account's client.
        payloads: Reads the mapped items.
        shapes: Takes the payloads that Amazon may be asked about into account.
        renamed: The issues of items that had another SKU.
        measured: Of how many payloads of each part the bytes are taken.
        sizes: These bytes.
    """

    local: LocalChecks
    folder: RunFolder
    client: SellingPartner
    payloads: SharedPayloads
    shapes: ShapeReader
    renamed: dict[str, Issue]
    measured: int
    sizes: list[int] = field(default_factory=list)
    _kept: Mapping[str, list[PimRecord]] = field(init=False)

    def __post_init__(self) -> None:
        self._kept = kept_siblings(self.folder)

    def check(self, part: str) -> int:
        """Write a part of `tested` with what is known without a preview; return how many items are ready."""
        folder, local = self.folder, self.local
        barred = {one.pim_id: one.issues for one in folder.read(QUALITY, part) if one.blocks}
        sources = Sources(local.mapping, folder.read(EXTRACT, part), self._kept)
        mapped = list(folder.read(self.payloads, part))
        self.sizes += [len(encode(item.attributes)) for item in mapped[: self.measured]]
        checked = with_renames(local.check(mapped, barred, sources), self.renamed)
        items = with_made_since(checked, local, self.client)
        self.shapes.see_all(mapped, items)
        folder.write(TESTED, part, items)
        return sum(item.outcome is Outcome.READY for item in items)


def _previews(local: LocalChecks, planner: Planner, client: SellingPartner, shapes: ShapeReader) -> Previews:
    """Return what asks Amazon about the items that wait: about each, or as far as it is needed."""
    connector, scope = local.connector, local.scope
    most = connector.sync.preview_most
    # A run that tests few items, or is of named ones, previews each: its user expects Amazon's word on it.
    few, test, named = local.waiting <= most, scope.operation == "test", scope.kind == "skus"
    each = (test or named) if few else test and (named or scope.force)
    need = None
    if connector.sync.preview == "needed":
        need = PreviewNeed(local.ledger, local.listings, local.definitions.checksum, most)
    previews = local.waiting if need is None or each else min(local.waiting, most)
    return Previews(
        local,
        planner,
        client,
        Progress(previews, "log.progress_previews"),
        need=need,
        shapes=shapes,
        each=each,
        calls=local.calls,
    )


def _preview_all(
    parts: Sequence[str], preview: Previews, folder: RunFolder, payloads: SharedPayloads
) -> Counter[Outcome]:
    """Write the stage `tested` again with Amazon's verdicts; return items by outcome."""
    counts: Counter[Outcome] = Counter()
    for part in parts:
        items = list(folder.read(TESTED, part))
        if any(item.outcome in {Outcome.EXTRACTED, Outcome.READY} for item in items):
            mapped = {item.pim_id: item for item in folder.read(payloads, part)}
            items = preview.planned(preview.judge(items, mapped), mapped)
        items = note_waiting_children(items)
        folder.write(TESTED, part, items)
        counts.update(item.outcome for item in items)
    if preview.need is not None:
        preview.need.keep()
    return counts


def _forecast(client: SellingPartner, local: LocalChecks, sending: Volume, preview: Previews) -> Message:
    """Return how many calls, which way, how long: before the first of them."""
    searches = math.ceil(local.readings / AT_ONCE)
    asked = [forecast(searches, "searchListingsItems")] if searches else []
    previews = forecast(
        preview.progress.total,
        "putListingsItem",
        kinds={"preview"},
        preview_rate=client.preview_rate,
        at_most=preview.need is not None and not preview.each,
    )
    asked.append(previews)
    costs = Joined(tuple(asked))
    if sending.creations or sending.leaving:
        return message("log.cost_then", costs=costs, sending=sending)
    return message("log.cost", costs=costs)
