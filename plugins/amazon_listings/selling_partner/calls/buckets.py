"""Token buckets shared by everything that uses the same account.

Amazon keeps a token bucket per (application, selling partner, region, operation), and some per
application ("Usage Plans and Rate Limits in the SP-API"); a request draws on several, the first
that is empty refuses it. A `BucketStore` mirrors them for all connectors, workers and machines.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from amazon_listings.selling_partner.operations import Limit

#: Seconds for which a stated rate is believed.
STATED_FOR = 86_400.0


class Lease(NamedTuple):
    """Tokens of a bucket: `granted` of them, all usable `wait` seconds from now (0: at once)."""

    granted: int
    wait: float


class BucketStore(Protocol):
    """Where the buckets are; called by many threads, processes and machines at once.

    A bucket is a name and a level of tokens. It rises by `rate` a second up to `burst`, and a
    lease takes from it. A lease may take tokens that are not there yet: the level goes below
    zero, and `wait` is the time until it is back at zero. So a lease is a reservation in the order
    of asking: no process polls, none starves, and no token is handed out twice.

    Every method is one atomic step (in SQL: one transaction holding the bucket's row). Time is
    the store's own, one clock for all: in SQL the database's. Only durations leave the store.
    """

    def lease(self, bucket: str, *, rate: float, burst: float, tokens: int) -> Lease:
        """Take `tokens` (≥ 1) from a bucket; an unknown bucket is made, full.

            rate  = the restated rate, if `restate` was called within the last day, else `rate`
            level = min(burst, level + seconds since the last step * rate) - tokens
            wait  = max(0, -level / rate)

        Args:
            bucket: Its name, at most 255 characters.
            rate: Tokens a second.
            burst: Most tokens it holds.
            tokens: How many to take.

        Returns:
            `Lease(tokens, wait)`; a store may grant fewer (≥ 1), never more.
        """

    def restate(self, bucket: str, rate: float) -> None:
        """From now on, for a day, the bucket rises by `rate` a second, whatever leases say."""

    def penalise(self, bucket: str, wait: float) -> None:
        """Lower the level, if it is higher, so that the next token is due in `wait` seconds.

            level = min(level, 1 - wait * rate)

        An unknown bucket may be left unknown.
        """


class Bucket(NamedTuple):
    """A bucket as a client draws on it: name in the store, and what the table says of it."""

    name: str
    rate: float
    burst: float


class LocalBuckets:
    """Buckets of this process only: for tests, commands, and machines without a ledger."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._levels: dict[str, tuple[float, float, float]] = {}  # level, when, rate
        self._stated: dict[str, tuple[float, float]] = {}  # rate, until when

    def lease(self, bucket: str, *, rate: float, burst: float, tokens: int) -> Lease:
        """See `BucketStore.lease`."""
        with self._lock:
            now = self._clock()
            stated, until = self._stated.get(bucket, (rate, now))
            rate = stated if now < until else rate
            level, since, _ = self._levels.get(bucket, (burst, now, rate))
            level = min(burst, level + (now - since) * rate) - tokens
            self._levels[bucket] = (level, now, rate)
            return Lease(tokens, max(0.0, -level / rate))

    def restate(self, bucket: str, rate: float) -> None:
        """See `BucketStore.restate`."""
        with self._lock:
            self._stated[bucket] = (rate, self._clock() + STATED_FOR)

    def penalise(self, bucket: str, wait: float) -> None:
        """See `BucketStore.penalise`."""
        with self._lock:
            if bucket not in self._levels:
                return
            level, since, rate = self._levels[bucket]
            now = self._clock()
            level = min(level + (now - since) * rate, 1 - wait * rate)
            self._levels[bucket] = (level, now, rate)


def buckets_of(limits: Iterable[Limit], *, application: str, seller: str, region: str) -> list[Bucket]:
    """Return the limits of a request as buckets of an account."""
    return [
        Bucket(
            f"{application}|{seller if limit.scope == 'account' else '*'}|{region}|{limit.name}",
            limit.rate,
            limit.burst,
        )
        for limit in limits
    ]
