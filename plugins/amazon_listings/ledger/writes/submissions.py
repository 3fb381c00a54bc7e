"""Submissions: every write sent to Amazon, what the listing held before it, and its answer.

Rows are added before a write is sent, so that no kill can make us forget one; its answer is filled in
when it is there, that of a feed's message when the feed's report is.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec
from sqlalchemy import bindparam, delete, func, insert, select, update

from amazon_listings.ledger.columns import among
from amazon_listings.ledger.content import packed
from amazon_listings.ledger.database import CHUNK, by_column, chunks, reading
from amazon_listings.ledger.tables import leases, submissions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Engine

    from amazon_listings.ledger.items.payloads import ListingScope

#: The answer of a feed's message that is not there yet.
PENDING = "PENDING"
#: The answer of a single write that was announced and got none: its task waits for it, or was killed.
UNANSWERED = "UNANSWERED"
ACCEPTED = "ACCEPTED"
#: What became of a feed's message that the report does not speak of, and that was not seen to be applied.
UNKNOWN = "UNKNOWN"
#: Writes that may have been carried out, then or later, without us knowing.
DOUBTFUL = (UNANSWERED, UNKNOWN)


class Sent(NamedTuple):
    """The last write of a run to a SKU."""

    method: str
    status: str
    payload_hash: str
    submission_id: str | None


class LedgerWrite(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A write as the ledger enters it.

    Attributes:
        sku: The SKU.
        pim_id: The PIM's identity of its item, if it is known.
        hash: The hash of the payload that the write leads to.
        method: `PUT`, `PATCH`, `DELETE`; of a feed's message its operation, `UPDATE`, `PARTIAL_UPDATE`,
            `PATCH` or `DELETE`.
        body: What is sent: attributes, patches, None of a deletion. This, `wanted` and `before` may be as
            `content.packed` makes them.
        wanted: All attributes that a feed's message leads to, if the body is not that.
        before: The attributes that the listing had; None if there was none, or they are not known.
        existed: Whether there was a listing; None if it is not known.
        undoes: The run that the write takes back.
        removal: How the write takes the listing off sale, if it does.
    """

    sku: str
    pim_id: str | None = None
    hash: str
    method: str
    body: Any = None
    wanted: dict[str, Any] | bytes | None = None
    before: dict[str, Any] | bytes | None = None
    existed: bool | None = None
    undoes: int | None = None
    removal: Literal["delete", "zero_quantity"] | None = None


class LedgerAnswer(NamedTuple):
    """What came back for a write; `submission_id` is None where the listing itself was the answer."""

    sku: str
    hash: str
    status: str
    submission_id: str | None = None
    request_id: str | None = None


def announce_submissions(
    ledger: Engine, listings: ListingScope, run: int, writes: Iterable[LedgerWrite]
) -> None:
    """Add writes that are about to be sent, without an answer."""
    common = {
        "run": run,
        "seller_id": listings.seller_id,
        "marketplace_id": listings.marketplace_id,
        "sent_at": datetime.now(UTC),
        "status": UNANSWERED,
    }
    for chunk in chunks(writes, CHUNK):
        with ledger.begin() as connection:
            connection.execute(insert(submissions), [common | columns_of(one) for one in chunk])


def withdraw_submissions(ledger: Engine, run: int, writes: Iterable[tuple[str, str]], *, token: str) -> None:
    """Take back announcements of writes that were certainly not carried out.

    Once another try of the run has the lease, they stay: it may have sent these writes, and enters the
    answers into the announcements.

    Args:
        ledger: The open ledger.
        run: The run's number.
        writes: The SKU of each write and the hash of the payload that it leads to.
        token: Of the lease under which they were announced.
    """
    table = submissions.c
    statement = delete(submissions).where(
        table.run == run,
        table.sku == bindparam("of_sku", type_=table.sku.type),
        table.payload_hash == bindparam("of_hash"),
        table.status == UNANSWERED,
    )
    rows = [{"of_sku": sku, "of_hash": payload_hash} for sku, payload_hash in writes]
    if not rows:
        return
    with ledger.begin() as connection:
        # Locked, so that no other try takes it over meanwhile.
        lease = select(leases.c.token).where(leases.c.token == token).with_for_update()
        if connection.scalar(lease) is not None:
            connection.execute(statement, rows)


def record_answers(ledger: Engine, run: int, answers: Iterable[LedgerAnswer]) -> None:
    """Fill in what came back for writes of a run that were announced."""
    statement = (
        update(submissions)
        .where(
            submissions.c.run == run,
            submissions.c.sku == bindparam("of_sku"),
            submissions.c.payload_hash == bindparam("of_hash"),
            submissions.c.status == UNANSWERED,
        )
        .values(
            status=bindparam("answer"),
            submission_id=bindparam("answer_id", type_=submissions.c.submission_id.type),
            request_id=bindparam("answer_request", type_=submissions.c.request_id.type),
        )
    )
    for chunk in chunks(answers, CHUNK):
        with ledger.begin() as connection:
            connection.execute(
                statement,
                [
                    {
                        "of_sku": one.sku,
                        "of_hash": one.hash,
                        "answer": one.status,
                        "answer_id": one.submission_id or None,
                        "answer_request": one.request_id or None,
                    }
                    for one in chunk
                ],
            )


def columns_of(write: LedgerWrite) -> dict[str, Any]:
    """Return the columns of what is sent: all but whose it is, when it was sent and what came back."""
    return {
        "sku": write.sku,
        "pim_id": write.pim_id or None,
        "method": write.method,
        "payload_hash": write.hash,
        "body": packed(write.body),
        "before": None if write.before is None else packed(write.before),
        "existed": True if write.before is not None else write.existed,
        "undoes": write.undoes,
        "removal": write.removal,
    }


def made_in_run(ledger: Engine, run: int, skus: Sequence[str]) -> list[str]:
    """Return those SKUs of which a run made the listing, as far as it is known: there was none before."""
    table = submissions.c
    found: list[str] = []
    with reading(ledger) as connection:
        for names in by_column(skus):
            rows = connection.scalars(
                select(table.sku).where(
                    table.run == run,
                    among(table.sku, names),
                    table.method == "PUT",
                    table.existed.is_(False),
                    table.status == ACCEPTED,
                )
            )
            found += [names[sku] for sku in rows]
    return found


def sent_in_run(ledger: Engine, run: int, skus: Sequence[str]) -> dict[str, Sent]:
    """Return what a run already sent for these SKUs: a task that was killed does not send it again."""
    found: dict[str, Sent] = {}
    table = submissions.c
    with reading(ledger) as connection:
        for names in by_column(skus):
            rows = connection.execute(
                select(table.sku, table.method, table.status, table.payload_hash, table.submission_id)
                .where(table.run == run, among(table.sku, names))
                .order_by(table.id)
            )
            found |= {names[sku]: Sent(*sent) for sku, *sent in rows}
    return found


def has_written(ledger: Engine, run: int) -> bool:
    """Return whether a run has sent anything, in any of its tries."""
    with reading(ledger) as connection:
        return (
            connection.scalar(select(submissions.c.id).where(submissions.c.run == run).limit(1)) is not None
        )


def count_accepted(ledger: Engine, run: int) -> int:
    """Return of how many SKUs Amazon accepted a write of a run."""
    table = submissions.c
    with reading(ledger) as connection:
        return (
            connection.scalar(
                select(func.count(table.sku.distinct())).where(table.run == run, table.status == ACCEPTED)
            )
            or 0
        )


def skus_accepted(ledger: Engine, run: int) -> set[str]:
    """Return the SKUs of which Amazon accepted a write of a run."""
    table = submissions.c
    with reading(ledger) as connection:
        return set(
            connection.scalars(select(table.sku).where(table.run == run, table.status == ACCEPTED).distinct())
        )
