"""Related tables: what a mapping looks values up in, beside the items.

A table comes from Sales Layer (a resource or custom entity of the REST API, a table of the export
connector) or from a file. It is held whole, in each language: tables are far smaller than catalogues.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from amazon_listings.connectors.model import FileSource
from amazon_listings.sources.errors import IncompleteConnection, NotThere, UnusableSource
from amazon_listings.sources.files.rows import FileRow, file_rows
from amazon_listings.sources.sales_layer.connector_pages import pages
from amazon_listings.sources.sales_layer.positional import parse_row, split_language, tables
from amazon_listings.sources.sales_layer.rest_queries import literal, rows
from amazon_listings.sources.sales_layer.transport import Transport
from amazon_listings.sources.selection import Selection, plain_language

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from amazon_listings.sources.sales_layer.clock import Clock
    from amazon_listings.sources.sales_layer.connection import PimConnection

#: Rows of one table, by language.
Rows = dict[str, list[dict[str, Any]]]

#: A table larger than this is a catalogue, and looking values up in it a mistake.
MOST_ROWS = 10_000
#: Resources of the REST API 2.0 that are no custom entities.
_RESOURCES = frozenset({"Products", "Variants", "Categories", "AttributeSets", "Families"})
_FILES = (".csv", ".jsonl", ".parquet")


def is_file(place: str) -> bool:
    """Whether a table's place is a file, and not a table of Sales Layer."""
    return place.lower().endswith(_FILES)


def read_tables(
    wanted: Mapping[str, str],
    connection: PimConnection | None,
    languages: Sequence[str],
    *,
    clock: Clock | None = None,
) -> dict[str, Rows]:
    """The rows of tables, by name and language.

    Args:
        wanted: The place of each table by name: a file, or what Sales Layer calls it.
        connection: The Sales Layer account; files need none.
        languages: The PIM's languages; a text without one is in all of them.
        clock: Where time comes from, for tests.

    Raises:
        RetryableError, ActionRequiredError: as `read_items`; also for a table that is missing or too large.
    """
    found = {name: _of_file(place, languages) for name, place in wanted.items() if is_file(place)}
    others = {name: place for name, place in wanted.items() if not is_file(place)}
    if others:
        if connection is None:
            raise IncompleteConnection(
                f"The related tables {', '.join(others)} are Sales Layer's, and there is no connection to it."
            )
        with closing(Transport(connection, clock)) as transport:
            read = _of_rest if connection.api == "rest" else _of_connector
            found |= read(transport, others, languages)
    return {name: found[name] for name in wanted}


def _of_rest(transport: Transport, wanted: Mapping[str, str], languages: Sequence[str]) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    for name, place in wanted.items():
        resource = place if place in _RESOURCES else quote(f"CustomEntities({literal(place)})", safe="'()")
        try:
            found[name] = {
                language: _bounded(
                    place,
                    (
                        _spoken(row, language, languages)
                        for row in rows(transport, resource, {}, language=language)
                    ),
                )
                for language in languages
            }
        except NotThere:
            raise UnusableSource(
                f"Sales Layer has no table {place!r} (related table {name}).",
                hint="Correct `tables` in the connector: a custom entity's name, or "
                f"{', '.join(sorted(_RESOURCES))}.",
            ) from None
    return found


def _of_connector(
    transport: Transport, wanted: Mapping[str, str], languages: Sequence[str]
) -> dict[str, Rows]:
    """From one full answer: the connector API sends every table in it."""
    selection = Selection(languages=tuple(languages))
    known: dict[str, Any] = {}
    records: dict[str, list[Any]] = {name: [] for name in wanted}
    for page in pages(transport, None):
        known = {**tables(page), **known}
        data = page.get("data") or {}
        for name, place in wanted.items():
            for table in [one for key, one in known.items() if key.casefold() == place.casefold()]:
                found = (parse_row(table, row, selection).record for row in data.get(table.name) or [])
                records[name] += [record for record in found if record is not None]
    for name, place in wanted.items():
        if place.casefold() not in map(str.casefold, known):
            raise UnusableSource(
                f"The export connector of Sales Layer sends no table {place!r} (related table {name}).",
                hint=f"It sends {', '.join(known)}.",
            )
    return {
        name: {
            language: _bounded(wanted[name], (_row_of(record, language) for record in records[name]))
            for language in languages
        }
        for name in wanted
    }


def _of_file(place: str, languages: Sequence[str]) -> Rows:
    source = FileSource(path=place, languages=tuple(languages), id_column="")
    cells = []
    for row in file_rows(source, None):
        if not isinstance(row, FileRow):
            raise UnusableSource(f"The related table {place} cannot be read: {row.message}")
        cells.append(row.cells)
    return {
        language: _bounded(place, (_in_language(row, language, languages) for row in cells))
        for language in languages
    }


def _bounded(place: str, found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    kept = []
    for row in found:
        kept.append(row)
        if len(kept) > MOST_ROWS:
            raise UnusableSource(
                f"The related table {place} has more than {MOST_ROWS:,} rows.",
                hint="Have Sales Layer, or whoever writes the file, put the values on the products.",
            )
    return kept


def _row_of(record: Mapping[str, Any], language: str) -> dict[str, Any]:
    texts = {name: spoken.get(language) for name, spoken in record["texts"].items()}
    return {"id": record["id"], "reference": record["ref"], **record["fields"], **texts}


def _in_language(row: Mapping[str, Any], language: str, languages: Sequence[str]) -> dict[str, Any]:
    """A file's row: `name_fr` is the French text of `name`."""
    found: dict[str, Any] = {}
    for column, value in row.items():
        name, spoken = split_language(column, languages)
        if spoken == language or (spoken is None and name not in found):
            found[name] = value
    return found


def _spoken(row: Any, language: str, languages: Sequence[str]) -> dict[str, Any]:
    """A row of the REST API with its texts in one language."""
    return {
        name: _text(value, language, languages)
        for name, value in (row.items() if isinstance(row, dict) else ())
        if "@" not in name
    }


def _text(value: Any, language: str, languages: Sequence[str]) -> Any:
    if (
        isinstance(value, list)
        and value
        and all(isinstance(each, dict) and "culture" in each for each in value)
    ):
        value = {str(each["culture"]): each.get("value") for each in value}
    if not isinstance(value, dict):
        return value
    by_language = {plain_language(str(code)): text for code, text in value.items()}
    if not by_language.keys() & {plain_language(one) for one in languages}:
        return value
    return by_language.get(plain_language(language))
