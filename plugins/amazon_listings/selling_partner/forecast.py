"""Before a run starts: how many calls, which way, how long."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amazon_listings.messages import DEFAULT, catalogue, message
from amazon_listings.selling_partner.feed_messages import MOST_MESSAGES
from amazon_listings.selling_partner.operations import PREVIEW_RATE, limits

if TYPE_CHECKING:
    from collections.abc import Collection

    from amazon_listings.messages import Catalogue, Message
    from amazon_listings.selling_partner.operations import Kind

#: The operations whose calls have a name in the messages.
_NAMED = frozenset(
    {
        "putListingsItem",
        "patchListingsItem",
        "getListingsItem",
        "deleteListingsItem",
        "searchListingsItems",
        "createFeed",
    }
)
_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True)
class Forecast:
    """Calls of one operation, and the seconds they take when the quota is all that counts.

    As a text: `4,812 previews, about 80 minutes`, in the language of the catalogue.
    """

    calls: int
    seconds: float
    name: str

    def __str__(self) -> str:
        return self.worded(catalogue(DEFAULT))

    def worded(self, messages: Catalogue) -> str:
        """Return the number of calls, and how long they take."""
        time = duration(self.seconds)
        return messages.phrase(f"forecast.{self.name}", calls=self.calls, time=time)


@dataclass(frozen=True)
class Joined:
    """Costs one after the other."""

    costs: tuple[Any, ...]

    def worded(self, messages: Catalogue) -> str:
        """Return the costs with semicolons between them."""
        return "; ".join(map(messages.value, self.costs))


def forecast(
    items: int,
    operation: str,
    *,
    kinds: Collection[Kind] = (),
    preview_rate: float = PREVIEW_RATE,
) -> Forecast:
    """Return what an operation for so many items will cost.

    Args:
        items: How many items; with `createFeed`, how many messages.
        operation: Amazon's operation name.
        kinds: What is special about the requests; `preview` makes them previews.
        preview_rate: Previews a second that the account may make.

    Returns:
        The time of a feed is until its upload; what Amazon needs to process it, Amazon does not say.
    """
    calls = math.ceil(items / MOST_MESSAGES) if operation == "createFeed" else items
    slowest = min(limits(operation, kinds, preview_rate=preview_rate), key=lambda limit: limit.rate)
    seconds = max(0.0, (calls - slowest.burst) / slowest.rate)
    named = operation if operation in _NAMED else "call"
    return Forecast(calls, seconds, "preview" if "preview" in kinds else named)


def duration(seconds: float) -> Message:
    """Return so many seconds as people say them: `about 80 minutes`."""
    if seconds < _MINUTE:
        return message("duration.seconds")
    if seconds < 2 * _HOUR:
        return message("duration.minutes", number=round(seconds / _MINUTE))
    return message("duration.hours", number=round(seconds / _HOUR, 1))
