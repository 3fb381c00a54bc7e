"""Test sync: is each item right? Locally first, then by Amazon's preview. Nothing changes at Amazon."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from amazon_listings.checks.displacements import displacement_issues
from amazon_listings.checks.families import note_waiting_children
from amazon_listings.checks.local import LocalChecks, offer_only, refuse_offers_of_vendors
from amazon_listings.checks.offers_apart import held_back, offer_alone, separable
from amazon_listings.checks.preview_gaps import explained, gap_issues, is_no_answer
from amazon_listings.errors import RunAbortedError
from amazon_listings.ledger.claims import record_lines
from amazon_listings.ledger.items import (
    ListingScope,
    accepted_contents,
    known_items,
    record_accepted,
    record_listed,
    record_tested,
)
from amazon_listings.messages import Message, catalogue, log_line, message
from amazon_listings.runs.amazon_calls import Answered, Progress, call_for_all
from amazon_listings.runs.bulk_reading import read_listings
from amazon_listings.runs.map_fields import compiled
from amazon_listings.runs.notations import columns_of
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
from amazon_listings.runs.ownership import mapping_lines
from amazon_listings.runs.records import (
    APPROVED,
    CONFIRMED,
    EXTRACT,
    LIVE,
    MAPPED,
    QUALITY,
    REMOVED,
    TESTED,
)
from amazon_listings.runs.removed_items import plan_removals
from amazon_listings.runs.tracing import Sources, by_line, traced
from amazon_listings.selling_partner.forecast import Joined, forecast
from amazon_listings.writes.known import current_listings
from amazon_listings.writes.planner import CurrentListing, PlannedWrite, Planner
from amazon_listings.writes.vanished import missing_note
from amazon_listings.writes.volume import Volume
from amazon_product_types.validation.issue import Issue
from amazon_product_types.validation.merging import merge_issues

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.items import KnownItem
    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.records import MappedItem, TestedItem
    from amazon_listings.runs.scope import Scope
    from amazon_listings.selling_partner.client import SellingPartner
    from amazon_listings.selling_partner.listings import Submission
    from amazon_product_types.validation.issue import Severity

log = logging.getLogger(__name__)

#: Answers are remembered in the ledger every so many, so that a killed task repeats few.
REMEMBER_EVERY = 50
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
    listings = ListingScope(
        connector.key, client.account.seller_id, connector.marketplace.id, connector.amazon.product_type
    )
    mapping = compiled(connector, definitions, columns=columns_of(folder))
    extract = folder.noted(ExtractNote)
    if folder.noted(QualityNote) is None or extract is None:
        raise Unchecked
    if client.account.vendor and connector.amazon.requirements != "LISTING_OFFER_ONLY":
        refuse_offers_of_vendors(connector, mapping)
    folder.forget(TestedNote, ForeseenNote, ApprovalNote, StopNote, LiveNote, RemovalsNote)
    folder.clear(TESTED, APPROVED, LIVE, REMOVED, CONFIRMED)
    record_lines(ledger, connector.key, mapping_lines(connector, mapping))
    leaving = plan_removals(
        connector, scope, ledger=ledger, folder=folder, listings=listings, vendor=client.account.vendor
    )
    languages = dict(connector.language_tags)
    local = LocalChecks(connector, scope, definitions, ledger, listings, mapping, languages)
    ready = 0
    for part in extract.parts:
        barred = {one.pim_id: one.issues for one in folder.read(QUALITY, part) if one.blocks}
        sources = Sources(mapping, folder.read(EXTRACT, part))
        items = list(local.check(list(folder.read(MAPPED, part)), barred, sources))
        ready += sum(item.outcome is Outcome.READY for item in items)
        folder.write(TESTED, part, items)
    sending = Volume(connector.sync.feed_from, connector.sync.when_removed)
    if scope.operation == "live":
        sending.creations, sending.leaving = ready + local.waiting, leaving
    cost = _forecast(client, local, sending)
    log.info("%s", log_line("log.asking", cost=cost))
    preview = _Preview(
        local,
        Planner(connector, mapping, definitions.layout, client),
        client,
        Progress(local.waiting, "log.progress_previews"),
    )
    counts: Counter[Outcome] = Counter()
    for part in extract.parts:
        items = list(folder.read(TESTED, part))
        if any(item.outcome in {Outcome.EXTRACTED, Outcome.READY} for item in items):
            payloads = {item.pim_id: item for item in folder.read(MAPPED, part)}
            items = preview.planned(preview.judge(items, payloads), payloads)
        items = note_waiting_children(items, definitions.language)
        folder.write(TESTED, part, items)
        counts.update(item.outcome for item in items)
    words = catalogue(definitions.language).word(cost)
    folder.note(TestedNote(calls=dict(preview.calls), forecast=words, removed=leaving))
    return {str(outcome): counts[outcome] for outcome in OUTCOMES}


def _forecast(client: SellingPartner, local: LocalChecks, sending: Volume) -> Message:
    """How many calls, which way, how long: before the first of them."""
    asked = [forecast(local.readings, "getListingsItem")] if local.readings else []
    asked.append(
        forecast(local.waiting, "putListingsItem", kinds={"preview"}, preview_rate=client.preview_rate)
    )
    costs = Joined(tuple(asked))
    if sending.creations or sending.leaving:
        return message("log.cost_then", costs=costs, sending=sending)
    return message("log.cost", costs=costs)


def _issue(code: str, severity: Severity, messages: Catalogue, **facts: str) -> Issue:
    return Issue(code=code, severity=severity, source="listing", **messages.issue_texts(code, **facts))


class _Job(NamedTuple):
    """An item that Amazon is asked about, with what the ledger knows of its listing."""

    tested: TestedItem
    item: MappedItem
    current: CurrentListing
    known: KnownItem | None

    @property
    def row(self) -> dict[str, Any]:
        """The item as the planner takes it."""
        return msgspec.structs.asdict(self.item) | {"forced": self.tested.forced}


def _sent_of(item: MappedItem, tested: TestedItem, contents: Mapping[str, dict[str, Any]]) -> MappedItem:
    """Return what goes out of an item: all of it, or its offer alone."""
    if not tested.only:
        return item
    return offer_alone(item, tested.only, contents.get(tested.sku or "", {}))


class _Verdict(NamedTuple):
    """What came of asking.

    `submission` is None if there was nothing to preview; `read` is what was read; `missing` is the code of a
    remark on a listing that vanished; `asked`: Amazon's preview is wanted.
    """

    write: PlannedWrite
    submission: Submission | None
    gaps: list[Issue]
    read: CurrentListing | None
    missing: str = ""
    asked: bool = True


class _Judged(NamedTuple):
    """An item after asking, with what came of it."""

    tested: TestedItem
    job: _Job
    verdict: _Verdict


@dataclass
class _Preview:
    """Asking Amazon about the items that wait; counts the calls by kind."""

    local: LocalChecks
    planner: Planner
    client: SellingPartner
    progress: Progress
    calls: Counter[str] = field(default_factory=Counter)

    def judge(self, items: list[TestedItem], payloads: dict[str, MappedItem]) -> list[TestedItem]:
        """Return the items of a part, those that waited with Amazon's verdict."""
        by_id = {item.pim_id: item for item in items}
        self._ask_all(self._jobs(items, payloads), by_id)
        rejected = [item for item in by_id.values() if item.outcome is Outcome.REJECTED]
        alone = self._offers_of(rejected, payloads, by_id)
        self._ask_all(self._jobs(alone, payloads), by_id)
        return list(by_id.values())

    def _offers_of(
        self, rejected: list[TestedItem], payloads: dict[str, MappedItem], by_id: dict[str, TestedItem]
    ) -> list[TestedItem]:
        """Return the rejected items of which the offer goes on alone; say what the others hold back."""
        contents = self.local.contents(item.sku for item in rejected)
        found = []
        for item in rejected:
            attributes, content = payloads[item.pim_id].attributes, contents.get(item.sku or "")
            only = separable(attributes, item.issues, content) if self.local.sends_offers_alone else ()
            if only and not item.only:
                waiting = msgspec.structs.replace(item, outcome=Outcome.EXTRACTED, note="", forced=False)
                found.append(offer_only(waiting, only, Outcome.REJECTED, self.local.messages))
            elif not item.only:
                held = tuple(held_back(attributes, content, self.local.messages))
                by_id[item.pim_id] = msgspec.structs.replace(item, issues=item.issues + held)
        return found

    def _ask_all(self, jobs: list[_Job], by_id: dict[str, TestedItem]) -> None:
        """Ask Amazon about items, and put them among the others with what it says."""
        judged: list[_Judged] = []
        calls = call_for_all(jobs, self._ask, in_flight=self._in_flight, progress=self.progress)
        try:
            for answer in calls:
                item = self._judged(answer)
                by_id[item.pim_id] = item
                if answer.result is not None:
                    judged.append(_Judged(item, answer.row, answer.result))
                if len(judged) >= REMEMBER_EVERY:
                    self._remember(judged)
        finally:
            self._remember(judged)

    def planned(self, items: list[TestedItem], payloads: dict[str, MappedItem]) -> list[TestedItem]:
        """Return the items of a part, those that are ready without a preview with their plans too.

        Nothing can be approved of which it is not known what it would change.
        """
        by_id = {item.pim_id: item for item in items}
        ready = [item for item in items if item.outcome is Outcome.READY and item.plan is None]
        jobs = self._jobs(ready, payloads, Outcome.READY)
        unsure = [job for job in jobs if self._must_be_read(job.current)]
        found = read_listings(
            self.client,
            self.local.connector.marketplace.id,
            [job.item.sku or "" for job in unsure],
            listed={job.item.sku or "" for job in unsure if job.current.exists},
        )
        self.calls["searches"] += found.calls
        judged: list[_Judged] = []
        for job in jobs:
            sku = job.item.sku or ""
            if sku in found.troubles:
                answer = Answered[_Job, _Verdict](job, None, found.troubles[sku])
            else:
                read = job.current.read_as(found.listings[sku]) if sku in found.listings else None
                answer = Answered(job, self._unasked(job, read), None)
            item = self._judged(answer)
            by_id[item.pim_id] = item
            if answer.result is not None:
                judged.append(_Judged(item, job, answer.result))
        self._remember(judged)
        return list(by_id.values())

    def _unasked(self, job: _Job, read: CurrentListing | None) -> _Verdict:
        """Return what there is to send for an item that Amazon is not asked about."""
        current = read or job.current
        write = self.planner.plan(job.row, current)
        if write.unread:
            current = read = self.planner.read(job.item.sku or "", current)
            write = self.planner.plan(job.row, current)
        if missing := self.missing(job, current):
            return _Verdict(write, None, [], read, missing, asked=False)
        gaps = gap_issues(write, job.row, vendor=self.client.account.vendor, messages=self.local.messages)
        return _Verdict(write, None, gaps, read, asked=False)

    def _must_be_read(self, current: CurrentListing) -> bool:
        """Return whether a plan has to wait for a reading: whatever a whole listing loses is listed."""
        whole = self.local.connector.sync.full_replace and current.exists is not False
        # What is not there to contribute to may have been made since.
        awaited = self.local.connector.contributes and not current.exists
        return whole or awaited or not current.is_enough

    def _jobs(
        self,
        items: list[TestedItem],
        payloads: dict[str, MappedItem],
        outcome: Outcome = Outcome.EXTRACTED,
    ) -> list[_Job]:
        waiting = [item for item in items if item.outcome is outcome]
        skus = [item.sku for item in waiting if item.sku]
        ledger, listings = self.local.ledger, self.local.listings
        known = known_items(ledger, listings, skus)
        contents = accepted_contents(ledger, listings, skus)
        current = current_listings(ledger, listings, skus, self.local.definitions.layout)
        return [
            _Job(
                item,
                _sent_of(payloads[item.pim_id], item, contents),
                current[item.sku or ""],
                known.get(item.sku or ""),
            )
            for item in waiting
        ]

    def missing(self, job: _Job, current: CurrentListing) -> str:
        """Return the code of the remark on a listing that vanished; empty if the item may be sent."""
        return missing_note(job.known, exists=current.exists, recreates=self.planner.recreates)

    def _in_flight(self) -> int:
        previews = self.client.in_flight("putListingsItem", {"preview"})
        return previews + (self.client.in_flight("getListingsItem") if self.local.readings else 0)

    def _ask(self, job: _Job) -> _Verdict:
        current, row = job.current, job.row
        read = None
        if self._must_be_read(current):
            current = read = self.planner.read(row["sku"], current)
        write = self.planner.plan(row, current)
        if write.unread:
            current = read = self.planner.read(row["sku"], current)
            write = self.planner.plan(row, current)
        if missing := self.missing(job, current):
            return _Verdict(write, None, [], read, missing)
        gaps = gap_issues(write, row, vendor=self.client.account.vendor, messages=self.local.messages)
        if write.method == "NOTHING" or any(gap.severity == "ERROR" for gap in gaps):
            return _Verdict(write, None, gaps, read)
        return _Verdict(write, self.planner.send(row, write, preview=True), gaps, read)

    def _judged(self, answer: Answered[_Job, _Verdict]) -> TestedItem:
        """Return an item with its outcome, note, ASIN and issues, and the plan that was previewed."""
        job, verdict = answer.row, answer.result
        if verdict is None:
            # No answer is not a pass: the item waits for the next run.
            return msgspec.structs.replace(
                job.tested, outcome=Outcome.FAILED, note=answer.note(self.local.messages)
            )
        self.calls["readings"] += verdict.asked and verdict.read is not None
        self.calls["previews"] += verdict.submission is not None
        if verdict.missing:
            note = self.local.messages.phrase(verdict.missing)
            return msgspec.structs.replace(job.tested, outcome=Outcome.GONE, due=False, note=note)
        attributes = job.item.attributes
        outcome, note = self._outcome(job.tested, verdict)
        if job.tested.only and outcome is Outcome.READY:
            note = job.tested.note
        elif job.tested.whole is not None and outcome is not Outcome.FAILED:
            return self._held_back(job, verdict, job.tested.whole)
        found, asin = list(verdict.gaps), job.tested.asin
        if verdict.submission is not None:
            issues = self.local.definitions.amazon_issues(verdict.submission.issues, "preview")
            found += [*issues, *explained(issues, attributes, self.local.messages)]
            asin = next((one["asin"] for one in verdict.submission.identifiers if one.get("asin")), asin)
        if verdict.write.existed and verdict.write.method == "PATCH":
            fixed = self.local.definitions.fixed_values(attributes)
            found += [issue for issue in fixed if issue.attribute in verdict.write.touched]
        if verdict.write.absent:
            found.append(_issue("no_listing_to_contribute_to", "ERROR", self.local.messages))
        if verdict.write.left_to_amazon:
            found.append(_issue("fulfilled_by_amazon", "WARNING", self.local.messages))
        if verdict.write.other_parent:
            facts = {"parent": verdict.write.other_parent}
            found.append(_issue("in_family_of_others", "WARNING", self.local.messages, **facts))
        found += displacement_issues(verdict.write.displaced, self.local.messages)
        origins = by_line(self.local.mapping, attributes, self.local.languages)
        return msgspec.structs.replace(
            job.tested,
            outcome=outcome,
            due=outcome is Outcome.READY,
            note=note,
            asin=asin,
            issues=job.tested.issues + traced(found, origins),
            plan=verdict.write.plan,
            plan_hash=verdict.write.plan.hash if verdict.asked else "",
            displaced=verdict.write.displaced,
            previewed=verdict.submission is not None,
        )

    def _held_back(self, job: _Job, verdict: _Verdict, whole: Outcome) -> TestedItem:
        """Return an item whose offer does not go out alone either."""
        found: list[Issue] = []
        if verdict.submission is not None:
            found += self.local.definitions.amazon_issues(verdict.submission.issues, "preview")
        found += held_back(job.item.attributes, job.current.attributes, self.local.messages)
        issues = tuple(merge_issues([*job.tested.issues, *found]))
        return msgspec.structs.replace(job.tested, outcome=whole, only=(), whole=None, note="", issues=issues)

    def _outcome(self, tested: TestedItem, verdict: _Verdict) -> tuple[Outcome, str]:
        submission = verdict.submission
        if submission is None:
            if verdict.write.method == "NOTHING" and not verdict.write.absent:
                return Outcome.UNCHANGED, self.local.messages.phrase("note.amazon_has_it")
            refused = verdict.write.absent or any(gap.severity == "ERROR" for gap in verdict.gaps)
            return (Outcome.BLOCKED, "") if verdict.asked or refused else (tested.outcome, tested.note)
        if submission.status == "VALID":
            return (Outcome.UNCHANGED if tested.sent_before else Outcome.READY), ""
        if is_no_answer(submission.issues):
            return Outcome.FAILED, self.local.messages.phrase("note.amazon_failed")
        return Outcome.REJECTED, ""

    def _remember(self, judged: list[_Judged]) -> None:
        """Enter in the ledger what passed, which SKUs Amazon has, and which hold all that is wanted."""
        ledger, listings, definition = self.local.ledger, self.local.listings, self.local.definitions.checksum
        passed, listed, unchanged = [], {}, []
        for tested, job, verdict in judged:
            entry = job.row | {"asin": tested.asin}
            if verdict.read is not None:
                listed[entry["sku"]] = bool(verdict.read.exists)
            if verdict.missing or verdict.write.absent:
                continue
            if verdict.submission is not None and verdict.submission.status == "VALID":
                passed.append(entry)
            if verdict.write.method == "NOTHING" and self.local.scope.operation == "live":
                unchanged.append(entry | {"attributes": verdict.write.after})
        record_listed(ledger, listings, listed)
        record_tested(ledger, listings, definition, passed)
        record_accepted(ledger, listings, unchanged, definition=definition)
        judged.clear()
