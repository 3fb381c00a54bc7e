"""The surfaces by which something comes in: each takes one mutated input, and may end in a sentence of ours."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import yaml

from amazon_listings.confirm.verdict import Expectation, enforcements, judge, judge_removal, judge_reported
from amazon_listings.connectors import load_connectors
from amazon_listings.definitions.stored import checked, parsed
from amazon_listings.errors import AmazonListingsError
from amazon_listings.incoming.http_reader import Limits
from amazon_listings.mapping.expressions.compiled import BadExpression, compile_expression
from amazon_listings.mapping.expressions.failures import ExpressionError
from amazon_listings.marketplaces import MARKETPLACES
from amazon_listings.runs.folder import RunFolder
from amazon_listings.runs.payload import payload_hash
from amazon_listings.runs.records import EXTRACT
from amazon_listings.selling_partner import definitions, feeds, listings
from amazon_listings.selling_partner.account import Account
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.calls.quotas import Quotas
from amazon_listings.selling_partner.calls.tokens import Tokens
from amazon_listings.selling_partner.content.leaves import Layout
from amazon_listings.selling_partner.feed_reports import outcomes, read_item, read_report
from amazon_listings.selling_partner.listing_answers import Listing, of_marketplace
from amazon_listings.sources.extraction import read_items
from amazon_listings.sources.files.settings import FileSettings
from amazon_listings.sources.files.source import ProductFiles
from amazon_listings.sources.sales_layer.account import SalesLayerAccount
from amazon_listings.sources.sales_layer.clock import Clock
from amazon_listings.sources.sales_layer.connection import PimConnection
from amazon_listings.sources.selection import Selection
from amazon_product_types.definition import Definition
from amazon_product_types.errors import ProductTypeError
from amazon_product_types.fields import fields
from amazon_product_types.labels import FieldIndex
from amazon_product_types.validation import amazon_issues, compile_definition
from tests.fuzz.ledgers import Ledgers
from tests.fuzz.mutations import FOREIGN, TOKENS, body, mutated_bytes, mutated_json, packed
from tests.fuzz.samples import (
    BOMB,
    DEFINITION_ANSWER,
    DOCUMENT,
    EXPORT,
    EXPRESSIONS,
    FEED,
    LISTING,
    METADATA,
    PAGE,
    PAYLOAD,
    PRODUCT,
    REPORT,
    RIGHT,
    SCHEMA,
    SUBMISSION,
)
from tests.support.small_definition import DEFINITION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from random import Random

FRANCE = MARKETPLACES["FR"]
LAYOUT = Layout.of(DEFINITION)


def _used(listing: Listing | None) -> None:
    """Do what a run does with a listing that it read; None: Amazon does not know the SKU."""
    for how in ("delete", "zero_quantity"):
        judge_removal(listing, how, FRANCE, last=False)
    if listing is None:
        return
    amazon_issues(listing.issues, source="listing")
    enforcements(listing.issues)
    of_marketplace(listing, FRANCE.id)
    expected = Expectation({}, None, LAYOUT, FRANCE, vendor=False)
    judge_reported(listing, expected)
    judge(listing, expected, waited=timedelta(hours=1), last=True)


ANSWERS: tuple[tuple[Any, Callable[[SellingPartner], Any]], ...] = (
    (LISTING, lambda client: _used(listings.get(client, "S1", ["A13V1IB3VIYZZH"]))),
    (
        SUBMISSION,
        lambda client: listings.put(client, "S1", "A13V1IB3VIYZZH", product_type="HOME", attributes={}),
    ),
    (
        {"numberOfResults": 1, "items": [LISTING], "pagination": {"nextToken": "n"}},
        lambda client: list(listings.search(client, ["A13V1IB3VIYZZH"])),
    ),
    (FEED, lambda client: feeds.get(client, "1")),
    ({"feeds": [FEED], "nextToken": "n"}, lambda client: feeds.search(client, "2026-11-28T00:00:00Z")),
    (
        {"productTypes": [{"name": "HOME", "displayName": "Home", "marketplaceIds": ["A13V1IB3VIYZZH"]}]},
        lambda client: definitions.search(client, ["A13V1IB3VIYZZH"]),
    ),
    (
        {"errors": [{"code": "InvalidInput", "message": "No.", "details": ""}]},
        lambda client: feeds.get(client, "1"),
    ),
    ({"feedDocumentId": "r", "url": "http://127.0.0.1:1/x"}, lambda client: feeds.report(client, "r")),
    (DEFINITION_ANSWER, lambda client: definitions.get(client, "LAMP", "A13V1IB3VIYZZH")),
)


class _Server:
    """Answers every request with `reply`: status, headers, body."""

    def __init__(self) -> None:
        self.reply: Callable[[str], tuple[int, dict[str, str], bytes]] = lambda _path: (200, {}, b"{}")
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def handle_any(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, content = outer.reply(self.path)
                self.send_response_only(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815 - http.server's names

            def log_message(self, *_args: Any) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, *_args: Any) -> None:
                """A client that gives up is what is wanted."""

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"


class Surfaces:
    """Everything by which something comes in.

    Args:
        folder: Where files may be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = _Server()
        self._now = 1_700_000_000.0
        url = self._server.url
        account = Account(
            client_id="c", client_secret="s", refresh_token="r", seller_id="A1", region="EU",
            endpoint=url, token_url=f"{url}/token",
        )  # fmt: skip
        self._limits = Limits(sent=1 << 20, unpacked=1 << 20, seconds=2.0, silence=2.0)
        self._account = account
        self._client = self._new_client()
        self._pim = PimConnection(api="rest", base_url=url, api_key="k")
        self._exporting = PimConnection(api="connector", base_url=url, code="c", secret="s")
        self._ledgers = Ledgers(folder)
        (folder / "connectors").mkdir(parents=True)
        (folder / "connectors" / "right.yaml").write_text(RIGHT, encoding="utf-8")

    def all(self) -> dict[str, Callable[[Random], None]]:
        """Return the surfaces by name."""
        return {
            "connector files": self.file,
            "Variables": self.variable,
            "product values": self.product,
            "expressions": self.expression,
            "answers of LWA": self.token,
            "answers of SP-API": self.answer,
            "processing reports": self.report,
            "definitions": self.definition,
            "answers of the PIM": self.pim,
            "export connector": self.export_connector,
            "run files": self.run_file,
            "ledgers": self._ledgers.try_one,
        }

    def file(self, random: Random) -> None:
        """A connector file beside one that is right."""
        made = mutated_json(random, DOCUMENT) if random.random() < 0.5 else DOCUMENT
        content = json.dumps(made).encode() if random.random() < 0.3 else yaml.safe_dump(DOCUMENT).encode()
        path = self._folder / "connectors" / "zz.yaml"
        path.write_bytes(mutated_bytes(random, content))
        try:
            self._judge({})
        finally:
            path.unlink()

    def variable(self, random: Random) -> None:
        """A Variable of a connector of its own."""
        self._judge({"amazon_connector_zz": body(random, DOCUMENT).decode("utf-8", "replace")})

    def _judge(self, variables: dict[str, str]) -> None:
        loaded = load_connectors(self._folder / "connectors", variables)
        assert "right" in {one.id for one in loaded.connectors}, "the right connector is gone"
        for broken in loaded.broken:
            assert len(broken.text) < 10_000, "a message longer than a screen"
            assert "please report this" not in broken.text, broken.text
            broken.text.encode()

    def product(self, random: Random) -> None:
        """A row of products among others."""
        row = body(random, PRODUCT).replace(b"\n", b" ").replace(b"\r", b" ")
        good = [json.dumps(PRODUCT | {"id": f"G-{n}"}).encode() for n in range(3)]
        path = self._folder / "products.jsonl"
        path.write_bytes(b"\n".join([*good, row, json.dumps(PRODUCT | {"id": "last"}).encode()]))
        reading = read_items(ProductFiles(FileSettings(path=str(path))), Selection(languages=("en",)))
        items = list(reading)
        found = {item["pim_id"] for item in items if "unfit" not in item}
        assert {"products/G-0", "products/G-1", "products/G-2", "products/last"} <= found, (
            "a good row is gone"
        )
        for item in items:
            json.dumps(item, ensure_ascii=False, allow_nan=False).encode()
            payload_hash(dict(item["product"]))
        for problem in reading.problems:
            str(problem).encode()

    def expression(self, random: Random) -> None:
        """An expression over a product with a value of any size."""
        text = random.choice(EXPRESSIONS)
        if random.random() < 0.6:
            text = mutated_bytes(random, text.encode()).decode("utf-8", "replace")
        values = PRODUCT | {
            random.choice(sorted(PRODUCT)): random.choice(TOKENS).decode("utf-8", "replace") * 50
        }
        record = {
            "id": "1",
            "ref": "1",
            "status": "",
            "modified": None,
            "fields": values,
            "texts": {},
            "images": {},
        }
        item: Any = {"pim_id": "p", "group": "p", "sku": "s", "status": "", "modified": None, "product": record,
                     "variant": None}  # fmt: skip
        try:
            made = compile_expression(text)(item, "")
        except (BadExpression, ExpressionError) as error:
            assert len(str(error)) < 2000, "a message longer than a screen"
            return
        assert isinstance(made, str | int | float | bool | list | dict | type(None)), type(made)
        assert " at 0x" not in str(made), "an object"
        json.dumps(made, ensure_ascii=False).encode()

    def token(self, random: Random) -> None:
        """An answer of Login with Amazon."""
        self._reply(random, {"access_token": "Atza|x", "token_type": "bearer", "expires_in": 3600})
        Tokens(sleep=self._sleep, clock=lambda: self._now).get(self._account)

    def answer(self, random: Random) -> None:
        """An answer of the Selling Partner API."""
        value, call = random.choice(ANSWERS)
        self._reply(random, value)
        mutated = self._server.reply
        token = json.dumps({"access_token": "Atza|x", "expires_in": 3600}).encode()
        self._server.reply = lambda path: (200, {}, token) if path == "/token" else mutated(path)
        call(self._client)

    def report(self, random: Random) -> None:
        """A processing report of a feed."""
        content = body(random, REPORT)
        if random.random() < 0.2:
            content = feeds.report(self._serving(packed(random, content)), "r")
        report = read_report(content)
        known = list(outcomes(report, ["a", "b", "c"]))
        assert [one.sku for one in known] == ["a", "b", "c"]
        for item in report.items:
            _used(read_item(item))

    def pim(self, random: Random) -> None:
        """An answer of the PIM: its metadata, or a page."""
        hits_page = random.random() < 0.7
        self._reply(random, PAGE if hits_page else METADATA)
        mutated = self._server.reply
        right = json.dumps(METADATA).encode(), json.dumps(PAGE).encode()

        def reply(path: str) -> tuple[int, dict[str, str], bytes]:
            metadata = "$metadata" in path
            if path.startswith("/Variants") and not metadata:
                return 200, {}, b'{"@count": 0, "value": []}'
            return (200, {}, right[not metadata]) if metadata is hits_page else mutated(path)

        self._server.reply = reply
        clock = Clock(now=lambda: self._now, steady=lambda: self._now, sleep=self._sleep)
        reading = read_items(SalesLayerAccount(self._pim, clock=clock), Selection(languages=("en",)))
        for item in reading:
            json.dumps(item, ensure_ascii=False, allow_nan=False).encode()

    def export_connector(self, random: Random) -> None:
        """An answer of the export connector: one page of a full answer, or of changes, or the page after it."""
        self._reply(random, random.choice((EXPORT, EXPORT | {"next_page": f"{self._server.url}/?page=1"})))
        since = random.choice((None, datetime(2026, 11, 1, tzinfo=UTC)))
        selection = Selection(languages=("en",), changed_since=since)
        clock = Clock(now=lambda: self._now, steady=lambda: self._now, sleep=self._sleep)
        reading = read_items(SalesLayerAccount(self._exporting, clock=clock), selection)
        for item in reading:
            json.dumps(item, ensure_ascii=False, allow_nan=False).encode()
        for problem in reading.problems:
            str(problem).encode()

    def run_file(self, random: Random) -> None:
        """A file of a run that something changed on the disk."""
        folder = RunFolder.of(self._folder, "c", f"run-{random.randrange(3)}")
        record: Any = {"id": "1", "ref": "1", "status": "", "modified": None, "fields": PRODUCT, "texts": {},
                       "images": {}}  # fmt: skip
        items: Any = [{"pim_id": f"p/{n}", "group": "p", "sku": "s", "status": "", "modified": None,
                       "product": record, "variant": None} for n in range(2)]  # fmt: skip
        folder.write(EXTRACT, "part-0001.jsonl", items)
        path = random.choice(sorted(one for one in folder.root.rglob("*") if one.is_file()))
        deep = random.choice((b"[", b'{"a":')) * 200_000
        path.write_bytes(deep if random.random() < 0.02 else mutated_bytes(random, path.read_bytes()))
        list(folder.read(EXTRACT, "part-0001.jsonl"))
        list(folder.index(EXTRACT, "part-0001.jsonl"))

    def definition(self, random: Random) -> None:
        """A product type definition: read, its fields, their labels, and a payload judged by it."""
        content = body(random, SCHEMA)
        checked(content, "What Amazon sent")
        document = parsed(content, "What is stored")
        index = FieldIndex(fields(Definition(document)))
        for label in ("Nom de l'article", "item_weight", "Poids"):
            with suppress(ProductTypeError):
                index.find(label)
        Layout.of(document)
        for issue in compile_definition(document).issues(PAYLOAD):
            issue.message.encode()

    def _serving(self, content: bytes) -> SellingPartner:
        """A client whose every document is this."""
        url = f"{self._server.url}/document"
        known = {
            "/token": json.dumps({"access_token": "Atza|x", "expires_in": 3600}).encode(),
            "/document": content,
        }
        link = json.dumps({"feedDocumentId": "r", "url": url}).encode()
        self._server.reply = lambda path: (200, {}, known.get(path, link))
        return self._new_client()

    def _reply(self, random: Random, value: Any) -> None:
        status = random.choice((200, 200, 200, 200, 202, 204, 301, 400, 401, 403, 404, 413, 429, 500, 503))
        content = body(random, value) if random.random() < 0.7 else random.choice(FOREIGN)
        headers: dict[str, str] = {}
        kind = random.randrange(12)
        if kind == 0:
            content, headers = (
                packed(random, content),
                {"Content-Encoding": random.choice(("gzip", "x-gzip", "gzip, gzip"))},
            )
        elif kind == 1:
            content, headers = BOMB, {"Content-Encoding": "gzip"}
        elif kind == 2:
            headers = {"Content-Encoding": random.choice(("gzip", "br", "deflate", "x", "zstd"))}
        elif kind == 3:
            headers = {
                "Retry-After": random.choice(("9" * 999, "-1", "soon", "1")),
                "Date": "Mon, 99 Foo 99999",
            }
        elif kind == 4:
            headers = {
                "Location": random.choice(
                    ("http://169.254.169.254/", "//x", "http://[", "/loop", "file:///x")
                )
            }
        elif kind == 5:
            headers = {"x-amzn-RateLimit-Limit": random.choice(("nan", "inf", "-1", "0", "x", "1e999"))}
        if status == 204:
            content = b""
        self._server.reply = lambda _path: (status, headers, content)
        self._client = self._new_client()

    def _new_client(self) -> SellingPartner:
        def clock() -> float:
            return self._now

        return SellingPartner(
            self._account, quotas=Quotas(sleep=self._sleep, clock=clock), tokens=Tokens(sleep=self._sleep, clock=clock),
            sleep=self._sleep, limits=self._limits,
        )  # fmt: skip

    def _sleep(self, seconds: float) -> None:
        self._now += seconds


@contextmanager
def ours() -> Iterator[None]:
    """Let an error pass that is one of ours, with a sentence that can be written."""
    try:
        yield
    except AmazonListingsError as error:
        text = str(error)
        text.encode()
        assert 0 < len(text) < 10_000, "a message longer than a screen"
