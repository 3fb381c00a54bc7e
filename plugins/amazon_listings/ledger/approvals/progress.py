"""Approvals: items that runs asked a person about, and how far each has come.

A row holds the changes that are asked about. `approval_questions` enters rows, `approval_answers` takes them
from asked to sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import and_, func, select, true

from amazon_listings.ledger.connectors.keys import current_id
from amazon_listings.ledger.content import unpacked
from amazon_listings.ledger.database import by_column, in_parts, reading
from amazon_listings.ledger.tables import approvals, connectors

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Engine, Row, Select

    from amazon_listings.ledger.items.payloads import ListingScope

#: `sending`: claimed by a run that sends it; `sent`: Amazon accepted it.
State = Literal["asked", "approved", "refused", "sending", "sent"]
#: The reason of what was approved as a part of the plan of a configuration, before any run asked.
PLANNED = "planned"
#: What becomes of a listing.
Kind = Literal["create", "change", "remove"]


@dataclass(frozen=True)
class Approval:
    """The row of an item; `connector_id` is the id that its connector has today.

    `packed_changes` is only there where the changes were asked for.
    """

    connector_key: str
    connector_id: str
    seller_id: str
    marketplace_id: str
    sku: str
    pim_id: str | None
    product_type: str
    question: int
    run: int
    kind: Kind
    hash: str
    state: State
    reasons: tuple[str, ...]
    lines: tuple[str, ...]
    asked_at: datetime
    lapses_at: datetime
    answered_at: datetime | None
    answered_by: str | None
    packed_changes: bytes | None = None

    @property
    def changes(self) -> object:
        """The changes as JSON data.

        Raises:
            LedgerDamaged: they are not what was written.
        """
        return unpacked(self.packed_changes) or ()

    def lapsed(self, now: datetime) -> bool:
        """Return whether there was no answer in time."""
        return self.state == "asked" and self.lapses_at <= now


@dataclass(frozen=True)
class ApprovalFilter:
    """Which rows are wanted; what is left as by default does not count.

    Args:
        connectors: Keys of connectors.
        questions: Numbers of questions.
        skus: These SKUs.
        without: Not these SKUs.
        states: In one of these states.
    """

    connectors: Collection[str] = ()
    questions: Collection[int] = ()
    skus: Collection[str] = ()
    without: Collection[str] = ()
    states: Collection[State] = ()


EVERY = ApprovalFilter()


def approvals_of(ledger: Engine, listings: ListingScope, skus: Iterable[str]) -> dict[str, Approval]:
    """Return the rows of these SKUs, with their changes."""
    found: dict[str, Approval] = {}
    for names in by_column(skus):
        with reading(ledger) as connection:
            rows = connection.execute(approval_rows(changes=True).where(about(listings, list(names)))).all()
        found |= {names[row.sku]: approval_of(row) for row in rows}
    return found


def approval_states(ledger: Engine, listings: ListingScope, skus: Iterable[str]) -> dict[str, State]:
    """Return the states of the rows of these SKUs."""
    found: dict[str, State] = {}
    for names in by_column(skus):
        with reading(ledger) as connection:
            rows = connection.execute(
                select(approvals.c.sku, approvals.c.state).where(about(listings, list(names)))
            ).all()
        found |= {names[row.sku]: row.state for row in rows}
    return found


def find_approvals(
    ledger: Engine, where: ApprovalFilter = EVERY, *, changes: bool = False
) -> Iterator[Approval]:
    """Yield rows by connector, question and SKU, a part at a time; with `changes`, what is asked too."""
    order = (approvals.c.connector_key, approvals.c.question, approvals.c.sku)
    wanted = approval_rows(changes=changes).where(_condition(where))
    yield from map(approval_of, in_parts(ledger, wanted, *order))


def approved_skus(ledger: Engine, connector_key: str, *, kind: Kind | None = None) -> list[str]:
    """Return the SKUs of which a change was approved and not accepted yet, in order."""
    table = approvals.c
    condition = and_(
        table.connector_key == connector_key,
        table.state.in_(("approved", "sending")),
        table.kind == kind if kind is not None else true(),
    )
    with reading(ledger) as connection:
        return list(connection.scalars(select(table.sku).where(condition).order_by(table.sku)))


def approved_by_connector(ledger: Engine) -> dict[str, int]:
    """Return of how many items of each connector a change was approved and not accepted yet."""
    table = approvals.c
    condition = and_(table.sku.is_not(None), table.state.in_(("approved", "sending")))
    wanted = select(table.connector_key, func.count()).where(condition).group_by(table.connector_key)
    with reading(ledger) as connection:
        return dict(connection.execute(wanted).tuples().all())


#: The fields of an approval that its row has as they are.
_COPIED = tuple(Approval.__dataclass_fields__.keys() - {"reasons", "lines", "packed_changes"})


def approval_rows(*, changes: bool) -> Select[Any]:
    """Return the query of rows with the ids of their connectors; with `changes`, what is asked too."""
    columns = [one for one in approvals.c if changes or one.name != "changes"]
    return select(*columns, current_id(approvals)).outerjoin(
        connectors, connectors.c.key == approvals.c.connector_key
    )


def approval_of(row: Row[Any]) -> Approval:
    """Return the approval of a row of `approval_rows`."""
    found = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    return Approval(
        **{name: found[name] for name in _COPIED},
        reasons=tuple(row.reasons),
        lines=tuple(row.lines),
        packed_changes=found.get("changes"),
    )


def about(listings: ListingScope, skus: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a row is about one of these SKUs of a connector."""
    return among(listings.connector_key, listings.seller_id, listings.marketplace_id, skus)


def among(
    connector_key: str, seller_id: str, marketplace_id: str, skus: Sequence[str]
) -> ColumnElement[bool]:
    """Return the condition that a row is about one of these SKUs."""
    table = approvals.c
    return and_(
        table.connector_key == connector_key,
        table.seller_id == seller_id,
        table.marketplace_id == marketplace_id,
        table.sku.in_(skus),
    )


def _condition(where: ApprovalFilter) -> ColumnElement[bool]:
    table = approvals.c
    conditions: list[ColumnElement[bool]] = [table.sku.is_not(None)]
    for column, wanted in (
        (table.connector_key, where.connectors),
        (table.question, where.questions),
        (table.sku, where.skus),
        (table.state, where.states),
    ):
        if wanted:
            conditions.append(column.in_(list(wanted)))
    if where.without:
        conditions.append(table.sku.not_in(list(where.without)))
    return and_(*conditions)
