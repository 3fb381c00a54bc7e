"""Token buckets that all workers and machines share, one row each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from amazon_listings.ledger.tables import buckets
from amazon_listings.selling_partner.quotas import STATED_FOR, Lease

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine


class SharedBuckets:
    """A `BucketStore` in the ledger; every method is one transaction that holds the bucket's row."""

    def __init__(self, ledger: Engine) -> None:
        self._ledger = ledger

    def lease(self, bucket: str, *, rate: float, burst: float, tokens: int) -> Lease:
        """See `BucketStore.lease`."""
        with self._ledger.begin() as connection:
            now = self._now(connection)
            row = self._locked(connection, bucket)
            if row is None:
                # Two may make it at once; both then wait for its row.
                self._make(connection, bucket, rate, burst, now)
                row = self._locked(connection, bucket)
                now = self._now(connection)
            if row.stated_rate is not None and now < row.stated_until:
                rate = row.stated_rate
            level = min(burst, row.level + max(0.0, now - row.updated_at) * rate) - tokens
            self._set(connection, bucket, level=level, rate=rate, updated_at=now)
            return Lease(tokens, max(0.0, -level / rate))

    def restate(self, bucket: str, rate: float) -> None:
        """See `BucketStore.restate`."""
        with self._ledger.begin() as connection:
            now = self._now(connection)
            if self._locked(connection, bucket) is None:
                self._make(connection, bucket, rate, 0.0, now)
            self._set(connection, bucket, stated_rate=rate, stated_until=now + STATED_FOR)

    def penalise(self, bucket: str, wait: float) -> None:
        """See `BucketStore.penalise`."""
        with self._ledger.begin() as connection:
            now = self._now(connection)
            row = self._locked(connection, bucket)
            if row is not None:
                level = row.level + max(0.0, now - row.updated_at) * row.rate
                self._set(connection, bucket, level=min(level, 1 - wait * row.rate), updated_at=now)

    @staticmethod
    def _now(connection: Connection) -> float:
        if connection.dialect.name == "postgresql":
            # One clock for all machines, and the clock of now, not of the transaction's start.
            return float(
                connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one()
            )
        return time.time()

    @staticmethod
    def _locked(connection: Connection, bucket: str) -> Any:
        return connection.execute(select(buckets).where(buckets.c.name == bucket).with_for_update()).first()

    @staticmethod
    def _make(connection: Connection, bucket: str, rate: float, burst: float, now: float) -> None:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(
            dialect.insert(buckets)
            .values(name=bucket, level=burst, rate=rate, updated_at=now)
            .on_conflict_do_nothing()
        )

    @staticmethod
    def _set(connection: Connection, bucket: str, **values: float) -> None:
        connection.execute(update(buckets).where(buckets.c.name == bucket).values(**values))
