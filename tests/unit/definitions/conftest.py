"""A tiny Amazon that serves definitions, and says what a test wants about them."""

from __future__ import annotations

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from amazon_listings.incoming.http_reader import Limits
from amazon_listings.selling_partner.account import Account
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.calls.quotas import Quotas
from amazon_listings.selling_partner.calls.tokens import Tokens
from amazon_listings.selling_partner.definitions import checksum

FRANCE = "A13V1IB3VIYZZH"


def tiny(title: str = "Weight", **more: Any) -> dict[str, Any]:
    """A definition with one attribute."""
    value = {"type": "number", "title": title}
    unit = {"type": "string", "enum": ["kilograms"], "enumNames": ["Kilograms"], "title": "Unit"}
    item = {"type": "object", "required": ["value", "unit"], "properties": {"value": value, "unit": unit}}
    weight = {
        "type": "array",
        "title": title,
        "maxUniqueItems": 1,
        "selectors": ["marketplace_id"],
        "items": item,
    }
    return {"type": "object", "properties": {"item_weight": weight}} | more


class Amazon:
    """Serves `documents` by locale; `names` are all product types; `broken` says what fails."""

    def __init__(self) -> None:
        self.documents = {"fr_FR": tiny("Poids"), "en_GB": tiny("Weight")}
        self.names = ["HOME", "LAMP", "BRACELET"]
        self.version = "V1"
        self.latest = True
        self.versions: set[str] | None = None  # else every version is there
        self.locales: set[str] | None = None  # else every locale is there
        self.refused: set[str] = set()  # requirements that Amazon gives nothing for
        self.members = True  # else what parents and children need is not told apart
        self.broken: str | None = None
        self.asked: Counter[str] = Counter()
        self.queries: list[dict[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.say(
                    200, json.dumps({"access_token": "Atza|t", "token_type": "bearer", "expires_in": 3600})
                )

            def do_GET(self) -> None:
                self.say(*outer.answer(self.path))

            def say(self, status: int, body: str | bytes) -> None:
                content = body.encode() if isinstance(body, str) else body
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content) + (outer.broken == "cut off") * 10))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, path: str) -> tuple[int, str | bytes]:
        parts = urlsplit(path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path.startswith("/document/"):
            self.asked["document"] += 1
            return self.document(parts.path.rsplit("/", 1)[1])
        if self.broken == "500":
            return 500, '{"errors": [{"code": "InternalFailure", "message": "no"}]}'
        if parts.path.endswith("/productTypes"):
            self.asked["search"] += 1
            found = [{"name": n, "displayName": n.title(), "marketplaceIds": [FRANCE]} for n in self.names]
            return 200, json.dumps({"productTypes": found, "productTypeVersion": "x"})
        self.asked["definition"] += 1
        self.queries.append(query)
        return self.definition(parts.path.rsplit("/", 1)[1], query)

    def definition(self, name: str, query: dict[str, str]) -> tuple[int, str]:
        if name not in self.names:
            return 400, '{"errors": [{"code": "BAD_REQUEST", "message": "Invalid input"}]}'
        if query["requirements"] in self.refused:
            return 400, '{"errors": [{"code": "BAD_REQUEST", "message": "Invalid input"}]}'
        if "parentageLevel" in query and not self.members:
            return 400, '{"errors": [{"code": "BAD_REQUEST", "message": "Invalid input"}]}'
        asked = query.get("productTypeVersion", "LATEST")
        if self.versions is not None and asked not in self.versions | {"LATEST", "RELEASE_CANDIDATE"}:
            return 400, '{"errors": [{"code": "BAD_REQUEST", "message": "Invalid input"}]}'
        if self.locales is not None and query["locale"] not in self.locales:
            return 400, '{"errors": [{"code": "BAD_REQUEST", "message": "Invalid input"}]}'
        locale = "fr_FR" if query["locale"] == "DEFAULT" else query["locale"]
        link = {"link": {"resource": f"{self.url}/document/{locale}", "verb": "GET"}}
        answer = {
            "schema": link | {"checksum": checksum(self.content(locale))},
            "requirements": query["requirements"],
            "requirementsEnforced": query["requirementsEnforced"],
            "propertyGroups": {"shipping": {"title": "Expédition", "propertyNames": ["item_weight"]}},
            "locale": locale,
            "marketplaceIds": [query["marketplaceIds"]],
            "productType": name,
            "displayName": "Maison",
            "productTypeVersion": {"version": self.version, "latest": self.latest},
        }
        return 200, json.dumps(answer)

    def document(self, locale: str) -> tuple[int, bytes]:
        content = self.content(locale)
        if self.broken == "gone":
            return 403, b"<Error><Code>AccessDenied</Code></Error>"
        if self.broken == "html":
            return 200, b"<html>Please log in</html>"
        return 200, content[: len(content) // 2] if self.broken == "half" else content

    def content(self, locale: str) -> bytes:
        if self.broken == "not a definition":
            return b'{"hello": "world"}'
        return json.dumps(self.documents[locale]).encode()


@pytest.fixture
def amazon():
    served = Amazon()
    yield served
    served.server.shutdown()
    served.server.server_close()


@pytest.fixture
def client(amazon):
    account = Account(
        client_id="amzn1.application-oa2-client.test",
        client_secret="amzn1.oa2-cs.v1.test",
        refresh_token="Atzr|test",
        seller_id="A1SELLER",
        region="EU",
        endpoint=amazon.url,
        token_url=f"{amazon.url}/token",
    )
    return SellingPartner(
        account,
        quotas=Quotas(sleep=lambda _: None),
        tokens=Tokens(),
        sleep=lambda _: None,
        limits=Limits(connect=5, silence=5),
    )
