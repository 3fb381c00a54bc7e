"""Both Sales Layer APIs, asked over real sockets."""

import gzip
import hashlib
import json
import operator
import socket
import threading
import time
from collections import Counter
from contextlib import contextmanager

import pytest
import requests
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amazon_listings.sandbox.catalogue import generate, load
from amazon_listings.sandbox.catalogue_written import DAY, EPOCH
from amazon_listings.sandbox.sales_layer import create_router
from amazon_listings.sandbox.sales_layer.connector import page_length
from amazon_listings.sandbox.sales_layer.signature import sign
from amazon_listings.sandbox.server import running_sandbox

NOW = EPOCH + 10 * DAY
SECRET = "sandbox-connector-secret"
SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Pim:
    """A client written for these tests from Sales Layer's documents."""

    def __init__(self, url, slept):
        self.url, self.slept = url, slept
        self.http = requests.Session()

    def rest(self, path, *, key="sandbox-pim-key", language=None, **options):
        headers = {"X-API-KEY": key} | ({"Accept-Language": language} if language else {})
        params = {f"${name}": value for name, value in options.items()}
        url = path if path.startswith("http") else f"{self.url}/sales_layer/rest/Catalog/{path}"
        return self.http.get(url, params=params, headers=headers)

    def rest_pages(self, path, **options):
        response = self.rest(path, **options)
        while True:
            assert response.status_code == 200, response.text
            page = response.json()
            yield page
            if "@nextLink" not in page:
                return
            response = self.rest(page["@nextLink"])

    def everything(self, path, **options):
        return [record for page in self.rest_pages(path, **options) for record in page["value"]]

    def signed(self, *, secret=SECRET, code="CNSANDBOX", at=None, **more):
        at = str(at or self.control("GET", "state")["time"]).split(".")[0]
        key = hashlib.sha256(f"{code}{secret}{at}77".encode()).hexdigest()
        return {"code": code, "time": at, "unique": "77", "key256": key, "ver": "1.18", **more}

    def connector(self, **more):
        response = self.http.get(f"{self.url}/sales_layer/connector", params=self.signed(**more))
        assert response.status_code == 200, response.text
        return json.loads(response.content.removeprefix(b"\xef\xbb\xbf"))

    def connector_pages(self, **more):
        page = self.connector(group_category_id="1", **more)
        yield page
        while page.get("next_page"):
            page = self.http.get(page["next_page"]).json()
            yield page

    def control(self, method, path, body=None):
        response = self.http.request(method, f"{self.url}/sales_layer/_control/{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    def fault(self, api, kind, **more):
        return self.control("POST", "faults", {"api": api, "kind": kind, **more})


@contextmanager
def serving(catalogue):
    slept = []
    app = FastAPI()
    app.include_router(create_router(catalogue, clock=lambda: NOW, sleep=slept.append))
    listening = socket.create_server(("127.0.0.1", 0))  # takes connections before the server has started
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield Pim(f"http://127.0.0.1:{listening.getsockname()[1]}", slept)
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def server():
    with serving(load()) as pim:
        yield pim


@pytest.fixture
def pim(server):
    server.control("POST", "reset")
    server.control("PUT", "rate", {"requests": 0, "seconds": 10})
    server.slept.clear()
    return server


@pytest.fixture(scope="module")
def plain():
    """Every entry of the catalogue, read without the server."""
    catalogue = load()
    return {table: list(catalogue.entries(table)) for table in ("categories", "products", "variants")}


# REST API 2.0


@pytest.mark.parametrize("key", ["", "wrong", "sandbox-pim-key-2"])
def test_rest_wants_the_key(pim, key):
    assert pim.rest("Products", key=key).status_code == 401


@SLOW
@given(
    top=st.integers(1, 130),
    skip=st.integers(0, 40),
    sorting=st.sampled_from([None, "prod_ref desc", "brand,prod_id"]),
)
def test_rest_pages_hold_every_product_once(pim, plain, top, skip, sorting):
    options = {"top": top} | ({"skip": skip} if skip else {}) | ({"orderby": sorting} if sorting else {})
    pages = list(pim.rest_pages("Products", select="prod_id,prod_ref,brand", **options))
    got = [record["prod_id"] for page in pages for record in page["value"]]
    key = {
        None: lambda p: p.id,
        "prod_ref desc": lambda p: tuple(-ord(c) for c in p.ref),
        "brand,prod_id": lambda p: (p.values["brand"] or "", p.id),
    }[sorting]
    assert got == [p.id for p in sorted(plain["products"], key=key)][skip:]
    assert all(page["@count"] == len(plain["products"]) for page in pages)
    assert all(len(page["value"]) == min(top, 100) for page in pages[:-1])


def properties(entry):
    """What the oracle knows of a variant, by REST name."""
    names = ("ean", "size", "price", "stock", "capacity_ml")
    color = entry.values.get("color") or {}
    modified = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(entry.modified))
    return {
        **{name: entry.values.get(name) for name in names},
        "frmt_ref": entry.ref,
        "frmt_stat": entry.status,
        "frmt_modify": modified,
        "color": color.get("en"),
    }


TEXTS = st.sampled_from(
    ["V", "I", "LUM-L101-BLK", "LUM-C", "Black", "Octarine", "S", "8430999", "'", "DROP", "é"]
)
TEXT_NAMES = st.sampled_from(["frmt_ref", "frmt_stat", "color", "size", "ean"])
ORDER = {"gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le}


@st.composite
def leaves(draw):
    """(expression, oracle) pairs; the oracle takes the properties of a variant."""
    kind = draw(st.sampled_from(["text", "function", "number", "date"]))
    if kind == "text":
        name, value, word = draw(TEXT_NAMES), draw(TEXTS), draw(st.sampled_from(["eq", "ne", *ORDER]))
        literal = "'" + value.replace("'", "''") + "'"
        if word in ORDER:
            return f"{name} {word} {literal}", lambda p: p[name] is not None and ORDER[word](p[name], value)
        return f"{name} {word} {literal}", lambda p: (p[name] == value) == (word == "eq")
    if kind == "function":
        name, value, word = (
            draw(TEXT_NAMES),
            draw(TEXTS),
            draw(st.sampled_from(["contains", "startswith", "endswith"])),
        )
        method = {"contains": "__contains__"}.get(word, word)
        literal = "'" + value.replace("'", "''") + "'"
        return f"{word}({name},{literal})", lambda p: p[name] is not None and getattr(p[name], method)(value)
    word = draw(st.sampled_from(list(ORDER)))
    if kind == "number":
        limit = draw(st.integers(0, 130))
        return f"stock {word} {limit}", lambda p: ORDER[word](p["stock"], limit)
    date = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(EPOCH - draw(st.integers(0, 31 * DAY))))
    return f"frmt_modify {word} {date}", lambda p: ORDER[word](p["frmt_modify"], date)


def joined(children):
    def join(pair):
        (left, left_is), word, (right, right_is) = pair
        both = {"and": lambda p: left_is(p) and right_is(p), "or": lambda p: left_is(p) or right_is(p)}[word]
        return f"({left} {word} {right})", both

    return st.tuples(children, st.sampled_from(["and", "or"]), children).map(join)


@settings(SLOW, max_examples=60)
@given(pair=st.recursive(leaves(), joined, max_leaves=5))
def test_rest_filters_agree_with_an_oracle(pim, plain, pair):
    text, wanted = pair
    got = [record["frmt_id"] for record in pim.everything("Variants", filter=text, select="frmt_id")]
    assert got == [entry.id for entry in plain["variants"] if wanted(properties(entry))]


@pytest.mark.parametrize(
    "options",
    [
        {"filter": "prod_stat eqq 'V'"},
        {"filter": "nothing eq 1"},
        {"select": "prod_id,nothing"},
        {"orderby": "prod_id sideways"},
        {"orderby": "nothing"},
        {"expand": "Orders"},
        {"top": "-1"},
        {"top": "ten"},
        {"skip": "1.5"},
        {"skipToken": "x"},
        {"skipToken": "1001", "orderby": "prod_id"},
        {"search": "lamp"},
    ],
)
def test_rest_answers_400_to_a_bad_query(pim, options):
    response = pim.rest("Products", **options)
    assert response.status_code == 400
    assert response.json()["error"]["message"]


@pytest.mark.parametrize(
    "path", ["Orders", "Products(1)", "Products('none')", "Products(1001)/Orders", "Orders/$metadata"]
)
def test_rest_answers_404_to_what_is_not_there(pim, path):
    assert pim.rest(path).status_code == 404


def test_rest_texts_are_objects_in_the_language_asked_for(pim):
    name = {
        lang: pim.rest("Products(1001)", language=lang).json()["prod_title"] for lang in ("en", "fr", "de")
    }
    assert list(name["fr"]) == ["fr"]
    assert name["de"]["de"].startswith("Lumio Halden Schreibtischlampe")
    assert pim.rest("Products(1001)").json()["prod_title"] == name["en"]
    missing = pim.rest("Products('LUM-C118')", language="de").json()
    assert missing["prod_title"] == {}  # never another language in its place
    assert pim.rest("Products", language="fr;q=0.9").status_code == 400


def test_rest_expands_variants_and_links_images(pim, plain):
    products = pim.everything("Products", expand="Variants", select="prod_id,product_image")
    assert sum(p["Variants@count"] for p in products) == len(plain["variants"])
    for product in products:
        assert [v["prod_id"] for v in product["Variants"]] == [product["prod_id"]] * product["Variants@count"]
    image = pim.http.get(products[0]["product_image"][0]["url"])
    assert image.headers["content-type"] == "image/jpeg"
    assert image.content[:3] == b"\xff\xd8\xff"
    assert [v["frmt_id"] for v in pim.everything("Products(1001)/Variants")] == [5001, 5002, 5003]
    assert {p["cat_ref"] for p in pim.everything("Categories('MUGS')/Products")} >= {"MUGS"}


def test_rest_metadata_describes_what_is_answered(pim):
    schemas = {schema["title"]: schema for schema in pim.rest("$metadata").json()["value"]}
    assert set(schemas) == {"Product", "Variant", "Category"}
    for resource, title in (("Products", "Product"), ("Variants", "Variant"), ("Categories", "Category")):
        record = pim.rest(resource, top=1).json()["value"][0]
        assert set(record) == set(schemas[title]["properties"])
        assert pim.rest(f"{resource}/$metadata").json()["value"][0] == schemas[title]
    assert schemas["Product"]["properties"]["product_image"]["x-custom-type"] == "image_pack"


def test_rest_lets_50_requests_in_10_seconds(pim):
    pim.control("PUT", "rate", {"requests": 50, "seconds": 10})
    statuses = Counter(pim.rest("Products", top=1, select="prod_id").status_code for _ in range(53))
    assert statuses == {200: 50, 429: 3}
    pim.control("POST", "clock", {"advance": 10})
    assert pim.rest("Products", top=1).status_code == 200


def test_rest_shows_edits_at_once_and_never_shows_the_deleted(pim):
    pim.control("PATCH", "items/products/1001", {"values": {"brand": "Nova"}, "status": "I"})
    pim.control("DELETE", "items/products/1002")
    pim.control("POST", "items/products", {"ref": "NEW", "values": {"brand": "Nova"}, "categories": [12]})
    found = pim.everything("Products", filter="brand eq 'Nova'", select="prod_id,prod_ref,prod_stat")
    assert [(p["prod_ref"], p["prod_stat"]) for p in found] == [("LUM-L101", "I"), ("NEW", "V")]
    assert pim.rest("Products(1002)").status_code == 404
    assert not pim.everything("Variants", filter="prod_id eq 1002")
    since = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(NOW))
    assert len(pim.everything("Products", filter=f"prod_modify ge {since}")) == 2


# Connector API 1.18


def test_signature_of_the_documented_vector():
    wanted = "e0e5e930e4d0997c0028f11629a9312d98b1280bdd4f5cf0b19883f7c812c747"
    assert sign("CN000H0000C000", "f035324ba8f98a6f33c05ee1ce36ef29", "1700000000", "12345") == wanted


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code": "CNOTHER"}, 2),
        ({"unique": "abc"}, 3),
        ({"unique": ""}, 3),
        ({"key256": "short"}, 4),
        ({"unique": "78"}, 9),
        ({"secret": "wrong"}, 9),
        ({"time": "yesterday"}, 12),
        ({"at": NOW - 3600}, 13),
        ({"at": NOW + 3600}, 13),
    ],
)
def test_connector_refuses_a_bad_signature(pim, change, error):
    signing = {name: change[name] for name in ("secret", "at", "code") if name in change}
    query = {**pim.signed(**signing), **{k: v for k, v in change.items() if k not in {"secret", "at"}}}
    answer = pim.http.get(f"{pim.url}/sales_layer/connector", params=query).json()
    assert answer["error"] == error
    assert answer["error_message"]
    assert "data" not in answer


def test_connector_takes_the_older_key_and_a_form(pim):
    query = pim.signed()
    query.pop("key256")
    text = f"CNSANDBOX{SECRET}{query['time']}77".encode()
    query["key"] = hashlib.sha1(text, usedforsecurity=False).hexdigest()
    assert pim.http.get(f"{pim.url}/sales_layer/connector", params=query).json()["error"] == 0
    form = pim.http.post(f"{pim.url}/sales_layer/connector", params=pim.signed(), data={"test": "1"}).json()
    assert form["error"] == 0
    assert "data" not in form


@pytest.mark.parametrize(
    ("option", "error"),
    [
        ({"last_update": "monday"}, 5),
        ({"ver": "9.9"}, 6),
        ({"output": "xml"}, 7),
        ({"compression": "lzma"}, 8),
    ],
)
def test_connector_tells_of_a_bad_option_and_answers_all_the_same(pim, option, error):
    answer = pim.connector(**option)
    assert (answer["error"], answer["action"]) == (error, "refresh")
    assert answer["data"]["products"]


@pytest.mark.parametrize(
    ("asked", "length"),
    [("", 500), ("100", 500), ("999", 500), ("1001", 1000), ("1500", 1000), ("1501", 1500), ("x", 500)],
)
def test_page_length_is_what_pagination_asks_for_roughly(asked, length):
    assert page_length(asked) == length


def rows_of(pages):
    """{table: {id: {column: value}}} by the first page's schema; gone rows are None. No row may repeat."""
    schema, rows = None, {}
    for page in pages:
        schema = page.get("data_schema", schema)
        for table, lines in page["data"].items():
            names = [column if isinstance(column, str) else next(iter(column)) for column in schema[table]]
            for line in lines:
                assert line[1] not in rows.setdefault(table, {})
                rows[table][line[1]] = None if line[0] == "D" else dict(zip(names, line, strict=True))
    return rows


def exported(plain):
    products = {p.id for p in plain["products"] if p.status == "V"}
    return products, {v.id for v in plain["variants"] if v.status == "V" and v.parent in products}


@SLOW
@given(length=st.integers(1, 90))
def test_connector_pages_hold_every_exported_row_once(pim, plain, length):
    pim.control("PUT", "connector", {"page_length": length})
    pages = list(pim.connector_pages())
    rows = rows_of(pages)
    assert (set(rows["products"]), set(rows["product_formats"])) == exported(plain)
    assert list(dict.fromkeys(table for page in pages for table in page["data"])) == [
        "catalogue",
        "products",
        "product_formats",
    ]
    assert ["data_schema" in page for page in pages] == [True] + [False] * (len(pages) - 1)
    assert {page["page_count"] for page in pages} == {len(pages)}
    assert all(sum(map(len, page["data"].values())) == page["page_length"] for page in pages)


def test_connector_rows_follow_the_schema(pim, plain):
    page = pim.connector(group_category_id="1", pagination="5000")
    rows = rows_of([page])
    lamp = rows["products"][1001]
    source = plain["products"][0]
    assert lamp["product_name_fr"] == source.values["product_name"]["fr"]
    assert lamp["ID_catalogue"] == list(source.categories)
    assert (lamp["price"], lamp["dimmable"], lamp["weight_value"]) == ("79.90", 1, "1.2")
    assert lamp["launch_date"] == source.values["launch_date"].replace("T", " ")
    assert lamp["tags"] == source.values["tags"]
    assert lamp["dimensions"][1] == ["Item", "48", "18", "22"]
    assert rows["product_formats"][5002]["ID_products"] == 1001
    state, image_id, original, middle, small = lamp["product_image"][0]
    assert (state, image_id) == ("M", "10011")
    for url, edge in ((original, 1000), (middle, 500), (small, 150)):
        picture = pim.http.get(url).content
        height_width = picture[picture.index(b"\xff\xc0") + 5 :][:4]
        assert height_width == edge.to_bytes(2) * 2
    info = page["data_schema_info"]["products"]
    assert (info["product_name_fr"]["basename"], info["product_name_fr"]["language_code"]) == (
        "product_name",
        "fr",
    )
    assert (info["product_image"]["type"], info["dimensions"]["type"]) == ("image", "table")
    assert rows["products"][1108 - 100]["product_name_fr"] == ""  # LUM-L108 has no French name


def test_connector_without_grouping_gives_a_row_per_category(pim, plain):
    lines = pim.connector(pagination="5000")["data"]["products"]
    wanted = [(p.id, category) for p in plain["products"] if p.status == "V" for category in p.categories]
    assert [(line[1], line[2]) for line in lines] == wanted


def test_connector_with_other_table_names_and_fewer_languages(pim):
    pim.control(
        "PUT",
        "connector",
        {"names": {t: t for t in ("categories", "products", "variants")}, "languages": ["de"]},
    )
    page = pim.connector()
    assert set(page["data_schema"]) == {"categories", "products", "variants"}
    assert page["data_schema"]["products"][2] == "ID_categories"
    assert "product_name_de" in page["data_schema"]["products"]
    assert "product_name_en" not in page["data_schema"]["products"]


def test_connector_delta_tells_what_changed_and_what_left(pim):
    since = pim.connector()["time"]
    pim.control("POST", "clock", {"advance": 60})
    pim.control("PATCH", "items/products/1001", {"values": {"price": "85.00"}})
    pim.control("PATCH", "items/products/1002", {"status": "I"})
    pim.control("DELETE", "items/variants/5001")
    pim.control("POST", "items/variants", {"ref": "NEW-1", "parent": 1001, "values": {"size": "XL"}})
    pim.control("PUT", "connector", {})
    assert pim.connector(last_update=str(since))["action"] == "refresh"  # the connector was changed
    page = pim.connector(last_update=str(since), force_update_only="1", group_category_id="1")
    assert page["action"] == "update"
    rows = rows_of([page])
    hidden = {variant["frmt_id"] for variant in pim.everything("Variants", filter="prod_id eq 1002")}
    assert rows["products"].pop(1002) is None
    assert rows["products"].pop(1001)["price"] == "85.00"
    assert not rows["products"]
    gone = {variant_id for variant_id, row in rows["product_formats"].items() if row is None}
    assert gone == hidden | {5001}
    assert [row["REF"] for row in rows["product_formats"].values() if row] == ["NEW-1"]
    pim.control("POST", "clock", {"advance": 60})
    pim.control("PATCH", "items/products/1002", {"status": "V"})
    back = rows_of([pim.connector(last_update=str(since + 61), force_update_only="1")])
    assert set(back["products"]) == {1002}
    assert all(back["product_formats"].values())


def test_connector_delta_pages_are_complete(pim):
    since = pim.connector()["time"]
    pim.control("POST", "clock", {"advance": 60})
    for product in (1001, 1002, 1003):
        pim.control("DELETE", f"items/products/{product}")
    for product in range(1005, 1012):
        pim.control("PATCH", f"items/products/{product}", {"values": {"stock": 1}})
    whole = rows_of([pim.connector(last_update=str(since), group_category_id="1")])
    pim.control("PUT", "connector", {"page_length": 2})
    pages = list(pim.connector_pages(last_update=str(since), force_update_only="1"))
    assert len(pages) > 5
    assert rows_of(pages) == whole


def test_connector_marks_unchanged_media_in_a_delta(pim):
    since = pim.connector()["time"]
    pim.control("POST", "clock", {"advance": 60})
    image = [{"id": 1, "name": "new.jpg", "url": "/images/ORG/new.jpg"}]
    pim.control("PATCH", "items/products/1001", {"values": {"price": "85.00"}})
    pim.control("PATCH", "items/products/1004", {"values": {"product_image": image}})
    rows = rows_of([pim.connector(last_update=str(since))])["products"]
    assert rows[1001]["product_image"] == ["U"]
    assert rows[1004]["product_image"][0][2].endswith("/images/ORG/new.jpg")


def test_connector_gives_siblings_and_upper_categories_when_asked(pim):
    since = pim.connector()["time"]
    pim.control("POST", "clock", {"advance": 60})
    pim.control("PATCH", "items/variants/5002", {"values": {"stock": 1}})
    pim.control("PATCH", "items/products/1001", {"values": {"stock": 1}})
    alone = rows_of([pim.connector(last_update=str(since))])
    assert set(alone["product_formats"]) == {5002}
    assert "catalogue" not in alone
    family = rows_of(
        [pim.connector(last_update=str(since), same_parent_variants="1", parents_category_tree="1")]
    )
    assert set(family["product_formats"]) == {5001, 5002, 5003}
    assert {12, 11, 10} <= set(family["catalogue"])


def test_connector_compresses_and_may_begin_with_a_byte_order_mark(pim):
    pim.control("PUT", "connector", {"bom": True})
    url = f"{pim.url}/sales_layer/connector"
    packed = pim.http.get(url, params=pim.signed(), stream=True)
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.raw.read()).startswith(b'\xef\xbb\xbf{"version"')
    loose = pim.http.get(url, params=pim.signed(compression="0"))
    assert "content-encoding" not in loose.headers
    assert json.loads(loose.content.decode("utf-8-sig"))["error"] == 0


# Controls, faults, pictures


def test_faults_come_in_order_and_as_often_as_asked(pim):
    pim.fault("rest", "status", status=503, times=2, skip=1)
    assert [pim.rest("Products", top=1).status_code for _ in range(4)] == [200, 503, 503, 200]
    pim.fault("connector", "error", code=14)
    assert [pim.connector(test="1")["error"] for _ in range(2)] == [14, 0]
    pim.fault("rest", "body", body="<html>")
    assert pim.rest("Products").text == "<html>"
    pim.fault("rest", "delay", seconds=7)
    assert pim.rest("Products", top=1).status_code == 200
    assert pim.slept == [7]
    counters = pim.control("GET", "state")["counters"]
    assert (counters["rest.fault.status"], counters["connector.error.14"]) == (2, 1)


def test_a_truncated_answer_is_no_json_and_a_reset_breaks_the_connection(pim):
    pim.fault("rest", "truncate")
    with pytest.raises(requests.JSONDecodeError):
        pim.rest("Products").json()
    pim.fault("connector", "truncate")
    with pytest.raises((requests.RequestException, EOFError)):
        pim.http.get(f"{pim.url}/sales_layer/connector", params=pim.signed(compression="0")).json()
    pim.fault("rest", "reset")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        pim.rest("Products")


def test_a_lost_page_can_be_noticed_by_its_counts(pim):
    pim.fault("rest", "lose_page", skip=1)
    pages = list(pim.rest_pages("Products", top=20))
    assert sum(len(page["value"]) for page in pages) < pages[0]["@count"]
    pim.control("PUT", "connector", {"page_length": 50})
    pim.fault("connector", "lose_page", skip=1)
    assert len(list(pim.connector_pages())) == 2 < pim.connector()["page_count"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "items/products/1", {"values": {}}),
        ("PATCH", "items/products/1001", {"values": {"nothing": 1}}),
        ("POST", "items/orders", {"ref": "x", "values": {}}),
        ("POST", "items/products", {}),
        ("DELETE", "items/variants/1", None),
        ("POST", "faults", {"api": "rest", "kind": "earthquake"}),
        ("POST", "faults", {"kind": "status"}),
        ("PUT", "connector", {"colour": "red"}),
        ("POST", "clock", {}),
    ],
)
def test_a_control_that_makes_no_sense_is_refused(pim, method, path, body):
    response = pim.http.request(method, f"{pim.url}/sales_layer/_control/{path}", json=body)
    assert response.status_code == 400
    assert response.json()["error"]


@pytest.mark.parametrize(
    "path", ["ORG/missing/lost.jpg", "ORG/lamp.gif", "XXL/lamp.jpg", "ORG/..%2fsecret.jpg", "lamp.jpg"]
)
def test_pictures_of_nothing_are_not_found(pim, path):
    assert pim.http.get(f"{pim.url}/images/{path}").status_code == 404


def test_pictures_are_the_same_each_time_and_differ_by_name(pim):
    one, again, other = (pim.http.get(f"{pim.url}/images/ORG/{n}.png").content for n in ("a", "a", "b"))
    assert one == again != other
    assert one[:8] == b"\x89PNG\r\n\x1a\n"
    assert one[16:24] == (1000).to_bytes(4) * 2


def test_a_generated_catalogue_is_served_the_same_way():
    with serving(generate(1_234, 1)) as pim:
        pim.control("PUT", "rate", {"requests": 0, "seconds": 10})
        items = 0
        for page in pim.rest_pages(
            "Products", select="prod_id,prod_stat", expand="Variants", filter="prod_stat eq 'V'"
        ):
            items += sum(max(product["Variants@count"], 1) for product in page["value"])
        assert items == 1_234
        rows = rows_of(pim.connector_pages(pagination="999"))
        assert len(rows["product_formats"]) == len(pim.everything("Variants", select="frmt_id"))


def test_the_whole_sandbox_serves_the_pim_and_breaks_connections_when_told():
    with running_sandbox() as sandbox:
        pim = Pim(sandbox.url, [])
        assert pim.rest("Products", top=1).json()["@count"] == 70
        pim.fault("rest", "reset")
        with pytest.raises(requests.ConnectionError):
            pim.rest("Products")
        assert pim.connector(test="1")["error"] == 0
        sandbox.advance(3600)
        assert pim.connector(at=int(time.time()))["error"] == 13
