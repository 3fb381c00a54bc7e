"""How much a live sync has to send: which way it goes, and how long that takes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from amazon_listings.runs.bulk_reading import AT_ONCE
from amazon_listings.selling_partner.forecast import forecast


@dataclass
class Volume:
    """Numbers of listings; as text, how many calls, which way, how long.

    Args:
        feed_from: From so many on, listings go by feeds.
        when_removed: What becomes of those whose items left.
        readings: To be read before they are written.
        creations: To be created, or replaced whole.
        updates: To be changed.
        parents: Those of them that are parents of families, which go before the others.
        leaving: To be taken off.
    """

    feed_from: int
    when_removed: str
    readings: int = 0
    creations: int = 0
    updates: int = 0
    parents: int = 0
    leaving: int = 0

    @property
    def by_feeds(self) -> bool:
        """Whether what is created and changed goes by feeds."""
        return self.creations + self.updates >= self.feed_from

    @property
    def parents_by_feeds(self) -> bool:
        """Whether parents go by feeds too, in ones of their own."""
        return self.parents >= self.feed_from

    def __str__(self) -> str:
        """As the log says it before the first call."""
        readings, creations, updates, leaving = self.readings, self.creations, self.updates, self.leaving
        searched = 0
        feeds = []
        if self.by_feeds:
            singly = 0 if self.parents_by_feeds else self.parents
            feeds.append(_feeds(creations + updates - singly, "items"))
            searched += readings
            readings, creations, updates = 0, singly, 0
        if leaving >= self.feed_from:
            feeds.append(_feeds(leaving, "listings that are taken off"))
            searched += leaving
            leaving = 0
        costs = (
            forecast(readings + leaving, "getListingsItem"),
            forecast(creations, "putListingsItem"),
            forecast(updates, "patchListingsItem"),
            forecast(leaving, f"{'delete' if self.when_removed == 'delete' else 'patch'}ListingsItem"),
        )
        if searched:
            feeds.insert(0, str(forecast(math.ceil(searched / AT_ONCE), "searchListingsItems")))
        ways = ("by feeds", feeds), ("one by one", [str(cost) for cost in costs if cost.calls])
        return "; ".join(f"{way}, {'; '.join(words)}" for way, words in ways if words) or "nothing"


def _feeds(number: int, what: str) -> str:
    return f"{forecast(number, 'createFeed')} of {number:,} {what}"
