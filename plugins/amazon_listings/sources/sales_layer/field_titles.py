"""What an account calls its fields: the titles that people see in Sales Layer."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from amazon_listings.sources.errors import UnexpectedAnswer
from amazon_listings.sources.sales_layer.connector_pages import PARAMETERS, first_page
from amazon_listings.sources.sales_layer.rest_queries import ask
from amazon_listings.sources.sales_layer.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amazon_listings.sources.sales_layer.clock import Clock
    from amazon_listings.sources.sales_layer.connection import PimConnection


def field_titles(connection: PimConnection, *, clock: Clock | None = None) -> dict[str, list[str]]:
    """The titles of each field of products and variants, by its name, in the languages the API tells.

    Sources: `$metadata` of the REST API 2.0 (`title`), `data_schema_info` of the connector API
    (`title`, `titles`).

    Raises:
        ActionRequiredError: the connection is wrong.
        RetryableError: Sales Layer cannot be reached just now.
    """
    found: dict[str, list[str]] = {}
    with closing(Transport(connection, clock)) as transport:
        told = _rest(transport) if connection.api == "rest" else _connector(transport)
        for name, title in told:
            if title and title not in found.setdefault(name, []):
                found[name].append(title)
    return found


def _rest(transport: Transport) -> Iterator[tuple[str, str]]:
    for resource in ("Products", "Variants"):
        try:
            body = ask(transport, f"{resource}/$metadata")
        except UnexpectedAnswer:
            continue  # an account without variants
        for schema in _list(body.get("value")):
            for name, described in _object(_object(schema).get("properties")).items():
                title = _object(described).get("title")
                if isinstance(title, str) and title != name:
                    yield name, title


def _connector(transport: Transport) -> Iterator[tuple[str, str]]:
    info = _object(first_page(transport, {**PARAMETERS, "pagination": "500"}).get("data_schema_info"))
    for columns in info.values():
        for column, described in _object(columns).items():
            about = _object(described)
            titles = [about.get("title"), *_object(about.get("titles")).values()]
            for title in titles:
                if isinstance(title, str):
                    yield str(about.get("basename") or column), title


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
