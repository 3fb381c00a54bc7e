"""Token buckets that all workers and machines share, one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select, update

from amazon_listings.ledger.database import insert_into, reading, seconds
from amazon_listings.ledger.tables import buckets
from amazon_listings.selling_partner.calls.buckets import STATED_FOR, Lease

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Connection, Engine

#: Level of a bucket that was never drawn on: full, whatever it holds.
_FULL = 1e12


def levels(ledger: Engine, seller_id: str, region: str, names: Iterable[str]) -> dict[str, float]:
    """Return how many tokens are left in buckets of an account, by the names of their limits.

    Those that were never drawn on are left out. Below zero, others wait already.

    Args:
        ledger: The open ledger.
        seller_id: Whose buckets, of whichever application the fewest.
        region: Where.
        names: The names of limits.
    """
    wanted = {f"{seller_id}|{region}|{name}": name for name in names}
    found: dict[str, float] = {}
    with reading(ledger) as connection:
        now = seconds(connection)
        for row in connection.execute(select(buckets).where(or_(*map(buckets.c.name.endswith, wanted)))):
            name = wanted.get(row.name.partition("|")[2])
            if name is not None:
                level = row.level + max(0.0, now - row.updated_at) * row.rate
                found[name] = min(level, found.get(name, level))
    return found


class SharedBuckets:
    """A `BucketStore` in the ledger; every method is one transaction that holds the bucket's row.

    Args:
        ledger: The open ledger.
        clock: Seconds since the epoch by a clock that all share; the database's, if None.
    """

    def __init__(self, ledger: Engine, *, clock: Callable[[], float] | None = None) -> None:
        self._ledger = ledger
        self._clock = clock

    def lease(self, bucket: str, *, rate: float, burst: float, tokens: int) -> Lease:
        """See `BucketStore.lease`."""
        with self._ledger.begin() as connection:
            row = self._locked(connection, bucket, rate)
            # The clock is read with the row held: a later lease reads a later moment.
            now = self._now(connection)
            if row.stated_rate is not None and now < row.stated_until:
                rate = row.stated_rate
            level = min(burst, row.level + max(0.0, now - row.updated_at) * rate) - tokens
            self._set(connection, bucket, level=level, rate=rate, updated_at=now)
            return Lease(tokens, max(0.0, -level / rate))

    def restate(self, bucket: str, rate: float) -> None:
        """See `BucketStore.restate`."""
        with self._ledger.begin() as connection:
            row = self._locked(connection, bucket, rate)
            now = self._now(connection)
            # What was due until now was due at the rate before.
            level = row.level + max(0.0, now - row.updated_at) * row.rate
            self._set(
                connection,
                bucket,
                level=level,
                rate=rate,
                updated_at=now,
                stated_rate=rate,
                stated_until=now + STATED_FOR,
            )

    def penalise(self, bucket: str, wait: float) -> None:
        """See `BucketStore.penalise`."""
        with self._ledger.begin() as connection:
            row = self._known(connection, bucket)
            if row is not None:
                now = self._now(connection)
                level = row.level + max(0.0, now - row.updated_at) * row.rate
                self._set(connection, bucket, level=min(level, 1 - wait * row.rate), updated_at=now)

    def _now(self, connection: Connection) -> float:
        return self._clock() if self._clock else seconds(connection)

    def _locked(self, connection: Connection, bucket: str, rate: float) -> Any:
        """Return the bucket's row, held until the end of the transaction; made, full, if there is none."""
        row = self._known(connection, bucket)
        if row is None:
            # Two may make it at once; both then wait for its row.
            connection.execute(
                insert_into(connection, buckets)
                .values(name=bucket, level=_FULL, rate=rate, updated_at=self._now(connection))
                .on_conflict_do_nothing()
            )
            row = self._known(connection, bucket)
        return row

    @staticmethod
    def _known(connection: Connection, bucket: str) -> Any:
        return connection.execute(select(buckets).where(buckets.c.name == bucket).with_for_update()).first()

    @staticmethod
    def _set(connection: Connection, bucket: str, **values: float) -> None:
        connection.execute(update(buckets).where(buckets.c.name == bucket).values(**values))
