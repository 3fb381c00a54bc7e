"""Leases: one run of a connector sends at a time, and a run that died holds up others for minutes only.

A lease is held while a run sends, a part at a time, and never while it waits for Amazon or for a person.
"""

from __future__ import annotations

import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select, update

from amazon_listings.errors import RetryableError
from amazon_listings.ledger.database import insert_into, reading, seconds
from amazon_listings.ledger.tables import fences, leases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

#: Seconds after which the lease of an owner that died is free.
DURATION = 300.0
#: Seconds between two attempts to take a lease that another run holds.
POLL = 5.0


class ConnectorBusy(RetryableError):
    """Another run of the same connector is sending."""


class LeaseLost(RetryableError):
    """The lease expired, or a later try of the same run took it: this one must stop sending."""


class Lease:
    """The right of one try of a run to send for its connector. To be used from one thread.

    Args:
        ledger: The open ledger.
        connector: The connector's key.
        owner: The run. A retried task has the same owner and takes the lease over at once; the earlier
            try, should it still be alive, loses it.
        duration: Seconds until a lease that is not renewed is free.
        patience: Seconds to wait for another run.
        sleep: How to wait; tests pass one that does not.
        clock: Seconds, monotonic; when to renew.
    """

    def __init__(
        self,
        ledger: Engine,
        connector: str,
        *,
        owner: str,
        duration: float = DURATION,
        patience: float = 2 * DURATION,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.token = uuid.uuid4().hex
        self._ledger = ledger
        self._connector = connector
        self._owner = owner
        self._duration = duration
        self._patience = patience
        self._sleep = sleep
        self._clock = clock
        self._renewed_at = 0.0

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Hold the lease; when it is given back, so are the fences of writes that are no message of a feed.

        Raises:
            ConnectorBusy: another run held it for longer than the patience.
        """
        waited = 0.0
        while (busy := self._take()) is not None:
            other, free_in = busy
            if waited >= self._patience:
                raise ConnectorBusy(
                    "ledger.sending_same_connector",
                    other=other,
                    retry_after=free_in,
                )
            pause = max(0.1, min(POLL, free_in))
            self._sleep(pause)
            waited += pause
        self._renewed_at = self._clock()
        try:
            yield
        finally:
            self._give_back()

    def end_earlier(self) -> None:
        """End the lease of an earlier try of the same run; should it still be alive, it stops sending."""
        with self._ledger.begin() as connection:
            connection.execute(
                delete(leases).where(leases.c.owner == self._owner, leases.c.token != self.token)
            )

    def renew(self) -> None:
        """Renew the lease if a third of its time is over; to be called between writes.

        Raises:
            LeaseLost: another try or run has it now. Nothing more may be sent.
        """
        if self._clock() - self._renewed_at < self._duration / 3:
            return
        with self._ledger.begin() as connection:
            renewed = connection.execute(
                update(leases)
                .where(leases.c.token == self.token)
                .values(expires_at=seconds(connection) + self._duration)
            ).rowcount
        if not renewed:
            raise LeaseLost(
                "ledger.lost_lease_connector",
                owner=self._owner,
            )
        self._renewed_at = self._clock()

    def _take(self) -> tuple[str, float] | None:
        """Take the lease if it is free, expired or ours; else return who has it, and for how long."""
        with self._ledger.begin() as connection:
            now = seconds(connection)
            statement = insert_into(connection, leases).values(
                connector=self._connector,
                owner=self._owner,
                token=self.token,
                expires_at=now + self._duration,
            )
            new = statement.excluded
            taken = connection.scalars(
                statement.on_conflict_do_update(
                    index_elements=["connector"],
                    set_={"owner": new.owner, "token": new.token, "expires_at": new.expires_at},
                    where=or_(leases.c.expires_at <= now, leases.c.owner == self._owner),
                ).returning(leases.c.connector)
            ).all()
        return None if taken else self._holder()

    def _holder(self) -> tuple[str, float]:
        with reading(self._ledger) as connection:
            found = connection.execute(
                select(leases.c.owner, leases.c.expires_at).where(leases.c.connector == self._connector)
            ).one_or_none()
            return (found.owner, found.expires_at - seconds(connection)) if found else ("Another run", 0.0)

    def _give_back(self) -> None:
        with self._ledger.begin() as connection:
            connection.execute(delete(fences).where(fences.c.token == self.token, fences.c.feed.is_(None)))
            connection.execute(delete(leases).where(leases.c.token == self.token))
