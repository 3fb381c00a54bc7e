"""The messages of feeds: which still wait for an answer, and what became of a run's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select

from amazon_listings.ledger.columns import among
from amazon_listings.ledger.content import unpacked
from amazon_listings.ledger.database import by_column, in_parts, reading
from amazon_listings.ledger.tables import feeds, runs, submissions
from amazon_listings.ledger.writes.submissions import PENDING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Engine


class AwaitedMessage(NamedTuple):
    """A message without an answer. `body`: attributes or patches, as `method` says."""

    sku: str
    method: str
    body: Any


class FeedAnswer(NamedTuple):
    """What became of a message; `feed_id` is None while it is not known whether its feed was started."""

    feed: int
    feed_id: str | None
    status: str
    payload_hash: str


def awaited_messages(ledger: Engine, number: int) -> Iterator[AwaitedMessage]:
    """Yield the messages of a feed that have no answer yet, in their order."""
    table = submissions.c
    wanted = select(table.message, table.sku, table.method, table.body).where(
        table.feed == number, table.status == PENDING
    )
    for row in in_parts(ledger, wanted, table.message):
        yield AwaitedMessage(row.sku, row.method, unpacked(row.body))


def feed_answers(ledger: Engine, run: int, skus: Sequence[str]) -> dict[str, FeedAnswer]:
    """Return what became of the SKUs that a run sent in feeds; of one sent twice, the last.

    Feeds of an earlier life of the run do not count: a run is cleared to be done again.
    """
    found: dict[str, FeedAnswer] = {}
    table = submissions.c
    with reading(ledger) as connection:
        for names in by_column(skus):
            rows = connection.execute(
                select(table.sku, feeds.c.id, feeds.c.feed_id, table.status, table.payload_hash)
                .join(feeds, feeds.c.id == table.feed)
                .join(runs, runs.c.id == feeds.c.run)
                # The run of the messages, which is that of their feeds: by theirs, SQLite reads them all.
                .where(table.run == run, feeds.c.created_at >= runs.c.started_at, among(table.sku, names))
                .order_by(table.id)
            )
            found |= {names[sku]: FeedAnswer(*answer) for sku, *answer in rows}
    return found
