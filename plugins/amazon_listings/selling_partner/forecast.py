"""Before a run starts: how many calls, which way, how long."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amazon_listings.selling_partner.feed_messages import MOST_MESSAGES
from amazon_listings.selling_partner.operations import PREVIEW_RATE, limits

if TYPE_CHECKING:
    from collections.abc import Collection

    from amazon_listings.selling_partner.operations import Kind

_WORDS = {
    "putListingsItem": "submission",
    "patchListingsItem": "update",
    "getListingsItem": "reading",
    "deleteListingsItem": "deletion",
    "searchListingsItems": "search",
    "createFeed": "feed",
}
#: The plural of those that do not just take an s.
_MANY = {"search": "searches"}
_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True)
class Forecast:
    """Calls of one operation, the seconds they take when the quota is all that counts, and a sentence."""

    calls: int
    seconds: float
    words: str

    def __str__(self) -> str:
        return self.words


def forecast(
    items: int,
    operation: str,
    *,
    kinds: Collection[Kind] = (),
    preview_rate: float = PREVIEW_RATE,
) -> Forecast:
    """What an operation for so many items will cost.

    Args:
        items: How many items; with `createFeed`, how many messages.
        operation: Amazon's operation name.
        kinds: What is special about the requests; `preview` makes them previews.
        preview_rate: Previews a second that the account may make.

    Returns:
        For instance `Forecast(4812, 4810.0, "4,812 previews, about 80 minutes")`. The time of a
        feed is until its upload; what Amazon needs to process it, Amazon does not say.
    """
    calls = math.ceil(items / MOST_MESSAGES) if operation == "createFeed" else items
    slowest = min(limits(operation, kinds, preview_rate=preview_rate), key=lambda limit: limit.rate)
    seconds = max(0.0, (calls - slowest.burst) / slowest.rate)
    word = "preview" if "preview" in kinds else _WORDS.get(operation, "call")
    noun = word if calls == 1 else _MANY.get(word, f"{word}s")
    return Forecast(calls, seconds, f"{calls:,} {noun}, {duration(seconds)}")


def duration(seconds: float) -> str:
    """So many seconds as people say them: `about 80 minutes`."""
    if seconds < _MINUTE:
        return "less than a minute"
    if seconds < 2 * _HOUR:
        minutes = round(seconds / _MINUTE)
        return "about a minute" if minutes == 1 else f"about {minutes} minutes"
    hours = round(seconds / _HOUR, 1)
    return f"about {hours:g} hours"
