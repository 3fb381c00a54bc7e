"""Before a run starts: how many calls, which way, how long."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amazon_listings.messages import DEFAULT, catalogue, message
from amazon_listings.selling_partner.feed_messages import MOST_BYTES, MOST_MESSAGES
from amazon_listings.selling_partner.operations import PREVIEW_RATE, limits

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from amazon_listings.messages import Message
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
        return catalogue(DEFAULT).value(self)

    def phrase(self) -> Message:
        """Return the number of calls, and how long they take."""
        return message(f"forecast.{self.name}", calls=self.calls, time=duration(self.seconds))


def forecast(
    items: int,
    operation: str,
    *,
    kinds: Collection[Kind] = (),
    preview_rate: float = PREVIEW_RATE,
    at_most: bool = False,
    size: float = 0,
    together: int | None = None,
    left: Mapping[str, float] | None = None,
    after: float = 0,
) -> Forecast:
    """Return what an operation for so many items will cost.

    Args:
        items: How many items; with `createFeed`, how many messages.
        operation: Amazon's operation name.
        kinds: What is special about the requests; `preview` makes them previews.
        preview_rate: Previews a second that the account may make.
        at_most: The previews are made as they are needed, so that there may be fewer.
        size: Bytes of a message of a feed, on average; 0: so few that they do not count.
        together: Messages after which a new feed is begun, whether there is room in the last or not; None:
            it is begun when the last is full.
        left: Tokens that are left of limits, by name; the others are full.
        after: Seconds until the first call, in which they fill up.

    Returns:
        The time of a feed is until its upload; what Amazon needs to process it, Amazon does not say.
    """
    calls = feeds_of(items, size, together) if operation == "createFeed" else items
    seconds = max(
        (calls - min(limit.burst, (left or {}).get(limit.name, limit.burst) + after * limit.rate))
        / limit.rate
        for limit in limits(operation, kinds, preview_rate=preview_rate)
    )
    named = operation if operation in _NAMED else "call"
    if "preview" in kinds:
        named = "previews_at_most" if at_most else "preview"
    return Forecast(calls, max(0.0, seconds) if calls else 0.0, named)


def feeds_of(messages: int, size: float, together: int | None = None) -> int:
    """Return in how many feeds so many messages of so many bytes go; see `forecast`."""
    # A document ends before the message that would make it too large.
    each = min(MOST_MESSAGES, max(1, MOST_BYTES // math.ceil(size + 1)))
    if together is None:
        return math.ceil(messages / each)
    full, rest = divmod(messages, together)
    return full * math.ceil(together / each) + math.ceil(rest / each)


def duration(seconds: float) -> Message:
    """Return so many seconds as people say them: `about 80 minutes`."""
    if seconds < _MINUTE:
        return message("duration.seconds")
    if seconds < 2 * _HOUR:
        return message("duration.minutes", number=round(seconds / _MINUTE))
    return message("duration.hours", number=round(seconds / _HOUR, 1))
