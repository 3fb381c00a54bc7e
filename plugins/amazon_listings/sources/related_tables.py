"""Related tables: what a mapping looks values up in, beside the items.

A table is the source's own, or a file, whatever the source is. It is kept whole, in each language: tables
are far smaller than catalogues.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_listings.sources.files.related_tables import file_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from amazon_listings.sources.port import OpenedSource, Rows

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
        found |= {name: file_table(place, languages) for name, place in files.items()}
    others = {name: place for name, place in wanted.items() if name not in files}
    if others:
        found |= opened().tables(others, languages)
    return {name: found[name] for name in wanted}
