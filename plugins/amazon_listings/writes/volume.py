"""How much a live sync has to send: which way it goes, and how long that takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amazon_listings.messages import message
from amazon_listings.runs.bulk_reading import AT_ONCE
from amazon_listings.selling_partner.forecast import Joined, forecast

if TYPE_CHECKING:
    from amazon_listings.messages import Catalogue, Message
    from amazon_listings.selling_partner.forecast import Forecast


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

    def worded(self, messages: Catalogue) -> str:
        """Return it as the log says it before the first call."""
        readings, creations, updates, leaving = self.readings, self.creations, self.updates, self.leaving
        searched = 0
        feeds: list[Forecast | Message] = []
        if self.by_feeds:
            singly = 0 if self.parents_by_feeds else self.parents
            feeds.append(_feeds(creations + updates - singly, "volume.feeds_items"))
            searched += readings
            readings, creations, updates = 0, singly, 0
        if leaving >= self.feed_from:
            feeds.append(_feeds(leaving, "volume.feeds_removals"))
            searched += leaving
            leaving = 0
        costs = (
            forecast(readings + leaving, "getListingsItem"),
            forecast(creations, "putListingsItem"),
            forecast(updates, "patchListingsItem"),
            forecast(leaving, f"{'delete' if self.when_removed == 'delete' else 'patch'}ListingsItem"),
        )
        if searched:
            feeds.insert(0, forecast(math.ceil(searched / AT_ONCE), "searchListingsItems"))
        single = tuple(cost for cost in costs if cost.calls)
        ways = [
            messages.phrase(code, costs=Joined(way))
            for code, way in (("volume.by_feeds", tuple(feeds)), ("volume.one_by_one", single))
            if way
        ]
        return "; ".join(ways) or messages.phrase("volume.nothing")


def _feeds(number: int, code: str) -> Message:
    return message(code, number=number, feeds=forecast(number, "createFeed"))
