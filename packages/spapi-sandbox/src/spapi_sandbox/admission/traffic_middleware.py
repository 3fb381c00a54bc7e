"""Counts and records every request around the whole app, and breaks answers as faults ask."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import anyio

from spapi_sandbox.admission.operations import operation_of
from spapi_sandbox.admission.refusals import error_body
from spapi_sandbox.admission.traffic import TRANSPORT

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from spapi_sandbox.admission.traffic import Fault
    from spapi_sandbox.state import SandboxState

_LONGEST_RECORDED = 200_000


class TrafficMiddleware:
    """ASGI middleware: counts, records, and breaks answers as faults ask."""

    def __init__(self, app: ASGIApp, state: SandboxState) -> None:
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes one request through, or breaks it."""
        if scope["type"] != "http" or "/_control" in scope["path"]:
            await self._app(scope, receive, send)
            return
        raw_path = scope["raw_path"].decode("ascii")
        operation = operation_of(scope["method"], raw_path)
        request = await _read(receive)
        fault = self._state.traffic.next_fault(operation)
        at = self._state.clock.now()
        status, headers, body = await self._exchange(scope, request, fault, send)
        self._state.traffic.count(operation, status)
        if self._state.traffic.recording:
            entry = {
                "operation": operation,
                "method": scope["method"],
                "path": raw_path,
                "query": scope["query_string"].decode("ascii", "replace"),
                "request_headers": _readable(scope["headers"]),
                "request": "" if operation == "token" else _text(request),
                "at": at,
                "status": status,
                "headers": _readable(headers),
                "answer": "" if operation == "token" else _text(body),
            }
            if fault is not None:
                entry["fault"] = fault.kind
            self._state.traffic.record(entry)

    async def _exchange(
        self, scope: Scope, request: bytes, fault: Fault | None, send: Send
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Answers one request; returns status (0 if the connection was cut), headers and body sent."""
        kind = fault.kind if fault else ""
        if fault and kind == "delay":
            await anyio.sleep(fault.delay)
        if kind == "reset":
            _cut(scope)
            return 0, [], b""
        if fault and kind == "status":
            status, headers, body = self._failure(fault)
        else:
            status, headers, body = await self._run(scope, request)
        if fault and kind == "timeout_after_write":
            await anyio.sleep(fault.delay)
            _cut(scope)
            return 0, [], b""
        if fault and kind == "invalid_json":
            body = b'{"sku": "' if fault.body is None else str(fault.body).encode()
        shown = body[: len(body) // 2] if kind == "truncate" else body
        headers = [(name, value) for name, value in headers if name.lower() != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": shown, "more_body": kind == "truncate"})
        if kind == "truncate":
            _cut(scope, abruptly=False)
        return status, headers, shown

    def _failure(self, fault: Fault) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        body = error_body(fault.status) if fault.body is None else fault.body
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        headers = {"content-type": "application/json", "x-amzn-requestid": self._state.request_id()}
        headers |= {name.lower(): value for name, value in (fault.headers or {}).items()}
        return fault.status, [(name.encode(), value.encode()) for name, value in headers.items()], content

    async def _run(self, scope: Scope, request: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        sent: list[Message] = []
        given = False

        async def receive() -> MutableMapping[str, Any]:
            nonlocal given
            if given:
                return {"type": "http.disconnect"}
            given = True
            return {"type": "http.request", "body": request, "more_body": False}

        async def keep(message: Message) -> None:
            sent.append(message)

        await self._app(scope, receive, keep)
        start = sent[0]
        return (
            start["status"],
            list(start["headers"]),
            b"".join(message.get("body", b"") for message in sent[1:]),
        )


async def _read(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _cut(scope: Scope, *, abruptly: bool = True) -> None:
    """Ends the connection without (the rest of) an answer; a TCP reset if `abruptly`."""
    transport = scope["extensions"][TRANSPORT]
    if abruptly:
        linger_off = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_off)
        transport.abort()
    else:
        transport.close()


def _readable(headers: Any) -> dict[str, str]:
    kept = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}
    return {
        name: "***" if name in {"x-amz-access-token", "x-api-key"} else value for name, value in kept.items()
    }


def _text(content: bytes) -> str:
    return content[:_LONGEST_RECORDED].decode("utf-8", "replace")
