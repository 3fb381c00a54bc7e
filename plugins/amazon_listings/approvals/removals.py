"""Decide which listings whose items left may go off sale now, and which removals are asked about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from amazon_listings.approvals.guards import REMOVED
from amazon_listings.approvals.policy import ALWAYS, FIRST, POLICIES, Policy
from amazon_listings.approvals.verdicts import ALLOWED, reasons_of
from amazon_listings.ledger.approvals.progress import approval_states, approvals_of
from amazon_listings.ledger.approvals.questions import Asked
from amazon_listings.remarks import remark
from amazon_listings.runs.extract.removed_items import REPEATED
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.plan import Method, Plan, question_hash
from amazon_listings.runs.records import REMOVED as REMOVED_STAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.approvals.progress import Approval
    from amazon_listings.ledger.items.payloads import ListingScope
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.records import WrittenItem

#: What an earlier try of the step may have decided about a removal; it is decided again.
_UNDECIDED = frozenset({Outcome.READY, Outcome.WAITING, Outcome.REFUSED})


def undecided(folder: RunFolder) -> Iterator[WrittenItem]:
    """Yield the removals of a run that are to be decided about."""
    for part in folder.parts(REMOVED_STAGE):
        if part != REPEATED:
            yield from (one for one in folder.read(REMOVED_STAGE, part) if one.outcome in _UNDECIDED)


@dataclass(frozen=True)
class RemovalDecisions:
    """Decides about removals.

    Args:
        connector: The connector that runs.
        ledger: The open ledger.
        listings: Whose listings.
        policy: The connector's policy.
        of_run: The guards that the run as a whole trips, as far as that is known.
    """

    connector: Connector
    ledger: Engine
    listings: ListingScope
    policy: Policy
    of_run: frozenset[str]

    def replaced(self, folder: RunFolder) -> frozenset[str]:
        """Return the items whose old SKU's removal waits."""
        if not self._reasons():
            return frozenset()
        items = list(undecided(folder))
        states = approval_states(self.ledger, self.listings, [one.sku for one in items if one.sku])
        return frozenset(
            one.pim_id for one in items if one.pim_id and states.get(one.sku or "") not in ALLOWED
        )

    def decide(
        self, items: Sequence[WrittenItem], waiting: Mapping[str, Outcome]
    ) -> tuple[list[WrittenItem], list[Asked]]:
        """Return removals with their outcomes, and what is asked about them.

        Args:
            items: The removals.
            waiting: The outcomes of the run's items that may not go, by their identity in the PIM.
        """
        rows = approvals_of(self.ledger, self.listings, [one.sku for one in items if one.sku])
        decided, asked = [], []
        for item in items:
            if item.outcome not in _UNDECIDED or not item.sku:
                decided.append(item)
                continue
            arrives = not item.pim_id or item.pim_id not in waiting
            one, question = self._judge(item, item.sku, rows.get(item.sku), arrives=arrives)
            decided.append(one)
            if question is not None:
                asked.append(question)
        return decided, asked

    def _judge(
        self, item: WrittenItem, sku: str, row: Approval | None, *, arrives: bool
    ) -> tuple[WrittenItem, Asked | None]:
        """Judge one removal; `arrives`: what replaces the listing, if anything does, goes in this run."""
        method = Method.DELETE if self.connector.sync.when_removed == "delete" else Method.PATCH
        digest = question_hash(Plan(sku, method).hash)
        state = row.state if row is not None and row.hash == digest else None
        own = self._reasons() | self._former(row)
        if not arrives and state not in ALLOWED:
            # A renamed SKU: the old one stays on sale until the new one may go there.
            own.add("renamed")
        if not own or (state in ALLOWED and arrives):
            ready = msgspec.structs.replace(
                item, outcome=Outcome.READY, note=(), approval=digest if own else ""
            )
            return ready, None
        outcome = Outcome.REFUSED if state == "refused" else Outcome.WAITING
        names = tuple(sorted(own))
        why = remark(f"approval.note_{outcome}_all", reasons=reasons_of(names))
        waits = msgspec.structs.replace(item, outcome=outcome, note=item.remark + why, approval="")
        line = self.policy.removal_line()
        return waits, Asked(sku, item.pim_id or None, "remove", digest, names, (line,))

    def _reasons(self) -> set[str]:
        """Return why every removal of this run is asked about."""
        reasons = {REMOVED} & self.of_run
        if self.connector.approval.policy == ALWAYS:
            reasons.add(ALWAYS)
        elif (
            self.connector.approval.policy == FIRST and self.policy.removal_line() not in self.policy.approved
        ):
            reasons.add(FIRST)
        return reasons

    def _former(self, row: Approval | None) -> set[str]:
        """Return the reasons of an earlier question about a removal that was left open or refused."""
        if row is None or row.state not in {"asked", "refused"}:
            return set()
        return set(row.reasons) - (POLICIES if self.connector.approval.policy == "never" else set())
