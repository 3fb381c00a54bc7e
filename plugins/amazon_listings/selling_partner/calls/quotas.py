"""Quotas: every request waits its turn, at the full allowed speed and never above it.

A process leases tokens from the buckets in small batches, as many as its threads wait for, and
drops those that it does not use at once, for a token used late would meet Amazon's bucket when it
is empty.
"""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING

from amazon_listings.selling_partner.calls.buckets import LocalBuckets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from amazon_listings.selling_partner.calls.buckets import Bucket, BucketStore

#: Share of a stated rate that is used: clocks of two machines differ.
SHARE = 0.99
#: Seconds by which requests may reach Amazon later than planned without meeting an empty bucket.
JITTER = 0.8
#: Seconds for which a process may keep tokens that are due and not used.
HOLD = 0.5
#: A rate stated by Amazon is believed within these bounds (requests per second).
BELIEVABLE = (1e-4, 10_000.0)
#: Longest wait after a 429 (seconds).
LONGEST_WAIT = 60.0
#: Requests under way at once, whatever the rate.
_MOST_IN_FLIGHT = 64


class _Lane:
    """The tokens of one bucket that this process holds; threads queue here, one leases for all."""

    def __init__(self) -> None:
        self.ready = threading.Condition()
        self.tokens = 0
        self.stale_at = 0.0
        self.leasing = False
        self.waiting = 0
        self.batch = 1
        self.setbacks = 0  # counts 429s, so that a lease planned before one is not used after it
        self.refused = 0  # 429s in a row


class Quotas:
    """Makes every request wait its turn; one object for all threads of a process.

    Args:
        store: Where the buckets are; of this process only, if None.
        sleep: How to wait; tests pass one that does not.
        clock: Seconds, monotonic; tests pass their own.
    """

    def __init__(
        self,
        store: BucketStore | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store = store or LocalBuckets(clock=clock)
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._lanes: dict[str, _Lane] = {}
        self._stated: dict[str, float] = {}

    def acquire(self, buckets: Iterable[Bucket]) -> None:
        """Return when one request may be sent, having taken one token of every bucket.

        The slowest bucket comes first, so that tokens of the others are fresh when used.
        """
        for bucket in sorted(buckets, key=lambda bucket: bucket.rate):
            self._take(bucket)

    def stated(self, bucket: Bucket, rate: float) -> None:
        """Amazon stated (`x-amzn-RateLimit-Limit`) this rate for a bucket; all processes learn it."""
        if not BELIEVABLE[0] <= rate <= BELIEVABLE[1]:
            return
        with self._lock:
            if self._stated.get(bucket.name) == rate:
                return
            self._stated[bucket.name] = rate
        self.store.restate(bucket.name, rate * SHARE)

    def refused(self, bucket: Bucket, retry_after: float | None = None) -> float:
        """Amazon answered 429: lower the bucket, drop what is held of it.

        Returns:
            Seconds until the next token; waiting happens in the next `acquire`.
        """
        lane = self._lane(bucket)
        with lane.ready:
            wait = max(retry_after or 0.0, min(LONGEST_WAIT, 2.0**lane.refused / bucket.rate))
            lane.refused += 1
            lane.setbacks += 1
            lane.tokens = 0
            lane.batch = 1
        self.store.penalise(bucket.name, wait)
        return wait

    def passed(self, buckets: Iterable[Bucket]) -> None:
        """Amazon took a request that drew on these buckets: a later 429 is the first again."""
        for bucket in buckets:
            self._lane(bucket).refused = 0

    def _lane(self, bucket: Bucket) -> _Lane:
        with self._lock:
            return self._lanes.setdefault(bucket.name, _Lane())

    def _take(self, bucket: Bucket) -> None:
        lane = self._lane(bucket)
        with lane.ready:
            lane.waiting += 1
            try:
                while not self._use_held(lane):
                    if lane.leasing:
                        lane.ready.wait()
                    else:
                        self._lease(bucket, lane)
            finally:
                lane.waiting -= 1

    def _use_held(self, lane: _Lane) -> bool:
        if lane.tokens and self._clock() > lane.stale_at:
            lane.tokens = 0
            lane.batch = 1
        if not lane.tokens:
            return False
        lane.tokens -= 1
        return True

    def _lease(self, bucket: Bucket, lane: _Lane) -> None:
        """Lease for all who wait; called and left with the lane's lock, which is free meanwhile."""
        most = max(1, int(bucket.rate * HOLD))
        asked = min(most, max(lane.waiting, lane.batch))
        setbacks = lane.setbacks
        lane.leasing = True
        lane.ready.release()
        lease = None
        try:
            lease = self.store.lease(
                bucket.name,
                rate=bucket.rate * SHARE,
                burst=max(min(2.0, bucket.burst), bucket.burst - bucket.rate * JITTER),
                tokens=asked,
            )
            if lease.wait > 0:
                self._sleep(lease.wait)
        finally:
            lane.ready.acquire()
            lane.leasing = False
            if lease is not None and lane.setbacks == setbacks:
                lane.tokens = lease.granted
                lane.stale_at = self._clock() + HOLD
                # Where tokens are plenty, larger batches cost less; where they are scarce, a batch
                # is what is needed now.
                lane.batch = 1 if lease.wait > 0 else min(most, lane.batch * 2)
            lane.ready.notify_all()


def in_flight(rate: float, latency: float) -> int:
    """Return how many requests must be under way to use a rate in spite of the latency (seconds).

    Little's law, and two that wait for the next token while the others wait for Amazon.
    """
    return max(1, min(_MOST_IN_FLIGHT, math.ceil(rate * latency) + 2))
