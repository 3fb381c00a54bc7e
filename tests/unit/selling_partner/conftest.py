"""A tiny server that says what a test wants, byte for byte, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pytest

from amazon_listings.incoming.http_reader import Limits
from amazon_listings.selling_partner.account import Account
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.calls.quotas import Quotas
from amazon_listings.selling_partner.calls.tokens import Tokens

ACCEPTED = {"sku": "S1", "status": "ACCEPTED", "submissionId": "sub-1", "issues": []}


class Asked(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Says(NamedTuple):
    status: int
    body: bytes
    headers: dict[str, str]
    fault: str | None


class Amazon:
    """Answers in the order they were set; when none is left, the default for the address."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.tokens_asked = 0
        self.connections: set[tuple[str, int]] = set()
        self.release = threading.Event()
        self.default: Any = ACCEPTED
        self._answers: deque[Says] = deque()
        self._token_answers: deque[Says] = deque()
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                outer.handle(self)

            do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - http.server's names

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def say(self, status=200, body=None, *, headers=None, fault=None, times=1) -> None:
        content = body if isinstance(body, bytes) else json.dumps(ACCEPTED if body is None else body).encode()
        self._answers.extend([Says(status, content, headers or {}, fault)] * times)

    def say_error(self, status, code="X", message="", *, details="", headers=None, times=1) -> None:
        errors = {"errors": [{"code": code, "message": message, "details": details}]}
        self.say(status, errors, headers=headers, times=times)

    def say_token(self, status=200, body=None, *, fault=None, times=1) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        self._token_answers.extend([Says(status, content, {}, fault)] * times)

    @property
    def calls(self) -> list[Asked]:
        return [asked for asked in self.asked if not asked.path.startswith("/auth/")]

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        with self._lock:
            self.asked.append(Asked(handler.command, handler.path, headers, body))
            self.connections.add(handler.client_address)
            if handler.path.startswith("/auth/"):
                self.tokens_asked += 1
                token = {"access_token": f"Atza|{self.tokens_asked}", "expires_in": 3600}
                says = self._token_answers.popleft() if self._token_answers else _plain(token)
            else:
                says = self._answers.popleft() if self._answers else _plain(self.default)
        self._send(handler, says)

    def _send(self, handler: BaseHTTPRequestHandler, says: Says) -> None:
        if says.fault == "reset":
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.close_connection = True
            handler.connection.close()
            return
        if says.fault == "silence":
            self.release.wait(20)
            handler.close_connection = True
            return
        handler.send_response(says.status)
        for name, value in {"x-amzn-RequestId": "req-1", **says.headers}.items():
            handler.send_header(name, value)
        cut = 20 if says.fault == "cut" else 0
        handler.send_header("Content-Length", str(len(says.body) + cut))
        handler.end_headers()
        handler.wfile.write(says.body)
        if cut:
            handler.close_connection = True

    def close(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()


def _plain(body: object) -> Says:
    return Says(200, json.dumps(body).encode(), {}, None)


class Time:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.now += seconds
            self.slept.append(seconds)


@pytest.fixture
def amazon():
    server = Amazon()
    yield server
    server.close()


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def account(amazon):
    return Account(
        client_id="amzn1.application-oa2-client.test",
        client_secret="amzn1.oa2-cs.v1.verysecret",
        refresh_token="Atzr|refreshsecret",
        seller_id="A1SELLER",
        region="EU",
        endpoint=amazon.url,
        token_url=f"{amazon.url}/auth/o2/token",
    )


@pytest.fixture
def tokens(time):
    return Tokens(sleep=time.sleep, clock=time)


@pytest.fixture
def client(account, tokens, time):
    return SellingPartner(
        account,
        quotas=Quotas(sleep=time.sleep, clock=time),
        tokens=tokens,
        sleep=time.sleep,
        limits=Limits(connect=5, silence=5),
    )
