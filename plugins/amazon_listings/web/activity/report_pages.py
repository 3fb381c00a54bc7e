"""Reports in the Airflow UI: a tab of every run, and its files to download.

A plugin's app does not inherit Airflow's login, so each route asks for it: a user who may read the logs
of a DAG's tasks may read its reports.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import requires_access_dag
from airflow.models.dag import DagModel
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from sqlalchemy import select

from amazon_listings.airflow_adapter import connections, downloads
from amazon_listings.ledger.connectors.keys import folder_key
from amazon_listings.messages import DEFAULT, catalogue
from amazon_listings.runs.context import language_of_run
from amazon_listings.runs.folder import RunFolder, attempts
from amazon_listings.runs.quality_docs import docs_index
from amazon_listings.web.configured import DAG_PREFIX
from amazon_listings.web.rendering import language_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

MEDIA_TYPES = {
    "report.html": "text/html; charset=utf-8",
    "report.json": "application/json",
    "items.csv": "text/csv; charset=utf-8",
    "issues.csv": "text/csv; charset=utf-8",
}
#: The page is made of product data; even if some of it were markup, it could load and send nothing.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "frame-ancestors 'self'; sandbox allow-scripts allow-downloads",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
#: Great Expectations' pages load scripts and styles from public servers; sandboxed, they have no part in
#: Airflow's own origin, and may send nothing.
QUALITY_HEADERS = HEADERS | {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline' 'self' https:; script-src "
    "'unsafe-inline' https:; font-src 'self' https: data:; img-src 'self' data:; frame-ancestors 'self'; "
    "form-action 'none'; base-uri 'none'; sandbox allow-scripts",
}
app = FastAPI(title="Amazon Listings", docs_url=None, redoc_url=None, openapi_url=None)
_may_read = Depends(requires_access_dag(method="GET", access_entity=DagAccessEntity.TASK_LOGS))


def connector_of(dag_id: str, session: SessionDep, request: Request) -> str:
    """Return the connector that a DAG runs.

    Raises:
        HTTPException: it is none of this project's, or Airflow does not know it: what was authorised is not
            what would be read.
    """
    known = session.scalar(select(DagModel.dag_id).where(DagModel.dag_id == dag_id))
    if known is None or not dag_id.startswith(DAG_PREFIX):
        raise HTTPException(404, catalogue(language_of(request)).phrase("report_page.no_dag"))
    return dag_id.removeprefix(DAG_PREFIX)


_Connector = Annotated[str, Depends(connector_of)]


@app.get("/reports/{dag_id}/{run_id}", dependencies=[_may_read])
def page(
    request: Request, dag_id: str, run_id: str, connector_id: _Connector, attempt: int | None = None
) -> HTMLResponse:
    """Return the report of an attempt of a run as a page, the latest if none is named."""
    return _page(request, connector_id, dag_id, run_id, attempt, root="../../")


def key_fits(key: str, dag_id: str, run_id: str, request: Request) -> None:
    """Let those in whose link was made for this run.

    Raises:
        HTTPException: the key is of another run, or too old.
    """
    if not downloads.fits(key, dag_id, run_id):
        raise HTTPException(403, catalogue(language_of(request)).phrase("report_page.expired"))


@app.get("/downloads/{key}/{dag_id}/{run_id}/attempts/{attempt}", dependencies=[Depends(key_fits)])
def other_attempt(  # noqa: PLR0917 - FastAPI passes them by name
    request: Request,
    key: str,
    dag_id: str,
    run_id: str,
    attempt: int,
    connector_id: _Connector,
) -> HTMLResponse:
    """Return the report of another attempt, by a link of the page of one."""
    return _page(request, connector_id, dag_id, run_id, attempt, root="../../../../../")


@app.get("/downloads/{key}/{dag_id}/{run_id}/{name}", dependencies=[Depends(key_fits)])
def linked(  # noqa: PLR0917 - FastAPI passes them by name
    request: Request,
    key: str,
    dag_id: str,
    run_id: str,
    name: str,
    connector_id: _Connector,
    attempt: int | None = None,
) -> StreamingResponse:
    """One of the report's files, by a link of its page.

    The page has no part in Airflow's origin, so its links carry no login: they carry a key that was made
    for a reader who has the right, for this run, for some hours.
    """
    return _download(request, connector_id, run_id, name, attempt)


@app.get("/reports/{dag_id}/{run_id}/{name}", dependencies=[_may_read])
def download(  # noqa: PLR0917 - FastAPI passes them by name
    request: Request,
    dag_id: str,
    run_id: str,
    name: str,
    connector_id: _Connector,
    attempt: int | None = None,
) -> StreamingResponse:
    """One of the report's files."""
    return _download(request, connector_id, run_id, name, attempt)


def _page(
    request: Request, connector_id: str, dag_id: str, run_id: str, attempt: int | None, *, root: str
) -> HTMLResponse:
    """Return the report of an attempt; its links begin with `root`, the way to where the pages are."""
    file = _file(connector_id, run_id, "report.html", attempt)
    if not file.exists():
        return _nothing(request, "report_page.none", HEADERS)
    folder = RunFolder(file.parent.parent)
    way = "/".join(quote(step, safe="") for step in (downloads.key_of(dag_id, run_id), dag_id, run_id))
    page = _with_links(file.read_bytes(), f"{root}downloads/{way}", folder.attempt)
    others = attempts(folder.root.parent)
    if len(others) > 1:
        page = page.replace(
            b"<main", _navigation(folder, others, f"{root}downloads/{way}/attempts") + b"<main", 1
        )
    return HTMLResponse(page, headers=HEADERS)


def _nothing(request: Request, code: str, headers: Mapping[str, str]) -> HTMLResponse:
    """Return a page that says why there is nothing to show, in the reader's language."""
    language = language_of(request)
    messages = catalogue(language)
    title, text = escape(messages.message(code, "title")), escape(messages.phrase(code))
    return HTMLResponse(
        f"<!doctype html><html lang={language[:2]}><meta charset=utf-8><title>{title}</title>"
        f"<p style='font:15px system-ui'>{text}",
        headers=dict(headers),
    )


def _navigation(shown: RunFolder, others: Sequence[Path], way: str) -> bytes:
    """Return the links to the reports of all attempts of a run."""
    messages = catalogue(language_of_run(shown) or DEFAULT)
    numbers = [RunFolder(one).attempt for one in others]
    links = [
        f"<b>{number}</b>" if number == shown.attempt else f'<a href="{way}/{number}">{number}</a>'
        for number in numbers
    ]
    title = escape(messages.phrase("web.run.attempts"))
    return f"<nav style='padding:.5rem 1rem'>{title}: {' · '.join(links)}</nav>".encode()


def _download(
    request: Request, connector_id: str, run_id: str, name: str, attempt: int | None
) -> StreamingResponse:
    file = _file(connector_id, run_id, name, attempt)
    if name not in MEDIA_TYPES or not file.exists():
        raise HTTPException(404, catalogue(language_of(request)).phrase("report_page.no_file"))
    headers = HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_pieces(file), media_type=MEDIA_TYPES[name], headers=headers)


@app.get("/quality/{dag_id}/{name:path}", dependencies=[_may_read])
def quality(request: Request, dag_id: str, name: str, connector_id: _Connector) -> HTMLResponse:
    """One page of a connector's Data Docs site; the first one for an empty name."""
    site = docs_index(connections.storage(), _key(connector_id)).parent
    steps = (name or "index.html").split("/")
    page = site.joinpath(*steps)
    # Names of ours only: no step leads up, and only pages are served.
    if not steps[-1].endswith(".html") or {"", ".", ".."}.intersection(steps):
        raise HTTPException(404, catalogue(language_of(request)).phrase("report_page.no_page"))
    if not page.exists():
        return _nothing(request, "report_page.no_quality", QUALITY_HEADERS)
    return HTMLResponse(page.read_bytes(), headers=QUALITY_HEADERS)


def _with_links(page: bytes, way: str, attempt: int) -> bytes:
    """Return the page with links to its files that need no login of their own."""
    for name in MEDIA_TYPES:
        page = page.replace(f'href="{name}"'.encode(), f'href="{way}/{name}?attempt={attempt}"'.encode(), 1)
    return page


def _file(connector_id: str, run_id: str, name: str, attempt: int | None) -> Path:
    storage, key = connections.storage(), _key(connector_id)
    folder = RunFolder.latest(storage, key, run_id) if attempt is None else None
    folder = folder or RunFolder.of(storage, key, run_id, attempt or 0)
    # A name that is none of ours never becomes a path.
    return folder.root / "report" / (name if name in MEDIA_TYPES else "report.html")


def _key(connector_id: str) -> str:
    """Return the key of a connector, under which its files lie: it stays when the id changes."""
    return folder_key(connections.ledger(), connector_id)


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while piece := source.read(1 << 16):
            yield piece
