"""The columns of a source's files, as far as their heads tell all of them.

A CSV has a header and Parquet a schema. JSON Lines have neither: only a small file is read to its end, for a
key that its first lines lack may stand in the last.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from amazon_listings.incoming.values import is_text
from amazon_listings.sources.errors import UnusableRecord
from amazon_listings.sources.files.rows import column_types, file_rows, find_files

if TYPE_CHECKING:
    from amazon_listings.sources.files.settings import FileSettings

#: Files of one source whose heads are read, and bytes and lines of JSON that are.
_MOST_FILES, _MOST_BYTES, _MOST_LINES = 100, 16 * 1024 * 1024, 10_000


def columns(source: FileSettings, root: object) -> dict[str, str | None]:
    """Return every column of a source's files, with its type where the format has one.

    Args:
        source: Path, delimiter and encoding.
        root: The path as something with pathlib's methods; None: `source.path`.

    Returns:
        The types by name; nothing where it is not certain that these are all.

    Raises:
        UnusableSource: no file, a file that cannot be opened, or a column missing.
    """
    files = find_files(source.path if root is None else root)
    if len(files) > _MOST_FILES:
        return {}
    found: dict[str, str | None] = {}
    lines = [path for path in files if path.suffix.lower() == ".jsonl"]
    if lines and (len(lines) < len(files) or sum(path.stat().st_size for path in lines) > _MOST_BYTES):
        return {}
    if not lines:
        for path in files:
            found |= column_types(path, source) | found
    elif not _keys(source, root, found):
        return {}
    return found if all(map(is_text, found)) else {}


def _keys(source: FileSettings, root: object, found: dict[str, str | None]) -> bool:
    """Add the keys of all lines of JSON; return whether these are all."""
    rows = file_rows(source, root)
    for row in islice(rows, _MOST_LINES):
        if not isinstance(row, UnusableRecord):
            found |= dict.fromkeys(row.cells)
    return next(rows, None) is None
