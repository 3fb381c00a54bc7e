"""Login with Amazon: `POST /auth/o2/token`, as a form or as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from spapi_sandbox.account.tokens import LwaError

if TYPE_CHECKING:
    from spapi_sandbox.state import SandboxState


def create_router(state: SandboxState) -> APIRouter:
    """Return the token endpoint."""
    router = APIRouter()

    @router.post("/auth/o2/token")
    async def token(request: Request) -> Response:
        asked = _asked(await request.body(), request.headers.get("content-type", ""))
        headers = {"x-amzn-RequestId": state.request_id(), "Cache-Control": "no-cache, no-store"}
        try:
            return JSONResponse(state.tokens.issue(asked), headers=headers)
        except LwaError as error:
            body = {"error": error.error, "error_description": error.description}
            return JSONResponse(body, status_code=error.status, headers=headers)

    return router


def _asked(body: bytes, content_type: str) -> dict[str, str]:
    """Return the parameters; none where body and content type do not agree, as at Amazon."""
    if content_type.partition(";")[0].strip().lower() == "application/json":
        try:
            asked = json.loads(body)
        except (ValueError, RecursionError):
            return {}
        return (
            {name: value for name, value in asked.items() if isinstance(value, str)}
            if isinstance(asked, dict)
            else {}
        )
    return dict(parse_qsl(body.decode("utf-8", "replace")))
