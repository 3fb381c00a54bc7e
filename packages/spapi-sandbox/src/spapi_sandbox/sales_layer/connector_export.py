"""What the export connector puts into an answer: rows by position, page after page.

A place in the export is `table.phase.id`: phase 0 lists what is gone, phase 1 what is there. It
names the last id given, so that edits between two pages neither lose nor repeat a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spapi_sandbox.catalogue.entry import TABLES, Table
from spapi_sandbox.sales_layer.connector_schema import columns
from spapi_sandbox.sales_layer.media import SIZES, address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spapi_sandbox.catalogue.entry import Entry, Field
    from spapi_sandbox.sales_layer.account import Account

START = "categories.0.0"
GONE, THERE = 0, 1
LIVE_STATE = "M"


@dataclass(frozen=True)
class ExportQuery:
    """What is asked: a delta `since` (unix seconds) or everything, and the export's switches."""

    since: int | None
    grouped: bool
    siblings: bool
    upper_categories: bool
    empty_categories: bool


class Export:
    """The rows that answer one query.

    With `unfinished` the first image of each field has no address yet; the attribute counts them.
    """

    def __init__(
        self, account: Account, query: ExportQuery, *, base_url: str, unfinished: bool = False
    ) -> None:
        self.unfinished = 0
        self._making = unfinished
        self._account = account
        self._catalogue = account.catalogue
        self._query = query
        self._base_url = base_url
        self._columns = {table: columns(account, table) for table in TABLES}

    def page(self, position: str, length: int | None) -> tuple[dict[Table, list[list[Any]]], int, str | None]:
        """Rows by table from `position` on, how many, and where the next page begins (None: at the end).

        Raises:
            ValueError: `position` is none that a page gave.
        """
        table, phase, after = _place(position)
        data: dict[Table, list[list[Any]]] = {}
        count, last = 0, position
        for row_table, row_phase, row_id, rows in self._walk(TABLES.index(table), phase, after):
            if length is not None and count >= length:
                return data, count, last
            data.setdefault(row_table, []).extend(self._rows(rows) if row_phase == THERE else [["D", row_id]])
            count += self._width(rows)
            last = f"{row_table}.{row_phase}.{row_id}"
        return data, count, None

    def total(self) -> int:
        """Rows of all pages together."""

        def count() -> int:
            return sum(self._width(rows) for _, _, _, rows in self._walk(0, GONE, 0))

        total: int = self._account.remembered(("export", self._query), count)
        return total

    def _walk(
        self, table_index: int, phase: int, after: int
    ) -> Iterator[tuple[Table, int, int, Entry | None]]:
        for index in range(table_index, len(TABLES)):
            table = TABLES[index]
            first = index == table_index
            if self._query.since is not None and not (first and phase == THERE):
                for gone_id, _ in self._catalogue.departures(table, self._query.since):
                    if (not first or gone_id > after) and not self._still_exported(table, gone_id):
                        yield table, GONE, gone_id, None
            for entry in self._catalogue.entries(table, after if first and phase == THERE else 0):
                if self._exported(entry) and self._asked(entry):
                    yield table, THERE, entry.id, entry

    def _exported(self, entry: Entry) -> bool:
        if entry.table == "categories":
            return self._query.empty_categories or entry.id in self._used_categories()
        if entry.status not in self._account.connector.statuses:
            return False
        if entry.table == "products":
            return True
        parent = self._catalogue.get("products", entry.parent or 0)
        return parent is not None and parent.status in self._account.connector.statuses

    def _still_exported(self, table: Table, entry_id: int) -> bool:
        entry = self._catalogue.get(table, entry_id)
        return entry is not None and self._exported(entry)

    def _asked(self, entry: Entry) -> bool:
        since = self._query.since
        if since is None or entry.modified >= since:
            return True
        if entry.table == "categories":
            return self._query.upper_categories and entry.id in self._touched_categories(since)
        if entry.table == "variants" and self._query.siblings and entry.parent is not None:
            gone = {gone_id for gone_id, _ in self._catalogue.departures("variants", since)}
            siblings = self._catalogue.variants_of(entry.parent)
            return any(one.modified >= since or one.id in gone for one in siblings)
        return False

    def _used_categories(self) -> frozenset[int]:
        return self._categories_above("used", 0)

    def _touched_categories(self, since: int) -> frozenset[int]:
        return self._categories_above("touched", since)

    def _categories_above(self, name: str, since: int) -> frozenset[int]:
        """Return the categories of exported products changed since then, with all above them."""

        def collect() -> frozenset[int]:
            found: set[int] = set()
            for product in self._catalogue.entries("products"):
                if product.modified >= since and self._exported(product):
                    found.update(product.categories)
            for category_id in tuple(found):
                above = self._catalogue.get("categories", category_id)
                while above is not None and above.parent:
                    found.add(above.parent)
                    above = self._catalogue.get("categories", above.parent)
            return frozenset(found)

        categories: frozenset[int] = self._account.remembered((name, since), collect)
        return categories

    def _width(self, entry: Entry | None) -> int:
        if entry is None or entry.table != "products" or self._query.grouped:
            return 1
        return max(len(entry.categories), 1)

    def _rows(self, entry: Entry | None) -> list[list[Any]]:
        if entry is None:
            return []
        values = [self._cell(entry, field, language) for field, language in self._columns[entry.table]]
        links: list[Any] = [entry.parent]
        if entry.table == "products":
            links = [list(entry.categories)] if self._query.grouped else list(entry.categories) or [""]
        return [[LIVE_STATE, entry.id, link, entry.ref, *values] for link in links]

    def _cell(self, entry: Entry, field: Field, language: str | None) -> Any:  # noqa: PLR0911 - one line per type
        value = entry.values.get(field.name)
        if field.type in {"image", "file"}:
            return self._media(entry, field, value or [])
        if language is not None:
            return (value or {}).get(language, "")
        if value is None:
            return [] if field.type in {"list", "table"} else ""
        if isinstance(value, bool):
            return int(value)
        if field.type == "numeric":
            return f"{value:g}" if isinstance(value, int | float) else value
        if field.type == "datetime":
            return str(value).replace("T", " ")
        return value

    def _media(self, entry: Entry, field: Field, images: list[dict[str, Any]]) -> list[Any]:
        if self._query.since is not None and entry.media_modified < self._query.since:
            return ["U"]  # unchanged since then; nothing is repeated
        sizes = SIZES if field.type == "image" else ("ORG",)
        entries = [
            ["M", str(one["id"]), *(address(one, self._base_url, size) for size in sizes)] for one in images
        ]
        if self._making and field.type == "image" and entries:
            self.unfinished += 1
            entries[0][2:] = [""] * len(sizes)
        return entries


def _place(position: str) -> tuple[Table, int, int]:
    name, phase, after = position.split(".")
    if name not in TABLES:
        raise ValueError(f"no table {name}")
    return TABLES[TABLES.index(name)], int(phase), int(after)
