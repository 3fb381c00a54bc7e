"""Test sync: is each item right? Locally first, then by Amazon's preview. Nothing changes at Amazon."""

from __future__ import annotations

import itertools
import logging
import math
from collections import Counter
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
from amazon_listings.planning.volume import Volume, measured_of
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
    MAPPED,
    QUALITY,
    TESTED,
    encode,
)
from amazon_listings.runs.tracing import Sources
from amazon_listings.selling_partner.forecast import forecast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
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
    shapes = ShapeReader(definitions.document)
    ready = _check_locally(extract.parts, local, folder, client=client, renamed=renamed, shapes=shapes)
    sending = Volume(connector.sync.feed_from, connector.sync.when_removed)
    if scope.operation == "live":
        sending.creations, sending.leaving = ready + local.waiting, leaving
        sending.sizes = _sizes(folder, extract.parts)
    planner = Planner(connector, mapping, definitions.layout, client)
    preview = _previews(local, planner, client, shapes)
    cost = _forecast(client, local, sending, preview.progress.total)
    log.info("%s", log_line("log.asking", cost=cost))
    counts = _preview_all(extract.parts, preview, folder, definitions.language)
    words = catalogue(definitions.language).word(cost)
    folder.note(
        TestedNote(
            calls=dict(preview.calls), forecast=words, removed=leaving, unpreviewed=preview.unpreviewed
        )
    )
    return {str(outcome): counts[outcome] for outcome in OUTCOMES}


def _check_locally(
    parts: Sequence[str],
    local: LocalChecks,
    folder: RunFolder,
    *,
    client: SellingPartner,
    renamed: dict[str, Issue],
    shapes: ShapeReader,
) -> int:
    """Write the stage `tested` with what is known without a preview; return how many items are ready."""
    ready = 0
    kept = kept_siblings(folder)
    for part in parts:
        barred = {one.pim_id: one.issues for one in folder.read(QUALITY, part) if one.blocks}
        sources = Sources(local.mapping, folder.read(EXTRACT, part), kept)
        mapped = list(folder.read(MAPPED, part))
        items = with_made_since(with_renames(local.check(mapped, barred, sources), renamed), local, client)
        shapes.see_all(mapped, items)
        ready += sum(item.outcome is Outcome.READY for item in items)
        folder.write(TESTED, part, items)
    return ready


def _previews(local: LocalChecks, planner: Planner, client: SellingPartner, shapes: ShapeReader) -> Previews:
    """Return what asks Amazon about the items that wait: about each, or as far as it is needed."""
    connector, scope = local.connector, local.scope
    most = connector.sync.preview_most
    # A run that tests few items, or is of named ones, previews each: its user expects Amazon's word on it.
    each = local.waiting <= most and (scope.operation == "test" or bool(scope.skus))
    need = None
    if connector.sync.preview == "needed":
        need = PreviewNeed(local.ledger, connector.key, local.definitions.checksum, most)
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
    parts: Sequence[str], preview: Previews, folder: RunFolder, language: str
) -> Counter[Outcome]:
    """Write the stage `tested` again with Amazon's verdicts; return items by outcome."""
    counts: Counter[Outcome] = Counter()
    for part in parts:
        items = list(folder.read(TESTED, part))
        if any(item.outcome in {Outcome.EXTRACTED, Outcome.READY} for item in items):
            payloads = {item.pim_id: item for item in folder.read(MAPPED, part)}
            items = preview.planned(preview.judge(items, payloads), payloads)
        items = note_waiting_children(items, language)
        folder.write(TESTED, part, items)
        counts.update(item.outcome for item in items)
    if preview.need is not None:
        preview.need.keep()
    return counts


def _sizes(folder: RunFolder, parts: Sequence[str]) -> list[int]:
    """Return the bytes of some payloads of each part."""
    return [
        len(encode(item.attributes))
        for part in parts
        for item in itertools.islice(folder.read(MAPPED, part), measured_of(parts))
    ]


def _forecast(client: SellingPartner, local: LocalChecks, sending: Volume, previews: int) -> Message:
    """Return how many calls, which way, how long: before the first of them."""
    searches = math.ceil(local.readings / AT_ONCE)
    asked = [forecast(searches, "searchListingsItems")] if searches else []
    asked.append(forecast(previews, "putListingsItem", kinds={"preview"}, preview_rate=client.preview_rate))
    costs = Joined(tuple(asked))
    if sending.creations or sending.leaving:
        return message("log.cost_then", costs=costs, sending=sending)
    return message("log.cost", costs=costs)
