"""Small stand-ins for Sales Layer's two APIs, over real sockets, and a clock that never waits."""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections import deque
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest

from amazon_listings.sources.sales_layer.connection import PimConnection
from support.fake_time import NOW, FakeTime


class Server:
    """An HTTP server that answers by `answer(path, query, headers)`, after scripted faults.

    `faults` are answers `(status, headers, body)` given first, or "reset" to break the connection.
    """

    def __init__(self):
        self.asked = []
        self.faults = deque()
        self.date = NOW
        self.answer = lambda path, query, headers: {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one packet an answer

            def do_GET(self):
                parts = urlsplit(self.path)
                query = dict(parse_qsl(parts.query))
                outer.asked.append((parts.path, query, dict(self.headers)))
                given = (
                    outer.faults.popleft() if outer.faults else outer.answer(parts.path, query, self.headers)
                )
                if given == "reset":
                    self.close_connection = True
                    self.connection.shutdown(2)
                    return
                status, headers, body = given if isinstance(given, tuple) else (200, {}, given)
                raw = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response_only(status)
                if outer.date is not None:
                    self.send_header("Date", formatdate(outer.date, usegmt=True))
                headers = {"Content-Length": str(len(raw)), **headers}
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw)
                self.close_connection |= headers["Content-Length"] != str(len(raw))

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class RestPim:
    """REST API 2.0 over two lists of rows: metadata, filters, pages by `$skipToken`."""

    key = "rest-test-key"

    def __init__(self, server):
        self.server = server
        self.products, self.variants = [], []
        self.one_language = None  # else the account's default: answers hold one language only
        self.page = 100
        self.link = "{query}"
        self.metadata = {
            "Products": {
                "prod_id": {"type": "integer"},
                "prod_ref": {"type": ["string", "null"]},
                "prod_title": TEXT,
                "prod_stat": {
                    "type": ["string", "null"],
                    "enum": ["V", "I", "D", "R"],
                    "x-custom-type": "status",
                },
                "prod_modify": {"type": "string"},
                "prod_image": {"type": "array", "x-custom-type": "image_pack"},
                "weight": {"type": "string"},
                "prod_tags": {"type": "array"},
            },
            "Variants": {
                "frmt_id": {"type": "integer"},
                "frmt_ref": {"type": "string"},
                "frmt_stat": {"type": ["string", "null"], "enum": ["V", "I", "D", "R"]},
                "frmt_modify": {"type": "string"},
                "prod_id": {"type": "integer"},
                "color": TEXT,
            },
        }
        server.answer = self.answer

    @property
    def connection(self):
        return PimConnection(api="rest", base_url=f"{self.server.url}/rest/Catalog", api_key=self.key)

    def answer(self, path, query, headers):
        if headers.get("X-API-KEY") != self.key:
            return 401, {}, {"error": f"no access with {headers.get('X-API-KEY')}"}
        name = path.removeprefix("/rest/Catalog/").split("/")[0]
        if name not in self.metadata:
            return 404, {}, {"error": "not found"}
        if path.endswith("/$metadata"):
            schema = {"title": name.removesuffix("s"), "properties": self.metadata[name]}
            return {"value": [schema]}
        rows = self.products if name == "Products" else self.variants
        found = [row for row in rows if holds(query.get("$filter", ""), row)]
        start = int(query.get("$skipToken", 0))
        top = min(int(query.get("$top", 100)), self.page)
        body = {
            "value": [self.shown(row, query, headers) for row in found[start : start + top]],
            "@count": len(found),
        }
        if start + top < len(found):
            rest = "&".join(f"{k}={v}" for k, v in query.items() if k != "$skipToken")
            body["@nextLink"] = self.link.format(
                query=f"https://catalog-rest.internal.example/Catalog/{name}?{rest}&$skipToken={start + top}"
            )
        return body

    def shown(self, row, query, headers):
        names = query["$select"].split(",") if "$select" in query else list(row)
        shown = {name: row[name] for name in names if name in row}
        if self.one_language:
            asked = headers.get("Accept-Language", self.one_language)
            for name, value in shown.items():
                if isinstance(value, dict):
                    fallback = (
                        {self.one_language: value[self.one_language]} if self.one_language in value else {}
                    )
                    shown[name] = {asked: value[asked]} if asked in value else fallback
        return shown


TEXT = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "culture": {"type": "string", "enum": ["en", "es", "fr"]},
            "value": {"type": "string"},
        },
    },
}

COMPARE = re.compile(r"(\w+) (eq|ge|lt) ('(?:[^']|'')*'|\d+)")
OPERATORS = {"eq": "==", "ge": ">=", "lt": "<"}


def holds(text, row):
    """An OData filter, as far as these tests need it, on a row."""

    def comparison(match):
        name, operator, value = match.groups()
        literal = repr(value[1:-1].replace("''", "'")) if value.startswith("'") else value
        return f"row[{name!r}] {OPERATORS[operator]} {literal}"

    return not text or eval(COMPARE.sub(comparison, text), {"row": row})  # noqa: S307 - our own filters


class ConnectorPim:
    """Connector API 1.18: the pages given, in order, linked by `next_page`."""

    code, secret = "CNTEST", "connector-test-secret"

    def __init__(self, server):
        self.server = server
        self.pages = []
        self.changes = None  # pages for a request with last_update, else the same
        self.gzip = self.bom = False
        server.answer = self.answer

    @property
    def connection(self):
        return PimConnection(api="connector", base_url=self.server.url, code=self.code, secret=self.secret)

    def answer(self, path, query, headers):
        pages = self.pages
        if self.changes is not None and ("last_update" in query or query.get("changes")):
            pages = self.changes
            query["changes"] = "1"
        number = int(query.get("page", 0))
        body = dict(pages[number])
        if number + 1 < len(pages):
            extra = "&changes=1" if query.get("changes") else ""
            body.setdefault(
                "next_page", f"{self.server.url}/?code=x&key256=abc{number}&page={number + 1}{extra}"
            )
        raw = json.dumps(body).encode()
        raw = b"\xef\xbb\xbf" + raw if self.bom else raw
        return (
            (
                200,
                {"Content-Encoding": "gzip", "Content-Length": str(len(gzip.compress(raw)))},
                gzip.compress(raw),
            )
            if self.gzip
            else (200, {}, raw)
        )


@pytest.fixture
def server():
    running = Server()
    yield running
    running.close()


@pytest.fixture
def rest(server):
    return RestPim(server)


@pytest.fixture
def connector(server):
    return ConnectorPim(server)


@pytest.fixture
def time():
    return FakeTime()


def queries(server, name):
    """The queries asked of a path that ends so."""
    return [query for path, query, _ in server.asked if path.endswith(name)]
