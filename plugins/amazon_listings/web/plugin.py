"""The Airflow plugin: the workbench in the navigation, and tabs of DAGs and runs."""

from __future__ import annotations

import asyncio
import gc
import threading
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from amazon_listings.airflow_adapter import run_notes
from amazon_listings.airflow_adapter.portless import let_portless_connections_be_tested
from amazon_listings.airflow_adapter.timetable import UpcomingIntervalTimetable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_IMPORTING = threading.Lock()
#: Seconds after its start that the API server has for itself.
_START = 20.0


async def workbench(scope: Any, receive: Any, send: Any) -> None:
    """Serve the pages, as an ASGI app.

    They are imported once the API server runs, by the first request at the latest; every task process loads
    the plugins too, without needing them.
    """
    app = await asyncio.to_thread(_workbench)
    await app(scope, receive, send)


def _workbench() -> Any:
    with _IMPORTING:
        return _created()


@cache
def _created() -> Any:
    from amazon_listings.web.app import create_app  # noqa: PLC0415 - see above

    return create_app()


def prepare_pages() -> Any:
    """Import the pages and compile their templates, before the first reader asks for one; return their app.

    What the API server has loaded by then stays for good: 750,000 objects, most of them Airflow's. A full
    garbage collection would stop every thread for a third of a second to look at them all.
    """
    from amazon_listings.web.rendering import compile_templates  # noqa: PLC0415 - see above

    app = _workbench()
    compile_templates()
    gc.collect()  # what is garbage now must not stay
    gc.freeze()
    return app


@asynccontextmanager
async def _prepared_later(_app: Any) -> AsyncIterator[None]:
    """Prepare the pages in the background, once the API server has started."""
    later = threading.Timer(_START, prepare_pages)
    later.daemon = True
    later.start()
    yield
    later.cancel()


class _Apps:
    """The apps that the API server mounts, made where it asks for them: other processes import no FastAPI."""

    @cache  # noqa: B019 - there is one
    def _made(self) -> list[Any]:
        from fastapi import FastAPI  # noqa: PLC0415 - see above

        # Of what is mounted, Airflow starts only FastAPI's own apps.
        shell = FastAPI(lifespan=_prepared_later, docs_url=None, redoc_url=None, openapi_url=None)
        shell.mount("", workbench)
        return [{"app": shell, "url_prefix": "/amazon-listings", "name": "Amazon Listings"}]

    def __get__(self, instance: object, owner: type) -> list[Any]:
        return self._made()


class AmazonListingsPlugin(AirflowPlugin):
    """The workbench in the Airflow UI."""

    name = "amazon_listings"
    fastapi_apps = _Apps()
    timetables: ClassVar[list[Any]] = [UpcomingIntervalTimetable]
    listeners: ClassVar[list[Any]] = [run_notes]
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
