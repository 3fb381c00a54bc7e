"""Judge one item that passed: what of it may go to Amazon now, and what is asked.

Of an existing listing, the leaves in question wait and its others go; a listing that is created waits whole.
What a person approved goes as long as it is the change that the person saw; what was refused does not,
until it differs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from amazon_listings.approvals.asked_changes import asked_item, changes_of, guarded, hash_of, question_of
from amazon_listings.approvals.policy import POLICIES, Policy, Reasons
from amazon_listings.messages import message
from amazon_listings.remarks import remark
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.plan import Method, Plan
from amazon_listings.runs.records import ApprovedItem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amazon_listings.ledger.approvals.progress import Approval
    from amazon_listings.ledger.approvals.questions import Asked
    from amazon_listings.messages import Message
    from amazon_listings.remarks import Remarks
    from amazon_listings.runs.plan import Change
    from amazon_listings.runs.records import TestedItem

#: States of an approval by which the same change may be sent.
ALLOWED = frozenset({"approved", "sending"})


@dataclass(frozen=True)
class Verdict:
    """What becomes of an item: what may go, what is asked, and what a person said before."""

    approved: ApprovedItem
    asked: Asked | None = None
    #: An earlier question about the item holds no more.
    settled: bool = False


class Standard(NamedTuple):
    """What items are judged by.

    Args:
        policy: The connector's policy.
        of_run: The guards that the run as a whole trips, as far as that is known.
        replacing: The items whose old SKU's removal waits: the new one waits too, or both would be on sale.
    """

    policy: Policy
    of_run: frozenset[str]
    replacing: frozenset[str]

    def asks(self, item: TestedItem, row: Approval | None) -> bool:
        """Return whether anything may ask, or has asked, about a listing that an item makes."""
        by_policy = self.policy.connector.approval.policy != "never"
        return by_policy or bool(self.of_run) or row is not None or item.pim_id in self.replacing


@dataclass(frozen=True)
class Judge:
    """Judges items.

    Args:
        asks_by_policy: Whether the connector's policy asks anything; its guards ask in any case.
    """

    asks_by_policy: bool

    def judge(
        self,
        item: TestedItem,
        plan: Plan | None,
        reasons: Reasons,
        row: Approval | None,
        standard: Standard,
    ) -> Verdict:
        """Judge an item by itself.

        Args:
            item: The item, which passed.
            plan: Its plan, with its changes if anything `asks` about it.
            reasons: What has to be allowed of it, whatever else the run changes.
            row: What was asked about it before.
            standard: What items are judged by.
        """
        if plan is None:
            # Without a plan it is not known what would be sent.
            note = remark("approval.no_plan")
            return Verdict(_decided(item, Outcome.FAILED, note))
        digest = item.plan_hash or plan.hash  # earlier versions noted it with previews only
        own = standard.policy.with_run(reasons, plan, standard.of_run)
        if plan.method == Method.PUT and item.pim_id in standard.replacing:
            own = Reasons(own.leaves, own.whole | {"replaces_sku"})
        former = self._with_former(own, plan, row)
        if row is not None and row.state in ALLOWED:
            # The reasons of then: what a guard asked about was approved for what the listing had before.
            question = question_of(plan, former)
            by_before = guarded(question, former)
            if row.hash == hash_of(plan, question, by_before):
                return Verdict(
                    _decided(item, Outcome.READY, plan_hash=digest, approval=row.hash, guarded=by_before)
                )
            former = own
        reasons = former
        if item.forced and reasons.leaves:
            # What is sent again although it is unchanged cannot be told from what is left out.
            reasons = Reasons({}, reasons.names)
        question = question_of(plan, reasons)
        if not question:
            settled = row is not None and row.state not in ALLOWED
            return Verdict(_decided(item, Outcome.READY, plan_hash=digest), settled=settled)
        asked = asked_item(plan, question, reasons, standard.policy, item.pim_id)
        state = row.state if row is not None and row.hash == asked.hash else None
        outcome = Outcome.REFUSED if state == "refused" else Outcome.WAITING
        note = self._note(outcome, question, plan, asked.reasons)
        about = {change.leaf for change in question}
        left = tuple(change for change in plan.changes if change.leaf not in about)
        if not left:
            return Verdict(_decided(item, outcome, note), asked)
        rest = Plan(plan.sku, plan.method, left)
        approved = _decided(item, Outcome.READY, note, plan_hash=rest.hash, withheld=question, waits=True)
        return Verdict(approved, asked)

    def beside_approved(self, verdict: Verdict) -> Verdict:
        """Return the verdict on an item that was only read because others of its family were approved."""
        if verdict.approved.outcome is not Outcome.READY:
            return verdict
        note = verdict.approved.note or remark("approval.beside_approved")
        approved = msgspec.structs.replace(
            verdict.approved, outcome=Outcome.WAITING, note=note, withheld=(), waits=False
        )
        return replace(verdict, approved=approved)

    def with_parent(self, item: TestedItem, verdict: Verdict) -> Verdict:
        """Return the verdict on a child whose parent waits: Amazon would not take it before."""
        note = remark("approval.with_parent", parent=item.parent_sku)
        approved = msgspec.structs.replace(verdict.approved, outcome=Outcome.WAITING, note=note)
        return Verdict(approved, settled=verdict.settled)

    def _with_former(self, reasons: Reasons, plan: Plan, row: Approval | None) -> Reasons:
        """Return the reasons with those of the question that was asked about the same item before.

        What a person left open or refused does not go because its line was approved meanwhile.
        """
        if row is None or row.state == "sent":
            return reasons
        former = frozenset(row.reasons)
        if not self.asks_by_policy:
            former -= POLICIES
        if not former:
            return reasons
        if plan.method == Method.PUT or row.kind == "create":
            return Reasons(reasons.leaves, reasons.whole | former)
        asked = {change.leaf: former.intersection(change.reasons) for change in changes_of(row)}
        leaves = dict(reasons.leaves)
        for change in plan.changes:
            if asked.get(change.leaf):
                leaves[change.leaf] = leaves.get(change.leaf, frozenset()) | asked[change.leaf]
        return Reasons(leaves, reasons.whole)

    def _note(
        self, outcome: Outcome, question: tuple[Change, ...], plan: Plan, names: Iterable[str]
    ) -> Remarks:
        """Return the note of what waits or was refused."""
        why = reasons_of(names)
        if len(question) == len(plan.changes):
            return remark(f"approval.note_{outcome}_all", reasons=why)
        attributes = sorted({change.leaf.attribute for change in question})
        return remark(f"approval.note_{outcome}_some", attributes=attributes, reasons=why)


def reasons_of(names: Iterable[str]) -> list[Message]:
    """Return why something is asked, as messages."""
    return [message(f"approval.reason_{name}") for name in names]


def _decided(
    item: TestedItem,
    outcome: Outcome,
    note: Remarks = (),
    *,
    plan_hash: str = "",
    approval: str = "",
    withheld: tuple[Change, ...] = (),
    guarded: tuple[Change, ...] = (),
    waits: bool = False,
) -> ApprovedItem:
    return ApprovedItem(
        pim_id=item.pim_id,
        sku=item.sku,
        outcome=outcome,
        note=note,
        plan_hash=plan_hash,
        approval=approval,
        waits=waits,
        withheld=withheld,
        guarded=guarded,
    )
