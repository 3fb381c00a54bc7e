"""Positional rows of the connector API: an answer's own schema says what stands where.

Source: "API connector: response" of Sales Layer and the `parsing_json_returned` of its PHP SDK:
`data_schema` lists each table's columns in order, `data_schema_info` tells their types, languages
and sizes, `data` holds the rows as arrays, the first two places being STATUS and ID.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.sources.errors import UnusableRow
from amazon_listings.sources.record import identifier, new_record, split_language
from amazon_listings.sources.sales_layer.images import (
    DELETED,
    area,
    is_unchanged,
    is_unfinished,
    positional_images,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amazon_listings.item import Record
    from amazon_listings.sources.selection import Selection

STATUS, ID, REF, JOIN = "STATUS", "ID", "REF", "ID_"


@dataclass(frozen=True)
class Column:
    """One column. `places` is set for image and file fields: what stands where in an entry."""

    name: str
    basename: str
    language: str | None = None
    places: tuple[str, ...] | None = None
    areas: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A table's columns, in the order of its rows."""

    name: str
    columns: tuple[Column, ...]

    def place(self, name: str) -> int | None:
        """Return where a column stands, or None."""
        return next((n for n, column in enumerate(self.columns) if column.name == name), None)

    @property
    def joins(self) -> dict[str, int]:
        """The tables that rows name a record of (`ID_products` → `products`), and where."""
        return {
            column.name.removeprefix(JOIN): n
            for n, column in enumerate(self.columns)
            if column.name.startswith(JOIN)
        }


class Row(NamedTuple):
    """One row understood. `record` is None if the row says that the record is gone.

    `joins` holds, by table, the id that the row names; `unchanged_media` is True if some media
    field says only that it did not change. `unfinished_media` names the media fields with an entry that
    has no address: Sales Layer is still making it.
    """

    id: str
    record: Record | None
    joins: dict[str, str]
    unchanged_media: bool
    unfinished_media: tuple[str, ...] = ()


def tables(body: Mapping[str, Any]) -> dict[str, Table]:
    """Return the tables that an answer describes, by name; empty if it describes none."""
    schema = _object(body.get("data_schema"))
    info = _object(body.get("data_schema_info"))
    given = _object(body.get("schema")).get("languages")
    languages = [str(code) for code in given] if isinstance(given, list | dict) else []
    return {
        name: Table(name, tuple(_column(each, _object(info.get(name)), languages) for each in columns))
        for name, columns in schema.items()
        if isinstance(columns, list)
    }


def _object(value: object) -> dict[str, Any]:
    """PHP writes an empty object as an empty list."""
    return value if isinstance(value, dict) else {}


def _column(given: object, infos: Mapping[str, Any], languages: Sequence[str]) -> Column:
    places: tuple[str, ...] | None = None
    name = str(given)
    if isinstance(given, dict):
        name, entries = next(((str(k), v) for k, v in given.items()), ("", []))
        places = tuple(
            str(entry.get("field", "")) if isinstance(entry, dict) else str(entry)
            for entry in (entries if isinstance(entries, list) else [])
        )
    info = _object(infos.get(name))
    if places is None and info.get("type") in {"image", "file"}:
        places = (STATUS, ID, *_object(info.get("sizes")))
    if places is not None:
        areas = {size: area(value) for size, value in _object(info.get("sizes")).items()}
        return Column(name, name, places=places, areas=areas)
    if info.get("language_code"):
        return Column(name, str(info.get("basename") or name), language=str(info["language_code"]))
    if not infos and not name.startswith(JOIN):
        basename, language = split_language(name, languages)
        return Column(name, basename, language=language)
    return Column(name, name)


def parse_row(table: Table, row: object, selection: Selection) -> Row:
    """Return one row of a table.

    Raises:
        UnusableRow: the row does not fit the table's columns; the text says how.
    """
    if not isinstance(row, list):
        raise UnusableRow("row.not_a_list")
    status_at, id_at = table.place(STATUS) or 0, table.place(ID)
    identity = identifier(_cell(row, 1 if id_at is None else id_at))
    if identity is None:
        raise UnusableRow("row.no_id")
    if _cell(row, status_at) == DELETED:
        return Row(identity, None, _joins(table, row), unchanged_media=False)
    if len(row) != len(table.columns):
        raise UnusableRow("row.other_columns", values=len(row), columns=len(table.columns))
    record = new_record(identity)
    unchanged = False
    unfinished = []
    for column, cell in zip(table.columns, row, strict=True):
        unchanged |= column.places is not None and is_unchanged(cell)
        if column.places is not None and is_unfinished(cell, column.places):
            unfinished.append(column.name)
        _put(record, column, cell, selection)
    for name in record["texts"].keys() & record["fields"].keys():
        del record["fields"][name]  # clients look the language's column up first
    return Row(identity, record, _joins(table, row), unchanged, tuple(unfinished))


def _put(record: Record, column: Column, cell: Any, selection: Selection) -> None:
    if column.name == REF:
        record["ref"] = identifier(cell) or record["ref"]
    elif column.places is not None:
        if not is_unchanged(cell):
            record["images"][column.name] = positional_images(cell, column.places, column.areas)
    elif column.language is not None:
        texts = record["texts"].setdefault(column.basename, {})
        wanted = selection.language(column.language)
        if wanted and cell is not None and cell != "":
            texts[wanted] = cell
    elif column.name not in {STATUS, ID}:
        record["fields"][column.name] = cell


def _joins(table: Table, row: Sequence[object]) -> dict[str, str]:
    joins = {}
    for name, place in table.joins.items():
        cell = _cell(row, place)
        identity = identifier(cell[0] if isinstance(cell, list) and cell else cell)
        if identity is not None:
            joins[name] = identity
    return joins


def _cell(row: Sequence[object], place: int) -> object:
    return row[place] if place < len(row) else None
