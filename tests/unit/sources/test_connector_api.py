"""Reading through the connector API 1.18, over a socket."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from amazon_listings.sources.errors import (
    ClockRefused,
    CredentialsRefused,
    PimBusy,
    PimUnavailable,
    UnexpectedAnswer,
    UnsafeLink,
)
from amazon_listings.sources.extraction import read_items
from amazon_listings.sources.sales_layer.account import SalesLayerAccount
from amazon_listings.sources.selection import Selection

SCHEMA = {
    "catalogue": ["STATUS", "ID", "ID_PARENT", "REF", "section_name_en"],
    "products": ["STATUS", "ID", "ID_catalogue", "REF", "name_en", "name_es", "price",
                 {"photo": ["STATUS", "ID", "TH", "ORG", {"field": "XL"}]}],
    "product_formats": ["STATUS", "ID", "ID_products", "REF", "ean", "color_en", "color_es"],
}  # fmt: skip
INFO = {
    "products": {
        "ID": {"type": "numeric"},
        "name_en": {"type": "string", "language_code": "en", "basename": "name"},
        "name_es": {"type": "string", "language_code": "es", "basename": "name"},
        "price": {"type": "numeric"},
        "photo": {
            "type": "image",
            "sizes": {"TH": {"width": 9, "height": 9}, "XL": {"width": 99, "height": 99}},
        },
    }
}


def first(action="refresh", **data):
    return {
        "version": "1.18", "time": 1_763_900_001, "action": action, "error": 0,
        "schema": {"languages": ["en", "es"], "default_language": "en"},
        "data_schema": SCHEMA, "data_schema_info": INFO, "data": data,
    }  # fmt: skip


def product(number, photo=(), name="Runner"):
    return ["M", number, [7], f"P-{number}", name, "", "0123", list(photo)]


def variant(number, parent):
    return ["M", number, parent, f"V-{number}", "0840", "Red", "Rojo"]


def read(pim, time, selection=None):
    reading = read_items(SalesLayerAccount(pim.connection, clock=time.clock), selection or Selection())
    return [item["pim_id"] for item in reading], reading


SINCE = Selection(changed_since=datetime(2026, 6, 1, tzinfo=UTC))


def test_rows_become_items(connector, time):
    photo = [
        ["M", "i1", "https://cdn/th.jpg", "https://cdn/org.jpg", ""],
        ["D", "i2", "https://cdn/x", "https://cdn/y", ""],
    ]
    connector.pages = [
        first(
            catalogue=[["M", 7, 0, "SHOES", "Shoes"]],
            products=[product(101, photo), product("102")],
            product_formats=[variant(501, "101")],
        )
    ]
    one, two = read_items(
        SalesLayerAccount(connector.connection, clock=time.clock), Selection(languages=("es",))
    )
    assert (one["pim_id"], one["group"], two["pim_id"]) == ("variants/501", "products/101", "products/102")
    assert one["product"]["texts"] == {"name": {}}
    assert one["product"]["fields"] == {"ID_catalogue": [7], "price": "0123"}
    assert one["product"]["images"]["photo"] == [
        {"url": "https://cdn/org.jpg", "sizes": {"TH": "https://cdn/th.jpg", "ORG": "https://cdn/org.jpg"}}
    ]
    assert one["variant"]["texts"] == {"color": {"es": "Rojo"}}
    assert one["variant"]["fields"] == {"ID_products": "101", "ean": "0840"}
    _, query, _ = connector.server.asked[0]
    assert query["ver"] == "1.18"
    assert query["same_parent_variants"] == "1"
    assert "last_update" not in query


def test_pages_follow_and_only_the_first_has_the_schema(connector, time):
    connector.pages = [
        first(catalogue=[["M", 7, 0, "SHOES", "Shoes"]]),
        {"error": 0, "data": {"products": [product(1), product(2)]}},
        {"error": 0, "data": []},
        {"error": 0, "data": {"product_formats": [variant(11, 1)]}},
    ]
    connector.server.date = 1_763_900_002
    ids, reading = read(connector, time)
    assert ids == ["variants/11", "products/2"]
    assert reading.full
    assert datetime.fromisoformat(reading.cursor).timestamp() == 1_763_900_001


@pytest.mark.parametrize("variants", ["product_formats", "variants", "tailles"])
def test_tables_are_known_by_how_they_name_one_another(connector, time, variants):
    page = first()
    page["schema"]["sanitized_table_names"] = {"Les produits": "articles"}
    page["data_schema"] = {
        "marken": ["STATUS", "ID", "REF", "x"],
        variants: ["STATUS", "ID", "ID_articles", "REF", "ean"],
        "Les produits": ["STATUS", "ID", "ID_rayons", "REF", "nom"],
        "rayons": ["STATUS", "ID", "ID_PARENT", "REF"],
    }
    page["data_schema_info"] = []
    page["data"] = {
        variants: [["M", 5, 1, "V", "1"]], "Les produits": [["M", 1, [3], "P", "x"]],
        "marken": [["M", 1, "B", 1]]}  # fmt: skip
    connector.pages = [page]
    assert read(connector, time)[0] == ["variants/5"]


def test_an_answer_whose_tables_are_not_understood_is_said_so(connector, time):
    page = first()
    page["data_schema"] = {"a": ["STATUS", "ID", "x"], "b": ["STATUS", "ID", "y"]}
    connector.pages = [page]
    with pytest.raises(UnexpectedAnswer, match="a, b"):
        read(connector, time)
    connector.pages = [{"data": {"products": [["M", 1]]}}]
    with pytest.raises(UnexpectedAnswer, match="data_schema"):
        read(connector, time)


def test_nothing_changed_costs_one_call(connector, time):
    connector.pages = [{"time": 1_763_900_001, "action": "update", "data": [], "data_schema": []}]
    ids, reading = read(connector, time, SINCE)
    assert (ids, reading.full, len(connector.server.asked)) == ([], False, 1)
    assert connector.server.asked[0][1]["last_update"] == str(int(SINCE.changed_since.timestamp()))


CATALOGUE = {
    "products": [product(1), product(2), product(3)],
    "product_formats": [variant(11, 1), variant(12, 1), variant(21, 2)],
}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"product_formats": [variant(11, 1)]}, ["variants/11", "variants/12"]),
        ({"products": [product(1)]}, ["variants/11", "variants/12"]),
        ({"products": [product(3)]}, ["products/3"]),
    ],
    ids=["only a variant", "only its product", "a product without variants"],
)
def test_families_sent_in_part_are_completed_by_a_full_answer(connector, time, changed, expected):
    connector.pages = [first(**CATALOGUE)]
    connector.changes = [first("update", **changed)]
    ids, reading = read(connector, time, SINCE)
    assert ids == expected
    assert not reading.full
    assert len(connector.server.asked) == 2


def test_families_sent_whole_need_no_second_answer(connector, time):
    connector.changes = [
        first("update", products=[product(1)], product_formats=[variant(11, 1), variant(12, 1)])
    ]
    ids, _ = read(connector, time, SINCE)
    assert ids == ["variants/11", "variants/12"]
    assert len(connector.server.asked) == 1


def test_unchanged_media_are_fetched_not_taken_for_none(connector, time):
    photo = [["M", "i1", "https://cdn/th.jpg", "https://cdn/org.jpg", ""]]
    connector.pages = [first(products=[product(1, photo), product(2)], product_formats=[variant(11, 1)])]
    connector.changes = [
        first("update", products=[product(1, ["U", "i1"])], product_formats=[variant(11, 1)])
    ]
    (item,) = read_items(SalesLayerAccount(connector.connection, clock=time.clock), SINCE)
    assert item["product"]["images"]["photo"][0]["url"] == "https://cdn/org.jpg"


def test_unchanged_media_in_a_full_answer_are_a_problem(connector, time):
    connector.pages = [first(products=[product(1, ["U"]), product(2)])]
    ids, reading = read(connector, time)
    assert ids == ["products/2"]
    assert [problem.sku for problem in reading.problems] == ["P-1"]


def test_deleted_rows_are_removed(connector, time):
    connector.pages = [first(products=[product(1), product(2)])]
    connector.changes = [first("update", products=[["D", 99], product(1)], product_formats=[["D", "501"]])]
    ids, reading = read(connector, time, SINCE)
    assert ids == ["products/1"]
    assert reading.removed == ["products/99", "variants/501"]


def test_a_record_that_comes_back_is_not_removed(connector, time):
    connector.pages = [first(products=[["D", 1], product(1), product(2), ["D", 2]])]
    ids, reading = read(connector, time)
    assert ids == ["products/1"]
    assert reading.removed == ["products/2"]


@pytest.mark.parametrize(
    "page", [first("refresh", products=[product(1)]), {**first("update", products=[product(1)]), "error": 5}]
)
def test_a_refresh_is_full_though_changes_were_asked_for(connector, time, page):
    connector.changes = [page]
    _, reading = read(connector, time, SINCE)
    assert reading.full
    assert len(connector.server.asked) == 1


@pytest.mark.parametrize(
    "data",
    [{}, {"data": []}, {"data": {"products": []}}, {"data": {"catalogue": [["M", 7, 0, "S", "Shoes"]]}}],
)
@pytest.mark.parametrize("selection", [SINCE, Selection()])
def test_a_refresh_without_products_says_nothing_about_what_was_deleted(connector, time, data, selection):
    connector.pages = [{**first("refresh"), **data}]
    ids, reading = read(connector, time, selection)
    assert (ids, reading.removed, reading.full, reading.cursor) == ([], [], False, None)
    assert [notice.code for notice in reading.notices] == ["pim.refresh_empty"]


WAITING = {"images": {"total": 3, "partial": 1}, "files": 1}


@pytest.mark.parametrize("where", [0, 1])
def test_while_images_are_being_made_the_cursor_waits(connector, time, where):
    connector.pages = [first(products=[product(1)]), {"data": {"products": [product(2)]}}]
    connector.pages[where]["waiting"] = WAITING
    ids, reading = read(connector, time)
    assert ids == ["products/1", "products/2"]
    assert reading.cursor is None
    assert [(one.code, one.facts["count"]) for one in reading.notices] == [("pim.media_waiting", 4)]


@pytest.mark.parametrize(
    "waiting",
    [None, [], 0, {"images": {"total": 0, "partial": 0}, "files": 0}, {"images": "x", "files": None}],
)
def test_nothing_in_the_making_moves_the_cursor(connector, time, waiting):
    connector.pages = [{**first(products=[product(1)]), "waiting": waiting}]
    _, reading = read(connector, time)
    assert reading.cursor
    assert reading.notices == []


MADE = ["M", "i1", "https://cdn/th.jpg", "https://cdn/org.jpg", ""]


@pytest.mark.parametrize(
    "photo", [[["M", "i2", "", "", ""], MADE], [MADE, ["M", "i2"]], [["M", "i2", None, None, None]]]
)
@pytest.mark.parametrize("selection", [SINCE, Selection()])
def test_an_item_whose_image_is_being_made_waits_and_the_others_go_on(connector, time, photo, selection):
    connector.pages = [first(products=[product(1, photo), product(2)])]
    connector.changes = [first("update", products=[product(1, photo), product(2)])]
    ids, reading = read(connector, time, selection)
    assert ids == ["products/2"]
    assert [(one.code, one.sku) for one in reading.problems] == [("sales_layer.media_unfinished", "P-1")]
    assert reading.cursor is None
    ids, reading = read(connector, time, replace(selection, fields=("price",)))
    assert (ids, reading.problems) == (["products/1", "products/2"], [])


def test_what_the_first_page_does_not_have_may_come_later(connector, time):
    """Tables that a later page describes, rows that come before their tables are known."""
    whole = first()

    def described(name):
        return {"data_schema": {name: SCHEMA[name]}, "data_schema_info": INFO}

    connector.pages = [
        {**whole, **described("catalogue"), "data": {"catalogue": [["M", 7, 0, "S", "x"]]}},
        {**described("product_formats"), "data": {"product_formats": [variant(11, 1)]}},
        {**described("products"), "data": {"products": [product(1)]}},
        {"data": {"products": [product(2)], "product_formats": [variant(12, 1)]}},
    ]
    ids, reading = read(connector, time)
    assert ids == ["variants/11", "variants/12", "products/2"]
    assert (reading.problems, reading.full) == ([], True)


def test_rows_under_another_name_of_their_table_are_read(connector, time):
    page = first()
    page["schema"]["sanitized_table_names"] = {"Mis productos": "mis_productos", "tallas": "formats"}
    page["data_schema"] = {
        "rayons": ["STATUS", "ID", "ID_PARENT", "REF"],
        "Mis productos": ["STATUS", "ID", "ID_rayons", "REF", "nom"],
        "formats": ["STATUS", "ID", "ID_mis_productos", "REF", "ean"],
    }
    page["data_schema_info"] = []
    page["data"] = {"mis_productos": [["M", 1, [3], "P", "x"]], "tallas": [["M", 5, 1, "V", "1"]]}
    connector.pages = [page]
    assert read(connector, time)[0] == ["variants/5"]


def test_rows_of_tables_that_nothing_describes_are_never_taken_for_none(connector, time):
    connector.pages = [first(articulos=[["M", 1, [3], "P", "x"]])]
    with pytest.raises(UnexpectedAnswer, match="data_schema"):
        read(connector, time)
    connector.pages = [first(products=[product(1)], marken=[["M", 1, "x"]])]
    assert read(connector, time)[0] == ["products/1"]


def test_a_time_later_than_the_answer_does_not_move_the_cursor(connector, time):
    connector.pages = [{**first(products=[product(1)]), "time": connector.server.date + 7200}]
    _, reading = read(connector, time)
    assert datetime.fromisoformat(reading.cursor).timestamp() == connector.server.date


def test_rows_that_do_not_fit_are_problems(connector, time):
    connector.pages = [
        first(products=[product(1), ["M", 2, [], "P-2"], "nonsense", ["M", None], [*product(3), 1]])
    ]
    ids, reading = read(connector, time)
    assert ids == ["products/1"]
    assert [problem.sku for problem in reading.problems] == ["2", "?", "?", "3"]
    assert "4 values; columns in data_schema: 8" in str(reading.problems[0])


def test_an_orphan_is_a_problem(connector, time):
    connector.pages = [first(products=[product(1)], product_formats=[variant(11, 404), variant(12, None)])]
    ids, reading = read(connector, time)
    assert ids == ["products/1"]
    assert sorted(problem.sku for problem in reading.problems) == ["V-11", "V-12"]


@pytest.mark.parametrize(("gzipped", "bom"), [(True, False), (False, True), (True, True)])
def test_gzip_and_byte_order_mark(connector, time, gzipped, bom):
    connector.gzip, connector.bom = gzipped, bom
    connector.pages = [first(products=[product(1, name="Zapato ñandú 👟")])]
    (item,) = read_items(SalesLayerAccount(connector.connection, clock=time.clock), Selection())
    assert item["product"]["texts"]["name"]["en"] == "Zapato ñandú 👟"


@pytest.mark.parametrize(
    "link",
    ["https://evil.example/?page=1", "//evil.example/", "https://127.0.0.1:1@evil.example/", "file:///etc/passwd",
     "http://localhost/x"],
)  # fmt: skip
def test_a_link_to_another_host_is_not_followed(connector, time, link):
    connector.pages = [{**first(products=[product(1)]), "next_page": link}]
    with pytest.raises(UnsafeLink) as caught:
        read(connector, time)
    assert "Base URL" in str(caught.value)
    assert len(connector.server.asked) == 1


def test_a_redirect_to_another_host_is_not_followed(connector, time):
    connector.server.faults.append((302, {"Location": "https://evil.example/"}, b""))
    with pytest.raises(UnsafeLink):
        read(connector, time)


def test_a_redirect_on_the_same_host_is(connector, time):
    connector.pages = [first(products=[product(1)])]
    connector.server.faults.append((301, {"Location": "/v2/"}, b""))
    assert read(connector, time)[0] == ["products/1"]
    assert connector.server.asked[1][0] == "/v2/"


@pytest.mark.parametrize("code", [10, 11, 14, "14"])
def test_busy_codes_are_waited_out(connector, time, code):
    connector.pages = [first(products=[product(1)])]
    connector.server.faults.extend([{"error": code}] * 2)
    assert read(connector, time)[0] == ["products/1"]
    assert len(time.slept) == 2


def test_busy_for_good_is_to_be_tried_again(connector, time):
    connector.server.answer = lambda *_: {"error": 14}
    with pytest.raises(PimBusy, match="error 14"):
        read(connector, time)


@pytest.mark.parametrize(
    ("code", "field"), [(2, "Connector code"), (3, "secret"), (4, "secret"), (9, "secret")]
)
def test_refused_credentials_name_the_field(connector, time, code, field):
    connector.server.answer = lambda *_: {"error": code}
    with pytest.raises(CredentialsRefused, match=field):
        read(connector, time)
    assert len(connector.server.asked) == 1
    assert time.slept == []


@pytest.mark.parametrize("code", [1, 99, "x"])
def test_other_codes_are_unexpected(connector, time, code):
    connector.server.answer = lambda *_: {
        "error": code,
        "error_message": "bad key256=abcdef secret connector-test-secret",
    }
    with pytest.raises(UnexpectedAnswer) as caught:
        read(connector, time)
    assert "abcdef" not in str(caught.value)
    assert "connector-test-secret" not in str(caught.value)


@pytest.mark.parametrize("code", [5, 6, 7, 8])
def test_informative_codes_go_on(connector, time, code):
    connector.pages = [{**first(products=[product(1)]), "error": code}]
    assert read(connector, time)[0] == ["products/1"]


def test_our_clock_is_set_by_the_pims(connector, time):
    connector.pages = [first(products=[product(1)])]
    connector.server.date += 3600
    connector.server.faults.append({"error": 13})
    assert read(connector, time)[0] == ["products/1"]
    (_, before, _), (_, after, _) = connector.server.asked
    assert int(after["time"]) - int(before["time"]) == 3600
    assert after["key256"] != before["key256"]


@pytest.mark.parametrize("date", [None, 1_700_000_000])
def test_a_clock_refused_for_good_is_for_a_person(connector, time, date):
    connector.server.date = date
    connector.server.answer = lambda *_: {"error": 12}
    with pytest.raises(ClockRefused, match="NTP"):
        read(connector, time)
    assert len(connector.server.asked) == (1 if date is None else 2)


def test_an_expired_link_is_to_be_tried_again(connector, time):
    connector.pages = [first(products=[product(1)]), {"error": 13}]
    with pytest.raises(PimUnavailable, match="expired"):
        read(connector, time)


def test_a_failing_next_page_hands_on_nothing(connector, time):
    connector.pages = [first(products=[product(1)]), {"error": 11}]
    reading = read_items(SalesLayerAccount(connector.connection, clock=time.clock), Selection())
    got = []
    with pytest.raises(PimBusy):
        got.extend(reading)
    assert got == []


def test_pages_in_a_circle_end(connector, time):
    page = {"data": {}, "next_page": connector.server.url + "/?page=1"}
    connector.pages = [{**first(), **page}, page]
    with pytest.raises(UnexpectedAnswer, match="already read"):
        read(connector, time)


def test_a_page_lost_is_not_taken_for_the_end(connector, time):
    connector.pages = [{**first(products=[product(1)]), "page_count": 3}, {"data": []}]
    with pytest.raises(PimUnavailable, match="3 pages"):
        read(connector, time)
    connector.pages[0]["page_count"] = 2
    assert read(connector, time)[0] == ["products/1"]
