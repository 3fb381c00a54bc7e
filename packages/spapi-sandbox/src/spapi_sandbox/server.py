"""Runs the sandbox: in a thread for tests, or in the foreground for the command."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any, cast

import requests
import uvicorn

from spapi_sandbox.account import accounts
from spapi_sandbox.admission.traffic import TRANSPORT
from spapi_sandbox.app import create_app
from spapi_sandbox.catalogue.catalogue import Catalogue, load
from spapi_sandbox.sales_layer.router import create_router as create_pim_router
from spapi_sandbox.state import SandboxState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

    from spapi_sandbox.clock import Clock


class Sandbox:
    """A running sandbox, seen from a test: its address, its credentials, and control over HTTP.

    Attributes:
        url: Base address (`http://127.0.0.1:PORT`) of SP-API, as `endpoint`.
        token_url: Address of Login with Amazon.
    """

    client_id = accounts.CLIENT_ID
    client_secret = accounts.CLIENT_SECRET
    refresh_token = accounts.REFRESH_TOKEN
    seller_id = accounts.SELLER_ID
    vendor_code = accounts.VENDOR_CODE

    def __init__(self, url: str, state: SandboxState) -> None:
        self.url = url
        self.token_url = f"{url}/auth/o2/token"
        self.state = state

    def control(self, path: str, **asked: Any) -> Any:
        """POST to `/_control/<path>`; the answer."""
        response = requests.post(f"{self.url}/_control/{path}", json=asked, timeout=30)
        if not response.ok:
            raise requests.HTTPError(f"{path}: {response.text}", response=response)
        return response.json()

    def fault(self, operation: str, kind: str, **more: object) -> None:
        """Inject a fault (`times=1` by default)."""
        self.control("faults", operation=operation, kind=kind, **more)

    def advance(self, seconds: float) -> None:
        """Move the sandbox's clock."""
        self.control("clock", advance=seconds)

    def counters(self) -> dict[str, Any]:
        """Return the counts since the start or the last reset."""
        return cast("dict[str, Any]", self._get("counters"))

    def requests(self) -> list[dict[str, Any]]:
        """Return what was recorded since `control("recording", on=True)`."""
        return cast("list[dict[str, Any]]", self._get("requests"))

    def reset(self) -> None:
        """Reset to how it started."""
        self.control("reset")

    def _get(self, path: str) -> Any:
        response = requests.get(f"{self.url}/_control/{path}", timeout=30)
        response.raise_for_status()
        return response.json()


@contextlib.contextmanager
def running_sandbox(
    *,
    seed: int = 1,
    definitions: Path | None = None,
    storage: Path | None = None,
    clock: Clock | None = None,
    quotas: bool = True,
    catalogue: Catalogue | None = None,
    port: int = 0,
) -> Iterator[Sandbox]:
    """Provide a sandbox in a thread, on a free port of 127.0.0.1.

    Args:
        seed: Makes its answers repeatable.
        definitions: Folder of real product type definitions to serve as well.
        storage: SQLite file that keeps listings and feeds.
        clock: Its clock, e.g. `Clock(frozen_at=…)`.
        quotas: Whether the token buckets refuse.
        catalogue: What the PIM holds; the demo catalogue by default.
        port: A fixed port; 0 takes a free one.
    """
    state = SandboxState(seed=seed, definitions=definitions, storage=storage, clock=clock)
    state.buckets.enabled = quotas
    listener = _listen("127.0.0.1", port)
    server = uvicorn.Server(_configuration(_app(state, catalogue)))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    address, number = listener.getsockname()[:2]
    try:
        yield Sandbox(f"http://{address}:{number}", state)
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join(timeout=10)
        listener.close()
        state.close()


def serve(
    state: SandboxState, *, host: str, port: int, catalogue: Catalogue | None = None
) -> tuple[str, uvicorn.Server, socket.socket]:
    """Binds the address; returns the URL, the server (`run(sockets=[…])`) and the socket to run it on."""
    listener = _listen(host, port)
    number = listener.getsockname()[1]
    return f"http://{host}:{number}", uvicorn.Server(_configuration(_app(state, catalogue))), listener


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket: requests that arrive before the server runs wait in its queue."""
    listener = socket.create_server((host, port), backlog=512)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _app(state: SandboxState, catalogue: Catalogue | None) -> FastAPI:
    return create_app(state, pim=[create_pim_router(catalogue or load(), clock=state.clock.now)])


def _configuration(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        _with_transport(app), log_level="critical", access_log=False, lifespan="off", timeout_keep_alive=30
    )


def _with_transport(app: FastAPI) -> ASGIApp:
    """Tells the app its connection, which uvicorn's `send` belongs to, so that a fault can cut it."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        extensions = {**(scope.get("extensions") or {}), TRANSPORT: cast("Any", send).__self__.transport}
        await app({**scope, "extensions": extensions}, receive, send)

    return wrapped
