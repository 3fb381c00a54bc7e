"""Answer what was asked: enter a person's yes or no, and what follows from it for later runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_listings.ledger.approvals.answers import answer
from amazon_listings.ledger.approvals.lines import approve_lines
from amazon_listings.ledger.approvals.progress import ApprovalFilter, find_approvals
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import APPROVED, REMOVED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Engine

    from amazon_listings.ledger.approvals.progress import Approval, State
    from amazon_listings.runs.folder import RunFolder


def answer_items(
    ledger: Engine,
    where: ApprovalFilter,
    *,
    approved: bool,
    by: str,
    hashes: Mapping[tuple[str, str], str] | None = None,
) -> list[Approval]:
    """Answer the items that are meant; return those that the answer holds for.

    Who approves all items, or all but some, approves their mapping lines: later values of these lines go
    without a question. Who approves some by name approves these items and nothing else.

    Args:
        ledger: The open ledger.
        where: The items.
        approved: Yes or no.
        by: Who answered.
        hashes: The hashes that the person saw, by connector key and SKU; None: as the rows are now.
    """
    rows = answer(ledger, where, approved=approved, by=by, hashes=hashes)
    if approved and not where.skus:
        approve_lines(ledger, rows, by=by)
    return rows


def answer_run(
    folder: RunFolder, ledger: Engine, connector_key: str, *, approved: bool, by: str
) -> list[Approval]:
    """Answer everything that waits in a run."""
    skus = {
        item.sku
        for part in folder.parts(APPROVED)
        for item in folder.index(APPROVED, part)
        if item.outcome is Outcome.WAITING or item.waits
    } | {
        item.sku
        for part in folder.parts(REMOVED)
        for item in folder.read(REMOVED, part)
        if item.outcome is Outcome.WAITING
    }
    states: tuple[State, ...] = ("asked",)
    open_ = ApprovalFilter(connectors=(connector_key,), states=states)
    rows = [row for row in find_approvals(ledger, open_) if row.sku in skus]
    hashes = {(row.connector_key, row.sku): row.hash for row in rows}
    return answer_items(ledger, open_, approved=approved, by=by, hashes=hashes) if rows else []
