"""Resolve outcomes: one for each item of a run, from what its stages and the ledger say."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from amazon_listings.errors import RunAbortedError
from amazon_listings.ledger.writes.submissions import ACCEPTED, PENDING, UNANSWERED
from amazon_listings.remarks import remark
from amazon_listings.runs.damage import DamagedFile
from amazon_listings.runs.folder import part_name
from amazon_listings.runs.notes import (
    ApprovalNote,
    ExtractNote,
    LiveNote,
    QualityNote,
    StopNote,
    TestedNote,
)
from amazon_listings.runs.outcomes import ENDS, REPORTED, Outcome
from amazon_listings.runs.records import (
    APPROVED,
    CONFIRMED,
    EXTRACT,
    LIVE,
    MAPPED,
    PROBLEMS,
    QUALITY,
    REMOVED,
    TESTED,
    ResolvedItem,
    TestedIndex,
    WrittenItem,
)
from amazon_listings.runs.scope import Scope
from amazon_product_types.validation.issue import Issue
from amazon_product_types.validation.merging import merge_issues

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from amazon_listings.ledger.writes.submissions import Sent
    from amazon_listings.remarks import Remarks
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.records import (
        ApprovedIndex,
        ConfirmedItem,
        Index,
        ItemRecord,
        MappedIndex,
        QualityRecord,
        ReadingProblem,
        Record,
        Stage,
    )
    from amazon_product_types.validation.issue import Source

    #: Gives the last writes of a run by SKU, as the ledger knows them.
    SentWrites = Callable[[Sequence[str]], Mapping[str, Sent]]

AnyItem = TypeVar("AnyItem", bound="ItemRecord")
#: The names of the parts of `resolved` that no part of the extract is behind.
UNREADABLE_PART, REMOVED_PART = part_name(0), "removed.jsonl"


class _Stages(NamedTuple):
    """What the stages of a run say of the items of one part, by PIM identity."""

    quality: dict[str, QualityRecord]
    mapped: dict[str, MappedIndex]
    tested: dict[str, TestedIndex]
    approved: dict[str, ApprovedIndex]
    live: dict[str, WrittenItem]
    confirmed: dict[str, ConfirmedItem]


class Resolver:
    """Resolves the outcomes of a run's items; reads indices only.

    What the stages `live` and `confirmed` lack, because a file is damaged or a task was killed, is taken
    from the ledger: it knows every write before it is sent.

    Args:
        folder: The run's folder.
        sent: Gives the run's last writes to SKUs from the ledger; None: there is no ledger to ask.

    Attributes:
        damage: What is wrong with files that were passed over.
        accepted: Of how many SKUs Amazon accepted the run's last write.
        removals_awaited: SKUs of removals that Amazon took and no reading has shown to hold; the ledger owes
            them, whatever the next run reads.
    """

    def __init__(self, folder: RunFolder, sent: SentWrites | None = None) -> None:
        self.damage: list[DamagedFile] = []
        self.accepted = 0
        self.removals_awaited: set[str] = set()
        self._folder = folder
        self._sent = sent
        scope = folder.noted(Scope)
        self._live = scope is not None and scope.operation == "live"
        approval = folder.noted(ApprovalNote)
        self._decision = approval.decision if approval is not None else ""
        stop = folder.noted(StopNote)
        self._stopped = stop.why if stop is not None else None

    def parts(self) -> Iterator[tuple[str, list[ResolvedItem]]]:
        """Yield the items of the run, part by part, each part with its name in the stage `resolved`.

        Only parts that the extract's note names count: an extract that was cut short extracted nothing.

        Raises:
            DamagedFile: a file is damaged that nothing else can stand for.
        """
        extract = self._folder.noted(ExtractNote)
        if extract is None:
            return
        yield UNREADABLE_PART, [_unreadable(one) for one in self._folder.read(PROBLEMS, part_name(1))]
        done = {kind: self._folder.noted(kind) is not None for kind in (QualityNote, TestedNote, LiveNote)}
        for part in extract.parts:
            stages = _Stages(
                _by_id(self._index(QUALITY, part, must=done[QualityNote])),
                _by_id(self._index(MAPPED, part, must=done[TestedNote])),
                _by_id(self._index(TESTED, part, must=done[TestedNote])),
                _by_id(self._index(APPROVED, part, must=False)),
                _by_id(self._passed_over(LIVE, part, must=done[LiveNote])),
                _by_id(self._passed_over(CONFIRMED, part, must=False)),
            )
            yield part, list(self._resolved(part, stages))
        removed = [one for part in self._folder.parts(REMOVED) for one in self._folder.read(REMOVED, part)]
        seen = {one.sku: one for one in self._passed_over(CONFIRMED, REMOVED_PART, must=False)}
        sent = self._asked([one.sku for one in removed if one.sku])
        yield (
            REMOVED_PART,
            [self._removed(one, seen.get(one.sku), sent.get(one.sku or "")) for one in removed],
        )

    def _resolved(self, part: str, stages: _Stages) -> Iterator[ResolvedItem]:
        sent = self._writes(stages.tested)
        known = set()
        for item in self._folder.index(EXTRACT, part):
            known.add(item.pim_id)
            yield self._item(item, stages, sent)
        # Parents of families are made by the mapping; the PIM has no row of their own.
        for mapped in stages.mapped.values():
            if mapped.pim_id not in known:
                yield self._item(mapped, stages, sent, parent=True)

    def _writes(self, tested: Mapping[str, TestedIndex]) -> Mapping[str, Sent]:
        """Return what the ledger knows of the writes of items that are ready, or were in an earlier try."""
        if not self._live:
            return {}
        return self._asked([one.sku for one in tested.values() if one.sku and one.outcome in _WRITTEN])

    def _asked(self, skus: Sequence[str]) -> Mapping[str, Sent]:
        """Return what the ledger knows of the writes of SKUs."""
        found = self._sent(skus) if self._sent is not None and skus else {}
        self.accepted += sum(one.status == ACCEPTED for one in found.values())
        return found

    def _item(
        self, item: ItemRecord, stages: _Stages, sent: Mapping[str, Sent], *, parent: bool = False
    ) -> ResolvedItem:
        quality, mapped = stages.quality.get(item.pim_id), stages.mapped.get(item.pim_id)
        tested, live = stages.tested.get(item.pim_id), stages.live.get(item.pim_id)
        confirmed = stages.confirmed.get(item.pim_id)
        if tested is not None and tested.outcome in _WRITTEN:
            live = _by_ledger(tested, live, sent.get(item.sku or ""))
        spoken = [one for one in (quality, mapped, tested, live, confirmed) if one is not None]
        issues = [issue for one in spoken for issue in one.issues]
        approved = stages.approved.get(item.pim_id) if self._live else None
        outcome, note = self._outcome(tested, approved, live, issues)
        if outcome is Outcome.ACCEPTED and approved is not None and approved.waits:
            outcome, note = Outcome.ACCEPTED_IN_PART, approved.note + note
        elif confirmed is not None and outcome is Outcome.ACCEPTED:
            outcome, note = confirmed.outcome, confirmed.note or note
        in_part = bool((tested and tested.only) or (live and live.only))
        if in_part and outcome in _CARRIED_OUT:
            outcome, note = Outcome.ACCEPTED_IN_PART, live.note if live and live.note else note
        if tested is not None:
            note += tested.unpreviewed
        asins = (confirmed.asin if confirmed else "", tested.asin if tested else "")
        return ResolvedItem(
            pim_id=item.pim_id,
            sku=item.sku,
            outcome=outcome,
            asin=next(filter(None, asins), ""),
            note=note,
            issues=tuple(merge_issues(issues)) if issues else (),
            parent=parent,
            answered=_answered(tested, live),
        )

    def _removed(self, one: WrittenItem, confirmed: ConfirmedItem | None, sent: Sent | None) -> ResolvedItem:
        """Return a removal: whatever Amazon answered, it is pending until a reading shows that it holds."""
        live = None if one.outcome is Outcome.READY else one
        if live is None and sent is not None and (known := _OUTCOMES.get(sent.status)) is not None:
            live = msgspec.structs.replace(one, outcome=known, submission_id=sent.submission_id)
        outcome, note = self._outcome(one, None, live, one.issues)
        if outcome in {Outcome.ACCEPTED, Outcome.UNCHANGED}:
            # That the listing was found to be off sale is one reading, which does not prove it.
            waits = remark("note.removal_awaited", "found" * (outcome is Outcome.UNCHANGED))
            outcome = Outcome.PENDING
            if confirmed is not None and confirmed.outcome is not Outcome.ACCEPTED:
                outcome = confirmed.outcome
            if outcome is Outcome.PENDING and one.sku:
                self.removals_awaited.add(one.sku)
            awaited = waits if outcome is Outcome.PENDING else ()
            note += confirmed.note if confirmed is not None and confirmed.note else awaited
        return ResolvedItem(
            pim_id=one.pim_id,
            sku=one.sku,
            outcome=outcome,
            note=note,
            issues=tuple(merge_issues(list(one.issues))),
            removed=True,
        )

    def _outcome(
        self,
        tested: TestedIndex | WrittenItem | None,
        approved: ApprovedIndex | None,
        live: WrittenItem | None,
        issues: Sequence[Issue],
    ) -> tuple[Outcome, Remarks]:
        """Return what the last stage said of an item, and its note.

        An item that no stage finished, because the run stopped before, is `failed`: the next run tries it
        again.
        """
        decided = live or tested
        if decided is None:
            blocked = any(issue.severity == "ERROR" for issue in issues)
            return (Outcome.BLOCKED if blocked else Outcome.FAILED), ()
        if decided.outcome not in ENDS:
            return Outcome.FAILED, ()
        if not self._live and isinstance(decided, TestedIndex) and decided.whole is not None:
            # A test run says what is wrong; that some of it could go out alone is in the note.
            return decided.whole, decided.note
        if self._live and live is None and decided.outcome is Outcome.READY:
            return self._unsent(approved, decided.note)
        return decided.outcome, decided.note

    def _unsent(self, approved: ApprovedIndex | None, note: Remarks) -> tuple[Outcome, Remarks]:
        """Return what is said of an item that passed, and was never submitted."""
        if approved is not None and approved.outcome is not Outcome.READY:
            return approved.outcome, approved.note
        if self._decision:
            return Outcome(self._decision), remark(f"note.plan_{self._decision}")
        if self._stopped is not None:
            return Outcome.WAITING, self._stopped
        return Outcome.FAILED, note

    def _index(self, stage: Stage[Record, Index], part: str, *, must: bool) -> Iterator[Index]:
        """Yield a part's index; of a stage that is not finished, nothing if the part is not there."""
        if must or self._folder.has(stage, part):
            yield from self._folder.index(stage, part)

    def _passed_over(self, stage: Stage[Record, Index], part: str, *, must: bool) -> list[Index]:
        """Return a part's index; nothing if it is damaged, which is kept as a sentence."""
        try:
            return list(self._index(stage, part, must=must))
        except DamagedFile as error:
            self.damage.append(error)
            return []


def _by_id(records: Iterator[AnyItem] | list[AnyItem]) -> dict[str, AnyItem]:
    return {record.pim_id: record for record in records}


def _unreadable(problem: ReadingProblem) -> ResolvedItem:
    issue = Issue(
        code="unreadable",
        severity="ERROR",
        source="quality",
        message=problem.message,
        action=problem.action,
        phrases=problem.phrases,
    )
    return ResolvedItem(pim_id="", sku=problem.sku, outcome=Outcome.BLOCKED, issues=(issue,))


def _by_ledger(tested: TestedIndex, live: WrittenItem | None, sent: Sent | None) -> WrittenItem | None:
    """Return what became of a ready item: as the stage says, unless the ledger knows better."""
    if sent is None or (tested.hash and sent.payload_hash != tested.hash):
        return live
    if live is not None and live.outcome not in {Outcome.FAILED, Outcome.PENDING}:
        return live
    outcome = _OUTCOMES.get(sent.status)
    if tested.outcome is Outcome.UNCHANGED and outcome is not Outcome.ACCEPTED:
        return live
    if outcome is None or (live is not None and outcome is Outcome.PENDING):
        return live
    return WrittenItem(
        pim_id=tested.pim_id,
        sku=tested.sku,
        outcome=outcome,
        submission_id=sent.submission_id,
        issues=live.issues if live else (),
    )


#: What the test sync may say of an item that the run sends or has sent: one that was sent by an earlier try
#: is unchanged when the test sync alone is made again.
_WRITTEN = frozenset({Outcome.READY, Outcome.UNCHANGED})
#: Of what went out in part only, these say that Amazon has that part.
_CARRIED_OUT = frozenset({Outcome.ACCEPTED, Outcome.LIVE, Outcome.LIVE_WITH_DIFFERENCES})
#: What a write's status in the ledger makes of its item.
_OUTCOMES = {
    ACCEPTED: Outcome.ACCEPTED,
    "INVALID": Outcome.REJECTED,
    PENDING: Outcome.PENDING,
    UNANSWERED: Outcome.PENDING,
}


def _answered(tested: TestedIndex | None, live: WrittenItem | None) -> tuple[Source, ...]:
    answered: list[Source] = []
    if tested is not None and tested.previewed:
        answered.append("preview")
    if live is not None and live.outcome in {Outcome.ACCEPTED, Outcome.REJECTED}:
        answered.append("submission")
    return tuple(answered)


def check_sum(extracted: int, added: int, out_of_scope: int, counts: Counter[Outcome]) -> dict[str, int]:
    """Return every outcome with its number of items; none of the extracted may be missing.

    Args:
        extracted: Items read in scope, with those that could not be read.
        added: Parents that the mapping made, and items that left the PIM's selection.
        out_of_scope: Items read but not in the run's scope.
        counts: Number of resolved items by outcome.

    Raises:
        RunAbortedError: the outcomes do not add up to what was extracted.
    """
    if (total := sum(counts[outcome] for outcome in ENDS)) != extracted + added:
        raise RunAbortedError(
            "runs.sum_wrong",
            extracted=extracted,
            added=added,
            total=total,
        )
    return {str(outcome): counts[outcome] for outcome in REPORTED} | {"out_of_scope": out_of_scope}
