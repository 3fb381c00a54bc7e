"""How much a live sync has to send: which way it goes, and how long that takes."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from amazon_listings.ledger.buckets import levels
from amazon_listings.marketplaces import region_of
from amazon_listings.messages import Joined, message
from amazon_listings.runs.listings.bulk_reading import AT_ONCE
from amazon_listings.selling_partner.feed_messages import MOST_MESSAGES
from amazon_listings.selling_partner.forecast import forecast
from amazon_listings.selling_partner.operations import limits
from amazon_listings.settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Engine

    from amazon_listings.ledger.items.payloads import ListingScope
    from amazon_listings.messages import Catalogue, Message
    from amazon_listings.selling_partner.forecast import Forecast

    #: Says what a cost is about.
    _About = Callable[[Forecast], Message]

#: Messages whose bytes are measured; those of all others are taken to be alike.
MEASURED = 100
#: Parts from which they are taken: to measure one message reads a whole part.
MOST_PARTS = 10


def some_of(parts: Sequence[str]) -> Sequence[str]:
    """Return the parts whose messages are measured, from all over a run."""
    return parts[:: math.ceil(len(parts) / MOST_PARTS) or 1]


def measured_of(parts: Sequence[str]) -> int:
    """Return of how many messages of each part the bytes are measured: a PIM sorts what is alike together."""
    return math.ceil(MEASURED / max(1, len(parts)))


def feeds_left(ledger: Engine, listings: ListingScope) -> dict[str, float]:
    """Return what the connectors of an account have left over of the limits of its feeds, by name."""
    names = [limit.name for limit in limits("createFeed") if limit.scope == "account"]
    return levels(ledger, listings.seller_id, region_of(listings.marketplace_id), names)


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
        sizes: Bytes of messages about some of them, from which those of all are estimated.
        left: Tokens that are left of the limits of feeds, by name; the others are full.
    """

    feed_from: int
    when_removed: str
    readings: int = 0
    creations: int = 0
    updates: int = 0
    parents: int = 0
    leaving: int = 0
    sizes: list[int] = field(default_factory=list)
    left: Mapping[str, float] = field(default_factory=dict)

    @property
    def size(self) -> float:
        """Bytes of a message on average; 0 if that is not known."""
        return sum(self.sizes) / len(self.sizes) if self.sizes else 0

    @property
    def by_feeds(self) -> bool:
        """Whether what is created and changed goes by feeds."""
        return self.creations + self.updates >= self.feed_from

    @property
    def parents_by_feeds(self) -> bool:
        """Whether parents go by feeds too, in ones of their own."""
        return self.parents >= self.feed_from

    @property
    def seconds(self) -> float:
        """How long the calls take; those of different operations are not made at the same time."""
        feeds, single = self._ways()
        return sum(cost.seconds for _, cost in feeds) + sum(cost.seconds for cost in single)

    @property
    def calls(self) -> dict[str, int]:
        """How many calls, by Amazon's operation."""
        feeds, single = self._ways()
        found: Counter[str] = Counter()
        for cost in (*(cost for _, cost in feeds), *single):
            found[cost.name] += cost.calls
        return dict(found)

    def worded(self, messages: Catalogue) -> str:
        """Return it as the log says it before the first call."""
        feeds, single = self._ways()
        fed = tuple(cost if about is None else about(cost) for about, cost in feeds)
        ways = [
            messages.phrase(code, costs=Joined(way))
            for code, way in (("volume.by_feeds", fed), ("volume.one_by_one", single))
            if way
        ]
        return messages.value(Joined(tuple(ways))) if ways else messages.phrase("volume.nothing")

    def _ways(self) -> tuple[list[tuple[_About | None, Forecast]], tuple[Forecast, ...]]:
        """Return the costs of what goes by feeds, each with what it is about, and of what goes singly."""
        readings, creations, updates, leaving = self.readings, self.creations, self.updates, self.leaving
        removed = leaving if leaving >= self.feed_from else 0
        searched = (readings if self.by_feeds else 0) + removed
        search = forecast(math.ceil(searched / AT_ONCE), "searchListingsItems")
        feeds: list[tuple[_About | None, Forecast]] = [(None, search)] if searched else []
        if self.by_feeds:
            singly = 0 if self.parents_by_feeds else self.parents
            number = creations + updates - singly
            feeds.append((partial(_feeds, number, "volume.feeds_items"), self._feeds(number, search.seconds)))
            readings, creations, updates = 0, singly, 0
        if removed:
            cost = forecast(removed, "createFeed", left=self.left, after=search.seconds)
            feeds.append((partial(_feeds, removed, "volume.feeds_removals"), cost))
            leaving = 0
        alone = readings + leaving
        costs = (
            forecast(math.ceil(alone / AT_ONCE), "searchListingsItems")
            if alone > 1
            else forecast(alone, "getListingsItem"),
            forecast(creations, "putListingsItem"),
            forecast(updates, "patchListingsItem"),
            forecast(leaving, f"{'delete' if self.when_removed == 'delete' else 'patch'}ListingsItem"),
        )
        return feeds, tuple(cost for cost in costs if cost.calls)

    def _feeds(self, number: int, after: float) -> Forecast:
        # Feeds are made of whole parts of the run.
        part = settings().part_size
        together = max(part, MOST_MESSAGES // part * part)
        return forecast(number, "createFeed", size=self.size, together=together, left=self.left, after=after)


def _feeds(number: int, code: str, cost: Forecast) -> Message:
    return message(code, number=number, feeds=cost)
