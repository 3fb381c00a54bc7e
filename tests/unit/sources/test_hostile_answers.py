"""A PIM that answers with what no PIM should: every answer ends in items or in one named error, soon."""

from __future__ import annotations

import functools
import gzip
import itertools
import json
import time as clocks
import zlib

import pytest

from amazon_listings.errors import AmazonListingsError
from amazon_listings.sources.extraction import read_items
from amazon_listings.sources.sales_layer.account import SalesLayerAccount
from amazon_listings.sources.selection import Selection

MEGABYTE = 1 << 20
#: Seconds of processor that an answer may cost.
MOST_SECONDS = 20.0


def raw(body, **headers):
    return 200, {name.replace("_", "-"): value for name, value in headers.items()}, body


@functools.cache
def bomb(levels):
    return gzip.compress(bomb(levels - 1), 1) if levels else b'{"value": ["' + b"x" * MEGABYTE * 64 + b'"]}'


DEEP = 100_000
VALUES = {
    "deep lists": b'{"value": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"value": ' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}",
    "a number of a million digits": b'{"value": [{"prod_id": ' + b"9" * MEGABYTE + b"}]}",
    "an exponent": b'{"value": [{"prod_id": 1e999999999}]}',
    "not a number": b'{"value": [{"prod_id": NaN, "prod_ref": Infinity}]}',
    "half a character": b'{"value": [{"prod_id": 1, "prod_ref": "\\ud83d", "prod_stat": "V"}]}',
    "a name twice": b'{"value": [], "value": [{"prod_id": 1}]}',
    "a text": b'"value"',
    "nothing": b"",
    "null": b"null",
    "UTF-16": '{"value": []}'.encode("utf-16"),
    "an empty object": b"{}",
    "a number as rows": b'{"value": 7}',
    "rows of nothing": b'{"value": [null, 1, "x", [], {}]}',
    "rows under numbers": b'{"value": {"0": {"prod_id": 1}}}',
    "many names": json.dumps({"value": [{f"f{n}": n for n in range(50_000)}]}).encode(),
    "a long name": json.dumps({"value": [{"x" * MEGABYTE: 1, "prod_id": 1}]}).encode(),
    "controls": b'{"value": [{"prod_id": "1\x00\x07"}]}',
}
#: Answers, or what makes them where that takes long.
ENCODINGS = {
    "a bomb": lambda: raw(bomb(1), Content_Encoding="gzip"),
    "a bomb in a bomb": lambda: raw(bomb(2), Content_Encoding="gzip, gzip"),
    "a bomb that is not declared": lambda: raw(bomb(1)),
    "a bomb of deflate": lambda: raw(zlib.compress(b"\0" * MEGABYTE * 128, 1), Content_Encoding="deflate"),
    "an encoding that nobody knows": raw(b"{}", Content_Encoding="zstd"),
    "half of gzip": raw(gzip.compress(b'{"value": []}' * 100)[:-20], Content_Encoding="gzip"),
    "a length below nothing": raw(b"{}", Content_Length="-1"),
    "a length that is a word": raw(b"{}", Content_Length="many"),
    "a length far too long": raw(b"{}", Content_Length=str(1 << 62)),
}
REDIRECTS = [
    "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://[::1]/", "http://0x7f000001/",
    "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://x", "//evil.example/x", "https://user:pw@evil.example/",
    "http://127.0.0.1:1/", "javascript:alert(1)", "", "\x00", "http://", "http://[",
    "/../../etc/passwd" * 1_000,
]  # fmt: skip


def read_from(pim, server, time, answer):
    """Read from a PIM that answers everything alike; return the items, or the named error."""
    server.answer = lambda *_: answer() if callable(answer) else answer
    began = clocks.process_time()
    try:
        return list(read_items(SalesLayerAccount(pim.connection, clock=time.clock), Selection()))
    except AmazonListingsError as error:
        return error
    finally:
        assert clocks.process_time() - began < MOST_SECONDS
        assert len(server.asked) < 2_000


@pytest.fixture(params=["rest", "connector"])
def pim(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("value", VALUES)
def test_odd_content(pim, server, time, value):
    found = read_from(pim, server, time, raw(VALUES[value]))
    assert len(str(found)) < 2_000
    assert isinstance(found, AmazonListingsError) or all(item["pim_id"] for item in found)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_odd_encodings(pim, server, time, encoding):
    found = read_from(pim, server, time, ENCODINGS[encoding])
    assert isinstance(found, AmazonListingsError) or found == []


@pytest.mark.parametrize("place", REDIRECTS)
def test_redirects_lead_nowhere_else(pim, server, time, place):
    # No message is longer than a screen, whatever the address.
    found = read_from(pim, server, time, (307, {"Location": place.replace("\x00", "%00")}, b""))
    assert isinstance(found, AmazonListingsError)
    assert len(str(found)) < 2_000
    assert all(path != "/latest/meta-data/" for path, _, _ in server.asked)


@pytest.mark.parametrize(
    "link",
    [7, [], {}, True, "", " ", "x" * MEGABYTE, "?$skipToken=", "?$skipToken=%00", "http://[", "#x", "\ud83d",
     "?" + "&".join(f"a{n}=1" for n in range(10_000))],
)  # fmt: skip
def test_links_that_are_none(rest, server, time, link):
    fields = {"prod_id": {"type": "integer"}, "prod_stat": {"enum": ["V"]}}
    body = json.dumps({"value": [{"prod_id": 1, "properties": fields}], "@nextLink": link}).encode()
    found = read_from(rest, server, time, raw(body))
    assert isinstance(found, AmazonListingsError) or {item["pim_id"] for item in found} <= {"products/1"}


def test_pages_without_end_and_without_progress_end(pim, server, time):
    """Each page has another link and the same row."""
    numbers = itertools.count(1)

    def page():
        number = next(numbers)
        row = {"prod_id": 1, "prod_ref": "P-1", "prod_stat": "V", "title": "Product", "properties": {}}
        return {
            "value": [row], "@nextLink": f"?$skipToken={number}", "@count": 1,
            "version": "1.18", "time": 1_763_900_001, "action": "refresh", "error": 0, "schema": {},
            "data_schema": {"products": ["STATUS", "ID", "REF"]}, "data_schema_info": {},
            "data": {"products": [["M", 1, "P-1"]]}, "next_page": f"{server.url}/?page={number}",
        }  # fmt: skip

    assert isinstance(read_from(pim, server, time, page), AmazonListingsError)
