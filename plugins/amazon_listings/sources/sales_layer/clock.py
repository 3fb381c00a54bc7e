"""Time as the readers see it, so that a test never waits."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Clock:
    """Where time comes from and how waiting is done.

    `now` gives seconds since 1970, `steady` seconds that never go back, `sleep` waits.
    """

    now: Callable[[], float] = time.time
    steady: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass
class Pace:
    """At most `requests` in any `seconds`: Sales Layer's limit for its REST API is 50 in 10 s.

    One object counts the requests of one reading; other processes of the same account are not
    seen here, their effect is an answer 429, which is waited out.
    Source: docs.api.saleslayer.com, "Rate limiting".
    """

    clock: Clock
    requests: int = 50
    seconds: float = 10.0
    _sent: deque[float] = field(default_factory=deque)

    def wait(self) -> None:
        """Return as soon as one more request keeps within the limit."""
        while len(self._sent) >= self.requests:
            rest = self._sent[0] + self.seconds - self.clock.steady()
            if rest > 0:
                self.clock.sleep(rest)
            else:
                self._sent.popleft()
        self._sent.append(self.clock.steady())
