"""Submissions: every write sent to Amazon, what the listing held before it, and its answer.

Rows are added before a write is sent, so that no kill can make us forget one; its answer is filled in
when it is there, that of a feed's message when the feed's report is.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update

from amazon_listings.ledger.content import packed
from amazon_listings.ledger.database import CHUNK, chunks, reading
from amazon_listings.ledger.tables import SKU, submissions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Engine

    from amazon_listings.ledger.items import ListingScope

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


def record_submissions(
    ledger: Engine, listings: ListingScope, run: int, rows: Iterable[Mapping[str, Any]]
) -> None:
    """Add what was sent and what came back.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        run: The run's number.
        rows: `sku`, `method` (`PUT`, `PATCH`, `DELETE`), `status`, `submission_id`, `request_id`, `hash`
            and `body` of each; further `pim_id`, `existed` (whether there was a listing; None or absent:
            not known), `before` (the attributes it held, or None), `undoes` (the run taken back) and
            `removal` (how the write takes the listing off sale, if it does).
    """
    now = datetime.now(UTC)
    for chunk in chunks(rows, CHUNK):
        with ledger.begin() as connection:
            connection.execute(insert(submissions), list(entries(listings, run, chunk, now)))


def announce_submission(ledger: Engine, listings: ListingScope, run: int, row: Mapping[str, Any]) -> None:
    """Add a write that is about to be sent: a row as `record_submissions` takes it, without an answer."""
    unanswered = {**row, "status": UNANSWERED, "submission_id": None, "request_id": None}
    record_submissions(ledger, listings, run, [unanswered])


def withdraw_submission(ledger: Engine, run: int, sku: str, payload_hash: str) -> None:
    """Take back the announcement of a write that was certainly not carried out."""
    with ledger.begin() as connection:
        connection.execute(
            delete(submissions).where(
                submissions.c.run == run,
                submissions.c.sku == sku,
                submissions.c.payload_hash == payload_hash,
                submissions.c.status == UNANSWERED,
            )
        )


def record_answers(ledger: Engine, run: int, rows: Iterable[Mapping[str, Any]]) -> None:
    """Fill in what came back for writes of a run that were announced.

    Args:
        ledger: The open ledger.
        run: The run's number.
        rows: `sku`, `hash`, `status`, `submission_id` and `request_id` of each.
    """
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
    for chunk in chunks(rows, CHUNK):
        with ledger.begin() as connection:
            connection.execute(
                statement,
                [
                    {
                        "of_sku": row["sku"],
                        "of_hash": row["hash"],
                        "answer": row["status"],
                        "answer_id": row["submission_id"] or None,
                        "answer_request": row["request_id"] or None,
                    }
                    for row in chunk
                ],
            )


def entries(
    listings: ListingScope, run: int, rows: Iterable[Mapping[str, Any]], now: datetime
) -> Iterator[dict[str, Any]]:
    """The columns of rows as `record_submissions` takes them, all with the same ones."""
    for row in rows:
        before = row.get("before")
        pim_id = row.get("pim_id")
        yield {
            "run": run,
            "seller_id": listings.seller_id,
            "marketplace_id": listings.marketplace_id,
            "sku": row["sku"],
            "pim_id": pim_id or None,
            "sent_at": now,
            "method": row["method"],
            "status": row["status"],
            "submission_id": row["submission_id"] or None,
            "request_id": row["request_id"] or None,
            "payload_hash": row["hash"],
            "body": packed(row["body"]),
            "before": None if before is None else packed(before),
            "existed": True if before is not None else row.get("existed"),
            "undoes": row.get("undoes"),
            "removal": row.get("removal"),
        }


def made_in_run(ledger: Engine, run: int, skus: Sequence[str]) -> list[str]:
    """Return those SKUs of which a run made the listing, as far as it is known: there was none before."""
    table = submissions.c
    found: list[str] = []
    with reading(ledger) as connection:
        for chunk in chunks(skus, CHUNK):
            names = {SKU.fitted(sku): sku for sku in chunk}
            rows = connection.scalars(
                select(table.sku).where(
                    table.run == run,
                    table.sku.in_(list(names)),
                    table.method == "PUT",
                    table.existed.is_(False),
                    table.status == ACCEPTED,
                )
            )
            found += [names[sku] for sku in rows]
    return found


def sent_in_run(ledger: Engine, run: int, skus: Sequence[str]) -> dict[str, Sent]:
    """What a run already sent for these SKUs: a task that was killed does not send it again."""
    found: dict[str, Sent] = {}
    table = submissions.c
    with reading(ledger) as connection:
        for chunk in chunks(skus, CHUNK):
            names = {SKU.fitted(sku): sku for sku in chunk}
            rows = connection.execute(
                select(table.sku, table.method, table.status, table.payload_hash, table.submission_id)
                .where(table.run == run, table.sku.in_(list(names)))
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


def skus_accepted(ledger: Engine, run: int) -> set[str]:
    """Return the SKUs of which Amazon accepted a write of a run."""
    table = submissions.c
    with reading(ledger) as connection:
        return set(
            connection.scalars(select(table.sku).where(table.run == run, table.status == ACCEPTED).distinct())
        )
