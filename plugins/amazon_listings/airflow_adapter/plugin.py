"""The Airflow plugin: the report of a run as a tab of that run."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from amazon_listings.airflow_adapter.portless import let_portless_connections_be_tested


async def reports(scope: Any, receive: Any, send: Any) -> None:
    """Serve the pages, as an ASGI app.

    They are imported with the first request: every task process loads the plugins too, without needing them.
    """
    from amazon_listings.airflow_adapter.report_pages import app  # noqa: PLC0415 - see above

    await app(scope, receive, send)


class AmazonListingsPlugin(AirflowPlugin):
    """Reports in the Airflow UI."""

    name = "amazon_listings"
    fastapi_apps: ClassVar[list[Any]] = [
        {"app": reports, "url_prefix": "/amazon-listings", "name": "Amazon Listings"}
    ]
    external_views: ClassVar[list[Any]] = [
        {
            "name": "Amazon report",
            "href": "/amazon-listings/reports/{DAG_ID}/{RUN_ID}",
            "destination": "dag_run",
            "url_route": "amazon_report",
        },
        {
            "name": "Amazon quality",
            "href": "/amazon-listings/quality/{DAG_ID}/index.html",
            "destination": "dag",
            "url_route": "amazon_quality",
        },
    ]

    @classmethod
    def on_load(cls, *_args: Any, **_kwargs: Any) -> None:
        """Correct the Test button; Airflow calls this once it has found the plugin."""
        let_portless_connections_be_tested()
