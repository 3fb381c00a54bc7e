"""The app of the workbench: its routes, its static files, and how it says what went wrong."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as AnyHTTPException

from amazon_listings.errors import AmazonListingsError
from amazon_listings.web.activity import activity_page, report_pages, runs_started
from amazon_listings.web.changes import approvals_page, left_page, undo_page
from amazon_listings.web.configured import ConnectorBroken, problem_of
from amazon_listings.web.connectors import attention, connectors_page, product_types_page
from amazon_listings.web.drafts import publishing
from amazon_listings.web.fields import fields_page, versions
from amazon_listings.web.items import issues_page, item_page, items_page, mending_page, pictures
from amazon_listings.web.new import new_page
from amazon_listings.web.origin import SameOrigin
from amazon_listings.web.rendering import HERE, base_of, render, wording

if TYPE_CHECKING:
    from amazon_listings.web.rendering import Wording

PAGES = (
    connectors_page,
    attention,
    new_page,
    items_page,
    item_page,
    pictures,
    issues_page,
    mending_page,
    activity_page,
    runs_started,
    approvals_page,
    left_page,
    fields_page,
    publishing,
    product_types_page,
    undo_page,
    versions,
)
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _UNAVAILABLE = 401, 403, 404, 503


def create_app() -> FastAPI:
    """Return the app, with the pages of reports beside its own."""
    app = FastAPI(title="Amazon listings", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    for page in PAGES:
        app.include_router(page.router)
    app.include_router(report_pages.app.router)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.add_route("/api", _described)
    app.add_exception_handler(AnyHTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _misunderstood)
    app.add_exception_handler(AmazonListingsError, _failed)
    app.add_middleware(SameOrigin)
    return app


def _described(request: Request) -> Response:
    """Lead who opens the API's address to its description."""
    return RedirectResponse(f"{base_of(request)}/api/openapi.json")


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, AnyHTTPException)  # noqa: S101 - what it is registered for
    words = wording(request)
    sentence = str(error.detail)
    if isinstance(error, ConnectorBroken):
        sentence = problem_of(error.connector, words.messages.language)
    elif sentence.startswith("web."):
        sentence = words.messages.message(sentence) or sentence
    elif error.status_code == _UNAUTHORIZED:
        sentence = words.t("not_signed_in")
    elif error.status_code == _FORBIDDEN:
        sentence = words.t("not_allowed")
    elif error.status_code == _NOT_FOUND and sentence == HTTPStatus.NOT_FOUND.phrase:
        sentence = words.t("no_such_page")
    return _told(request, words, error.status_code, sentence, dict(error.headers or {}))


def _misunderstood(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what it is registered for
    words = wording(request)
    places = sorted({str(one["loc"][-1]) for one in error.errors()})
    return _told(request, words, 422, words.t("misunderstood", names=places), {})


def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, AmazonListingsError)  # noqa: S101 - what it is registered for
    words = wording(request)
    return _told(request, words, _UNAVAILABLE, error.worded(words.messages), {})


def _told(request: Request, words: Wording, status: int, sentence: str, headers: dict[str, str]) -> Response:
    """Return an error as a page for people, and as JSON for programs."""
    inside = request.url.path.removeprefix(base_of(request))
    if inside.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"detail": sentence}, status_code=status, headers=headers)
    return render(
        request,
        "error.html",
        status=status,
        words=words,
        page="",
        title=words.t("error.title") if status != _UNAUTHORIZED else words.t("sign_in"),
        sentence=sentence,
        sign_in=status == _UNAUTHORIZED,
    )
