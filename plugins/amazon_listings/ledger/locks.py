"""Locks on listings: two runs that write to the same SKU of one account do it one after the other.

One row per SKU, claimed a part (at most some thousand SKUs) at a time by one statement, just before the
part is compared and sent, and given back after it. A lock per account would let one long run hold up
every other connector of the account for hours, though they rarely share a SKU; a lock per connector
would not see that two connectors share one. Nobody holds one part while waiting for another, so
nobody waits in a circle. Only what is to be sent is ever locked: an unchanged item costs nothing.
"""

from __future__ import annotations

import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, or_, select, update

from amazon_listings.errors import RetryableError
from amazon_listings.ledger.content import column_text
from amazon_listings.ledger.database import CHUNK, chunks, insert_into, reading, seconds
from amazon_listings.ledger.tables import locks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import ColumnElement, Connection, Engine

    from amazon_listings.ledger.items import ListingScope

#: Seconds after which the lock of an owner that died is free again.
LEASE = 300.0
#: Seconds between two tries to get locks that others hold.
POLL = 5.0


class ListingsLocked(RetryableError):
    """Another run writes to the same listings."""


class LockLost(RetryableError):
    """Locks expired, or a later try of the same run took them over: this one must stop writing."""


class ListingLocks:
    """The locks of one try of a run. To be used from one thread.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        owner: The run (connector and run id). A retried task has the same owner and takes its locks over
            at once; the earlier try, should it still live, loses them.
        lease: Seconds until locks that are not renewed are free.
        patience: Seconds to wait for others.
        sleep: How to wait; tests pass one that does not.
        clock: Seconds, monotonic; when to renew.
    """

    def __init__(
        self,
        ledger: Engine,
        listings: ListingScope,
        *,
        owner: str,
        lease: float = LEASE,
        patience: float = 2 * LEASE,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._listings = listings
        self._owner = column_text(owner, 330)
        self._token = uuid.uuid4().hex
        self._lease = lease
        self._patience = patience
        self._sleep = sleep
        self._clock = clock
        self._held = 0
        self._renewed_at = 0.0

    def free_earlier(self) -> None:
        """Give back what an earlier try of the same run held; should it still live, it stops writing."""
        with self._ledger.begin() as connection:
            connection.execute(
                delete(locks).where(locks.c.owner == self._owner, locks.c.token != self._token)
            )

    @contextmanager
    def held(self, skus: Iterable[str]) -> Iterator[None]:
        """Hold all of these SKUs; nobody else writes to them meanwhile.

        Raises:
            ListingsLocked: others held some of them all the time of the patience.
        """
        names = sorted({column_text(sku, 64) for sku in skus})
        waited = 0.0
        while (holder := self._claim(names)) is not None:
            other, free_in = holder
            if waited >= self._patience:
                raise ListingsLocked(
                    f"{other} is writing to the same listings, such as {self._contested(names)!r}.",
                    hint="This run waits for its end; if it was killed, its locks expire within minutes.",
                    retry_after=free_in,
                )
            pause = max(0.1, min(POLL, free_in))
            self._sleep(pause)
            waited += pause
        self._held, self._renewed_at = len(names), self._clock()
        try:
            yield
        finally:
            self._held = 0
            with self._ledger.begin() as connection:
                connection.execute(delete(locks).where(locks.c.token == self._token))

    def keep(self) -> None:
        """Renew the locks if a third of their time is over; to be called between writes.

        Raises:
            LockLost: somebody else holds some of them now. Nothing more may be written.
        """
        if self._clock() - self._renewed_at < self._lease / 3:
            return
        with self._ledger.begin() as connection:
            until = seconds(connection) + self._lease
            renewed = connection.execute(
                update(locks).where(locks.c.token == self._token).values(expires_at=until)
            ).rowcount
        if renewed != self._held:
            raise LockLost(
                f"{self._owner} lost {self._held - renewed} of the {self._held} listings it was writing to.",
                hint="Another try of the same run, or another run, has taken over; this one stops.",
            )
        self._renewed_at = self._clock()

    def _claim(self, names: list[str]) -> tuple[str, float] | None:
        """Take all of these locks, or none: then who holds one, and the seconds until it is free."""
        with self._ledger.connect() as connection:
            transaction = connection.begin()
            now = seconds(connection)
            if self._take(connection, names, now) == len(names):
                transaction.commit()
                return None
            transaction.rollback()
        return self._holder(names)

    def _take(self, connection: Connection, names: list[str], now: float) -> int:
        """Take those that are free, ours by an earlier try, or expired; how many."""
        statement = insert_into(connection, locks)
        new = statement.excluded
        statement = statement.on_conflict_do_update(
            index_elements=["sku", "seller_id", "marketplace_id"],
            set_={"owner": new.owner, "token": new.token, "expires_at": new.expires_at},
            where=or_(locks.c.expires_at <= now, locks.c.owner == self._owner),
        )
        row = {
            "seller_id": self._listings.seller_id,
            "marketplace_id": self._listings.marketplace_id,
            "owner": self._owner,
            "token": self._token,
            "expires_at": now + self._lease,
        }
        taken = 0
        # In the order of the SKUs, so that two who claim the same ones do not block each other.
        for chunk in chunks(names, CHUNK):
            rows = [{"sku": sku, **row} for sku in chunk]
            taken += len(connection.scalars(statement.returning(locks.c.sku), rows).all())
        return taken

    def _holder(self, names: list[str]) -> tuple[str, float]:
        """Who holds a contested lock longest; nobody, if it became free meanwhile."""
        with reading(self._ledger) as connection:
            now = seconds(connection)
            longest = ("Another run", 0.0)
            for chunk in chunks(names, CHUNK):
                for owner, until in connection.execute(
                    select(locks.c.owner, func.max(locks.c.expires_at))
                    .where(self._among(chunk), locks.c.owner != self._owner)
                    .group_by(locks.c.owner)
                ):
                    longest = max(longest, (owner, until - now), key=lambda one: one[1])
        return longest

    def _contested(self, names: list[str]) -> str:
        """A SKU that somebody else holds, for the message."""
        with reading(self._ledger) as connection:
            for chunk in chunks(names, CHUNK):
                contested: str | None = connection.scalar(
                    select(locks.c.sku).where(self._among(chunk), locks.c.owner != self._owner).limit(1)
                )
                if contested is not None:
                    return contested
        return names[0]

    def _among(self, names: list[str]) -> ColumnElement[bool]:
        return (
            locks.c.sku.in_(names)
            & (locks.c.seller_id == self._listings.seller_id)
            & (locks.c.marketplace_id == self._listings.marketplace_id)
        )
