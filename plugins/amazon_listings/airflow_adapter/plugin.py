"""The Airflow plugin: the workbench in the navigation, and tabs of DAGs and runs."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from amazon_listings.airflow_adapter.portless import let_portless_connections_be_tested


async def workbench(scope: Any, receive: Any, send: Any) -> None:
    """Serve the pages, as an ASGI app.

    They are imported with the first request: every task process loads the plugins too, without needing them.
    """
    await _workbench()(scope, receive, send)


@cache
def _workbench() -> Any:
    from amazon_listings.web.app import create_app  # noqa: PLC0415 - see above

    return create_app()


class AmazonListingsPlugin(AirflowPlugin):
    """The workbench in the Airflow UI."""

    name = "amazon_listings"
    fastapi_apps: ClassVar[list[Any]] = [
        {"app": workbench, "url_prefix": "/amazon-listings", "name": "Amazon Listings"}
    ]
    #: Addresses are relative, so that they hold behind a path prefix too.
    external_views: ClassVar[list[Any]] = [
        {
            "name": "Amazon listings",
            "href": "amazon-listings/",
            "destination": "nav",
            "url_route": "amazon_listings",
            "nav_top_level": True,
            "icon": "amazon-listings/static/icon.svg",
            "icon_dark_mode": "amazon-listings/static/icon_dark.svg",
        },
        {
            "name": "Amazon fields",
            "href": "amazon-listings/dags/{DAG_ID}/fields",
            "destination": "dag",
            "url_route": "amazon_fields",
        },
        {
            "name": "Amazon items",
            "href": "amazon-listings/dags/{DAG_ID}/items",
            "destination": "dag",
            "url_route": "amazon_items",
        },
        {
            "name": "Amazon quality",
            "href": "amazon-listings/quality/{DAG_ID}/index.html",
            "destination": "dag",
            "url_route": "amazon_quality",
        },
        {
            "name": "Amazon report",
            "href": "amazon-listings/reports/{DAG_ID}/{RUN_ID}",
            "destination": "dag_run",
            "url_route": "amazon_report",
        },
    ]

    @classmethod
    def on_load(cls, *_args: Any, **_kwargs: Any) -> None:
        """Correct the Test button; Airflow calls this once it has found the plugin."""
        let_portless_connections_be_tested()
