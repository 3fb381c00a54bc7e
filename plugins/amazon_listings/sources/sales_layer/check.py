"""Try a connection, for the Test button of the Airflow connection."""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Any

from amazon_listings.messages import message
from amazon_listings.sources.sales_layer.connector_pages import pages
from amazon_listings.sources.sales_layer.connector_tables import Described
from amazon_listings.sources.sales_layer.positional import parse_row
from amazon_listings.sources.sales_layer.rest_metadata import describe
from amazon_listings.sources.sales_layer.rest_queries import ask
from amazon_listings.sources.sales_layer.transport import Transport
from amazon_listings.sources.selection import Selection

if TYPE_CHECKING:
    from amazon_listings.messages import Message
    from amazon_listings.sources.sales_layer.clock import Clock
    from amazon_listings.sources.sales_layer.connection import PimConnection

#: Pages that are read to find a product: categories come first, and may fill some.
FIRST_PAGES = 10


def check_connection(connection: PimConnection, *, clock: Clock | None = None) -> Message:
    """Ask for a page of products.

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
    described = Described()
    first: Any = None
    with closing(pages(transport, None)) as answers:
        for answer in islice(answers, FIRST_PAGES):
            described.see(answer.body)
            if described.roles is None:
                continue
            table = described.tables[described.roles.products]
            for row in described.rows(answer.body, table.name):
                record = parse_row(table, row, Selection()).record
                if record is not None:
                    first = record["ref"]
                    break
            if first is not None:
                break
    names = described.require()
    fields = {column.basename for column in described.tables[names.products].columns} - {"STATUS", "ID"}
    return _found(len(fields), described.languages, first)


def _found(fields: int, languages: object, first: object) -> Message:
    named = languages if isinstance(languages, list | tuple) else ()
    spoken: list[str | Message] = [str(each) for each in named]
    spoken = spoken or [message("connection.none_named")]
    if first is None:
        return message("connection.test_sales_layer_empty", fields=fields, languages=spoken)
    return message("connection.test_sales_layer", first=str(first), fields=fields, languages=spoken)
