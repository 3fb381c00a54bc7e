"""Decide, item by item, what may go to Amazon now.

What nothing speaks against goes. The rest is asked: of an existing listing, the leaves in question wait
and its others go; a listing that is created waits whole. What a person approved goes as long as it is the
change that the person saw; what was refused does not, until it differs.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from amazon_listings.approvals.asked_changes import asked_item, changes_of, guarded, hash_of, question_of
from amazon_listings.approvals.guards import REMOVED, RunTally, run_reasons
from amazon_listings.approvals.policy import ALWAYS, FIRST, POLICIES, Policy, Reasons
from amazon_listings.ledger.approvals import Asked, approval_states, approvals_of, ask, forget_approvals
from amazon_listings.ledger.approved_lines import lines_approved
from amazon_listings.ledger.item_states import count_states
from amazon_listings.ledger.known_items import contents_of, known_items
from amazon_listings.ledger.leavers import count_listed
from amazon_listings.mapping.families.members import FAMILY_ATTRIBUTES
from amazon_listings.runs.notations import columns_of
from amazon_listings.runs.notes import ApprovalNote
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.plan import Method, Plan, question_hash
from amazon_listings.runs.quantities import merchant_quantity
from amazon_listings.runs.records import APPROVED, MAPPED, TESTED, ApprovedItem
from amazon_listings.runs.records import REMOVED as REMOVED_STAGE
from amazon_listings.runs.removed_items import REPEATED
from amazon_listings.runs.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.approvals import Approval
    from amazon_listings.ledger.items import ListingScope
    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.plan import Change
    from amazon_listings.runs.records import TestedItem, WrittenItem
    from amazon_listings.selling_partner.leaves import Layout

#: What an earlier try of the step may have decided about a removal; it is decided again.
_UNDECIDED = frozenset({Outcome.READY, Outcome.WAITING, Outcome.REFUSED})
#: States of an approval by which the same change may be sent.
_ALLOWED = frozenset({"approved", "sending"})


@dataclass(frozen=True)
class _Verdict:
    """What becomes of an item: what may go, what is asked, and what a person said before."""

    approved: ApprovedItem
    asked: Asked | None = None
    #: An earlier question about the item holds no more.
    settled: bool = False


class _Judged(NamedTuple):
    """An item that passed, and what has to be allowed of it, whatever else the run changes."""

    item: TestedItem
    reasons: Reasons

    @property
    def puts(self) -> bool:
        """Whether its listing is put whole."""
        return self.item.plan is not None and self.item.plan.method == Method.PUT


class _Standard(NamedTuple):
    """What items are judged by.

    Args:
        policy: The connector's policy.
        of_run: The guards that the run as a whole trips, as far as that is known.
        replacing: The items whose old SKU's removal waits: the new one waits too, or both would be on sale.
    """

    policy: Policy
    of_run: frozenset[str]
    replacing: frozenset[str]


class _Part(NamedTuple):
    """What is decided about the items of a part; `settled`: SKUs whose earlier question holds no more."""

    verdicts: list[_Verdict]
    settled: set[str]


@dataclass
class _Found:
    """What the decisions about all items come to.

    Attributes:
        asked: What is asked.
        counts: Items by outcome.
        waiting: The outcomes of items that may not go.
        settled: SKUs whose earlier question holds no more.
    """

    asked: list[Asked] = field(default_factory=list)
    counts: Counter[Outcome] = field(default_factory=Counter)
    waiting: dict[str, Outcome] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)

    def add(self, part: _Part) -> None:
        """Add what is decided about a part."""
        for verdict in part.verdicts:
            item = verdict.approved
            self.counts[item.outcome] += 1
            if item.outcome is not Outcome.READY:
                self.waiting[item.pim_id] = item.outcome
            if verdict.asked is not None:
                self.asked.append(verdict.asked)
        self.settled |= part.settled


@dataclass
class Decisions:
    """Decides about the items of one run.

    Args:
        connector: The connector that runs.
        folder: The run's folder; reads the stages `mapped` and `tested`, writes `approved` and `removed`.
        ledger: The open ledger.
        listings: Whose listings.
        run: The run's number.
        layout: The layout of the product type's definition.
        defaults: Selector values that Amazon fills in.
        messages: The sentences, in the language of the report.
        now: This moment.
    """

    connector: Connector
    folder: RunFolder
    ledger: Engine
    listings: ListingScope
    run: int
    layout: Layout
    defaults: Mapping[str, Any]
    messages: Catalogue
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def decide(self) -> ApprovalNote:
        """Decide about every item that passed and every listing whose item left; ask what is open."""
        self.folder.forget(ApprovalNote)
        self.folder.clear(APPROVED)
        policy, tally = self._policy(), RunTally()
        found = self._written(self._standard(policy, frozenset()), tally)
        of_run = self._run_reasons(self._with_removals(tally))
        if of_run:
            found = self._written(self._standard(policy, of_run))
        forget_approvals(self.ledger, self.listings, self.run, sorted(found.settled))
        asked, counts, waiting = found.asked, found.counts, found.waiting
        for part in self.folder.parts(REMOVED_STAGE):
            items = list(self.folder.read(REMOVED_STAGE, part))
            if part == REPEATED:
                counts.update(one.outcome for one in items)
                continue
            decided, more = self._removals(items, policy, of_run, waiting)
            self.folder.write(REMOVED_STAGE, part, decided)
            counts.update(one.outcome for one in decided)
            asked += more
        patience = timedelta(hours=self.connector.approval.hours)
        question = ask(self.ledger, self.listings, self.run, asked, patience=patience, now=self.now)
        note = ApprovalNote(
            ready=counts[Outcome.READY],
            waiting=counts[Outcome.WAITING],
            refused=counts[Outcome.REFUSED],
            question=question,
        )
        self.folder.note(note)
        return note

    def foresee(self) -> dict[str, int]:
        """Return how many items a live run would ask about, by reason; under `""` how many in all.

        Nothing is asked, and nothing is remembered.
        """
        policy, tally = self._policy(), RunTally()
        found = self._reasons_asked(self._standard(policy, frozenset()), tally)
        of_run = self._run_reasons(self._with_removals(tally))
        return dict(self._reasons_asked(self._standard(policy, of_run)) if of_run else found)

    def _reasons_asked(self, standard: _Standard, tally: RunTally | None = None) -> Counter[str]:
        """Return how many items are asked about, by reason; under `""` how many in all."""
        counts: Counter[str] = Counter()
        for part in self.folder.parts(TESTED):
            for verdict in self._part(part, standard, tally).verdicts:
                if verdict.asked is not None:
                    counts.update(("", *verdict.asked.reasons))
        return counts

    def _policy(self) -> Policy:
        return Policy(
            self.connector,
            lines_approved(self.ledger, self.listings),
            self.layout,
            self.defaults,
            columns_of(self.folder),
        )

    def _standard(self, policy: Policy, of_run: frozenset[str]) -> _Standard:
        """Return what items are judged by, as far as it is known what the run as a whole trips."""
        found: set[str] = set()
        for part in self.folder.parts(REMOVED_STAGE) if self._removal_reasons(policy, of_run) else ():
            if part == REPEATED:
                continue
            items = [one for one in self.folder.read(REMOVED_STAGE, part) if one.outcome in _UNDECIDED]
            states = approval_states(self.ledger, self.listings, [one.sku for one in items if one.sku])
            found |= {one.pim_id for one in items if one.pim_id and states.get(one.sku or "") not in _ALLOWED}
        return _Standard(policy, of_run, frozenset(found))

    def _removal_reasons(self, policy: Policy, of_run: frozenset[str]) -> set[str]:
        """Return why removals of this run are asked about."""
        reasons = {REMOVED} & of_run
        if self.connector.approval.policy == ALWAYS:
            reasons.add(ALWAYS)
        elif self.connector.approval.policy == FIRST and policy.removal_line() not in policy.approved:
            reasons.add(FIRST)
        return reasons

    def _written(self, standard: _Standard, tally: RunTally | None = None) -> _Found:
        """Write what is decided of each part, and return what it comes to.

        Args:
            standard: What items are judged by.
            tally: Counts what the run as a whole would change.
        """
        found = _Found()
        for part in self.folder.parts(TESTED):
            decided = self._part(part, standard, tally)
            self.folder.write(APPROVED, part, [one.approved for one in decided.verdicts])
            found.add(decided)
        return found

    def _count(self, tally: RunTally, ready: Mapping[str, _Judged], rows: Mapping[str, Approval]) -> None:
        """Count what the run as a whole would change, as far as it is not asked about or approved anyway."""
        put = [one.item.sku for one in ready.values() if one.item.sku and one.puts]
        known = known_items(self.ledger, self.listings, put)
        for item, reasons in ready.values():
            row = rows.get(item.sku or "")
            if item.plan is None or (row is not None and row.state in _ALLOWED):
                continue
            going = (
                [] if reasons.whole else [one for one in item.plan.changes if one.leaf not in reasons.leaves]
            )
            before = known.get(item.sku or "")
            again = before is not None and before.state not in {None, "deleted"}
            made = item.plan.method == Method.PUT and all(one.before is None for one in going)
            tally.add(item.sku or "", going, created=bool(going) and made, vanished=bool(going) and again)

    def _with_removals(self, tally: RunTally) -> RunTally:
        """Count the listings that are taken off sale too."""
        for part in self.folder.parts(REMOVED_STAGE):
            items = self.folder.read(REMOVED_STAGE, part) if part != REPEATED else ()
            tally.removed += sum(item.outcome in _UNDECIDED for item in items)
        return tally

    def _run_reasons(self, tally: RunTally) -> frozenset[str]:
        key, guards = self.connector.key, self.connector.guards
        listed = count_listed(self.ledger, key)
        known = max(sum(count_states(self.ledger, key).values()), listed)
        fall = tally.quantity_before - tally.quantity_after
        limit = guards.quantity_sum_fall
        # Adding up a connector's stock unpacks every payload: only where what changes may be half of it.
        near = limit is not None and fall > 0 and fall >= limit * tally.quantity_before
        stock = sum(merchant_quantity(one) or 0 for one in contents_of(self.ledger, key)) if near else None
        return run_reasons(
            tally,
            guards,
            removed_share=self.connector.sync.removed_share,
            known=known,
            listed=listed,
            owned=count_listed(self.ledger, key, owned=True),
            stock=stock,
        )

    def _part(self, part: str, standard: _Standard, tally: RunTally | None = None) -> _Part:
        """Return what is decided about the items of a part that passed; count them in the run's tally."""
        tested = list(self.folder.read(TESTED, part))
        rows = approvals_of(self.ledger, self.listings, [item.sku for item in tested if item.sku])
        ready = self._judged(part, tested, standard.policy)
        if tally is not None:
            self._count(tally, ready, rows)
        verdicts = self._verdicts(ready, rows, standard)
        unchanged = {item.sku for item in tested if item.sku and item.outcome is Outcome.UNCHANGED}
        settled = {one.approved.sku for one in verdicts if one.settled and one.approved.sku}
        return _Part(verdicts, (unchanged | settled) & rows.keys())

    def _judged(self, part: str, tested: Iterable[TestedItem], policy: Policy) -> dict[str, _Judged]:
        """Return the items that passed, each with what has to be allowed of it by itself."""
        ready = {item.pim_id: item for item in tested if _is_ready(item)}
        wanted = self._wanted(part, ready)
        return {
            pim_id: _Judged(
                item,
                policy.reasons(item.plan, wanted.get(pim_id, {})) if item.plan is not None else Reasons(),
            )
            for pim_id, item in ready.items()
        }

    def _verdicts(
        self, judged: Mapping[str, _Judged], rows: Mapping[str, Approval], standard: _Standard
    ) -> list[_Verdict]:
        ready = {pim_id: one.item for pim_id, one in judged.items()}
        verdicts = {
            pim_id: self._item(item, reasons, rows.get(item.sku or ""), standard)
            for pim_id, (item, reasons) in judged.items()
        }
        scope = self.folder.noted(Scope)
        named = scope.skus if scope is not None and scope.kind == "approved" else None
        held = {
            one.approved.sku
            for pim_id, one in verdicts.items()
            if ready[pim_id].role == "parent" and one.approved.outcome is not Outcome.READY
        }
        for pim_id, item in ready.items():
            # A child goes with its parent: Amazon would not take it before.
            if (
                item.parent_sku in held
                and verdicts[pim_id].approved.outcome is Outcome.READY
                and _moves(item)
            ):
                verdicts[pim_id] = self._with_parent(item, verdicts[pim_id])
            elif named is not None and item.sku not in named:
                verdicts[pim_id] = self._beside(verdicts[pim_id])
        return list(verdicts.values())

    def _wanted(self, part: str, ready: Mapping[str, TestedItem]) -> dict[str, dict[str, Any]]:
        """Return the attributes of the items that are changed: what is made is judged by its plan."""
        changed = {
            pim_id
            for pim_id, item in ready.items()
            if item.plan is not None and item.plan.method == Method.PATCH
        }
        if not changed:
            return {}
        return {one.pim_id: one.attributes for one in self.folder.read(MAPPED, part) if one.pim_id in changed}

    def _beside(self, verdict: _Verdict) -> _Verdict:
        """Return the verdict on an item that was only read because others of its family were approved."""
        if verdict.approved.outcome is not Outcome.READY:
            return verdict
        note = verdict.approved.note or self.messages.phrase("approval.beside_approved")
        approved = msgspec.structs.replace(
            verdict.approved, outcome=Outcome.WAITING, note=note, withheld=(), waits=False
        )
        return replace(verdict, approved=approved)

    def _with_parent(self, item: TestedItem, verdict: _Verdict) -> _Verdict:
        note = self.messages.phrase("approval.with_parent", parent=item.parent_sku)
        approved = msgspec.structs.replace(verdict.approved, outcome=Outcome.WAITING, note=note)
        return _Verdict(approved, settled=verdict.settled)

    def _item(
        self, item: TestedItem, reasons: Reasons, row: Approval | None, standard: _Standard
    ) -> _Verdict:
        plan = item.plan
        if plan is None:
            # Without a plan it is not known what would be sent.
            note = self.messages.phrase("approval.no_plan")
            return _Verdict(_decided(item, Outcome.FAILED, note))
        digest = item.plan_hash or plan.hash  # earlier versions noted it with previews only
        own = standard.policy.with_run(reasons, plan, standard.of_run)
        if plan.method == Method.PUT and item.pim_id in standard.replacing:
            own = Reasons(own.leaves, own.whole | {"replaces_sku"})
        former = self._with_former(own, plan, row)
        if row is not None and row.state in _ALLOWED:
            # The reasons of then: what a guard asked about was approved for what the listing had before.
            question = question_of(plan, former)
            by_before = guarded(question, former)
            if row.hash == hash_of(plan, question, by_before, plan_hash=digest):
                return _Verdict(
                    _decided(item, Outcome.READY, plan_hash=digest, approval=row.hash, guarded=by_before)
                )
            former = own
        reasons = former
        if item.forced and reasons.leaves:
            # What is sent again although it is unchanged cannot be told from what is left out.
            reasons = Reasons({}, reasons.names)
        question = question_of(plan, reasons)
        if not question:
            settled = row is not None and row.state not in _ALLOWED
            return _Verdict(_decided(item, Outcome.READY, plan_hash=digest), settled=settled)
        asked = asked_item(plan, question, reasons, standard.policy, item.pim_id, plan_hash=digest)
        state = row.state if row is not None and row.hash == asked.hash else None
        outcome = Outcome.REFUSED if state == "refused" else Outcome.WAITING
        note = self._note(outcome, question, plan, asked.reasons)
        about = {change.leaf for change in question}
        left = tuple(change for change in plan.changes if change.leaf not in about)
        if not left:
            return _Verdict(_decided(item, outcome, note), asked)
        rest = Plan(plan.sku, plan.method, left)
        approved = _decided(item, Outcome.READY, note, plan_hash=rest.hash, withheld=question, waits=True)
        return _Verdict(approved, asked)

    def _with_former(self, reasons: Reasons, plan: Plan, row: Approval | None) -> Reasons:
        """Return the reasons with those of the question that was asked about the same item before.

        What a person left open or refused does not go because its line was approved meanwhile.
        """
        if row is None or row.state == "sent":
            return reasons
        former = frozenset(row.reasons)
        if self.connector.approval.policy == "never":
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

    def _removals(
        self,
        items: list[WrittenItem],
        policy: Policy,
        of_run: frozenset[str],
        waiting: Mapping[str, Outcome],
    ) -> tuple[list[WrittenItem], list[Asked]]:
        """Return the removals with their outcomes, and what is asked about them."""
        how = self.connector.sync.when_removed
        line = policy.removal_line()
        rows = approvals_of(self.ledger, self.listings, [one.sku for one in items if one.sku])
        reasons = self._removal_reasons(policy, of_run)
        decided, asked = [], []
        for item in items:
            if item.outcome not in _UNDECIDED or not item.sku:
                decided.append(item)
                continue
            row = rows.get(item.sku)
            own = set(reasons)
            if row is not None and row.state in {"asked", "refused"}:
                former = set(row.reasons)
                own |= former - POLICIES if self.connector.approval.policy == "never" else former
            hash_ = question_hash(Plan(item.sku, Method.DELETE if how == "delete" else Method.PATCH).hash)
            state = row.state if row is not None and row.hash == hash_ else None
            arrival = waiting.get(item.pim_id) if item.pim_id else None
            if arrival is not None and state not in _ALLOWED:
                # A renamed SKU: the old one stays on sale until the new one may go there.
                own.add("renamed")
            if not own or (state in _ALLOWED and arrival is None):
                approval = hash_ if own else ""
                decided.append(
                    msgspec.structs.replace(item, outcome=Outcome.READY, note="", approval=approval)
                )
                continue
            outcome = Outcome.REFUSED if state == "refused" else Outcome.WAITING
            names = tuple(sorted(own))
            why = self.messages.phrase(f"approval.note_{outcome}_all", reasons=self._worded(names))
            note = "; ".join(filter(None, (item.remark, why)))
            decided.append(msgspec.structs.replace(item, outcome=outcome, note=note, approval=""))
            asked.append(Asked(item.sku, item.pim_id or None, "remove", hash_, names, (line,)))
        return decided, asked

    def _note(self, outcome: Outcome, question: tuple[Change, ...], plan: Plan, names: Iterable[str]) -> str:
        """Return the remark on what waits or was refused."""
        why = self._worded(names)
        if len(question) == len(plan.changes):
            return self.messages.phrase(f"approval.note_{outcome}_all", reasons=why)
        attributes = sorted({change.leaf.attribute for change in question})
        return self.messages.phrase(f"approval.note_{outcome}_some", attributes=attributes, reasons=why)

    def _worded(self, names: Iterable[str]) -> list[str]:
        return [self.messages.phrase(f"approval.reason_{name}") for name in names]


def _is_ready(item: TestedItem) -> bool:
    return item.outcome is Outcome.READY


def _moves(item: TestedItem) -> bool:
    """Return whether an item's plan writes its relation to its parent."""
    return item.plan is not None and not item.plan.attributes.isdisjoint(FAMILY_ATTRIBUTES)


def _decided(
    item: TestedItem,
    outcome: Outcome,
    note: str = "",
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
