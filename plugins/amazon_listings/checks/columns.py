"""The columns that expectations look at, computed from items.

- `pim_id`, `sku`, `status`, `reference`, and every PIM field by its name (`name_fr`: a text in one language);
- what a mapping line makes of the PIM's fields (`Probe`), so that a default in an expression counts;
- columns that hold only what is wrong, so that an expectation reads "is null" and the page shows the value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from amazon_listings.mapping.expressions.rows import RECORD_NAMES, ItemRow
from amazon_listings.mapping.values.debris import cleaned
from amazon_listings.mapping.values.options import ConversionError
from amazon_listings.mapping.values.value import is_empty
from amazon_product_types.gtin import is_gtin

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Collection, Mapping, Sequence

    from amazon_listings.item import Item, Record
    from amazon_listings.mapping.expressions.compiled import Expression
    from amazon_listings.mapping.expressions.rows import Tables

PIM_ID = "pim_id"
OCCURRENCES = "items with this SKU"
#: Columns every extract has, whatever the PIM's fields are.
ALWAYS = frozenset((PIM_ID, "sku", OCCURRENCES, *RECORD_NAMES))

#: What a mapping line that fails shows here: not empty, so that only the mapping tells of it.
_FAILS = "(the mapping tells)"
#: Most addresses of pictures: without a port, a query, and all that an address may have too.
_USUAL_URL = re.compile(r"(?:https?|s3)://[A-Za-z0-9][A-Za-z0-9.-]*(?:/[\w.~/%+-]*)?", re.ASCII)


class Probe(NamedTuple):
    """A column that looks at what mapping lines make of an item.

    `expressions` are those lines' values, `wrong` gives the value if it is wrong, else None.
    """

    expressions: tuple[Expression, ...]
    wrong: Callable[[Any], Any] | None

    def of(self, rows: Sequence[ItemRow]) -> Any:
        """Return the first value there is or, if the probe looks for what is wrong, the first wrong one."""
        for expression in self.expressions:
            for row in rows:
                try:
                    value = expression.evaluate(row)
                except ValueError:
                    value = None if self.wrong else _FAILS
                found = self.wrong(value) if self.wrong else value
                if not is_empty(found):
                    return _plain(found)
        return None


class Columns:
    """Computes a row of columns from an item.

    Args:
        wanted: The columns that some expectation names.
        probes: Those of them that look at mapping lines.
        languages: The PIM's value languages, the first for fields named without language.
        fallback: The PIM language whose text stands in for a missing one.
        skus: How often a SKU occurs in the whole extract, of those that occur more than once.
        tables: The related tables of the mapping.
    """

    def __init__(
        self,
        wanted: Collection[str],
        *,
        probes: Mapping[str, Probe],
        languages: Collection[str],
        fallback: str | None,
        skus: Counter[str],
        tables: Tables,
    ) -> None:
        self._languages = tuple(languages) or ("",)
        self._fallback = fallback
        self._tables = tables
        self._computed = {name: self._column(name, probes, skus) for name in sorted({PIM_ID, *wanted})}

    @property
    def names(self) -> list[str]:
        """The columns, in the order of a row."""
        return list(self._computed)

    def of(self, item: Item, siblings: Sequence[Record] = ()) -> list[Any]:
        """Return the columns of one item.

        Args:
            item: The item.
            siblings: The variants of its product, where a mapping line asks for `variants`.
        """
        unknown: list[str] = []
        rows = [
            ItemRow(
                item,
                language,
                fallback=self._fallback,
                siblings=siblings,
                unknown=unknown,
                tables=self._tables,
            )
            for language in self._languages
        ]
        return [compute(rows) for compute in self._computed.values()]

    def _column(
        self, name: str, probes: Mapping[str, Probe], skus: Counter[str]
    ) -> Callable[[list[ItemRow]], Any]:
        if name in probes:
            return probes[name].of
        if name == PIM_ID:
            return lambda rows: rows[0].item["pim_id"]
        if name == OCCURRENCES:
            return lambda rows: skus.get(sku, 1) if (sku := rows[0].item["sku"]) else 0
        for place, language in enumerate(self._languages):
            if language and name.endswith(f"_{language}"):
                base = name.removesuffix(f"_{language}")
                return lambda rows, base=base, place=place: _plain(  # type: ignore[misc]
                    _present(rows[place].get(base) if base in rows[place].values else rows[0].get(name))
                )
        return lambda rows: _plain(_present(rows[0].get(name)))


def bad_gtin(value: object) -> str | None:
    """Return the value if it is not a GTIN with the right check digit, else None; empty is no GTIN."""
    if is_empty(value) or isinstance(value, list | dict | bool):
        return None
    text = str(value).strip()
    return None if is_gtin(text) or is_gtin(_as_sent(text)) else text


def _as_sent(text: str) -> str:
    """Return a text with the repairs that the mapping makes of it; as it is where it is refused."""
    try:
        return cleaned(text).text.strip()
    except ConversionError:
        return text


def bad_url(value: object) -> str | None:
    """Return the first picture address that cannot be fetched, else None."""
    entries = value if isinstance(value, list) else [value]
    for entry in entries:
        address = entry.get("url") if isinstance(entry, dict) else entry
        if is_empty(address):
            continue
        text = str(address)
        if _USUAL_URL.fullmatch(text):
            continue
        try:
            parts = urlsplit(text)
            port_is_right = parts.port is None or parts.port > 0
        except ValueError:
            return text
        whole = parts.scheme in {"http", "https", "s3"} and parts.hostname and port_is_right
        if not whole or any(mark.isspace() or not mark.isprintable() for mark in text.strip()):
            return text
    return None


def _present(value: object) -> object:
    """Return a record's value; None where no record has the field."""
    return value if isinstance(value, str | int | float | bool | list | dict | tuple) else None


def _plain(value: object) -> Any:
    """Return the value as a cell: blank text is no value, lists and tables are text."""
    if is_empty(value):
        return None
    return str(value) if isinstance(value, list | dict | tuple) else value
