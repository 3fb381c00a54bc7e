"""Refuses control requests of pages of other origins: a browser on this machine reaches the sandbox too."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

CONTROLS = ("/_control", "/sales_layer/_control")


class SameOriginMiddleware:
    """Answers 403 to a control request whose `Origin` is not the sandbox's own address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on."""
        if scope["type"] == "http" and scope["path"].startswith(CONTROLS) and _foreign(Headers(scope=scope)):
            body = {"detail": "Pages of other origins may not control the sandbox."}
            await JSONResponse(body, status_code=403)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _foreign(headers: Headers) -> bool:
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")
