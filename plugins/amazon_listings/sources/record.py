"""Making records: what every source needs to turn a PIM's rows into them."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amazon_listings.item import Record


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
    """Return an id or reference as text (101 and "101" are one), or None if there is none."""
    if isinstance(cell, str) and cell.strip():
        return cell
    return str(cell) if isinstance(cell, int) and not isinstance(cell, bool) else None


def split_language(name: str, languages: Sequence[str], separator: str = "_") -> tuple[str, str | None]:
    """Return the field and the language of a column: `name_es` → (`name`, `es`), `size` → (`size`, None).

    The longest language that fits wins, so `name_en-us` is not `name_en` and `-us`.
    """
    for language in sorted(languages, key=len, reverse=True):
        basename = name[: -len(separator + language)]
        if basename and name.lower().endswith((separator + language).lower()):
            return basename, language
    return name, None


def parse_json(content: bytes) -> Any:
    """Return JSON as the PIM sent it, a byte order mark before it tolerated; numbers must be finite.

    Raises:
        ValueError: it is not JSON, or not UTF-8.
    """
    return json.loads(content.decode("utf-8-sig"), parse_constant=_no_constant, parse_float=_finite)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text} is too large")
    return value
