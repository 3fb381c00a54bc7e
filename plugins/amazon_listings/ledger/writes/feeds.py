"""Feeds: made in the ledger before Amazon is asked to start them, settled when their report is there.

A task may be killed at any moment. Before `open_feed` nothing was asked of Amazon. Between it and
`feed_started` the feed may exist: the candidates are Amazon's feeds that `unknown_feeds` leaves.
After it the feed is found again by its id, and no second one is made.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from amazon_listings.errors import RetryableError
from amazon_listings.ledger.columns import SKU, among
from amazon_listings.ledger.content import packed
from amazon_listings.ledger.database import CHUNK, chunks, reading
from amazon_listings.ledger.items.payloads import (
    ListingScope,
    accept_messages,
    deleted,
    removing,
    upsert,
)
from amazon_listings.ledger.row_writer import RowWriter
from amazon_listings.ledger.tables import feeds, submissions
from amazon_listings.ledger.writes.fences import fence_messages, lower_fences_of_feed
from amazon_listings.ledger.writes.submissions import ACCEPTED, PENDING, UNKNOWN, columns_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection, Dialect, Engine

    from amazon_listings.ledger.writes.submissions import LedgerWrite

CREATING, ABANDONED = "CREATING", "ABANDONED"
#: The columns that are a message's own.
_OF_MESSAGE = (
    *("sku", "pim_id", "method", "payload_hash", "body", "wanted", "before", "existed", "undoes", "removal"),
    "message",
)


class ItemInFeed(RetryableError):
    """An item is in another feed, whose report is not there yet."""


class PendingFeed(NamedTuple):
    """A feed that is not settled. `feed_id` is None if it is not known whether it was started."""

    number: int
    run: int
    listings: ListingScope
    document_id: str
    feed_id: str | None
    state: str
    messages: int
    created_at: datetime


def open_feed(
    ledger: Engine,
    listings: ListingScope,
    run: int,
    document_id: str,
    messages: Iterable[LedgerWrite],
    *,
    token: str = "",
) -> int:
    """Enter a feed and its messages before it is started; its number in the ledger.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        run: The run's number.
        document_id: Amazon's id of the uploaded document.
        messages: In the order of the document.
        token: Of the lease under which the fences of the items were raised; from now on they stand until
            the feed is settled.

    Raises:
        ItemInFeed: one of the items is in a feed that is not settled; nothing was entered.
    """
    now = datetime.now(UTC)
    count = 0
    skus: set[str] = set()
    try:
        with ledger.begin() as connection:
            number: int = connection.execute(
                insert(feeds)
                .values(
                    run=run,
                    connector_key=listings.connector_key,
                    seller_id=listings.seller_id,
                    marketplace_id=listings.marketplace_id,
                    product_type=listings.product_type,
                    document_id=document_id,
                    state=CREATING,
                    messages=0,
                    created_at=now,
                )
                .returning(feeds.c.id)
            ).scalar_one()
            entering = _entering(connection.dialect, number, listings, run)
            for chunk in chunks(messages, CHUNK):
                rows = [_message(one, count + place) for place, one in enumerate(chunk, 1)]
                entering.execute(connection, rows)
                skus.update(SKU.all_fitted([one.sku for one in chunk]))
                count += len(chunk)
            if not fence_messages(connection, listings, skus, run=run, token=token, feed=number):
                raise _in_feed(listings)
            connection.execute(update(feeds).where(feeds.c.id == number).values(messages=count))
    except IntegrityError as error:
        raise _in_feed(listings) from error
    return number


def _entering(dialect: Dialect, number: int, listings: ListingScope, run: int) -> RowWriter:
    """Return what enters messages of a feed, given what is a message's own (`_message`)."""
    statement = insert(submissions).values(
        run=run,
        seller_id=listings.seller_id,
        marketplace_id=listings.marketplace_id,
        # To convert the moment for each message takes longer than to look it up.
        sent_at=select(feeds.c.created_at).where(feeds.c.id == number).scalar_subquery(),
        status=PENDING,
        feed=number,
    )
    return RowWriter(dialect, statement, _OF_MESSAGE)


def _message(write: LedgerWrite, place: int) -> dict[str, Any]:
    """Return what is a message's own: all that it does not share with the others of its feed."""
    wanted = None if write.wanted is None else packed(write.wanted)
    return {**columns_of(write), "wanted": wanted, "message": place}


def _in_feed(listings: ListingScope) -> ItemInFeed:
    return ItemInFeed(
        "ledger.item_in_feed",
        connector_key=listings.connector_key,
        retry_after=300.0,
    )


def feed_started(ledger: Engine, number: int, feed_id: str) -> None:
    """Enter the id that Amazon gave a feed, before anything else is done."""
    with ledger.begin() as connection:
        connection.execute(
            update(feeds).where(feeds.c.id == number).values(feed_id=feed_id, state="IN_QUEUE")
        )
        connection.execute(
            update(submissions).where(submissions.c.feed == number).values(submission_id=feed_id)
        )


def feed_abandoned(ledger: Engine, number: int) -> None:
    """Enter that a feed was certainly never started: its messages were not sent."""
    with ledger.begin() as connection:
        connection.execute(
            delete(submissions).where(submissions.c.feed == number, submissions.c.status == PENDING)
        )
        connection.execute(
            update(feeds)
            .where(feeds.c.id == number)
            .values(state=ABANDONED, settled_at=datetime.now(UTC), messages=0)
        )
        lower_fences_of_feed(connection, number)


def writes_made(ledger: Engine, run: int) -> dict[str, int]:
    """Return what a run has sent, in all of its tries: how many feeds, and single writes by method."""
    with reading(ledger) as connection:
        started: int | None = connection.scalar(
            select(func.count()).select_from(feeds).where(feeds.c.run == run, feeds.c.feed_id.is_not(None))
        )
        singly = connection.execute(
            select(submissions.c.method, func.count().label("number"))
            .where(submissions.c.run == run, submissions.c.feed.is_(None))
            .group_by(submissions.c.method)
        ).all()
    return {"feeds": started or 0, **{row.method: row.number for row in singly}}


def pending_feeds(ledger: Engine, connector_key: str) -> list[PendingFeed]:
    """Return the feeds of a connector that are not settled, in the order in which they were made."""
    table = feeds.c
    with reading(ledger) as connection:
        rows = connection.execute(
            select(feeds)
            .where(table.connector_key == connector_key, table.settled_at.is_(None))
            .order_by(table.id)
        ).all()
    return [
        PendingFeed(
            row.id,
            row.run,
            ListingScope(row.connector_key, row.seller_id, row.marketplace_id, row.product_type),
            row.document_id,
            row.feed_id,
            row.state,
            row.messages,
            row.created_at,
        )
        for row in rows
    ]


def unknown_feeds(ledger: Engine, feed_ids: Iterable[str]) -> list[str]:
    """Return those of Amazon's feeds that the ledger does not know, in their order."""
    every = list(feed_ids)
    known: set[str | None] = set()
    with reading(ledger) as connection:
        for chunk in chunks(every, CHUNK):
            known.update(connection.scalars(select(feeds.c.feed_id).where(feeds.c.feed_id.in_(chunk))))
    return [feed_id for feed_id in every if feed_id not in known]


def feed_skus(ledger: Engine, number: int) -> list[str]:
    """Return the SKUs of a feed, in the order of its messages."""
    with reading(ledger) as connection:
        return list(
            connection.scalars(
                select(submissions.c.sku).where(submissions.c.feed == number).order_by(submissions.c.message)
            )
        )


def settle_feed(
    ledger: Engine,
    feed: PendingFeed,
    *,
    state: str,
    report_id: str | None,
    outcomes: Iterable[tuple[str, str]],
    definition: str | None = None,
) -> dict[str, int]:
    """Fill in the answers of a feed's messages, and remember what was accepted.

    May be called again after a kill; what was filled in stays.

    Args:
        ledger: The open ledger.
        feed: The feed.
        state: Amazon's last state of it.
        report_id: The report's document id, or None.
        outcomes: SKU and `ACCEPTED`, `INVALID` or `UNKNOWN`. Messages that are not named are unknown.
        definition: Checksum of the definition that the payloads were validated with.

    Returns:
        The number of messages by answer.
    """
    now = datetime.now(UTC)
    for chunk in chunks(outcomes, CHUNK):
        with ledger.begin() as connection:
            _answer(connection, feed, {SKU.fitted(sku): status for sku, status in chunk}, definition, now)
    with ledger.begin() as connection:
        connection.execute(
            update(submissions)
            .where(submissions.c.feed == feed.number, submissions.c.status == PENDING)
            .values(status=UNKNOWN, wanted=None)
        )
        connection.execute(
            update(feeds)
            .where(feeds.c.id == feed.number)
            .values(state=state, report_id=report_id, settled_at=now)
        )
        lower_fences_of_feed(connection, feed.number)
        counted = connection.execute(
            select(submissions.c.status, func.count())
            .where(submissions.c.feed == feed.number)
            .group_by(submissions.c.status)
        )
        return dict(counted.all())


def _answer(
    connection: Connection,
    feed: PendingFeed,
    statuses: dict[str, str],
    definition: str | None,
    now: datetime,
) -> None:
    """Fill in the answers of a chunk of messages, if they are still pending."""
    table = submissions.c
    rows = connection.execute(
        select(table.id, table.sku, table.method, table.removal, table.existed)
        # The run of the messages is that of their feed: by the feed alone, SQLite reads all of it each time.
        .where(
            table.run == feed.run,
            table.feed == feed.number,
            table.status == PENDING,
            among(table.sku, statuses),
        )
        .order_by(table.sku)
    ).all()
    by_status: dict[str, list[int]] = {}
    leaving: list[int] = []
    gone: list[str] = []
    made: list[int] = []
    others: list[int] = []
    for row in rows:
        by_status.setdefault(statuses[row.sku], []).append(row.id)
        if statuses[row.sku] != ACCEPTED:
            continue
        if row.removal is not None:
            leaving.append(row.id)
        elif row.method == "DELETE":
            gone.append(row.sku)
        else:
            (made if row.method == "UPDATE" and row.existed is False else others).append(row.id)
    if leaving:
        _remember_removals(connection, feed, leaving, now)
    upsert(connection, feed.listings, (deleted(sku) for sku in gone))
    for ids in filter(None, (made, others)):
        accept_messages(connection, feed.listings, ids, created=ids is made, definition=definition, now=now)
    # What a message leads to is kept until then.
    for status, ids in by_status.items():
        connection.execute(update(submissions).where(among(table.id, ids)).values(status=status, wanted=None))


def _remember_removals(connection: Connection, feed: PendingFeed, ids: Sequence[int], now: datetime) -> None:
    """Enter removals that Amazon has taken."""
    table = submissions.c
    contents = func.coalesce(table.wanted, table.body).label("content")
    rows = connection.execute(
        select(table.sku, table.removal, table.payload_hash, contents)
        .where(among(table.id, ids))
        .order_by(table.sku)
    )
    upsert(
        connection,
        feed.listings,
        (removing(row.sku, row.removal, feed.run, row.payload_hash, row.content, now=now) for row in rows),
    )
