"""Refuses control requests of pages of other origins: a browser on this machine reaches the sandbox too."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

CONTROLS = ("/_control", "/sales_layer/_control")


class SameOriginMiddleware:
    """Answers 403 to a control request of a page that is not the sandbox's own."""

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
    """Return whether a page of another origin asks; programs send none of these headers.

    A page may also have given its own name this machine's address; names of the internet have a dot.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if origin is None and site is None:
        return False
    host = headers.get("host", "")
    elsewhere = origin is not None and urlsplit(origin).netloc != host
    return (
        elsewhere
        or site in {"cross-site", "same-site"}
        or not _is_local(urlsplit(f"//{host}").hostname or "")
    )


def _is_local(name: str) -> bool:
    try:
        return bool(ip_address(name))
    except ValueError:
        return "." not in name
