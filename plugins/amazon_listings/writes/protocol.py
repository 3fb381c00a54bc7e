"""The writes of one run: planned on what is true under the lock, announced, sent, and remembered.

A write is in the ledger, with what was there before, when it is sent. So a task that was killed
knows which of its writes may have been carried out, and looks before it sends one of them again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.checks.preview_gaps import gap_issues, is_no_answer
from amazon_listings.errors import AmazonListingsError
from amazon_listings.ledger.items import (
    accepted_contents,
    known_items,
    record_accepted,
    record_deleted,
    record_listed,
)
from amazon_listings.ledger.submissions import (
    ACCEPTED,
    UNANSWERED,
    announce_submission,
    pending_in_feeds,
    record_answers,
    sent_in_run,
    withdraw_submission,
)
from amazon_listings.messages import catalogue
from amazon_listings.runs.amazon_calls import Answered, Progress, call_for_all
from amazon_listings.runs.tracing import by_line, traced
from amazon_listings.selling_partner.exceptions import MalformedAnswer, OutcomeUnknown
from amazon_listings.writes.plan import Method, Plan
from amazon_listings.writes.planner import CurrentListing, PlannedWrite, Planner, current_by_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

    from amazon_listings.ledger.items import KnownItem, ListingScope
    from amazon_listings.ledger.locks import ListingLocks
    from amazon_listings.ledger.submissions import Sent
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.selling_partner.client import SellingPartner
    from amazon_listings.selling_partner.listings import Submission
    from amazon_product_types.validation.issue import Issue

#: Answers are entered in the ledger every so many, so that a killed task repeats few.
REMEMBER_EVERY = 25


class Written(NamedTuple):
    """What came of one row: `submission` is None if nothing was sent; `read` is what was read before.

    `due`: it is prepared, and to be sent.
    """

    plan: PlannedWrite
    submission: Submission | None
    gaps: list[Issue]
    read: CurrentListing | None
    other: bool = False
    due: bool = False


@dataclass
class Writer:
    """Writes rows to Amazon; counts the calls by kind.

    Args:
        planner: Makes and sends plans.
        client: The account's client.
        ledger: Knows what listings hold; remembers every write with what was there before.
        listings: Whose listings.
        locks: CurrentListing while rows are planned and written.
        run: The run's number.
        definitions: For the labels of issues, and their checksum.
        mapping: For the origin of issues.
        languages: PIM language to Amazon language tag.
        progress: Told of every row.
    """

    planner: Planner
    client: SellingPartner
    ledger: Engine
    listings: ListingScope
    locks: ListingLocks
    run: int
    definitions: Definitions
    mapping: FieldMapping
    languages: dict[str, str]
    progress: Progress
    calls: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._messages = catalogue(self.definitions.language)

    def write(
        self,
        rows: list[dict[str, Any]],
        *,
        plan: Callable[[dict[str, Any], CurrentListing], PlannedWrite],
        read: Callable[[CurrentListing], bool],
    ) -> Iterator[dict[str, Any]]:
        """Write the rows; one outcome each.

        Args:
            rows: `id`, `sku`, `hash`, `attributes` and `requirements` of each; `plan_hash`, the hash of
                the plan that the preview passed, if there was one; `forced` to send what is unchanged.
            plan: What to send for a row, given what its listing holds.
            read: Whether a listing has to be read before, given what the ledger knows of it.

        Raises:
            ListingsLocked, LockLost: another run writes to the same listings.
            RetryableError, ActionRequiredError: Amazon cannot be asked; what was accepted is in the ledger.
        """
        if not rows:
            return
        with self.locks.held([row["sku"] for row in rows]):
            jobs: list[dict[str, Any]] = []
            for row, outcome in self.known_before(rows):
                if outcome is None:
                    jobs.append(row)
                else:
                    self.progress.step()
                    yield outcome_of(row, *outcome)

            def one(row: dict[str, Any]) -> Written:
                return self._write(row, plan, read)

            answered: list[Answered[Written]] = []
            calls = call_for_all(jobs, one, in_flight=self._in_flight, progress=self.progress)
            try:
                for answer in calls:
                    answered.append(answer)
                    yield self.result(answer)
                    if len(answered) >= REMEMBER_EVERY:
                        self.remember(answered)
                        self.locks.keep()
            finally:
                self.remember(answered)

    def known_before(
        self, rows: list[dict[str, Any]]
    ) -> Iterator[tuple[dict[str, Any], tuple[str, str] | None]]:
        """Each row with what the ledger knows of its listing, and its outcome if that decides it.

        `sent` is the same write by an earlier try of this run, which may have been carried out, or None.
        """
        skus = [row["sku"] for row in rows]
        known = known_items(self.ledger, self.listings, skus)
        contents = accepted_contents(self.ledger, self.listings, skus)
        sent = sent_in_run(self.ledger, self.run, skus)
        pending = pending_in_feeds(self.ledger, self.listings, skus)
        for row in rows:
            sku = row["sku"]
            held = current_by_ledger(known.get(sku), contents.get(sku))
            before = _sent_before(row, sent.get(sku))
            outcome = _decided(row, known.get(sku), before, pending.get(sku), self._messages)
            yield row | {"current": held, "sent": before}, outcome

    def _in_flight(self) -> int:
        names = ("getListingsItem", "putListingsItem", "patchListingsItem")
        return sum(self.client.in_flight(name) for name in names)

    def _write(
        self,
        row: dict[str, Any],
        plan_for: Callable[[dict[str, Any], CurrentListing], PlannedWrite],
        reads: Callable[[CurrentListing], bool],
    ) -> Written:
        written = self.prepare(row, plan_for, reads)
        if not written.due:
            return written
        plan, announced = written.plan, row["sent"] is None or row["sent"].status != UNANSWERED
        if announced:
            announcement = {"pim_id": row["pim_id"], "method": plan.method, "body": plan.body}
            announcement |= {"before": plan.before, "existed": plan.existed}
            announce_submission(self.ledger, self.listings, self.run, row | announcement)
        try:
            return written._replace(submission=self.planner.send(row, plan))
        except (OutcomeUnknown, MalformedAnswer):
            raise  # the announcement stays: it may have been carried out
        except AmazonListingsError:
            if announced:
                withdraw_submission(self.ledger, self.run, row["sku"], row["hash"])
            raise

    def prepare(
        self,
        row: dict[str, Any],
        plan_for: Callable[[dict[str, Any], CurrentListing], PlannedWrite],
        reads: Callable[[CurrentListing], bool],
    ) -> Written:
        """Everything but the sending of a row that `known_before` gave."""
        held: CurrentListing = row["current"]
        read = None
        if reads(held):
            held = read = self.planner.read(row["sku"])
        plan = plan_for(row, held)
        gaps = gap_issues(plan, row, vendor=self.client.account.vendor, messages=self._messages)
        if plan.method == "NOTHING" or any(gap.severity == "ERROR" for gap in gaps):
            return Written(plan, None, gaps, read)
        previewed = row.get("plan_hash")
        if previewed is not None and previewed != plan.plan.hash:
            return Written(plan, None, gaps, read, other=True)
        if row["sent"] is not None and read is None:
            read = self.planner.read(row["sku"])
            if plan_for(row, read).method == "NOTHING":
                return Written(replace(plan, plan=Plan(row["sku"], Method.NOTHING)), None, [], read)
        return Written(plan, None, [], read, due=True)

    def result(self, answer: Answered[Written]) -> dict[str, Any]:
        """The outcome of a row."""
        row, written = answer.row, answer.result
        if written is None:
            return outcome_of(row, "failed", answer.trouble)
        self.calls["readings"] += written.read is not None
        submission = written.submission
        if submission is None:
            if written.plan.method == "NOTHING" and row["sent"] is not None:
                note = self._messages.phrase("note.earlier_try")
                return outcome_of(row, "accepted", note) | {"submission_id": row["sent"].submission_id}
            if written.plan.method == "NOTHING":
                return outcome_of(row, "unchanged", self._messages.phrase("note.amazon_has_it"))
            if written.other:
                return outcome_of(row, "failed", self._messages.phrase("note.changed_meanwhile"))
            return outcome_of(row, "blocked", "") | {"issues": self._traced(written.gaps, row)}
        self.calls[_KINDS[written.plan.method]] += 1
        outcome, note = "accepted", ""
        if submission.read_back:
            note = self._messages.phrase("note.read_back")
        if submission.status != ACCEPTED:
            outcome = "rejected"
            if is_no_answer(submission.issues):
                outcome, note = "failed", self._messages.phrase("note.submission_failed")
        return outcome_of(row, outcome, note) | {
            "submission_id": submission.submission_id,
            "issues": self.told(submission.issues, row),
        }

    def told(self, issues: list[dict[str, Any]], row: dict[str, Any]) -> list[dict[str, Any]]:
        """What Amazon said of a submission, each issue with its origin."""
        return self._traced(self.definitions.amazon_issues(issues, "submission"), row)

    def _traced(self, issues: list[Issue], row: dict[str, Any]) -> list[dict[str, Any]]:
        return traced(issues, by_line(self.mapping, row["attributes"], self.languages))

    def remember(self, answered: list[Answered[Written]]) -> None:
        """Enter the answers of the writes, then what the listings hold now."""
        answers, accepted, deleted, listed = [], [], [], {}
        for row, written, _ in answered:
            if written is None:
                continue
            plan, submission = written.plan, written.submission
            holds = row | {"pim_id": row["pim_id"], "attributes": plan.after}
            if written.read is not None:
                listed[row["sku"]] = bool(written.read.exists)
            if submission is not None:
                answers.append(
                    _answer(row, submission.status, submission.submission_id, submission.request_id)
                )
            elif plan.method == "NOTHING" and row["sent"] is not None:
                answers.append(_answer(row, ACCEPTED, None, None))
            done = plan.method == "NOTHING" or (submission is not None and submission.status == ACCEPTED)
            if done and row.get("leaves") == "delete":
                deleted.append(row["sku"])
            elif done and plan.after:
                accepted.append(holds)
        record_answers(self.ledger, self.run, answers)
        record_listed(self.ledger, self.listings, listed)
        record_accepted(self.ledger, self.listings, accepted, definition=self.definitions.checksum)
        record_deleted(self.ledger, self.listings, deleted)
        answered.clear()


_KINDS = {"PUT": "creations", "PATCH": "updates", "DELETE": "deletions"}


def _answer(
    row: dict[str, Any], status: str, submission_id: str | None, request_id: str | None
) -> dict[str, Any]:
    return {
        "sku": row["sku"],
        "hash": row["hash"],
        "status": status,
        "submission_id": submission_id,
        "request_id": request_id,
    }


def _sent_before(row: dict[str, Any], sent: Sent | None) -> Sent | None:
    """The run's last write to a listing, if it was this one and was not refused."""
    if sent is None or sent.payload_hash != row["hash"] or sent.status not in {ACCEPTED, UNANSWERED}:
        return None
    return sent


def _decided(
    row: dict[str, Any], known: KnownItem | None, sent: Sent | None, feed: int | None, messages: Catalogue
) -> tuple[str, str] | None:
    """The outcome and note of a row that need not or must not be written now."""
    if feed is not None:
        return "failed", messages.phrase("note.in_feed", number=feed)
    same = known is not None and known.accepted_hash == row["hash"]
    if sent is not None:
        if sent.status == ACCEPTED and (same or sent.method == "DELETE"):
            return "accepted", messages.phrase("note.earlier_try")
        return None
    if same and not row.get("forced"):
        return "unchanged", messages.phrase("note.sent_meanwhile")
    return None


def outcome_of(row: dict[str, Any], outcome: str, note: str) -> dict[str, Any]:
    """A row of the stage `live`."""
    return {"pim_id": row["pim_id"], "sku": row["sku"], "outcome": outcome, "note": note, "issues": []}
