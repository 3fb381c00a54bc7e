"""The rows of a related table, within a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.incoming.values import printable, unfit
from amazon_listings.sources.errors import UnusableSource

if TYPE_CHECKING:
    from collections.abc import Iterable

#: A table larger than this is a catalogue, and looking values up in it a mistake.
MOST_ROWS = 10_000


def bounded(place: str, found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows as a list; a value that no text, number or list can hold is empty.

    Raises:
        UnusableSource: there are more than a related table may have.
    """
    kept = []
    for row in found:
        kept.append({printable(name): None if unfit(value) else value for name, value in row.items()})
        if len(kept) > MOST_ROWS:
            raise UnusableSource(
                "sources.related_table_more_than",
                place=place,
                most_rows=MOST_ROWS,
            )
    return kept
