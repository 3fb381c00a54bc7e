"""A clock of Sales Layer's reader that never waits."""

from __future__ import annotations

from amazon_listings.sources.sales_layer.clock import Clock

NOW = 1_700_000_000


class FakeTime:
    """A clock that only moves when somebody sleeps."""

    def __init__(self):
        self.at = 0.0
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.at += seconds

    @property
    def clock(self):
        return Clock(now=lambda: NOW + self.at, steady=lambda: self.at, sleep=self.sleep)
