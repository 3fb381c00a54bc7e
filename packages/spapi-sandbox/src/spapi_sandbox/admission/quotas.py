"""Token buckets: usage plans as SP-API enforces them.

Rates and bursts of the operations are the defaults of Amazon's models; the application-wide
limits are those of the page "Listings Items API Rate Limits".
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spapi_sandbox.clock import Clock


class Limit(NamedTuple):
    """One bucket that a request draws from; `scope` words the refusal."""

    bucket: str
    rate: float
    burst: float
    scope: str = ""


#: (kind of request, scope in the refusal, requests per second). Bursts equal one second.
APPLICATION_WIDE = {
    "patchListingsItem": ("for the application", 500.0),
    "putListingsItem": ("for the application", 100.0),
    "getListingsItem": ("for the application", 100.0),
    "deleteListingsItem": ("for the application", 100.0),
    "patchListingsItem product data": ("for product data", 100.0),
    "patchListingsItem relationships": ("for relationships", 5.0),
    "putListingsItem relationships": ("for relationships", 25.0),
    "preview": ("for the application", 20.0),
}


class Buckets:
    """All buckets; safe to use from several threads.

    Args:
        clock: Refills the buckets.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Fill every bucket, with default limits and enforcement on."""
        self._levels: dict[str, tuple[float, float]] = {}
        self.enabled = True
        self.factor = 1.0
        self.overrides: dict[str, tuple[float, float]] = {}

    def limit(self, name: str, rate: float, burst: float) -> tuple[float, float]:
        """Rate and burst of a bucket as the sandbox is set now."""
        rate, burst = self.overrides.get(name, (rate, burst))
        return rate * self.factor, max(1.0, burst * self.factor)

    def take(self, limits: Sequence[Limit]) -> Limit | None:
        """Draws one token from every bucket, or none and returns the first that is empty."""
        if not self.enabled:
            return None
        now = self._clock.now()
        with self._lock:
            levels = {}
            for limit in limits:
                level, at = self._levels.get(limit.bucket, (limit.burst, now))
                level = min(limit.burst, level + max(0.0, now - at) * limit.rate)
                if level < 1.0 - 1e-9:
                    return limit
                levels[limit.bucket] = (level - 1.0, now)
            self._levels.update(levels)
        return None
