"""Try a connection, for the Test button of the Airflow connection."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from amazon_listings.messages import message
from amazon_listings.sources.sales_layer.connector_pages import PARAMETERS, first_page
from amazon_listings.sources.sales_layer.connector_tables import roles
from amazon_listings.sources.sales_layer.positional import parse_row, tables
from amazon_listings.sources.sales_layer.rest_metadata import describe
from amazon_listings.sources.sales_layer.rest_queries import ask
from amazon_listings.sources.sales_layer.transport import Transport
from amazon_listings.sources.selection import Selection

if TYPE_CHECKING:
    from amazon_listings.messages import Message
    from amazon_listings.sources.sales_layer.clock import Clock
    from amazon_listings.sources.sales_layer.connection import PimConnection


def check_connection(connection: PimConnection, *, clock: Clock | None = None) -> Message:
    """Ask for one page of products.

    Returns:
        What was found, as a message: "12 product fields, languages en, es; first product P-101."

    Raises:
        ActionRequiredError: the connection is wrong; the message names the field to correct.
        RetryableError: Sales Layer cannot be reached just now.
    """
    with closing(Transport(connection, clock)) as transport:
        return _check_rest(transport) if connection.api == "rest" else _check_connector(transport)


def _check_rest(transport: Transport) -> Message:
    resource = describe(ask(transport, "Products/$metadata"), "Products")
    page = ask(transport, "Products?$top=1").get("value")
    row = page[0] if isinstance(page, list) and page and isinstance(page[0], dict) else None
    first = row.get(resource.reference) or row.get(resource.identifier) if row else None
    return _found(len(resource.properties), resource.cultures, first)


def _check_connector(transport: Transport) -> Message:
    page = first_page(transport, {**PARAMETERS, "pagination": "500"})
    described = tables(page)
    schema = page.get("schema") or {}
    names = roles(described, schema)
    table = described[names.products]
    found = (page.get("data") or {}).get(names.products) if isinstance(page.get("data"), dict) else None
    first: Any = None
    for row in found or []:
        record = parse_row(table, row, Selection()).record
        if record is not None:
            first = record["ref"]
            break
    languages = schema.get("languages") if isinstance(schema, dict) else None
    fields = {column.basename for column in table.columns} - {"STATUS", "ID"}
    return _found(len(fields), languages or (), first)


def _found(fields: int, languages: object, first: object) -> Message:
    named = languages if isinstance(languages, list | tuple) else ()
    spoken: list[str | Message] = [str(each) for each in named]
    spoken = spoken or [message("connection.none_named")]
    if first is None:
        return message("connection.test_sales_layer_empty", fields=fields, languages=spoken)
    return message("connection.test_sales_layer", first=str(first), fields=fields, languages=spoken)
