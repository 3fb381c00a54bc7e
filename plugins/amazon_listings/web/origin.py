"""Refuse changes that another site has a signed-in browser send, and say what a page may load."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
#: A page loads its own scripts, styles and pictures, and nothing else; Airflow alone may frame it.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class SameOrigin:
    """The middleware of the workbench: headers for every answer, and no change for other origins.

    Airflow's cookie is sent along with whatever a page of another site posts, where a browser's own
    protection does not hold it back; so a change needs a browser's word that it comes from here. A program
    that brings a token instead of a cookie has no browser, and needs none.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        # Scripts and styles are the same for every reader; all else is for the one who asked.
        kept = "/static/" in scope["path"]

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if not kept:
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        if scope["method"] not in _READS and not comes_from_here(Headers(scope=scope)):
            await JSONResponse({"detail": "other origin"}, status_code=403)(scope, receive, answer)
            return
        await self._app(scope, receive, answer)


def comes_from_here(headers: Headers) -> bool:
    """Return whether a request that changes something comes from a page of this site, or from a program."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin")
    if origin is not None:
        hosts = {headers.get("host"), headers.get("x-forwarded-host")}
        return urlsplit(origin).netloc in hosts - {None, ""}
    return headers.get("authorization", "").lower().startswith("bearer ")
