"""Related tables of Sales Layer: resources of the REST API, tables of the export connector."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from amazon_listings.messages import log_line
from amazon_listings.sources.errors import NotThere, UnusableRow, UnusableSource
from amazon_listings.sources.sales_layer.connector_pages import pages
from amazon_listings.sources.sales_layer.connector_tables import Described
from amazon_listings.sources.sales_layer.positional import parse_row
from amazon_listings.sources.sales_layer.rest_queries import literal, rows
from amazon_listings.sources.selection import Selection, plain_language
from amazon_listings.sources.table_rows import bounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from amazon_listings.item import Record
    from amazon_listings.sources.port import Rows
    from amazon_listings.sources.sales_layer.positional import Table
    from amazon_listings.sources.sales_layer.transport import Transport

log = logging.getLogger(__name__)

#: Resources of the REST API 2.0 that are no custom entities.
_RESOURCES = frozenset({"Products", "Variants", "Categories", "AttributeSets", "Families"})


def read_tables(transport: Transport, wanted: Mapping[str, str], languages: Sequence[str]) -> dict[str, Rows]:
    """Return the rows of tables, by name and language.

    Args:
        transport: The conversation with the account.
        wanted: What Sales Layer calls each table, by the connector's name of it.
        languages: The PIM's languages; a text without one is in all of them.

    Raises:
        UnusableSource: a table is missing, or too large.
    """
    read = _of_rest if transport.connection.api == "rest" else _of_connector
    return read(transport, wanted, languages)


def _of_rest(transport: Transport, wanted: Mapping[str, str], languages: Sequence[str]) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    for name, place in wanted.items():
        resource = place if place in _RESOURCES else quote(f"CustomEntities({literal(place)})", safe="'()")
        try:
            found[name] = {
                language: bounded(
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
                "sales_layer.sales_layer_no_table",
                place=place,
                name=name,
                resources=sorted(_RESOURCES),
            ) from None
    return found


def _of_connector(
    transport: Transport, wanted: Mapping[str, str], languages: Sequence[str]
) -> dict[str, Rows]:
    """From one full answer: the connector API sends every table in it."""
    selection = Selection(languages=tuple(languages))
    described = Described()
    records: dict[str, list[Any]] = {name: [] for name in wanted}
    for page in pages(transport, None):
        described.see(page.body)
        for name, place in wanted.items():
            for key in described.named(place):
                records[name] += _records(described.tables[key], described.rows(page.body, key), selection)
    for name, place in wanted.items():
        if not described.named(place):
            raise UnusableSource(
                "sales_layer.export_connector_sales_layer",
                place=place,
                name=name,
                known=list(described.tables),
            )
    return {
        name: {
            language: bounded(wanted[name], (_row_of(record, language) for record in records[name]))
            for language in languages
        }
        for name in wanted
    }


def _records(table: Table, given: list[Any], selection: Selection) -> Iterator[Record]:
    """Yield the rows that can be read: one that cannot is only missing from the table."""
    for row in given:
        try:
            record = parse_row(table, row, selection).record
        except UnusableRow as error:
            log.warning("%s", log_line("log.table_row_unreadable", table=table.name, reason=error))
            continue
        if record is not None:
            yield record


def _row_of(record: Mapping[str, Any], language: str) -> dict[str, Any]:
    texts = {name: spoken.get(language) for name, spoken in record["texts"].items()}
    return {"id": record["id"], "reference": record["ref"], **record["fields"], **texts}


def _spoken(row: object, language: str, languages: Sequence[str]) -> dict[str, Any]:
    """Return a row of the REST API with its texts in one language."""
    return {
        name: _text(value, language, languages)
        for name, value in (row.items() if isinstance(row, dict) else ())
        if "@" not in name
    }


def _text(value: object, language: str, languages: Sequence[str]) -> object:
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
