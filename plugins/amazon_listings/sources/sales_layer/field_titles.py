"""What an account says about its fields: the titles that people see in Sales Layer, and their types."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from amazon_listings.sources.errors import NotThere, UnexpectedAnswer
from amazon_listings.sources.port import FieldDescription
from amazon_listings.sources.sales_layer.connector_pages import pages
from amazon_listings.sources.sales_layer.rest_metadata import is_multilingual
from amazon_listings.sources.sales_layer.rest_queries import ask
from amazon_listings.sources.sales_layer.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amazon_listings.sources.sales_layer.clock import Clock
    from amazon_listings.sources.sales_layer.connection import PimConnection


def field_descriptions(connection: PimConnection, *, clock: Clock | None = None) -> list[FieldDescription]:
    """Return each field of products and variants with its titles, in the languages the API tells, and type.

    Sources: `$metadata` of the REST API 2.0 (`title`, `type`, `x-custom-type`), `data_schema_info` of the
    connector API (`title`, `titles`, `type`).

    Raises:
        ActionRequiredError: the connection is wrong.
        RetryableError: Sales Layer cannot be reached just now.
    """
    titles: dict[str, list[str]] = {}
    types: dict[str, str] = {}
    with closing(Transport(connection, clock)) as transport:
        for name, about in _rest(transport) if connection.api == "rest" else _connector(transport):
            known = titles.setdefault(name, [])
            for title in (about.get("title"), *_object(about.get("titles")).values()):
                if isinstance(title, str) and title not in {"", name, *known}:
                    known.append(title)
            if kind := _type(about):
                types.setdefault(name, kind)
    return [FieldDescription(name, tuple(found), types.get(name)) for name, found in titles.items()]


def _type(about: Mapping[str, Any]) -> str | None:
    """Return a field's type: of several that JSON Schema allows the first, but for null."""
    if is_multilingual(about):
        return "string"
    kind = about.get("x-custom-type") or about.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), None)
    is_moment = kind == "string" and str(about.get("format")).startswith("date")
    return "datetime" if is_moment else kind if isinstance(kind, str) else None


def _rest(transport: Transport) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for resource in ("Products", "Variants"):
        try:
            body = ask(transport, f"{resource}/$metadata")
        except (NotThere, UnexpectedAnswer):
            continue  # an account without variants
        for schema in _list(body.get("value")):
            for name, described in _object(_object(schema).get("properties")).items():
                yield name, _object(described)


def _connector(transport: Transport) -> Iterator[tuple[str, Mapping[str, Any]]]:
    with closing(pages(transport, None)) as answers:
        info = _object(next(answers).body.get("data_schema_info"))
    for columns in info.values():
        for column, described in _object(columns).items():
            about = _object(described)
            yield str(about.get("basename") or column), about


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
