"""The sandbox as one FastAPI application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError

from amazon_listings.sandbox import control, definitions, documents, feeds, listings, lwa, sellers
from amazon_listings.sandbox.control_orders import refused
from amazon_listings.sandbox.state import SandboxState
from amazon_listings.sandbox.traffic import TrafficMiddleware

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastapi import APIRouter


def create_app(state: SandboxState | None = None, *, pim: Iterable[APIRouter] = ()) -> FastAPI:
    """The application: Login with Amazon, SP-API, pre-signed documents, control, and PIM routers.

    Args:
        state: What the sandbox remembers; a fresh one by default. Kept as `app.state.sandbox`.
        pim: Routers that play the PIM and its image server.
    """
    state = state or SandboxState()
    app = FastAPI(title="Sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.sandbox = state
    for part in (lwa, definitions, listings, sellers, feeds, documents, control):
        app.include_router(part.create_router(state))
    for router in pim:
        app.include_router(router)
    app.exception_handler(RequestValidationError)(refused)
    app.add_middleware(TrafficMiddleware, state=state)
    return app
