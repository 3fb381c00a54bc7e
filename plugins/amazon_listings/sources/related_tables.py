"""Related tables: what a mapping looks values up in, beside the items.

A table is the source's own, or a file, whatever the source is. It is kept whole, in each language: tables
are far smaller than catalogues.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.incoming.values import printable, unfit
from amazon_listings.sources.errors import UnusableSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from amazon_listings.sources.port import OpenedSource, Rows

#: A table larger than this is a catalogue, and looking values up in it a mistake.
MOST_ROWS = 10_000
_FILES = (".csv", ".jsonl", ".parquet")


def is_file(place: str) -> bool:
    """Return True if a table's place is a file, and not a table of the source."""
    return place.lower().endswith(_FILES)


def read_tables(
    wanted: Mapping[str, str], opened: Callable[[], OpenedSource], languages: Sequence[str]
) -> dict[str, Rows]:
    """Return the rows of tables, by name and language.

    Args:
        wanted: The place of each table by name: a file, or what the source calls it.
        opened: Opens the connector's source; called only where a table is the source's own.
        languages: The PIM's languages; a text without one is in all of them.

    Raises:
        RetryableError, ActionRequiredError: as `read_items`; also for a table that is missing or too large.
    """
    found: dict[str, Rows] = {}
    files = {name: place for name, place in wanted.items() if is_file(place)}
    if files:
        from amazon_listings.sources.files.related_tables import file_table  # noqa: PLC0415 - seldom needed

        found |= {name: file_table(place, languages) for name, place in files.items()}
    others = {name: place for name, place in wanted.items() if name not in files}
    if others:
        found |= opened().tables(others, languages)
    return {name: found[name] for name in wanted}


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
