"""Sales Layer's connector API 1.18, asked over real sockets."""

import gzip
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pim_client import NOW, SECRET, SLOW, rows_of

from spapi_sandbox.sales_layer.connector import page_length
from spapi_sandbox.sales_layer.signature import sign


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
