"""The sandbox as one FastAPI application."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from spapi_sandbox.account import lwa, rotation, sellers
from spapi_sandbox.admission.refusals import error_body
from spapi_sandbox.admission.traffic_middleware import TrafficMiddleware
from spapi_sandbox.control import routes as control
from spapi_sandbox.control.orders import refused
from spapi_sandbox.control.origins import SameOriginMiddleware
from spapi_sandbox.definitions import routes as definitions
from spapi_sandbox.feeds import document_routes as documents
from spapi_sandbox.feeds import routes as feeds
from spapi_sandbox.listings import routes as listings
from spapi_sandbox.notifications import routes as notifications
from spapi_sandbox.state import SandboxState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastapi import APIRouter, Request
    from starlette.responses import Response

#: Paths that Amazon does not have.
OTHERS = ("/_control", "/sales_layer", "/auth")


def create_app(state: SandboxState | None = None, *, pim: Iterable[APIRouter] = ()) -> FastAPI:
    """Return the application: Login with Amazon, SP-API, pre-signed documents, control, and PIM routers.

    Args:
        state: What the sandbox remembers; a fresh one by default. Kept as `app.state.sandbox`.
        pim: Routers that play the PIM and its image server.
    """
    state = state or SandboxState()
    app = FastAPI(title="Sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.sandbox = state
    for part in (lwa, definitions, listings, sellers, feeds, documents, notifications, rotation, control):
        app.include_router(part.create_router(state))
    for router in pim:
        app.include_router(router)
    app.exception_handler(RequestValidationError)(refused)
    app.exception_handler(HTTPException)(_unknown_path)
    app.add_middleware(TrafficMiddleware, state=state)
    app.add_middleware(SameOriginMiddleware)
    return app


async def _unknown_path(request: Request, error: HTTPException) -> Response:
    """Answer a path or method that SP-API does not have in the form of SP-API's errors."""
    if error.status_code not in {404, 405} or request.url.path.startswith(OTHERS):
        return await http_exception_handler(request, error)
    return JSONResponse(error_body(404), status_code=404, headers={"x-amzn-RequestId": str(uuid.uuid4())})
