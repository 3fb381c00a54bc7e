"""Reading through the REST API 2.0, over a socket."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from amazon_listings.sources.errors import (
    PimUnavailable,
    UnexpectedAnswer,
    UnusableSource,
)
from amazon_listings.sources.extraction import read_items
from amazon_listings.sources.sales_layer.account import SalesLayerAccount
from amazon_listings.sources.selection import Selection

OLD, NEW = "2026-01-01T00:00:00", "2026-06-01T12:00:00"


def product(number, status="V", modify=OLD, **more):
    return {"prod_id": number, "prod_ref": f"P-{number}", "prod_title": {"en": f"Product {number}"},
            "prod_stat": status, "prod_modify": modify, **more}  # fmt: skip


def variant(number, parent, status="V", modify=OLD, **more):
    return {"frmt_id": number, "frmt_ref": f"V-{number}", "frmt_stat": status, "frmt_modify": modify,
            "prod_id": parent, "color": {"en": f"Colour {number}"}, **more}  # fmt: skip


def read(pim, time, selection=None):
    reading = read_items(SalesLayerAccount(pim.connection, clock=time.clock), selection or Selection())
    return [item["pim_id"] for item in reading], reading


def selects(rest):
    """The `$select` of every query of products."""
    asked = (query for path, query, _ in rest.server.asked if path.endswith("/Products"))
    return [query["$select"].split(",") for query in asked if "$select" in query]


def test_variants_are_items_and_so_is_a_product_without_any(rest, time):
    rest.products = [product(1), product(2)]
    rest.variants = [variant(11, 1), variant(12, 1)]
    found = list(
        read_items(SalesLayerAccount(rest.connection, clock=time.clock), Selection(languages=("en",)))
    )
    assert [item["pim_id"] for item in found] == ["variants/11", "variants/12", "products/2"]
    first = found[0]
    assert first["group"] == "products/1"
    assert first["sku"] is None
    assert first["status"] == "visible"
    assert first["product"]["ref"] == "P-1"
    assert first["product"]["texts"] == {"prod_title": {"en": "Product 1"}}
    assert first["variant"]["ref"] == "V-11"
    assert found[2]["variant"] is None


def test_pages_are_followed_on_our_own_host_whatever_the_link_names(rest, time):
    rest.page = 3
    rest.products = [product(n) for n in range(1, 11)]
    ids, reading = read(rest, time)
    assert ids == [f"products/{n}" for n in range(1, 11)]
    assert reading.full
    assert {headers["Host"] for _, _, headers in rest.server.asked} == {
        rest.server.url.removeprefix("http://")
    }


def test_a_full_page_without_a_link_is_not_taken_for_the_last(rest, time):
    answer = rest.answer

    def without_links(path, query, headers):
        body = answer(path, {**query, "$skipToken": query.get("$skip", 0)}, headers)
        body.pop("@nextLink", None)
        return body

    rest.server.answer = without_links
    rest.products = [product(n) for n in range(1, 251)]
    assert len(read(rest, time)[0]) == 250


def test_statuses_filter_products_by_query_and_variants_by_their_own(rest, time):
    rest.products = [product(1), product(2, "I"), product(3, "D"), product(4)]
    rest.variants = [variant(11, 1, "I"), variant(12, 1), variant(21, 2), variant(41, 4, "D")]
    ids, reading = read(rest, time)
    assert ids == ["variants/12"]  # 21's product is invisible, 4 has only a draft
    assert reading.problems == []
    assert read(rest, time, Selection(statuses=("all",)))[0] == [
        "variants/11", "variants/12", "variants/21", "products/3", "variants/41"]  # fmt: skip
    asked = [query for path, query, _ in rest.server.asked if path.endswith("/Products")]
    assert asked[0]["$filter"] == "prod_stat eq 'V' or prod_stat eq 'R'"


def test_the_status_field_is_the_accounts_own(rest, time):
    rest.metadata["Products"] = {
        "art_state": {"type": "string", "x-custom-type": "status"},
        "art_ref": {"type": "string"},
    }
    del rest.metadata["Variants"]
    rest.products = [{"art_ref": "A", "art_state": "V"}, {"art_ref": "B", "art_state": "I"}]
    assert read(rest, time)[0] == ["products/A"]


def test_an_account_without_a_status_field_is_said_so(rest, time):
    rest.metadata["Products"] = {"prod_ref": {"type": "string"}}
    rest.metadata["Products"]["prod_ref"]["x-storage-object-identifier-attribute"] = True
    del rest.metadata["Variants"]
    with pytest.raises(UnusableSource, match="statuses: \\[all\\]"):
        read(rest, time)


def test_an_orphan_is_a_problem_and_the_others_go_on(rest, time):
    rest.products = [product(1)]
    rest.variants = [variant(99, 77), variant(11, 1)]
    ids, reading = read(rest, time)
    assert ids == ["variants/11"]
    (problem,) = reading.problems
    assert problem.sku == "V-99"
    assert "product 77" in str(problem)


def test_variants_may_name_their_product_by_reference(rest, time):
    del rest.metadata["Variants"]["prod_id"]
    rest.metadata["Variants"]["prod_ref"] = {"type": "string"}
    rest.products = [product(1, prod_ref="O'Neil"), product(2, "I", prod_ref="it's")]
    rest.variants = [
        {"frmt_id": 11, "frmt_ref": "V", "frmt_stat": "V", "frmt_modify": OLD, "prod_ref": "O'Neil"},
        {"frmt_id": 12, "frmt_ref": "W", "frmt_stat": "V", "frmt_modify": OLD, "prod_ref": "it's"},
    ]
    ids, reading = read(rest, time)
    assert ids == ["variants/11"]
    assert reading.problems == []


@pytest.mark.parametrize("one_language", [None, "en"])
def test_texts_are_kept_per_language_and_a_fallback_is_never_passed_off(rest, time, one_language):
    rest.one_language = one_language
    rest.products = [
        product(1, prod_title={"en": "Shoe", "es": "Zapato", "fr": "Chaussure"}, weight="0123"),
        product(2, prod_title={"en": "Only English"}),
    ]
    rest.variants = [variant(11, 1, color={"en": "Red", "es": "Rojo"})]
    selection = Selection(languages=("es", "en"))
    found = list(read_items(SalesLayerAccount(rest.connection, clock=time.clock), selection))
    assert found[0]["product"]["texts"]["prod_title"] == {"es": "Zapato", "en": "Shoe"}
    assert found[0]["variant"]["texts"]["color"] == {"es": "Rojo", "en": "Red"}
    assert found[0]["product"]["fields"]["weight"] == "0123"
    assert found[1]["product"]["texts"]["prod_title"] == {"en": "Only English"}


def test_the_metadatas_form_of_texts_is_read_as_well(rest, time):
    rest.products = [
        product(1, prod_title=[{"culture": "en", "value": "Shoe"}, {"culture": "fr", "value": ""}])
    ]
    (item,) = read_items(
        SalesLayerAccount(rest.connection, clock=time.clock), Selection(languages=("fr", "en"))
    )
    assert item["product"]["texts"]["prod_title"] == {"en": "Shoe"}


def test_a_language_the_account_does_not_have_is_said_so(rest, time):
    with pytest.raises(UnusableSource, match=r"no language 'de'.*en, es, fr"):
        read(rest, time, Selection(languages=("de",)))


def test_only_the_fields_needed_are_asked_for(rest, time):
    rest.products = [product(1, weight="1", prod_image=[])]
    selection = Selection(languages=("en",), fields=("weight",), fields_if_any=("sku", "prod_tags"))
    reading = read_items(SalesLayerAccount(rest.connection, clock=time.clock), selection)
    (item,) = reading
    assert selects(rest) == [["prod_id", "prod_ref", "prod_stat", "prod_modify", "prod_tags", "weight"]]
    assert item["product"]["fields"]["weight"] == "1"
    assert "prod_image" not in item["product"]["images"]
    assert {"weight", "prod_image", "prod_title"} <= reading.fields


@pytest.mark.parametrize(("fields", "kept"), [((), True), (("weight",), False), (("prod_modify",), True)])
def test_the_date_of_a_change_is_a_field_only_where_it_is_needed(rest, time, fields, kept):
    rest.products = [product(1, weight="1")]
    selection = Selection(languages=("en",), fields=fields)
    (item,) = read_items(SalesLayerAccount(rest.connection, clock=time.clock), selection)
    assert ("prod_modify" in item["product"]["fields"]) == kept
    assert item["product"]["modified"]


def test_languages_cost_no_query_where_no_text_is_needed(rest, time):
    rest.one_language = True
    rest.products = [product(1, weight="1")]
    read(rest, time, Selection(languages=("en", "es"), fields=("weight",)))
    assert len(selects(rest)) == 1
    read(rest, time, Selection(languages=("en", "es"), fields=("weight", "prod_title")))
    assert [names[-1] for names in selects(rest)[1:]] == ["weight", "prod_title"]


@pytest.mark.parametrize("fields", [("weight", "not_in_the_metadata"), tuple("weight" for _ in range(400))])
def test_a_field_that_no_metadata_names_or_too_many_of_them_ask_for_everything(rest, time, fields):
    rest.products = [product(1, weight="1", not_in_the_metadata="x")]
    selection = Selection(languages=("en",), fields=fields)
    (item,) = read_items(SalesLayerAccount(rest.connection, clock=time.clock), selection)
    assert selects(rest) == []
    assert item["product"]["fields"]["not_in_the_metadata"] == "x"


def test_images_are_read_and_an_unknown_shape_is_not_lost(rest, time):
    rest.products = [
        product(
            1,
            prod_image=[
                "https://cdn/a.jpg",
                {"ORG": {"url": "https://cdn/b.jpg"}, "TH": "https://cdn/t.jpg"},
            ],
        ),
        product(2, prod_image={"strange": 7}),
        product(3, prod_image=None),
    ]
    one, two, three = read_items(SalesLayerAccount(rest.connection, clock=time.clock), Selection())
    assert [image["url"] for image in one["product"]["images"]["prod_image"]] == [
        "https://cdn/a.jpg",
        "https://cdn/b.jpg",
    ]
    assert one["product"]["images"]["prod_image"][1]["sizes"]["TH"] == "https://cdn/t.jpg"
    assert two["product"]["fields"]["prod_image"] == {"strange": 7}
    assert three["product"]["images"]["prod_image"] == []


SINCE = Selection(changed_since=datetime(2026, 6, 1, tzinfo=UTC))


def test_a_changed_variant_brings_its_unchanged_product_and_siblings(rest, time):
    rest.products = [product(1), product(2)]
    rest.variants = [variant(11, 1), variant(12, 1, modify=NEW), variant(21, 2)]
    ids, reading = read(rest, time, SINCE)
    assert ids == ["variants/11", "variants/12"]
    assert not reading.full
    assert reading.removed == []


def test_a_changed_product_brings_all_its_variants(rest, time):
    rest.products = [product(1, modify=NEW), product(2), product(3, modify=NEW)]
    rest.variants = [variant(11, 1), variant(12, 1, "I"), variant(21, 2)]
    ids, _ = read(rest, time, SINCE)
    assert ids == ["variants/11", "products/3"]


def test_what_left_the_statuses_is_removed(rest, time):
    rest.products = [product(1, "I", modify=NEW), product(2)]
    rest.variants = [variant(11, 1), variant(21, 2, "D", modify=NEW), variant(22, 2)]
    ids, reading = read(rest, time, SINCE)
    assert ids == ["variants/22"]
    assert reading.removed == ["products/1", "variants/21"]


def test_a_changed_variant_of_an_invisible_product_is_not_exported(rest, time):
    rest.products = [product(1, "I")]
    rest.variants = [variant(11, 1, modify=NEW)]
    ids, reading = read(rest, time, SINCE)
    assert ids == []
    assert reading.problems == []


def test_an_interval_has_its_end_left_out(rest, time):
    days = [datetime(2026, 6, day, tzinfo=UTC) for day in (1, 2)]
    rest.products = [
        product(1, modify="2026-05-31T23:59:59"), product(2, modify="2026-06-01T00:00:00"),
        product(3, modify="2026-06-01T23:59:59"), product(4, modify="2026-06-02T00:00:00")]  # fmt: skip
    ids, _ = read(rest, time, Selection(changed_since=days[0], changed_until=days[1]))
    assert ids == ["products/2", "products/3"]


def test_without_a_date_of_change_everything_is_read_and_said_to_be(rest, time):
    del rest.metadata["Variants"]["frmt_modify"]
    rest.products = [product(1), product(2)]
    ids, reading = read(rest, time, SINCE)
    assert ids == ["products/1", "products/2"]
    assert reading.full


def test_the_cursor_comes_from_the_dates_and_not_from_a_clock(rest, time):
    answer = rest.answer

    def slowly(path, query, headers):
        rest.server.date += 100
        return answer(path, query, headers)

    rest.server.date = 1_800_000_000
    rest.server.answer = slowly
    rest.products = [
        product(1, modify="2026-06-01T12:00:00"),
        product(2, modify="2026-05-01T12:00:00"),
        product(3, modify="2199-01-01T00:00:00"),
        product(4, modify="no date"),
    ]
    _, reading = read(rest, time)
    assert datetime.fromisoformat(reading.opened).timestamp() == 1_800_000_100
    assert reading.cursor == "2026-06-01T10:00:00+00:00"
    assert reading.notices == []


def test_where_nothing_changed_the_cursor_stays(rest, time):
    rest.products = []
    _, reading = read(rest, time, SINCE)
    assert datetime.fromisoformat(reading.cursor) == SINCE.changed_since.replace(tzinfo=UTC)


def test_many_touched_families_are_asked_for_in_batches(rest, time):
    rest.products = [product(n, modify=NEW) for n in range(1, 101)]
    rest.variants = [variant(1000 + n, n) for n in range(1, 101)]
    ids, _ = read(rest, time, SINCE)
    assert ids == [f"variants/{1000 + n}" for n in range(1, 101)]
    assert all(len(query.get("$filter", "")) < 1500 for _, query, _ in rest.server.asked)


def test_a_record_sent_twice_is_one_item(rest, time):
    rest.products = [product(1), product(2), product(1, prod_title={"en": "Later"})]
    found = list(read_items(SalesLayerAccount(rest.connection, clock=time.clock), Selection()))
    assert [item["pim_id"] for item in found] == ["products/1", "products/2"]
    assert found[0]["product"]["texts"]["prod_title"] == {"en": "Later"}


def test_a_record_without_identity_is_a_problem(rest, time):
    rest.products = [product(1), {"prod_id": None, "prod_ref": None, "prod_stat": "V", "prod_modify": OLD}]
    ids, reading = read(rest, time)
    assert ids == ["products/1"]
    assert len(reading.problems) == 1


def test_an_empty_account_is_empty(rest, time):
    ids, reading = read(rest, time)
    assert (ids, reading.problems, reading.removed, reading.full) == ([], [], [], True)


def test_a_failing_page_hands_on_nothing(rest, time):
    rest.page = 2
    rest.products = [product(n) for n in range(1, 6)]
    answer = rest.answer
    rest.server.answer = lambda path, query, headers: (
        (500, {}, b"") if query.get("$skipToken") == "4" else answer(path, query, headers)
    )
    reading = read_items(SalesLayerAccount(rest.connection, clock=time.clock), Selection())
    got = []
    with pytest.raises(PimUnavailable, match="HTTP 500"):
        got.extend(reading)
    assert got == []


def test_pages_in_a_circle_end(rest, time):
    rest.page = 2
    rest.products = [product(n) for n in range(1, 6)]
    rest.link = "?$skipToken=2"
    with pytest.raises(UnexpectedAnswer, match="circle"):
        read(rest, time)


def test_tags_choose_products(rest, time):
    rest.products = [
        product(1, prod_tags=["Amazon"]),
        product(2, prod_tags=["web"]),
        product(3, prod_tags=[]),
    ]
    assert read(rest, time, Selection(tags=("amazon",)))[0] == ["products/1"]


@pytest.mark.parametrize("unfiltered", [False, True])
def test_a_page_lost_in_the_middle_is_asked_for_again(rest, time, unfiltered):
    rest.page = 2
    rest.products = [product(n, "I" if n > 5 else "V") for n in range(1, 9)]
    answer, lost = rest.answer, []

    def loses(path, query, headers):
        body = answer(path, {**query, "$skipToken": query.get("$skipToken", query.get("$skip", 0))}, headers)
        if "@count" in body and unfiltered:
            body["@count"] = 8
        if query.get("$skipToken") == "2" and not lost:
            lost.append(query)
            return {"value": [], "@count": body["@count"]}
        return body

    rest.server.answer = loses
    assert read(rest, time)[0] == [f"products/{n}" for n in range(1, 6)]


@pytest.mark.parametrize("selection", [Selection(), SINCE], ids=["everything", "changes"])
def test_what_has_a_status_without_a_known_meaning_is_neither_sent_nor_gone(rest, time, selection):
    rest.products = [product(1), product(2, "R", NEW), product(3, "I", NEW), product(4, "V", NEW)]
    rest.variants = [variant(11, 1, "R", NEW), variant(41, 4, "V", NEW), variant(42, 4, "I", NEW)]
    ids, reading = read(rest, time, selection)
    assert ids == ["variants/41"]
    assert reading.kept == {"products/2": "R", "variants/11": "R"}
    assert [one.code for one in reading.notices] == ["pim.status_unclear"]
    assert reading.removed == ([] if selection is not SINCE else ["products/3", "variants/42"])
    ids, reading = read(rest, time, replace(selection, statuses=("all",)))
    assert "products/2" in ids
    assert reading.kept == {}


def test_a_record_that_moves_to_a_page_that_was_read_is_found(rest, time):
    """An edit puts a record first, or last: others move between the pages meanwhile."""
    rest.page = 2
    for name, move in {
        "to the front": lambda rows: rows.insert(0, rows.pop(4)),
        "to the end": lambda rows: rows.append(rows.pop(0)),
        "gone": lambda rows: rows.pop(0),
    }.items():
        rest.products = [product(n) for n in range(1, 8)]
        before, answer, moved = rest.server.answer, rest.answer, []

        def moving(path, query, headers, answer=answer, move=move, moved=moved):
            body = answer(path, query, headers)
            if path.endswith("/Products") and not moved:
                moved.append(move(rest.products))
            return body

        rest.server.answer = moving
        ids, _ = read(rest, time)
        rest.server.answer = before
        wanted = {f"products/{row['prod_id']}" for row in rest.products}
        assert wanted <= set(ids), name
