"""Counters, the recording of requests and answers, and injected faults: around the whole app."""

from __future__ import annotations

import json
import socket
import threading
from collections import deque
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import anyio
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from spapi_sandbox.admission.operations import NAMES, operation_of
from spapi_sandbox.admission.refusals import error_body

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from spapi_sandbox.state import SandboxState

Kind = Literal["status", "delay", "reset", "truncate", "invalid_json", "timeout_after_write"]
KINDS: tuple[Kind, ...] = get_args(Kind)
EVERY = "*"
TRANSPORT = "sandbox.transport"
_LONGEST_RECORDED = 200_000


def _known(operation: str) -> str:
    if operation not in {EVERY, *NAMES}:
        raise ValueError(f"there is no operation {operation!r}; there are {EVERY}, {', '.join(NAMES)}")
    return operation


class Fault(BaseModel):
    """Something that goes wrong `times` times, after `skip` requests that go well.

    `operation` is one of `operations.NAMES`, or `*`. `delay` is in seconds: before the
    operation (`delay`), or between the write and the cut connection (`timeout_after_write`).
    """

    model_config = ConfigDict(strict=True, extra="forbid")

    operation: Annotated[str, AfterValidator(_known)]
    kind: Kind
    status: Annotated[int, Field(ge=200, le=599)] = 500
    times: Annotated[int, Field(ge=1)] = 1
    skip: Annotated[int, Field(ge=0)] = 0
    delay: Annotated[float, Field(ge=0)] = 0.0
    body: Any = None
    headers: dict[str, str] | None = None


class Traffic:
    """What went over the wire; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """No counts, no faults, no recording."""
        self._counts: dict[str, dict[str, int]] = {}
        self._faults: list[Fault] = []
        self.recording = False
        self._recorded: deque[dict[str, Any]] = deque(maxlen=100_000)

    def inject(self, fault: Fault) -> None:
        """Adds a fault."""
        with self._lock:
            self._faults.append(fault)

    def forget_faults(self) -> None:
        """Removes every fault that is left."""
        with self._lock:
            self._faults.clear()

    def next_fault(self, operation: str) -> Fault | None:
        """Return the fault that strikes this request, if any; uses it up."""
        with self._lock:
            for fault in self._faults:
                if fault.operation not in {operation, EVERY} or fault.times <= 0:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                return fault
        return None

    def note(self, entry: dict[str, Any]) -> None:
        """Counts a request (and keeps it while recording)."""
        with self._lock:
            counts = self._counts.setdefault(entry["operation"], {})
            outcome = str(entry["status"])
            counts[outcome] = counts.get(outcome, 0) + 1
            if self.recording:
                self._recorded.append(entry)

    def counters(self) -> dict[str, Any]:
        """Counts: `{operations: {name: {requests, statuses, throttled}}, throttled}`; status 0: cut off."""
        with self._lock:
            operations = {
                name: {
                    "requests": sum(counts.values()),
                    "statuses": dict(counts),
                    "throttled": counts.get("429", 0),
                }
                for name, counts in sorted(self._counts.items())
            }
        return {
            "operations": operations,
            "throttled": sum(entry["throttled"] for entry in operations.values()),
        }

    def recorded(self) -> list[dict[str, Any]]:
        """Requests with their answers, oldest first; tokens and secrets left out."""
        with self._lock:
            return list(self._recorded)


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
        entry = {
            "operation": operation,
            "method": scope["method"],
            "path": raw_path,
            "query": scope["query_string"].decode("ascii", "replace"),
            "request_headers": _readable(scope["headers"]),
            "request": "" if operation == "token" else _text(request),
            "at": self._state.clock.now(),
        }
        status, headers, body = await self._exchange(scope, request, fault, send)
        answer = "" if operation == "token" else _text(body)
        entry |= {"status": status, "headers": _readable(headers), "answer": answer}
        if fault is not None:
            entry["fault"] = fault.kind
        self._state.traffic.note(entry)

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
