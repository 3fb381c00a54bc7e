"""Enter what runs ask a person about their items, and what was approved with a plan.

A run that has something to ask enters one question and a row for each item. A newer change of the item
replaces its row; the same change keeps it with its age and answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, func, not_, or_, select

from amazon_listings.ledger.approvals.progress import Kind, about  # msgspec reads the annotations of `Asked`
from amazon_listings.ledger.columns import SKU
from amazon_listings.ledger.content import packed, searchable
from amazon_listings.ledger.database import CHUNK, chunks, insert_into
from amazon_listings.ledger.tables import approvals, questions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta

    from sqlalchemy import Connection, Engine

    from amazon_listings.ledger.items.payloads import ListingScope

_KEY = ("connector_key", "seller_id", "marketplace_id", "sku")
_NO_CHANGES = packed(())


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
        touches: What the changes of a listing touch: `price`, `quantity`, `text`, `image`.
        price_share: The largest share by which they move what a buyer pays, without its sign; None: no price.
    """

    sku: str
    pim_id: str | None
    kind: Kind
    hash: str
    reasons: tuple[str, ...]
    lines: tuple[str, ...] = ()
    changes: bytes = _NO_CHANGES
    touches: tuple[str, ...] = ()
    price_share: float | None = None


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


def approve_planned(
    ledger: Engine, listings: ListingScope, run: int, items: Iterable[Asked], *, by: str
) -> int:
    """Enter changes that were approved as a part of a plan, before a run asks; return how many hold.

    What a person refused stays refused, and what is being sent is not touched.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        run: The connector's last run: what a later one asks replaces these.
        items: The changes.
        by: Who approved the plan.
    """
    now = datetime.now(UTC)
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


def forget_approvals(ledger: Engine, listings: ListingScope, run: int, skus: Iterable[str]) -> None:
    """Delete the rows of items of which nothing is to be changed any more, as a run has found.

    What is being sent stays, and what a later run asked.
    """
    for chunk in chunks(skus, CHUNK):
        with ledger.begin() as connection:
            connection.execute(
                delete(approvals).where(
                    about(listings, [SKU.fitted(sku) for sku in chunk]),
                    approvals.c.state != "sending",
                    approvals.c.run <= run,
                )
            )


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
        "touches": " ".join(item.touches),
        "price_share": item.price_share,
        "search": searchable(item.sku),
    }
