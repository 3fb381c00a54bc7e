"""The sandbox's clock: the machine's, or one that only moves on request."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime


class Clock:
    """Seconds since 1970, shifted by what was added with `advance`.

    Args:
        frozen_at: Seconds since 1970 at which the clock stands still until it is advanced; `None`
            follows the machine's clock.
    """

    def __init__(self, *, frozen_at: float | None = None) -> None:
        self._frozen_at = frozen_at
        self._offset = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return the current time in seconds."""
        base = time.time() if self._frozen_at is None else self._frozen_at
        return base + self._offset

    def advance(self, seconds: float) -> float:
        """Moves the clock and returns the new time; negative `seconds` turn it back."""
        with self._lock:
            self._offset += seconds
        return self.now()


def timestamp(seconds: float) -> str:
    """`seconds` in ISO 8601, UTC, milliseconds, as SP-API writes times."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
