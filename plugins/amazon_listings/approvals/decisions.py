"""Decide about the items of a run: what may go to Amazon now, and what a person is asked.

Each item is judged by itself first; what the run would change as a whole may then stop more of it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.approvals.guards import RunTally, run_reasons
from amazon_listings.approvals.policy import Policy, Reasons
from amazon_listings.approvals.removals import RemovalDecisions, undecided
from amazon_listings.approvals.verdicts import ALLOWED, Judge, Standard, Verdict
from amazon_listings.ledger.approvals.lines import lines_approved
from amazon_listings.ledger.approvals.progress import approvals_of
from amazon_listings.ledger.approvals.questions import Asked, ask, forget_approvals
from amazon_listings.ledger.items.known import contents_of, known_items
from amazon_listings.ledger.items.leavers import count_listed
from amazon_listings.ledger.items.states import count_states
from amazon_listings.mapping.families.members import FAMILY_ATTRIBUTES
from amazon_listings.runs.extract.notations import columns_of
from amazon_listings.runs.extract.removed_items import REPEATED
from amazon_listings.runs.listings.quantities import merchant_quantity
from amazon_listings.runs.notes import ApprovalNote
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.plan import Method
from amazon_listings.runs.records import APPROVED, MAPPED, REMOVED, TESTED
from amazon_listings.runs.scope import Scope
from amazon_listings.runs.tested_plans import without_changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.approvals.progress import Approval
    from amazon_listings.ledger.items.payloads import ListingScope
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.plan import Plan
    from amazon_listings.runs.records import TestedItem
    from amazon_listings.runs.tested_plans import TestedPlans
    from amazon_listings.selling_partner.content.leaves import Layout


class _Judged(NamedTuple):
    """An item that passed, and what has to be allowed of it, whatever else the run changes."""

    item: TestedItem
    plan: Plan | None
    reasons: Reasons

    @property
    def puts(self) -> bool:
        """Whether its listing is put whole."""
        return self.plan is not None and self.plan.method == Method.PUT


class _Part(NamedTuple):
    """What is decided about the items of a part; `settled`: SKUs whose earlier question holds no more."""

    verdicts: list[Verdict]
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
        plans: Reads the plans.
        now: This moment.
    """

    connector: Connector
    folder: RunFolder
    ledger: Engine
    listings: ListingScope
    run: int
    layout: Layout
    defaults: Mapping[str, Any]
    plans: TestedPlans
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def decide(self) -> ApprovalNote:
        """Decide about every item that passed and every listing whose item left; ask what is open."""
        self.folder.forget(ApprovalNote)
        self.folder.clear(APPROVED)
        policy, tally = self._policy(), RunTally()
        found = self._written(self._standard(policy, frozenset()), tally)
        of_run = self._run_reasons(tally)
        if of_run:
            found = self._written(self._standard(policy, of_run), RunTally())
        forget_approvals(self.ledger, self.listings, self.run, sorted(found.settled))
        self._decide_removals(self._removals(policy, of_run), found)
        patience = timedelta(hours=self.connector.approval.hours)
        question = ask(self.ledger, self.listings, self.run, found.asked, patience=patience, now=self.now)
        note = ApprovalNote(
            ready=found.counts[Outcome.READY],
            waiting=found.counts[Outcome.WAITING],
            refused=found.counts[Outcome.REFUSED],
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
        of_run = self._run_reasons(tally)
        if of_run:
            found = self._reasons_asked(self._standard(policy, of_run), RunTally())
        return dict(found)

    def _reasons_asked(self, standard: Standard, tally: RunTally) -> Counter[str]:
        """Return how many items are asked about, by reason; under `""` how many in all."""
        counts: Counter[str] = Counter()
        for part in self.folder.parts(TESTED):
            for verdict in self._part(part, standard, tally).verdicts:
                if verdict.asked is not None:
                    counts.update(("", *verdict.asked.reasons))
        return counts

    def _decide_removals(self, removals: RemovalDecisions, found: _Found) -> None:
        """Write what is decided of each removal, and add it to what was found."""
        for part in self.folder.parts(REMOVED):
            items = list(self.folder.read(REMOVED, part))
            if part != REPEATED:
                items, asked = removals.decide(items, found.waiting)
                self.folder.write(REMOVED, part, items)
                found.asked += asked
            found.counts.update(one.outcome for one in items)

    def _removals(self, policy: Policy, of_run: frozenset[str]) -> RemovalDecisions:
        return RemovalDecisions(self.connector, self.ledger, self.listings, policy, of_run)

    def _policy(self) -> Policy:
        return Policy(
            self.connector,
            lines_approved(self.ledger, self.listings),
            self.layout,
            self.defaults,
            columns_of(self.folder),
        )

    def _standard(self, policy: Policy, of_run: frozenset[str]) -> Standard:
        """Return what items are judged by, as far as it is known what the run as a whole trips."""
        return Standard(policy, of_run, self._removals(policy, of_run).replaced(self.folder))

    def _written(self, standard: Standard, tally: RunTally) -> _Found:
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
        for item, plan, reasons in ready.values():
            row = rows.get(item.sku or "")
            if plan is None or reasons.whole or (row is not None and row.state in ALLOWED):
                continue
            before = known.get(item.sku or "")
            again = before is not None and before.state not in {None, "deleted"}
            if item.makes:
                tally.add_made(vanished=again)
                continue
            going = [one for one in plan.changes if one.leaf not in reasons.leaves]
            made = plan.method == Method.PUT and all(one.before is None for one in going)
            tally.add(item.sku or "", going, created=bool(going) and made, vanished=bool(going) and again)

    def _run_reasons(self, tally: RunTally) -> frozenset[str]:
        """Return the guards that the run as a whole trips; count its removals in the tally first."""
        tally.removed = sum(1 for _ in undecided(self.folder))
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

    def _part(self, part: str, standard: Standard, tally: RunTally) -> _Part:
        """Return what is decided about the items of a part that passed; count them in the run's tally."""
        tested = list(self.folder.read(TESTED, part))
        rows = approvals_of(self.ledger, self.listings, [item.sku for item in tested if item.sku])
        ready = self._judged(part, tested, rows, standard)
        self._count(tally, ready, rows)
        verdicts = self._verdicts(ready, rows, standard)
        unchanged = {item.sku for item in tested if item.sku and item.outcome is Outcome.UNCHANGED}
        settled = {one.approved.sku for one in verdicts if one.settled and one.approved.sku}
        return _Part(verdicts, (unchanged | settled) & rows.keys())

    def _judged(
        self, part: str, tested: Iterable[TestedItem], rows: Mapping[str, Approval], standard: Standard
    ) -> dict[str, _Judged]:
        """Return the items that passed, each with what has to be allowed of it by itself."""
        ready = {item.pim_id: item for item in tested if _is_ready(item)}
        wanted = self._wanted(part, ready)
        # A listing that is made without a question needs no changes.
        unasked = {
            pim_id: without_changes(item)
            for pim_id, item in ready.items()
            if item.makes and not standard.asks(item, rows.get(item.sku or ""))
        }
        looked_at = [item for pim_id, item in ready.items() if pim_id not in unasked]
        plans = unasked | self.plans.of(part, looked_at)
        found = {}
        for pim_id, item in ready.items():
            plan = plans.get(pim_id)
            reasons = standard.policy.reasons(plan, wanted.get(pim_id, {})) if plan is not None else Reasons()
            found[pim_id] = _Judged(item, plan, reasons)
        return found

    def _verdicts(
        self, judged: Mapping[str, _Judged], rows: Mapping[str, Approval], standard: Standard
    ) -> list[Verdict]:
        judge = Judge(asks_by_policy=self.connector.approval.policy != "never")
        ready = {pim_id: one.item for pim_id, one in judged.items()}
        verdicts = {
            pim_id: judge.judge(item, plan, reasons, rows.get(item.sku or ""), standard)
            for pim_id, (item, plan, reasons) in judged.items()
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
                verdicts[pim_id] = judge.with_parent(item, verdicts[pim_id])
            elif named is not None and item.sku not in named:
                verdicts[pim_id] = judge.beside_approved(verdicts[pim_id])
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


def _is_ready(item: TestedItem) -> bool:
    return item.outcome is Outcome.READY


def _moves(item: TestedItem) -> bool:
    """Return whether an item's plan writes its relation to its parent, as that of each new child does."""
    return item.makes or (item.plan is not None and not item.plan.attributes.isdisjoint(FAMILY_ATTRIBUTES))
