"""Related tables in files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.sources.errors import UnusableSource
from amazon_listings.sources.files.rows import FileRow, file_rows
from amazon_listings.sources.files.settings import FileSettings
from amazon_listings.sources.record import split_language
from amazon_listings.sources.table_rows import bounded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amazon_listings.sources.port import Rows


def file_table(place: str, languages: Sequence[str]) -> Rows:
    """Return the rows of a file, by language.

    Raises:
        UnusableSource: it cannot be read, or has too many rows.
    """
    cells = []
    for row in file_rows(FileSettings(path=place, id_column=""), None):
        if not isinstance(row, FileRow):
            raise UnusableSource("files.related_table_cannot_read", place=place, reason=row.message)
        cells.append(row.cells)
    return {
        language: bounded(place, (_in_language(row, language, languages) for row in cells))
        for language in languages
    }


def _in_language(row: Mapping[str, Any], language: str, languages: Sequence[str]) -> dict[str, Any]:
    """Return a file's row: `name_fr` is the French text of `name`."""
    found: dict[str, Any] = {}
    for column, value in row.items():
        name, spoken = split_language(column, languages)
        if spoken == language or (spoken is None and name not in found):
            found[name] = value
    return found
