"""Approvals: items that runs asked a person about, and how far each has come.

A row holds the changes that are asked about. `approval_questions` enters rows, `approval_answers` takes them
from asked to sent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from sqlalchemy import Text, and_, cast, false, func, or_, select, true, tuple_

from amazon_listings.ledger.columns import SKU
from amazon_listings.ledger.connectors.keys import current_id
from amazon_listings.ledger.content import searchable, unpacked
from amazon_listings.ledger.database import CHUNK, by_column, in_parts, reading
from amazon_listings.ledger.tables import approvals, connectors, item_states

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
#: What a change of a listing touches; of others than these attributes, a picture or the text.
Touched = Literal["price", "quantity", "text", "image"]
#: What rows are narrowed to by what becomes of a listing, or by what its changes touch.
MADE, TOUCHED = ("create", "remove"), ("price", "quantity", "text", "image")
#: States of what may be sent.
_APPROVED: tuple[State, ...] = ("approved", "sending")
_ORDER = (approvals.c.connector_key, approvals.c.question, approvals.c.sku)


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
        open_at: Those that wait for an answer at this moment: asked, and not lapsed.
        text: Whose SKU, PIM identity or name contains it.
        what: Of which this becomes (`create`, `remove`), or whose changes touch it (`price`, `quantity`,
            `text`, `image`).
    """

    connectors: Collection[str] = ()
    questions: Collection[int] = ()
    skus: Collection[str] = ()
    without: Collection[str] = ()
    states: Collection[State] = ()
    open_at: datetime | None = None
    text: str = ""
    what: str = ""


class Position(NamedTuple):
    """Where a row is in the order of rows."""

    connector_key: str
    question: int
    sku: str


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
    ledger: Engine,
    where: ApprovalFilter = EVERY,
    *,
    changes: bool = False,
    after: Position | None = None,
    most: int | None = None,
) -> Iterator[Approval]:
    """Yield rows by connector, question and SKU, a part at a time.

    Args:
        ledger: The open ledger.
        where: Which.
        changes: Whether to read what is asked, too.
        after: The position of the row behind which to begin.
        most: How many at most; None: all.
    """
    wanted = approval_rows(changes=changes).where(_condition(where))
    if after is not None:
        place = after._replace(sku=SKU.fitted(after.sku))
        wanted = wanted.where(tuple_(*_ORDER) > tuple_(*place))
    size = CHUNK if most is None else min(CHUNK, most)
    yield from map(approval_of, islice(in_parts(ledger, wanted, *_ORDER, size=size), most))


def largest_price_moves(ledger: Engine, where: ApprovalFilter, most: int) -> list[Approval]:
    """Return the rows, with what is asked, that move a price by the largest shares."""
    wanted = approval_rows(changes=True).where(_condition(where), approvals.c.price_share.is_not(None))
    with reading(ledger) as connection:
        rows = connection.execute(wanted.order_by(approvals.c.price_share.desc(), *_ORDER).limit(most)).all()
    return [approval_of(row) for row in rows]


def count_approvals(ledger: Engine, where: ApprovalFilter) -> int:
    """Return how many rows there are."""
    with reading(ledger) as connection:
        return int(
            connection.scalar(select(func.count()).select_from(approvals).where(_condition(where))) or 0
        )


@dataclass(frozen=True)
class Tally:
    """Rows that have all of this in common, how many they are, and when the first of them lapses."""

    question: int
    kind: Kind
    reasons: tuple[str, ...]
    touches: tuple[str, ...]
    count: int
    lapses_at: datetime


def tallies(ledger: Engine, where: ApprovalFilter) -> list[Tally]:
    """Count rows by all that pages and questions say of them, in the order of the first row of each."""
    table = approvals.c
    reasons = cast(table.reasons, Text)
    common = (table.question, table.kind, reasons, table.touches)
    wanted = select(*common, func.count(), func.min(table.lapses_at), func.min(table.sku))
    with reading(ledger) as connection:
        rows = connection.execute(wanted.where(_condition(where)).group_by(*common)).all()
        return [
            Tally(question, kind, tuple(json.loads(why)), tuple(touches.split()), count, lapses_at)
            for question, kind, why, touches, count, lapses_at, _ in sorted(
                rows, key=lambda row: (row[0], row[-1])
            )
        ]


def approved_skus(ledger: Engine, connector_key: str, *, kind: Kind | None = None) -> list[str]:
    """Return the SKUs of which a change was approved and not accepted yet, in order."""
    table = approvals.c
    condition = and_(
        table.connector_key == connector_key,
        table.state.in_(_APPROVED),
        table.kind == kind if kind is not None else true(),
    )
    with reading(ledger) as connection:
        return list(connection.scalars(select(table.sku).where(condition).order_by(table.sku)))


def count_approved(ledger: Engine, connector_key: str) -> int:
    """Return of how many items of a connector a change was approved and not accepted yet."""
    return count_approvals(ledger, ApprovalFilter(connectors=(connector_key,), states=_APPROVED))


def approved_by_connector(ledger: Engine) -> dict[str, int]:
    """Return of how many items of each connector a change was approved and not accepted yet."""
    table = approvals.c
    condition = and_(table.sku.is_not(None), table.state.in_(_APPROVED))
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
    if where.open_at is not None:
        conditions += [table.state == "asked", table.lapses_at > where.open_at]
    if where.what in MADE:
        conditions.append(table.kind == where.what)
    elif where.what in TOUCHED:
        conditions.append(table.touches.contains(where.what))
    elif where.what:
        conditions.append(false())
    if text := where.text.strip():
        conditions.append(_has(searchable(text), where))
    return and_(*conditions)


def _has(text: str, where: ApprovalFilter) -> ColumnElement[bool]:
    """Return the condition that a text is in the SKU of a row, or in what is known of its item."""
    state = item_states.c
    named = select(state.connector_key, state.pim_id).where(state.search.contains(text, autoescape=True))
    if where.connectors:
        named = named.where(state.connector_key.in_(list(where.connectors)))
    return or_(
        approvals.c.search.contains(text, autoescape=True),
        tuple_(approvals.c.connector_key, approvals.c.pim_id).in_(named),
    )
