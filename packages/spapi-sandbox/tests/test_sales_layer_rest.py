"""Sales Layer's REST API 2.0, asked over real sockets."""

import operator
import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pim_client import NOW, SLOW

from spapi_sandbox.catalogue.written import DAY, EPOCH


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
