"""Answering a request with the fault that was ordered for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi.responses import JSONResponse
from starlette.responses import Response

from spapi_sandbox.admission.traffic import TRANSPORT

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from spapi_sandbox.sales_layer.account import Account, Api, Fault


class BrokenResponse(Response):
    """Breaks the connection: at once where the server hands it out, else by sending less than announced."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Cut, then answer for those who listen in between."""
        transport = (scope.get("extensions") or {}).get(TRANSPORT)
        if transport is not None:
            transport.abort()
        await super().__call__(scope, receive, send)


def answer(account: Account, api: Api, make: Callable[[Fault | None], Response]) -> Response:
    """`make(fault)`, spoilt by the next fault of `api`.

    `make` itself plays the kinds that look different in each API, or belong to one.
    """
    account.count(f"{api}.requests")
    fault = account.take_fault(api)
    response = _spoilt(account, fault, make)
    account.count(f"{api}.status.{response.status_code}")
    return response


def _spoilt(account: Account, fault: Fault | None, make: Callable[[Fault | None], Response]) -> Response:
    kind = fault.kind if fault else None
    if fault is None or kind in {"error", "lose_page", "waiting", "empty_refresh"}:
        return make(fault)
    if kind == "status":
        return JSONResponse({"error": {"message": "Injected by the sandbox"}}, status_code=fault.status)
    if kind == "body":
        return Response(fault.body, media_type="application/json")
    if kind == "delay":
        account.sleep(fault.seconds)
        return make(None)
    response = make(None)
    whole = bytes(response.body)
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    if kind == "reset":
        headers["content-length"] = str(len(whole))
        return BrokenResponse(whole[: len(whole) // 2], headers=headers)
    return Response(whole[: len(whole) // 2], status_code=response.status_code, headers=headers)
