"""Approvals: what runs asked a person, item by item, and what the person answered.

A run that has something to ask enters one question and a row for each item. A row holds the changes that
are asked about; a newer change of the item replaces it, the same change keeps it with its age and answer.
What may be sent is claimed just before it goes out: from then on a refusal comes too late, and until then
it is in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from sqlalchemy import and_, delete, func, not_, or_, select, true, update

from amazon_listings.ledger.approved_lines import approve_lines
from amazon_listings.ledger.columns import SKU
from amazon_listings.ledger.connectors import current_id
from amazon_listings.ledger.content import packed, unpacked
from amazon_listings.ledger.database import CHUNK, chunks, insert_into, reading
from amazon_listings.ledger.tables import approvals, connectors, questions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import timedelta

    from sqlalchemy import ColumnElement, Connection, Engine, Row

    from amazon_listings.ledger.items import ListingScope

#: `sending`: claimed by a run that sends it; `sent`: Amazon accepted it.
State = Literal["asked", "approved", "refused", "sending", "sent"]
#: The reason of what was approved as a part of the plan of a configuration, before any run asked.
PLANNED = "planned"
_KEY = ("connector_key", "seller_id", "marketplace_id", "sku")
_NO_CHANGES = packed(())
#: What becomes of a listing.
Kind = Literal["create", "change", "remove"]


@dataclass(frozen=True)
class Asked:
    """An item that a run asks about.

    Args:
        sku: Its SKU.
        pim_id: The PIM's identity of it.
        kind: What becomes of its listing.
        hash: The hash of the changes that are asked about.
        reasons: Why: `first`, `always`, or names of guards.
        lines: The mapping lines behind the changes.
        changes: The changes as JSON, packed: a run may ask about each of its items.
    """

    sku: str
    pim_id: str | None
    kind: Kind
    hash: str
    reasons: tuple[str, ...]
    lines: tuple[str, ...] = ()
    changes: bytes = _NO_CHANGES


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
    def changes(self) -> Any:
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
    for chunk in chunks(skus, CHUNK):
        names = {SKU.fitted(sku): sku for sku in chunk}
        with reading(ledger) as connection:
            rows = connection.execute(_rows(changes=True).where(_of(listings, list(names)))).all()
        found |= {names[row.sku]: _approval(row) for row in rows}
    return found


def approval_states(ledger: Engine, listings: ListingScope, skus: Iterable[str]) -> dict[str, State]:
    """Return the states of the rows of these SKUs."""
    found: dict[str, State] = {}
    for chunk in chunks(skus, CHUNK):
        names = {SKU.fitted(sku): sku for sku in chunk}
        with reading(ledger) as connection:
            rows = connection.execute(
                select(approvals.c.sku, approvals.c.state).where(_of(listings, list(names)))
            ).all()
        found |= {names[row.sku]: row.state for row in rows}
    return found


def find_approvals(
    ledger: Engine, where: ApprovalFilter = EVERY, *, changes: bool = False
) -> Iterator[Approval]:
    """Yield rows by connector, question and SKU, a part at a time; with `changes`, what is asked too."""
    last: tuple[str, int, str] = ("", 0, "")
    order = (approvals.c.connector_key, approvals.c.question, approvals.c.sku)
    while True:
        after = or_(
            order[0] > last[0],
            and_(order[0] == last[0], order[1] > last[1]),
            and_(order[0] == last[0], order[1] == last[1], order[2] > last[2]),
        )
        with reading(ledger) as connection:
            rows = connection.execute(
                _rows(changes=changes).where(_condition(where), after).order_by(*order).limit(CHUNK)
            ).all()
        yield from map(_approval, rows)
        if len(rows) < CHUNK:
            return
        last = (rows[-1].connector_key, rows[-1].question, rows[-1].sku)


def ask(
    ledger: Engine,
    listings: ListingScope,
    run: int,
    items: Sequence[Asked],
    *,
    patience: timedelta,
    now: datetime | None = None,
) -> int | None:
    """Enter a question about items; return its number, None if there is nothing new to ask.

    A row of the same change stays as it is, unless there was no answer in time or it was sent before. So
    does one that a later run asked: runs of a connector may end in any order.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        run: The run's number.
        items: What is asked.
        patience: After which time the question lapses.
        now: This moment, if None.
    """
    if not items:
        return None
    now = now or datetime.now(UTC)
    open_ = {"state": "asked", "lapses_at": now + patience, "answered_at": None, "answered_by": None}
    # In one transaction: who sees a question sees all of its items.
    with ledger.begin() as connection:
        question = connection.execute(
            questions.insert().values(connector_key=listings.connector_key, run=run, asked_at=now)
        ).inserted_primary_key
        number = int(question[0]) if question is not None else 0
        own = _of_question(listings, run, number, now) | open_
        statement = insert_into(connection, approvals)
        new = statement.excluded
        changed = [column.name for column in approvals.c if column.name not in _KEY]
        statement = statement.on_conflict_do_update(
            index_elements=_KEY,
            set_={name: new[name] for name in changed},
            where=and_(
                approvals.c.run <= run,
                or_(
                    approvals.c.hash != new.hash,
                    approvals.c.state == "sent",
                    and_(approvals.c.state == "asked", approvals.c.lapses_at <= now),
                ),
            ),
        )
        for chunk in chunks(items, CHUNK):
            last = {item.sku: item for item in chunk}
            connection.execute(statement, [own | _entry(one) for one in last.values()])
        if not _asks(connection, number):
            connection.execute(delete(questions).where(questions.c.id == number))
            return None
    return number


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
    states: tuple[State, ...] = ("asked", "refused") if where.skus else ("asked",)
    open_ = and_(
        approvals.c.state.in_(states if approved else ("asked", "approved")),
        or_(approvals.c.state != "asked", approvals.c.lapses_at > now) if approved else true(),
    )
    answered: list[Approval] = []
    values = {"state": "approved" if approved else "refused", "answered_at": now, "answered_by": by[:128]}
    meant = (
        row
        for row in find_approvals(ledger, where)
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
    for chunk in chunks(sorted(hashes), CHUNK):
        names = {SKU.fitted(sku): sku for sku in chunk}
        with ledger.begin() as connection:
            rows = connection.execute(
                select(approvals.c.sku, approvals.c.hash)
                .where(_of(listings, list(names)), approvals.c.state.in_(("approved", "sending")))
                .with_for_update()
            ).all()
            right = [row.sku for row in rows if row.hash == hashes[names[row.sku]]]
            connection.execute(update(approvals).where(_of(listings, right)).values(state="sending"))
        claimed.update(names[sku] for sku in right)
    return claimed


def mark_sent(ledger: Engine, listings: ListingScope, hashes: Mapping[str, str]) -> None:
    """Enter that approved changes were accepted, by SKU and hash.

    The lines of what was approved with a plan count as approved from now on, and not before: what the PIM
    had changed meanwhile was asked about.
    """
    planned: list[Approval] = []
    for chunk in chunks(sorted(hashes), CHUNK):
        names = {SKU.fitted(sku): sku for sku in chunk}
        with ledger.begin() as connection:
            under_way = and_(_of(listings, list(names)), approvals.c.state == "sending")
            rows = connection.execute(
                _rows(changes=False).where(under_way).with_for_update(of=approvals)
            ).all()
            sent = [row for row in rows if row.hash == hashes[names[row.sku]]]
            connection.execute(
                update(approvals).where(_of(listings, [row.sku for row in sent])).values(state="sent")
            )
            planned += [_approval(row) for row in sent if PLANNED in row.reasons]
    for one in planned:
        approve_lines(ledger, [one], by=one.answered_by)


def approve_planned(
    ledger: Engine,
    listings: ListingScope,
    run: int,
    items: Iterable[Asked],
    *,
    by: str,
    now: datetime | None = None,
) -> int:
    """Enter changes that were approved as a part of a plan, before a run asks; return how many hold.

    What a person refused stays refused, and what is being sent is not touched.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        run: The connector's last run: what a later one asks replaces these.
        items: The changes.
        by: Who approved the plan.
        now: This moment, if None.
    """
    now = now or datetime.now(UTC)
    with ledger.begin() as connection:
        question = connection.execute(
            questions.insert().values(connector_key=listings.connector_key, run=run, asked_at=now)
        ).inserted_primary_key
        number = int(question[0]) if question is not None else 0
        own = _of_question(listings, run, number, now) | {
            "state": "approved",
            "lapses_at": now,
            "answered_at": now,
            "answered_by": by[:128],
        }
        statement = insert_into(connection, approvals)
        new = statement.excluded
        refused = and_(approvals.c.state == "refused", approvals.c.hash == new.hash)
        statement = statement.on_conflict_do_update(
            index_elements=_KEY,
            set_={column.name: new[column.name] for column in approvals.c if column.name not in _KEY},
            where=and_(approvals.c.run <= run, approvals.c.state != "sending", not_(refused)),
        )
        for chunk in chunks(items, CHUNK):
            connection.execute(statement, [own | _entry(one) for one in chunk])
        entered = _asks(connection, number)
        if not entered:
            connection.execute(delete(questions).where(questions.c.id == number))
    return entered


def _of_question(listings: ListingScope, run: int, question: int, now: datetime) -> dict[str, Any]:
    """Return what the rows of one question share."""
    return {
        "connector_key": listings.connector_key,
        "seller_id": listings.seller_id,
        "marketplace_id": listings.marketplace_id,
        "product_type": listings.product_type,
        "question": question,
        "run": run,
        "asked_at": now,
    }


def forget_approvals(ledger: Engine, listings: ListingScope, run: int, skus: Iterable[str]) -> None:
    """Delete the rows of items of which nothing is to be changed any more, as a run has found.

    What is being sent stays, and what a later run asked.
    """
    for chunk in chunks(skus, CHUNK):
        with ledger.begin() as connection:
            connection.execute(
                delete(approvals).where(
                    _of(listings, [SKU.fitted(sku) for sku in chunk]),
                    approvals.c.state != "sending",
                    approvals.c.run <= run,
                )
            )


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


def _asks(connection: Connection, question: int) -> int:
    """Return how many rows a question has."""
    count = select(func.count()).select_from(approvals).where(approvals.c.question == question)
    return int(connection.scalar(count) or 0)


def _entry(item: Asked) -> dict[str, Any]:
    return {
        "sku": item.sku,
        "pim_id": item.pim_id,
        "kind": item.kind,
        "hash": item.hash,
        "reasons": list(item.reasons),
        "lines": list(item.lines),
        "changes": item.changes,
    }


#: The fields of an approval that its row has as they are.
_COPIED = tuple(Approval.__dataclass_fields__.keys() - {"reasons", "lines", "packed_changes"})


def _rows(*, changes: bool) -> Any:
    columns = [one for one in approvals.c if changes or one.name != "changes"]
    return select(*columns, current_id(approvals)).outerjoin(
        connectors, connectors.c.key == approvals.c.connector_key
    )


def _approval(row: Row[Any]) -> Approval:
    found = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    return Approval(
        **{name: found[name] for name in _COPIED},
        reasons=tuple(row.reasons),
        lines=tuple(row.lines),
        packed_changes=found.get("changes"),
    )


class _Scope(NamedTuple):
    """A connector's listings of an account and marketplace."""

    connector_key: str
    seller_id: str
    marketplace_id: str

    def among(self, skus: Sequence[str]) -> ColumnElement[bool]:
        """Return the condition that a row is about one of these SKUs."""
        return _among(self.connector_key, self.seller_id, self.marketplace_id, skus)


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


def _of(listings: ListingScope, skus: Sequence[str]) -> ColumnElement[bool]:
    return _among(listings.connector_key, listings.seller_id, listings.marketplace_id, skus)


def _among(
    connector_key: str, seller_id: str, marketplace_id: str, skus: Sequence[str]
) -> ColumnElement[bool]:
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
