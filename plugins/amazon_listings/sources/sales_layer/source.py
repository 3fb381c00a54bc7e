"""Sales Layer as a source of products: its settings, its type of connection, how it is opened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amazon_listings.sources.port import Abilities, ConnectionFields, ConnectionType, Source
from amazon_listings.sources.sales_layer.connection import PimConnection

if TYPE_CHECKING:
    from amazon_listings.messages import Message
    from amazon_listings.sources.port import Access
    from amazon_listings.sources.sales_layer.account import SalesLayerAccount
    from amazon_listings.sources.settings import SourceSettings


def pim_of(found: ConnectionFields) -> PimConnection:
    """Return the account that a connection of type `sales_layer` describes."""
    api: Any = found.extra.get("api") or "rest"
    return PimConnection(
        api=api,
        base_url=found.host,
        api_key=found.password if api == "rest" else "",
        code=found.extra.get("code") or "",
        secret=found.password if api == "connector" else "",
        name=found.connection_id,
    )


def _check(found: ConnectionFields) -> Message:
    from amazon_listings.sources.sales_layer.check import check_connection  # noqa: PLC0415 - imports requests

    return check_connection(pim_of(found))


_CONNECTION = ConnectionType(
    name="sales_layer",
    title="Sales Layer (PIM)",
    check=_check,
    behaviour={
        "hidden-fields": ["port", "schema", "extra", "login"],
        "relabeling": {"host": "Base URL", "password": "API key, or the connector's secret key"},
        "placeholders": {"host": "empty: Sales Layer's own address"},
    },
    fields={
        "api": {
            "label": "API",
            "description": "rest: REST API 2.0 with an API key. connector: API 1.18 of an export connector, "
            "with its code and secret key.",
            "schema": {"type": "string", "enum": ["rest", "connector"], "default": "rest"},
        },
        "code": {
            "label": "Connector code",
            "description": "Only for the connector API, e.g. CN000H0000C000.",
            "schema": {"type": ["string", "null"]},
        },
    },
)


class _SalesLayer(Source):
    name = "sales_layer"
    title = "Sales Layer"
    summary = "Sales Layer"
    settings_schema = json.loads(Path(__file__).with_name("settings.schema.json").read_text(encoding="utf-8"))
    abilities = Abilities(
        changes=True, named=True, deletions=True, languages=True, tables=True, all_fields=True
    )
    connection: ConnectionType | None = _CONNECTION

    def open(self, settings: SourceSettings, access: Access) -> SalesLayerAccount:
        """Return the account of the connection that the settings name."""
        from amazon_listings.sources.sales_layer import account  # noqa: PLC0415 - imports requests

        pim = pim_of(access.connection(settings.own["connection"], _CONNECTION.name))
        access.conceal(*pim.secrets)
        return account.SalesLayerAccount(pim, settings.own["tags"])


SOURCE: Source = _SalesLayer()
