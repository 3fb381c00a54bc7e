"""Related tables: of both APIs of the sandbox's PIM, of custom entities, of files."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import pytest

from amazon_listings.sources import table_rows
from amazon_listings.sources.errors import IncompleteConnection, UnusableSource
from amazon_listings.sources.related_tables import read_tables
from amazon_listings.sources.sales_layer.account import SalesLayerAccount
from amazon_listings.sources.sales_layer.connection import PimConnection
from spapi_sandbox.server import running_sandbox


@pytest.fixture(scope="module")
def sandbox():
    with running_sandbox() as running:
        yield running


def connection(sandbox, api):
    if api == "rest":
        return PimConnection(
            api="rest", base_url=f"{sandbox.url}/sales_layer/rest/Catalog", api_key="sandbox-pim-key"
        )
    return PimConnection(
        api="connector",
        base_url=f"{sandbox.url}/sales_layer/connector",
        code="CNSANDBOX",
        secret="sandbox-connector-secret",
    )


def opened(pim):
    return lambda: SalesLayerAccount(pim)


def no_source():
    raise IncompleteConnection("there is no source")


def test_both_apis_give_the_same_table(sandbox):
    titles = {}
    for api, place, title in (("rest", "Categories", "cat_title"), ("connector", "catalogue", None)):
        found = read_tables({"kinds": place}, opened(connection(sandbox, api)), ["fr", "en"])["kinds"]
        assert found.keys() == {"fr", "en"}
        name = title or next(key for key in found["fr"][0] if "title" in key or "name" in key)
        titles[api] = {language: sorted(row[name] for row in rows) for language, rows in found.items()}
    assert titles["rest"] == titles["connector"]
    assert titles["rest"]["fr"] != titles["rest"]["en"]


@pytest.mark.parametrize(("api", "hint"), [("rest", "custom entity"), ("connector", "It sends catalogue")])
def test_a_table_that_is_not_there(sandbox, api, hint):
    with pytest.raises(UnusableSource, match="no table 'colors'") as caught:
        read_tables({"colours": "colors"}, opened(connection(sandbox, api)), ["fr"])
    assert hint in (caught.value.hint or "")


@pytest.fixture
def entity():
    """A PIM with one custom entity, in two pages; the paths it was asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path = urlsplit(self.path)
            asked.append((unquote(path.path), self.headers["Accept-Language"]))
            first = {"code": "RD", "name": {"fr": "Rouge", "en": "Red"}, "@editLink": "x", "sizes": {"a": 1}}
            second = {"code": "BL", "name": [{"culture": "fr", "value": "Bleu"}], "sizes": None}
            body = {"value": [second]} if "skip" in path.query else {"value": [first]}
            if "skip" not in path.query:
                body["@nextLink"] = "http://internal.example/x?$skip=1"
            content = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield PimConnection(api="rest", base_url=f"http://127.0.0.1:{server.server_port}", api_key="k"), asked
    server.shutdown()
    server.server_close()


def test_a_custom_entity_in_each_language(entity):
    pim, asked = entity
    found = read_tables({"colours": "It's colours"}, opened(pim), ["fr", "en"])["colours"]
    assert found["fr"] == [
        {"code": "RD", "name": "Rouge", "sizes": {"a": 1}},
        {"code": "BL", "name": "Bleu", "sizes": None},
    ]
    assert [row["name"] for row in found["en"]] == ["Red", None]
    assert asked[0] == ("/CustomEntities('It''s colours')", "fr")


def test_a_file(tmp_path):
    path = tmp_path / "colours.csv"
    path.write_text("code,name_fr,name_en,rank\nRD,Rouge,Red,01\nBL,Bleu,,2\n", encoding="utf-8")
    found = read_tables({"colours": str(path)}, no_source, ["fr", "en"])["colours"]
    assert found["fr"][0] == {"code": "RD", "name": "Rouge", "rank": "01"}
    assert [row["name"] for row in found["en"]] == ["Red", ""]


def test_what_cannot_be_read(tmp_path, monkeypatch):
    (tmp_path / "torn.csv").write_text("code,name\nRD\n", encoding="utf-8")
    with pytest.raises(UnusableSource, match=r"torn\.csv cannot be read: torn\.csv:2"):
        read_tables({"torn": str(tmp_path / "torn.csv")}, no_source, ["fr"])
    with pytest.raises(UnusableSource, match="There is no file"):
        read_tables({"gone": str(tmp_path / "gone.csv")}, no_source, ["fr"])
    with pytest.raises(IncompleteConnection, match="no source"):
        read_tables({"colours": "colours"}, no_source, ["fr"])
    monkeypatch.setattr(table_rows, "MOST_ROWS", 1)
    (tmp_path / "large.csv").write_text("code\nRD\nBL\n", encoding="utf-8")
    with pytest.raises(UnusableSource, match="has more than 1 rows"):
        read_tables({"large": str(tmp_path / "large.csv")}, no_source, ["fr"])
