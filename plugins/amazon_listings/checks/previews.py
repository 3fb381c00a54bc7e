"""Ask Amazon about items, by previews: about each, or as far as it is needed. Nothing changes at Amazon."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from amazon_listings.checks.displacements import displacement_issues
from amazon_listings.checks.local import LocalChecks, offer_only
from amazon_listings.checks.offers_apart import held_back, offer_alone, separable
from amazon_listings.checks.preview_gaps import explained, gap_issues, is_no_answer
from amazon_listings.checks.preview_need import Need, PreviewNeed
from amazon_listings.checks.restricted import Restrictions
from amazon_listings.ledger.database import CHUNK
from amazon_listings.ledger.items.known import known_items
from amazon_listings.ledger.items.payloads import ItemPayload, record_accepted, record_listed, record_tested
from amazon_listings.planning.known import current_listings
from amazon_listings.planning.vanished import missing_note
from amazon_listings.planning.wanted import WantedItem
from amazon_listings.remarks import remark
from amazon_listings.runs.listings.bulk_reading import read_listings
from amazon_listings.runs.listings.calls import OUTAGE, Answered, Progress, call_for_all
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.plan import Method
from amazon_listings.runs.tracing import by_line, traced
from amazon_product_types.validation.issue import Issue
from amazon_product_types.validation.merging import merge_issues

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from amazon_listings.checks.shapes import ShapeReader, Shapes
    from amazon_listings.ledger.items.known import KnownItem
    from amazon_listings.messages import Catalogue
    from amazon_listings.planning.known import CurrentListing
    from amazon_listings.planning.planner import Planner
    from amazon_listings.planning.wanted import PlannedWrite
    from amazon_listings.remarks import Remarks
    from amazon_listings.runs.records import MappedItem, TestedItem
    from amazon_listings.selling_partner.calls.client import SellingPartner
    from amazon_listings.selling_partner.listing_answers import Submission
    from amazon_product_types.validation.issue import Severity


#: Amazon's answers are remembered in the ledger every so many, so that a killed task repeats few.
REMEMBER_EVERY = 50


def _issue(code: str, severity: Severity, messages: Catalogue, **facts: str) -> Issue:
    return Issue(code=code, severity=severity, source="listing", **messages.issue_texts(code, **facts))


class _Job(NamedTuple):
    """An item that Amazon is asked about, with what the ledger knows of its listing.

    `read`: what Amazon said of the listing, if it was read.
    """

    tested: TestedItem
    item: MappedItem
    current: CurrentListing
    known: KnownItem | None
    read: CurrentListing | None = None

    @property
    def wanted(self) -> WantedItem:
        """The item as the planner takes it."""
        return WantedItem.of(self.item, forced=self.tested.forced)


def _is_refused(verdict: _Verdict | None) -> bool:
    submission = verdict.submission if verdict is not None else None
    return submission is not None and submission.status != "VALID"


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

    @property
    def is_open(self) -> bool:
        """Whether there is something to send that only Amazon can judge."""
        refused = any(gap.severity == "ERROR" for gap in self.gaps)
        return not (self.missing or refused) and self.write.method != Method.NOTHING


class _Judged(NamedTuple):
    """An item after asking, with what came of it."""

    tested: TestedItem
    job: _Job
    verdict: _Verdict

    @property
    def payload(self) -> ItemPayload:
        """Its payload, for the ledger."""
        item, asin = self.job.item, self.tested.asin
        return ItemPayload(
            item.sku or "", item.pim_id, item.hash, item.attributes, group=item.group, asin=asin
        )


@dataclass
class Previews:
    """Asking Amazon about the items that wait; counts the calls by kind."""

    local: LocalChecks
    planner: Planner
    client: SellingPartner
    progress: Progress
    need: PreviewNeed | None
    shapes: ShapeReader
    each: bool = False
    calls: Counter[str] = field(default_factory=Counter)
    unpreviewed: int = 0
    _restrictions: Restrictions = field(init=False)

    def __post_init__(self) -> None:
        connector = self.local.connector
        self._restrictions = Restrictions(
            connector, self.client, self.local.messages, connector.sync.preview_most
        )

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
                waiting = msgspec.structs.replace(item, outcome=Outcome.EXTRACTED, note=(), forced=False)
                found.append(offer_only(waiting, only, Outcome.REJECTED))
            elif not item.only:
                held = tuple(held_back(attributes, content, self.local.messages))
                by_id[item.pim_id] = msgspec.structs.replace(item, issues=item.issues + held)
        return found

    def _ask_all(self, jobs: list[_Job], by_id: dict[str, TestedItem]) -> None:
        """Ask Amazon about items, and put them among the others with what it says."""
        jobs = self._read(jobs, by_id)
        if self.need is None:
            self._put(self._calls(jobs, self._ask), by_id)
            return
        ask = self._asked_each if self.each else self._asked_by_need
        self._put(ask(jobs, self.need), by_id)
        self.need.keep()

    def _calls(
        self, jobs: Iterable[_Job], ask: Callable[[_Job], _Verdict]
    ) -> Iterator[Answered[_Job, _Verdict]]:
        return call_for_all(jobs, ask, in_flight=self._in_flight, progress=self.progress)

    def _put(self, answers: Iterable[Answered[_Job, _Verdict]], by_id: dict[str, TestedItem]) -> None:
        """Put items among the others with what Amazon says, and remember it."""
        judged: list[_Judged] = []
        answered = 0
        try:
            for answer in answers:
                item = self._judged(answer)
                by_id[item.pim_id] = item
                if answer.result is not None:
                    judged.append(_Judged(item, answer.row, answer.result))
                    answered += answer.result.submission is not None
                if answered >= REMEMBER_EVERY or len(judged) >= CHUNK:
                    self._remember(judged)
                    answered = 0
        finally:
            self._remember(judged)

    def _read(self, jobs: list[_Job], by_id: dict[str, TestedItem]) -> list[_Job]:
        """Return the items with what Amazon has of them, where a plan needs it; the others fail."""
        unsure = [job for job in jobs if self._must_be_read(job.current)]
        found = read_listings(
            self.client,
            self.local.connector.marketplace.id,
            [job.item.sku or "" for job in unsure],
            listed={job.item.sku or "" for job in unsure if job.current.exists},
        )
        self.calls["searches"] += found.calls
        known: list[_Job] = []
        for job in jobs:
            sku = job.item.sku or ""
            if sku in found.troubles:
                self._put([Answered[_Job, _Verdict](job, None, found.troubles[sku])], by_id)
            elif sku in found.listings:
                read = job.current.read_as(found.listings[sku])
                known.append(_Job(job.tested, job.item, read, job.known, read))
            else:
                known.append(job)
        return known

    def _asked_each(self, jobs: list[_Job], need: PreviewNeed) -> Iterator[Answered[_Job, _Verdict]]:
        """Yield each item with Amazon's verdict, and learn from it for later runs."""
        for answer in self._calls(jobs, self._ask):
            if answer.result is not None:
                write = answer.result.write
                self._learn(need, self.shapes.of(answer.row.item, write.method, write.touched), answer.result)
            yield answer

    def _asked_by_need(self, jobs: list[_Job], need: PreviewNeed) -> Iterator[Answered[_Job, _Verdict]]:
        """Yield the items with Amazon's verdict, or with what it has said of others that are like them."""
        waiting: list[tuple[_Job, _Verdict, Shapes]] = []
        for job in jobs:
            verdict = self._unasked(job)
            if verdict.is_open:
                write = verdict.write
                waiting.append((job, verdict, self.shapes.of(job.item, write.method, write.touched)))
            else:
                yield Answered(job, verdict._replace(asked=True), None)
        silent = 0
        while chosen := need.chosen([shapes for _, _, shapes in waiting]):
            if silent:
                # Few at a time would find out late that Amazon does not answer at all.
                chosen = list(range(min(len(waiting), OUTAGE)))
            asked = {id(waiting[place][0]): waiting[place] for place in chosen}
            waiting = [one for one in waiting if id(one[0]) not in asked]
            for answer in self._asked_together(asked, need):
                silent = 0 if answer.result is not None else silent + 1
                yield answer
        for job, verdict, shapes in waiting:
            yield self._by_shape(job, verdict, shapes, need)

    def _asked_together(
        self, asked: dict[int, tuple[_Job, _Verdict, Shapes]], need: PreviewNeed
    ) -> Iterator[Answered[_Job, _Verdict]]:
        """Yield some items, by the identity of their job, with Amazon's verdict, and learn from it.

        What passed is known before anything is blamed, in whatever order Amazon answers.
        """
        refused: list[Answered[_Job, _Verdict]] = []
        jobs = [job for job, _, _ in asked.values()]
        for answer in self._calls(jobs, lambda job: self._previewed(job, asked[id(job)][1])):
            if _is_refused(answer.result):
                refused.append(answer)
            else:
                self._learn(need, asked[id(answer.row)][2], answer.result)
            yield answer
        for answer in refused:
            self._learn(need, asked[id(answer.row)][2], answer.result)

    def _learn(self, need: PreviewNeed, shapes: Shapes, verdict: _Verdict | None) -> None:
        """Learn from the preview of an item what Amazon says of others that are like it."""
        submission = verdict.submission if verdict is not None else None
        if submission is None or is_no_answer(submission.issues):
            return
        if submission.status == "VALID":
            need.passed(shapes)
        else:
            need.refused(shapes, self.local.definitions.amazon_issues(submission.issues, "preview"))

    def _by_shape(
        self, job: _Job, verdict: _Verdict, shapes: Shapes, need: PreviewNeed
    ) -> Answered[_Job, _Verdict]:
        """Return an item that is not previewed, judged by what Amazon has said of others."""
        messages, tested = self.local.messages, job.tested
        needed = need.of(shapes)
        if needed is Need.REFUSED:
            attribute, sentence = need.reason(shapes)
            issue = Issue(
                code="like_refused",
                severity="ERROR",
                source="preview",
                attribute=attribute,
                path=attribute,
                **messages.issue_texts("like_refused", sentence=sentence),
            )
            tested = msgspec.structs.replace(
                tested, outcome=Outcome.BLOCKED, due=False, issues=(*tested.issues, issue)
            )
        else:
            self.unpreviewed += 1
            note = remark("note.shapes_passed")
            if needed is not Need.NONE:
                note = remark("note.previews_used_up", most=need.most)
            tested = msgspec.structs.replace(
                tested,
                outcome=Outcome.UNCHANGED if tested.sent_before else Outcome.READY,
                unpreviewed=note,
            )
        return Answered(_Job(tested, job.item, job.current, job.known, job.read), verdict, None)

    def planned(self, items: list[TestedItem], payloads: dict[str, MappedItem]) -> list[TestedItem]:
        """Return the items of a part, those that are ready without a preview with their plans too.

        Nothing can be approved of which it is not known what it would change.
        """
        by_id = {item.pim_id: item for item in items}
        ready = [item for item in items if item.outcome is Outcome.READY and not item.plan_hash]
        jobs = self._read(self._jobs(ready, payloads, Outcome.READY), by_id)
        self._put((Answered(job, self._unasked(job), None) for job in jobs), by_id)
        return list(by_id.values())

    def _unasked(self, job: _Job) -> _Verdict:
        """Return what there is to send for an item that Amazon is not asked about."""
        current, read = job.current, job.read
        write = self.planner.plan(job.wanted, current)
        if missing := self.missing(job, current):
            return _Verdict(write, None, [], read, missing, asked=False)
        gaps = gap_issues(
            write, job.item.role, vendor=self.client.account.vendor, messages=self.local.messages
        )
        gaps += self._restrictions.issues(write, job.item.attributes)
        return _Verdict(write, None, gaps, read, asked=False)

    def _must_be_read(self, current: CurrentListing) -> bool:
        """Return whether a plan has to wait for a reading: people delete and change listings at any time."""
        # What is not there to contribute to may have been made since.
        return current.exists is not False or self.local.connector.contributes

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
        contents = self.local.contents(item.sku for item in waiting if item.only)
        current = current_listings(ledger, listings, skus, self.local.definitions.layout, known=known)
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
        return self.client.in_flight("putListingsItem", {"preview"})

    def _ask(self, job: _Job) -> _Verdict:
        verdict = self._unasked(job)
        return self._previewed(job, verdict) if verdict.is_open else verdict._replace(asked=True)

    def _previewed(self, job: _Job, verdict: _Verdict) -> _Verdict:
        """Return what Amazon says of what there is to send."""
        submission = self.planner.send(job.wanted, verdict.write, preview=True)
        gaps = verdict.gaps
        if asin := next((one["asin"] for one in submission.identifiers if one.get("asin")), None):
            gaps = [*gaps, *self._restrictions.issues(verdict.write, job.item.attributes, asin)]
        return verdict._replace(submission=submission, gaps=gaps, asked=True)

    def _left_alone(self, write: PlannedWrite) -> Iterator[Issue]:
        """Yield what stays as people arranged it, although the mapping says otherwise."""
        messages = self.local.messages
        if write.left_to_amazon:
            yield _issue("fulfilled_by_amazon", "WARNING", messages)
        if write.other_parent:
            yield _issue("in_family_of_others", "WARNING", messages, parent=write.other_parent)
        if theme := write.other_theme:
            code = "theme_of_others" if theme in self.local.definitions.themes else "theme_not_of_type"
            yield _issue(code, "WARNING", messages, theme=theme)

    def _judged(self, answer: Answered[_Job, _Verdict]) -> TestedItem:
        """Return an item with its outcome, note, ASIN and issues, and the plan that was previewed."""
        job, verdict = answer.row, answer.result
        if verdict is None:
            # No answer is not a pass: the item waits for the next run.
            return msgspec.structs.replace(job.tested, outcome=Outcome.FAILED, note=answer.note)
        if self._restrictions.calls:
            self.calls["restrictions"] = self._restrictions.calls
        self.calls["previews"] += verdict.submission is not None
        if verdict.missing:
            return msgspec.structs.replace(
                job.tested, outcome=Outcome.GONE, due=False, note=remark(verdict.missing)
            )
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
            # What is unchanged is previewed as if it were sent again: it does not change what is fixed.
            changed = {one.leaf.attribute for one in verdict.write.plan.changes if one.before != one.after}
            fixed = self.local.definitions.fixed_values(attributes) if changed else []
            found += [issue for issue in fixed if issue.attribute in changed]
        if verdict.write.absent:
            found.append(_issue("no_listing_to_contribute_to", "ERROR", self.local.messages))
        found += self._left_alone(verdict.write)
        found += displacement_issues(verdict.write.displaced, self.local.messages)
        found += self.local.issues_beside_others(verdict.write)
        origins = by_line(self.local.mapping, attributes, self.local.languages)
        # The payload of an offer that goes out alone is not the one that was mapped.
        makes = verdict.write.creates and not job.tested.only
        plan = None if makes else self.planner.with_changes(verdict.write)
        return msgspec.structs.replace(
            job.tested,
            outcome=outcome,
            due=outcome is Outcome.READY,
            note=note,
            asin=asin,
            issues=job.tested.issues + traced(found, origins),
            plan=plan,
            plan_hash=job.item.hash if plan is None else plan.hash,
            makes=makes,
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
        return msgspec.structs.replace(job.tested, outcome=whole, only=(), whole=None, note=(), issues=issues)

    def _outcome(self, tested: TestedItem, verdict: _Verdict) -> tuple[Outcome, Remarks]:
        submission = verdict.submission
        if submission is None:
            if verdict.write.method == "NOTHING" and not verdict.write.absent:
                return Outcome.UNCHANGED, remark("note.amazon_has_it")
            refused = verdict.write.absent or any(gap.severity == "ERROR" for gap in verdict.gaps)
            return (Outcome.BLOCKED, ()) if verdict.asked or refused else (tested.outcome, tested.note)
        if submission.status == "VALID" and any(gap.severity == "ERROR" for gap in verdict.gaps):
            return Outcome.BLOCKED, ()
        if submission.status == "VALID":
            return (Outcome.UNCHANGED if tested.sent_before else Outcome.READY), ()
        if is_no_answer(submission.issues):
            return Outcome.FAILED, remark("note.amazon_failed")
        return Outcome.REJECTED, ()

    def _remember(self, judged: list[_Judged]) -> None:
        """Enter in the ledger what passed, which SKUs Amazon has, and which hold all that is wanted."""
        ledger, listings, definition = self.local.ledger, self.local.listings, self.local.definitions.checksum
        passed: list[ItemPayload] = []
        listed: dict[str, bool] = {}
        unchanged: list[ItemPayload] = []
        for one in judged:
            verdict = one.verdict
            if verdict.read is not None:
                listed[one.job.item.sku or ""] = bool(verdict.read.exists)
            if verdict.missing or verdict.write.absent:
                continue
            if verdict.submission is not None and verdict.submission.status == "VALID":
                passed.append(one.payload)
            if verdict.write.method == "NOTHING" and self.local.scope.operation == "live":
                unchanged.append(replace(one.payload, attributes=verdict.write.after))
        record_listed(ledger, listings, listed)
        record_tested(ledger, listings, definition, passed)
        record_accepted(ledger, listings, unchanged, definition=definition)
        judged.clear()
