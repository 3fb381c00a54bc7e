"""Single writes: each row is planned on what is true behind its fence, and sent by a call of its own."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from amazon_listings.checks.preview_gaps import gap_issues, is_no_answer
from amazon_listings.ledger.approvals.answers import claim
from amazon_listings.ledger.approvals.progress import approvals_of
from amazon_listings.ledger.database import chunks
from amazon_listings.ledger.items.known import known_items
from amazon_listings.ledger.items.states import read_later
from amazon_listings.ledger.writes.submissions import ACCEPTED, UNANSWERED, sent_in_run
from amazon_listings.messages import catalogue
from amazon_listings.planning.known import current_listings
from amazon_listings.planning.vanished import missing_note
from amazon_listings.planning.wanted import DueItem, PlannedWrite, WantedItem
from amazon_listings.remarks import remark
from amazon_listings.runs.listings.bulk_reading import AT_ONCE, read_listings
from amazon_listings.runs.listings.calls import Answered, Progress, call_for_all
from amazon_listings.runs.listings.ownership import known_as_held
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.plan import Method, Plan
from amazon_listings.runs.records import WrittenItem
from amazon_listings.runs.tracing import by_line, traced
from amazon_listings.selling_partner.content.leaves import same_value
from amazon_listings.writes.fenced_plans import plan_behind_fence
from amazon_listings.writes.protocol import Answer, Answers, Outgoing

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping

    from amazon_listings.ledger.writes.fences import Fence
    from amazon_listings.ledger.writes.submissions import Sent
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.messages import Message
    from amazon_listings.planning.known import Attributes, CurrentListing
    from amazon_listings.planning.planner import Planner
    from amazon_listings.planning.wanted import Named, Plans, Reads
    from amazon_listings.remarks import Remarks
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.selling_partner.calls.client import SellingPartner
    from amazon_listings.selling_partner.listing_answers import Listing, Submission
    from amazon_listings.writes.protocol import WriteProtocol
    from amazon_product_types.validation.issue import Issue

#: Answers are entered in the ledger every so many, so that a killed task repeats few.
REMEMBER_EVERY = 25
#: So many rows are fenced, their listings read by one search, and their writes announced, just before they
#: are sent.
FENCED_AT_ONCE = AT_ONCE
#: Seconds between the attempts to send what is behind the fence of another single write; those last as
#: long as one call.
PAUSES = (1, 2, 4, 8, 15)


class Written(NamedTuple):
    """What came of one row: `submission` is None if nothing was sent; `read` is what was read before.

    `due`: it is prepared, and to be sent. `other`: it would not be what the preview passed. `missing`: the
    code of a remark on a listing that vanished.
    """

    write: PlannedWrite
    submission: Submission | None
    gaps: list[Issue]
    read: CurrentListing | None
    other: bool = False
    due: bool = False
    missing: str = ""


class _Job(NamedTuple):
    """A row whose turn it is; `planned`: announced, if it is due. None: its listing has to be read before."""

    row: DueItem
    planned: Written | None


@dataclass
class Writer:
    """Writes rows to Amazon; counts the calls by kind.

    Args:
        planner: Makes and sends plans.
        client: The account's client.
        protocol: How writes go to Amazon.
        definitions: For the labels of issues.
        mapping: For the origin of issues.
        languages: PIM language to Amazon language tag.
        progress: Counts every row.
        stop: Why nothing more may be sent; what was not reached then has no outcome.
    """

    planner: Planner
    client: SellingPartner
    protocol: WriteProtocol
    definitions: Definitions
    mapping: FieldMapping
    languages: dict[str, str]
    progress: Progress
    calls: Counter[str] = field(default_factory=Counter)
    stop: Message | None = None

    def __post_init__(self) -> None:
        self.messages = catalogue(self.definitions.language)

    def write(
        self,
        rows: list[WantedItem],
        *,
        plan: Plans,
        read: Reads,
    ) -> Iterator[WrittenItem]:
        """Write the items; one outcome each.

        Args:
            rows: The items.
            plan: What to send for an item, given what its listing has.
            read: Whether a listing has to be read before, given what the ledger knows of it.

        Raises:
            ConnectorBusy, LeaseLost: another run of the connector is sending.
            RetryableError, ActionRequiredError: Amazon cannot be asked; what was accepted is in the ledger.
        """
        left = rows
        for pause in (0, *PAUSES):
            if not left:
                return
            if pause:
                self.client.sleep(pause)
            with self.protocol.sending():
                left = yield from self._attempt(left, plan, read)
        yield from (self.behind(row, None) for row in left)

    def _attempt(
        self,
        rows: list[WantedItem],
        plan: Plans,
        read: Reads,
    ) -> Generator[WrittenItem, None, list[WantedItem]]:
        """Write those rows that are behind no fence; return those behind fences that will soon be lowered."""
        soon: list[WantedItem] = []
        decided: list[WrittenItem] = []
        answered: list[Answered[DueItem, Written]] = []

        def one(job: _Job) -> Written:
            row, planned = job
            return self._write(row, plan, read) if planned is None else self._send(row, planned)

        jobs = self._announced(self._read_together(self._due(rows, decided, soon), read), plan, read)
        calls = call_for_all(jobs, one, in_flight=self._in_flight, progress=self.progress)
        try:
            with closing(jobs):
                for job, written, trouble in calls:
                    answered.append(Answered(job.row, written, trouble))
                    yield self.result(answered[-1])
                    if len(answered) >= REMEMBER_EVERY:
                        self.remember(answered)
                    self.protocol.renew()
        finally:
            self.remember(answered)
        yield from decided
        return soon

    def _due(
        self, rows: list[WantedItem], decided: list[WrittenItem], soon: list[WantedItem]
    ) -> Iterator[DueItem]:
        """Fence the rows, a few at a time; yield those to be sent, add outcomes of others to `decided`."""
        for some in chunks(rows, FENCED_AT_ONCE):
            if self.is_stopped():
                return
            fences = self.protocol.fence([row.sku for row in some])
            soon += [row for row in some if row.sku in fences and fences[row.sku].feed is None]
            settled = [
                self.behind(row, fences[row.sku])
                for row in some
                if row.sku in fences and fences[row.sku].feed is not None
            ]
            due: list[DueItem] = []
            known = list(self.known_before([row for row in some if row.sku not in fences]))
            withdrawn = self.withdrawn(
                {row.sku: row.wanted.approval for row, outcome in known if outcome is None}
            )
            for row, decision in known:
                outcome = decision or withdrawn.get(row.sku)
                if outcome is None:
                    due.append(row)
                else:
                    settled.append(outcome_of(row, *outcome))
            self.protocol.lower([item.sku for item in settled if item.sku and item.sku not in fences])
            for item in settled:
                self.progress.step()
                decided.append(item)
            yield from due

    def _read_together(self, rows: Iterable[DueItem], reads: Reads) -> Iterator[DueItem]:
        """Read the listings of rows by searches, a few at a time just before they are sent.

        What a search cannot show is read alone when its row is sent, as a single row is.
        """
        for some in chunks(rows, FENCED_AT_ONCE):
            unsure = [row.sku for row in some if is_unsure(row, reads)]
            found: dict[str, Listing | None] = {}
            if len(unsure) > 1:
                listed = {row.sku for row in some if row.current.exists}
                reading = read_listings(self.client, self.planner.marketplace_id, unsure, listed=listed)
                self.calls["searches"] += reading.calls
                found = reading.listings
            for row in some:
                yield row if row.sku not in found else replace(row, read=row.current.read_as(found[row.sku]))

    def _announced(
        self, rows: Iterable[DueItem], plan_for: Plans, reads: Reads
    ) -> Generator[_Job, None, None]:
        """Plan rows and announce their writes, a few together just before they are sent.

        A row whose listing has to be read alone is announced once that is done. Once this is closed, what
        was announced and not given out is taken back.
        """
        for some in chunks(rows, FENCED_AT_ONCE):
            jobs = [_Job(row, self._planned(row, plan_for, reads)) for row in some]
            unsent = {
                row.sku: outgoing(row.wanted, planned.write)
                for row, planned in jobs
                if planned is not None and planned.due
            }
            self.protocol.announce(unsent.values())
            try:
                for job in jobs:
                    unsent.pop(job.row.sku, None)
                    yield job
            finally:
                self.protocol.take_back(unsent.values())

    def _planned(self, row: DueItem, plan_for: Plans, reads: Reads) -> Written | None:
        """Return what is sent for a row; None if its listing has to be read alone before."""
        if row.sent is not None or (row.read is None and is_unsure(row, reads)):
            return None
        planned = self.prepare(row, plan_for, reads, around=False)
        return None if planned.write.carries else planned

    def is_stopped(self) -> bool:
        """Return whether nothing more may be sent; `stop` says why."""
        if self.stop is None:
            self.stop = self.protocol.stopped()
        return self.stop is not None

    def behind(self, row: Named, fence: Fence | None) -> WrittenItem:
        """Return the outcome of a row behind a fence: it is sent once the answer of that write is known."""
        if fence is None or fence.feed is None:
            return outcome_of(row, Outcome.PENDING, remark("note.being_written"))
        return outcome_of(row, Outcome.PENDING, remark("note.in_feed", number=fence.feed))

    def known_before(
        self, rows: list[WantedItem]
    ) -> Iterator[tuple[DueItem, tuple[Outcome, Remarks] | None]]:
        """Yield each item with what the ledger knows of its listing, and its outcome if that decides it.

        To be asked behind the fences: the answer stays true.
        """
        ledger, listings = self.protocol.ledger, self.protocol.listings
        skus = [row.sku for row in rows]
        layout = self.planner.layout
        known = known_items(ledger, listings, skus)
        currents = current_listings(ledger, listings, skus, layout, known)
        sent = sent_in_run(ledger, self.protocol.run, skus)
        # What this run has sent is not sent again, whatever others wrote since.
        others = {row.sku: row.hash for row in rows if row.sku not in sent}
        known |= known_as_held(ledger, listings, others, layout=layout, known=known)
        left = self._left_to_later_runs(rows)
        for row in rows:
            due = DueItem(
                row, currents[row.sku], known.get(row.sku), sent=_sent_before(row, sent.get(row.sku))
            )
            yield due, _decided(due) or left.get(row.sku)

    def _left_to_later_runs(self, rows: list[WantedItem]) -> dict[str, tuple[Outcome, Remarks]]:
        """Return the outcome of rows that a later reading has made old: what is newer is not overwritten."""
        moments = {row.read_at for row in rows if row.read_at is not None}
        if not moments:
            return {}
        skus = [row.sku for row in rows]
        key = self.protocol.listings.connector_key
        later = read_later(self.protocol.ledger, key, skus, than=max(moments))
        note = remark("note.read_later")
        return dict.fromkeys(later, (Outcome.UNCHANGED, note))

    def withdrawn(self, approvals: Mapping[str, str]) -> dict[str, tuple[Outcome, Remarks]]:
        """Return the outcome of what a person allowed, and does not allow any more, by SKU.

        What is left is claimed: from now on a refusal comes too late. To be asked last of all.

        Args:
            approvals: The hash of what was approved, by SKU; empty if nothing had to be asked.
        """
        ledger, listings = self.protocol.ledger, self.protocol.listings
        hashes = {sku: digest for sku, digest in approvals.items() if digest}
        lost = hashes.keys() - claim(ledger, listings, hashes)
        if not lost:
            return {}
        now = approvals_of(ledger, listings, lost)
        refused = {sku for sku, row in now.items() if row.state == "refused" and row.hash == hashes[sku]}
        return {
            sku: (Outcome.REFUSED, remark("approval.withdrawn"))
            if sku in refused
            else (Outcome.WAITING, remark("approval.replaced"))
            for sku in lost
        }

    def _in_flight(self) -> int:
        names = ("getListingsItem", "putListingsItem", "patchListingsItem")
        return sum(self.client.in_flight(name) for name in names)

    def _write(self, row: DueItem, plan_for: Plans, reads: Reads) -> Written:
        """Plan, announce and send a row whose listing is read just before."""
        written = self.prepare(row, plan_for, reads)
        if written.due and not _announced_before(row):
            self.protocol.announce([outgoing(row.wanted, written.write)])
        return self._send(row, written)

    def _send(self, row: DueItem, planned: Written) -> Written:
        """Send a row that is announced, if there is something to send."""
        if not planned.due:
            return planned
        submission = self.protocol.carry_out(
            outgoing(row.wanted, planned.write),
            lambda: self.planner.send(row.wanted, planned.write),
            earlier=_announced_before(row),
        )
        return planned._replace(submission=submission)

    def _read(self, row: DueItem, reads: Reads) -> CurrentListing | None:
        """Return what Amazon says of a row's listing; None if it need not be read."""
        if row.read is None and is_unsure(row, reads):
            return self.planner.read(row.sku, row.current)
        return row.read

    def prepare(
        self,
        row: DueItem,
        plan_for: Plans,
        reads: Reads,
        *,
        around: bool = True,
    ) -> Written:
        """Do everything but the sending of a row that `known_before` gave.

        Args:
            row: The row.
            plan_for: What to send for it, given what its listing has.
            reads: Whether its listing has to be read before, given what the ledger knows of it.
            around: Read the listing where the write carries what others put into it.
        """
        read = self._read(row, reads)
        wanted = row.wanted
        current = row.current if read is None else read
        if not wanted.removal and row.sent is None:
            missing = missing_note(row.known, exists=current.exists, recreates=self.planner.recreates)
            if missing:
                nothing = PlannedWrite(
                    Plan(row.sku, Method.NOTHING), None, before=None, existed=False, after={}
                )
                return Written(nothing, None, [], read, missing=missing)
        planned = plan_behind_fence(self.planner, row, plan_for, read, around=around)
        write, read, current = planned.write, planned.read, planned.current
        gaps = gap_issues(write, wanted.role, vendor=self.client.account.vendor, messages=self.messages)
        if write.absent:
            return Written(write, None, gaps, read, other=True)
        if write.method == Method.NOTHING or any(gap.severity == "ERROR" for gap in gaps):
            return Written(write, None, gaps, read)
        if planned.other or _moved(wanted, write.plan):
            return Written(write, None, gaps, read, other=True)
        if row.sent is not None and read is None:
            read = self.planner.read(row.sku, current)
            if plan_for(wanted, read).method == Method.NOTHING:
                return Written(replace(write, plan=Plan(row.sku, Method.NOTHING)), None, [], read)
        return Written(write, None, [], read, due=True)

    def result(self, answer: Answered[DueItem, Written]) -> WrittenItem:
        """Return the outcome of a row."""
        row, written = answer.row, answer.result
        if written is None:
            return outcome_of(row, Outcome.FAILED, answer.note)
        self.calls["readings"] += written.read is not None and written.read is not row.read
        submission = written.submission
        if submission is None:
            return self._unsent(row, written)
        self.calls[_KINDS[written.write.method]] += 1
        outcome = Outcome.ACCEPTED
        note: Remarks = ()
        if submission.read_back:
            note = remark("note.read_back")
        if submission.status != ACCEPTED:
            outcome = Outcome.REJECTED
            if is_no_answer(submission.issues):
                outcome, note = Outcome.FAILED, remark("note.submission_failed")
        issues: tuple[Issue, ...] = ()
        if submission.issues:  # the payload of most is not read for it
            issues = self.issues_of(submission.issues, row.wanted.attributes)
        return outcome_of(row, outcome, note, submission_id=submission.submission_id, issues=issues)

    def _unsent(self, row: DueItem, written: Written) -> WrittenItem:
        """Return the outcome of a row for which nothing was sent."""
        if written.missing:
            return outcome_of(row, Outcome.GONE, remark(written.missing))
        if written.other and row.wanted.guarded and not written.write.absent:
            return outcome_of(row, Outcome.WAITING, remark("note.changed_since_approval"))
        if written.other:
            return outcome_of(row, Outcome.FAILED, remark("note.changed_meanwhile"))
        if written.write.method == "NOTHING" and row.sent is not None:
            note = remark("note.earlier_try")
            return outcome_of(row, Outcome.ACCEPTED, note, submission_id=row.sent.submission_id)
        if written.write.method == "NOTHING":
            return outcome_of(row, Outcome.UNCHANGED, remark("note.amazon_has_it"))
        return outcome_of(row, Outcome.BLOCKED, (), issues=self._traced(written.gaps, row.wanted.attributes))

    def issues_of(self, issues: list[dict[str, Any]], attributes: Attributes) -> tuple[Issue, ...]:
        """Return Amazon's issues of a submission of some attributes, each with its origin."""
        return self._traced(self.definitions.amazon_issues(issues, "submission"), attributes)

    def _traced(self, issues: list[Issue], attributes: Attributes) -> tuple[Issue, ...]:
        return traced(issues, by_line(self.mapping, attributes, self.languages))

    def remember(self, answered: list[Answered[DueItem, Written]]) -> None:
        """Enter what came of the rows, and forget them here."""
        found = Answers()
        for row, written, _ in answered:
            if written is None:
                continue  # what became of it is not known; its fence stands as long as the lease
            write, submission = outgoing(row.wanted, written.write), written.submission
            if written.read is not None:
                found.listed[row.sku] = bool(written.read.exists)
            if submission is not None:
                found.answers.append(
                    Answer(write, submission.status, submission.submission_id, submission.request_id)
                )
            elif written.other:
                pass
            elif written.write.method == Method.NOTHING and row.sent is not None:
                found.answers.append(Answer(write, ACCEPTED))
            elif written.write.method == Method.NOTHING and not written.missing:
                found.unchanged.append(write)
            if not written.due or submission is not None:
                found.known.append(row.sku)
        self.protocol.remember(found)
        answered.clear()


_KINDS = {"PUT": "creations", "PATCH": "updates", "DELETE": "deletions"}


def outgoing(row: WantedItem, write: PlannedWrite) -> Outgoing:
    """Return what the ledger remembers of an item's write."""
    return Outgoing(
        sku=row.sku,
        pim_id=row.pim_id,
        hash=row.hash,
        method=write.method,
        body=write.body,
        before=write.before,
        existed=write.existed,
        after=write.after,
        group=row.group,
        removal=row.removal,
    )


def _moved(row: WantedItem, plan: Plan) -> bool:
    """Return whether the listing has something else now than when a guarded change was approved."""
    if not row.guarded:
        return False
    now = {change.leaf: change.before for change in plan.changes}
    # Of a listing that is made, neither had anything.
    return any(
        now.get(one.leaf) is not one.before and not same_value(now.get(one.leaf), one.before, {})
        for one in row.guarded
    )


def is_unsure(row: DueItem, reads: Reads) -> bool:
    """Return whether an item's listing is read before it is written."""
    # What a guard asked about was approved for what the listing had: others may have changed it since.
    return reads(row.current) or bool(row.wanted.guarded and row.current.found is None)


def _sent_before(row: WantedItem, sent: Sent | None) -> Sent | None:
    """Return the run's last write to a listing, if it was this one and was not refused."""
    if sent is None or sent.payload_hash != row.hash or sent.status not in {ACCEPTED, UNANSWERED}:
        return None
    return sent


def _announced_before(row: DueItem) -> bool:
    """Return whether an earlier try of the run announced the write of a row, and got no answer."""
    return row.sent is not None and row.sent.status == UNANSWERED


def _decided(row: DueItem) -> tuple[Outcome, Remarks] | None:
    """Return the outcome and note of an item that need not be written."""
    sent = row.sent
    same = row.known is not None and row.known.accepted_hash == row.wanted.hash
    if sent is not None:
        if sent.status == ACCEPTED and (same or sent.method == "DELETE"):
            return Outcome.ACCEPTED, remark("note.earlier_try")
        return None
    if same and not row.wanted.forced:
        return Outcome.UNCHANGED, remark("note.sent_meanwhile")
    return None


def outcome_of(
    row: Named,
    outcome: Outcome,
    note: Remarks,
    *,
    submission_id: str | None = None,
    issues: tuple[Issue, ...] = (),
) -> WrittenItem:
    """Return what became of an item."""
    return WrittenItem(
        pim_id=row.pim_id,
        sku=row.sku,
        outcome=outcome,
        note=note,
        submission_id=submission_id,
        issues=issues,
    )
