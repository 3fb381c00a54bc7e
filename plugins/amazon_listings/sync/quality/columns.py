"""The columns that expectations look at, computed from items.

`sku`, `pim_id`, `status`; every PIM field by its name (`name_fr` where it has one value per language);
and columns that hold only what is wrong, so that an expectation reads "is null" and its report shows
the wrong value.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from amazon_listings.mapping.rows import Row, is_empty

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from amazon_listings.item import Item

BAD_GTIN = "wrong check digit in {field}"
BAD_URL = "malformed address in {field}"
OCCURRENCES = "items with this SKU"

#: GTIN-8, UPC-A (GTIN-12), EAN (GTIN-13) and GTIN-14; GS1 General Specifications, 7.9.
_GTIN = re.compile(r"[0-9]{8}|[0-9]{12,14}")


class Columns:
    """Computes a row of columns from an item.

    Args:
        wanted: The columns that some expectation names.
        languages: The PIM's value languages, the first for fields named without language.
        skus: How often each SKU occurs in the whole extract.
    """

    def __init__(self, wanted: Collection[str], languages: Collection[str], skus: Counter[str]) -> None:
        self._languages = tuple(languages) or ("",)
        self._computed: dict[str, Callable[[dict[str, Row]], Any]] = {
            name: self._column(name, skus) for name in wanted
        }

    def of(self, item: Item) -> dict[str, Any]:
        """The columns of one item."""
        rows = {language: Row(item, language) for language in self._languages}
        return {name: compute(rows) for name, compute in self._computed.items()}

    def _column(self, name: str, skus: Counter[str]) -> Callable[[dict[str, Row]], Any]:
        first = self._languages[0]
        if name == "pim_id":
            return lambda rows: rows[first].item["id"]
        if name == OCCURRENCES:
            return lambda rows: skus[rows[first].item["sku"] or ""]
        for pattern, wrong in ((BAD_GTIN, bad_gtin), (BAD_URL, bad_url)):
            before, after = pattern.split("{field}")
            if name.startswith(before) and name.endswith(after):
                field = name[len(before) : len(name) - len(after)]
                return lambda rows, field=field, wrong=wrong: wrong(rows[first].get(field))  # type: ignore[misc]
        for language in self._languages:
            base = name.removesuffix(f"_{language}")
            if base != name:
                return lambda rows, base=base, name=name, language=language: _plain(  # type: ignore[misc]
                    rows[language].values.get(base, rows[first].values.get(name))
                )
        return lambda rows: _plain(_present(rows[first].get(name)))


def sku_counts(items: Iterable[Item]) -> Counter[str]:
    """How often each SKU occurs."""
    return Counter(item["sku"] for item in items if item["sku"])


def bad_gtin(value: Any) -> str | None:
    """The value if it is not a GTIN with the right check digit, else None; empty is no GTIN."""
    if is_empty(value) or isinstance(value, list | dict | bool):
        return None
    text = str(value).strip()
    if not _GTIN.fullmatch(text):
        return text
    digits = [int(digit) for digit in reversed(text)]
    total = sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return None if total % 10 == 0 else text


def bad_url(value: Any) -> str | None:
    """The first picture address that no browser could fetch, else None."""
    entries = value if isinstance(value, list) else [value]
    for entry in entries:
        address = entry.get("url") if isinstance(entry, dict) else entry
        if is_empty(address):
            continue
        text = str(address)
        try:
            parts = urlsplit(text)
            port_is_right = parts.port is None or parts.port > 0
        except ValueError:
            return text
        whole = parts.scheme in {"http", "https", "s3"} and parts.hostname and port_is_right
        if not whole or any(mark.isspace() for mark in text):
            return text
    return None


def _present(value: Any) -> Any:
    """A record's value; None where no record has the field."""
    return value if isinstance(value, str | int | float | bool | list | dict | tuple) else None


def _plain(value: Any) -> Any:
    """The value as a cell: blank text is no value, lists and tables are text."""
    if is_empty(value):
        return None
    return str(value) if isinstance(value, list | dict | tuple) else value
