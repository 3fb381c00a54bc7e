"""Enter what a person answered, and what became of it.

What may be sent is claimed just before it goes out: from then on a refusal comes too late, and until then
it is in time.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, or_, select, true, update

from amazon_listings.ledger.approvals.lines import approve_lines
from amazon_listings.ledger.approvals.progress import (
    PLANNED,
    about,
    among,
    approval_of,
    approval_rows,
    find_approvals,
)
from amazon_listings.ledger.database import CHUNK, by_column, chunks
from amazon_listings.ledger.tables import approvals

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Engine

    from amazon_listings.ledger.approvals.progress import Approval, ApprovalFilter, State
    from amazon_listings.ledger.items.payloads import ListingScope


def answer(
    ledger: Engine,
    where: ApprovalFilter,
    *,
    approved: bool,
    by: str,
    hashes: Mapping[tuple[str, str], str] | None = None,
    now: datetime | None = None,
) -> list[Approval]:
    """Enter a person's answer; return the rows that it holds for.

    An approval holds for what is asked and has not lapsed, and for what was refused where SKUs are named. A
    refusal holds for whatever is not being sent yet.

    Args:
        ledger: The open ledger.
        where: The rows that are meant; its `states` are left to this function.
        approved: Yes or no.
        by: Who answered.
        hashes: The hashes that the person saw, by connector key and SKU; None: as the rows are now.
        now: This moment, if None.
    """
    now = now or datetime.now(UTC)
    meant_states: tuple[State, ...] = ("asked", "approved")
    if approved:
        meant_states = ("asked", "refused") if where.skus else ("asked",)
    open_ = and_(
        approvals.c.state.in_(meant_states),
        or_(approvals.c.state != "asked", approvals.c.lapses_at > now) if approved else true(),
    )
    answered: list[Approval] = []
    values = {"state": "approved" if approved else "refused", "answered_at": now, "answered_by": by[:128]}
    meant = (
        row
        for row in find_approvals(ledger, replace(where, states=meant_states))
        if hashes is None or hashes.get((row.connector_key, row.sku)) == row.hash
    )
    for chunk in chunks(list(meant), CHUNK):
        with ledger.begin() as connection:
            for scope, rows in _by_scope(chunk).items():
                right = _held(connection, and_(scope.among(list(rows)), open_), rows)
                connection.execute(update(approvals).where(scope.among(right)).values(**values))
                answered += [rows[sku] for sku in right]
    return answered


def claim(ledger: Engine, listings: ListingScope, hashes: Mapping[str, str]) -> set[str]:
    """Claim approved changes for sending, by SKU and hash; return the SKUs that may be sent.

    What a run claimed before and could not send stays claimed.
    """
    claimed: set[str] = set()
    for names in by_column(sorted(hashes)):
        with ledger.begin() as connection:
            rows = connection.execute(
                select(approvals.c.sku, approvals.c.hash)
                .where(about(listings, list(names)), approvals.c.state.in_(("approved", "sending")))
                .with_for_update()
            ).all()
            right = [row.sku for row in rows if row.hash == hashes[names[row.sku]]]
            connection.execute(update(approvals).where(about(listings, right)).values(state="sending"))
        claimed.update(names[sku] for sku in right)
    return claimed


def mark_sent(ledger: Engine, listings: ListingScope, hashes: Mapping[str, str]) -> None:
    """Enter that approved changes were accepted, by SKU and hash.

    The lines of what was approved with a plan count as approved from now on, and not before: what the PIM
    had changed meanwhile was asked about.
    """
    planned: dict[str | None, list[Approval]] = {}
    for names in by_column(sorted(hashes)):
        with ledger.begin() as connection:
            under_way = and_(about(listings, list(names)), approvals.c.state == "sending")
            rows = connection.execute(
                approval_rows(changes=False).where(under_way).with_for_update(of=approvals)
            ).all()
            sent = [row for row in rows if row.hash == hashes[names[row.sku]]]
            connection.execute(
                update(approvals).where(about(listings, [row.sku for row in sent])).values(state="sent")
            )
            for row in sent:
                if PLANNED in row.reasons:
                    planned.setdefault(row.answered_by, []).append(approval_of(row))
    for by, rows_of_person in planned.items():
        approve_lines(ledger, rows_of_person, by=by)


class _Scope(NamedTuple):
    """A connector's listings of an account and marketplace."""

    connector_key: str
    seller_id: str
    marketplace_id: str

    def among(self, skus: Sequence[str]) -> ColumnElement[bool]:
        """Return the condition that a row is about one of these SKUs."""
        return among(self.connector_key, self.seller_id, self.marketplace_id, skus)


def _by_scope(rows: Iterable[Approval]) -> dict[_Scope, dict[str, Approval]]:
    """Return rows by SKU, by whose listings they are about."""
    found: dict[_Scope, dict[str, Approval]] = {}
    for row in rows:
        found.setdefault(_Scope(row.connector_key, row.seller_id, row.marketplace_id), {})[row.sku] = row
    return found


def _held(connection: Connection, where: ColumnElement[bool], rows: Mapping[str, Approval]) -> list[str]:
    """Return the SKUs of rows that are still as they were read, and lock them."""
    now = connection.execute(select(approvals.c.sku, approvals.c.hash).where(where).with_for_update()).all()
    same = {row.sku for row in now if row.hash == rows[row.sku].hash}
    return [sku for sku in rows if sku in same]
