"""Making records: what every source needs to turn a PIM's rows into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_listings.incoming.values import MOST_DIGITS, is_text, printable
from amazon_listings.sources.errors import UnusableRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amazon_listings.item import Record

#: Characters of the longest id or reference that is one.
LONGEST_ID = 1000


def new_record(identity: str) -> Record:
    """Return a record without values; its reference is its id until another is known."""
    return {
        "id": identity,
        "ref": identity,
        "status": "",
        "modified": None,
        "fields": {},
        "texts": {},
        "images": {},
    }


def identifier(cell: object) -> str | None:
    """Return an id or reference as text (101 and "101" are one), or None if there is none.

    Raises:
        UnusableRow: it is no text that can be written, or far too long to be an id; the text says so.
    """
    if isinstance(cell, str) and cell.strip():
        if not is_text(cell):
            raise UnusableRow("row.id_unwritable")
        if len(cell) > LONGEST_ID:
            raise UnusableRow("row.id_too_long", count=len(cell))
        return cell
    return str(cell) if isinstance(cell, int) and not isinstance(cell, bool) else None


def shown(cell: object) -> str:
    """Return an id or reference as a message can show it, whatever is wrong; empty if there is none."""
    if isinstance(cell, str):
        return printable(cell[:100])
    whole = isinstance(cell, int) and not isinstance(cell, bool) and abs(cell) < 10**MOST_DIGITS
    return str(cell) if whole else ""


def split_language(name: str, languages: Sequence[str], separator: str = "_") -> tuple[str, str | None]:
    """Return the field and the language of a column: `name_es` → (`name`, `es`), `size` → (`size`, None).

    The longest language that fits wins, so `name_en-us` is not `name_en` and `-us`.
    """
    for language in sorted(languages, key=len, reverse=True):
        basename = name[: -len(separator + language)]
        if basename and name.lower().endswith((separator + language).lower()):
            return basename, language
    return name, None
