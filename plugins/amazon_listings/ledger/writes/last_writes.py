"""The last accepted write to a listing: by which run, what of it, and what the listing shall hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import func, select

from amazon_listings.ledger.columns import among
from amazon_listings.ledger.content import attributes_of, unpacked
from amazon_listings.ledger.database import by_column, reading
from amazon_listings.ledger.tables import runs, submissions
from amazon_listings.ledger.writes.submissions import ACCEPTED

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Engine

    from amazon_listings.ledger.items.payloads import ListingScope


class WritingRun(NamedTuple):
    """The attempt of a run that wrote: its number in the ledger, Airflow's DAG run id, the attempt."""

    number: int
    run_id: str
    attempt: int


class LastWrite(NamedTuple):
    """A write.

    Args:
        run: The attempt that wrote.
        pim_id: The PIM's identity of the item.
        method: `PUT`, `PATCH`, `UPDATE`, `PARTIAL_UPDATE`.
        body: The attributes or the patches sent.
        before: The attributes that the listing had before, as far as they are known.
        feed_id: Amazon's id of the feed that the write was in; None if it was sent alone.
    """

    run: WritingRun
    pim_id: str | None
    method: str
    body: Any
    before: dict[str, Any] | None = None
    feed_id: str | None = None

    @property
    def sent(self) -> frozenset[str]:
        """The attributes that were written."""
        return attributes_of(self.body)

    @property
    def rewritten(self) -> dict[str, list[Any]]:
        """The attributes that were deleted from or replaced, each with the elements that were put there."""
        if self.method == "PARTIAL_UPDATE":
            return dict(self.body)
        patches = self.body if isinstance(self.body, list) else []
        found: dict[str, list[Any]] = {}
        for patch in patches:
            (name,) = attributes_of([patch])
            if patch["op"] == "delete":
                found.setdefault(name, [])
            elif patch["op"] == "replace":
                found[name] = patch["value"]
            elif name in found:
                found[name] = found[name] + patch["value"]
        return found


def last_writes(ledger: Engine, listings: ListingScope, skus: Sequence[str]) -> dict[str, LastWrite]:
    """Return the last accepted write of a connector to each SKU; one that it never wrote to has none."""
    table = submissions.c
    found: dict[str, LastWrite] = {}
    with reading(ledger) as connection:
        for names in by_column(skus):
            newest = (
                select(func.max(table.id))
                .join(runs, runs.c.id == table.run)
                .where(
                    runs.c.connector_key == listings.connector_key,
                    among(table.sku, names),
                    table.seller_id == listings.seller_id,
                    table.marketplace_id == listings.marketplace_id,
                    table.status == ACCEPTED,
                )
                .group_by(table.sku)
            )
            rows = connection.execute(
                select(
                    table.sku,
                    table.run,
                    runs.c.run_id,
                    runs.c.attempt,
                    table.pim_id,
                    table.method,
                    table.body,
                    table.before,
                    table.feed,
                    table.submission_id,
                )
                .join(runs, runs.c.id == table.run)
                .where(table.id.in_(newest))
            )
            found |= {
                names[row.sku]: LastWrite(
                    WritingRun(row.run, row.run_id, row.attempt),
                    row.pim_id,
                    row.method,
                    unpacked(row.body),
                    unpacked(row.before),
                    row.submission_id if row.feed is not None else None,
                )
                for row in rows
            }
    return found


def writing_runs(ledger: Engine, numbers: Collection[int]) -> dict[int, WritingRun]:
    """Return the attempts of runs by their numbers in the ledger."""
    if not numbers:
        return {}
    with reading(ledger) as connection:
        rows = connection.execute(
            select(runs.c.id, runs.c.run_id, runs.c.attempt).where(runs.c.id.in_(list(numbers)))
        ).all()
    return {row.id: WritingRun(row.id, row.run_id, row.attempt) for row in rows}
