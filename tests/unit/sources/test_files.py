"""Files as a source: CSV, JSON Lines, Parquet."""

from __future__ import annotations

import csv
import io
import json
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from upath import UPath

from amazon_listings.messages import catalogue
from amazon_listings.sources.errors import UnusableRecord, UnusableRow, UnusableSource
from amazon_listings.sources.extraction import read_items
from amazon_listings.sources.files.settings import FileSettings
from amazon_listings.sources.files.source import ProductFiles
from amazon_listings.sources.selection import Selection

EN = Selection(languages=("en", "fr"))


def source(path, **more):
    return FileSettings(path=str(path), **more)


def read(given_source, selection=EN, root=None):
    reading = read_items(ProductFiles(given_source, root), selection)
    return list(reading), reading


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def test_every_value_of_a_csv_is_text(tmp_path):
    path = write(tmp_path / "a.csv", "id,ean,weight,on,name_en,name_fr\n0123,0840,1e5,true,Shoe,\n")
    (item,), reading = read(source(path))
    assert item["pim_id"] == "products/0123"
    assert item["variant"] is None
    assert item["status"] == "visible"
    assert item["product"]["fields"] == {"id": "0123", "ean": "0840", "weight": "1e5", "on": "true"}
    assert item["product"]["texts"] == {"name": {"en": "Shoe"}}
    assert (reading.full, reading.cursor) == (True, None)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_an_encoding_of_two_or_four_bytes_needs_no_byte_order_mark(tmp_path, encoding):
    path = write(tmp_path / "a.csv", "id,name_en\n1,Zapato ñ 👟\n", encoding)
    assert read(source(path))[0][0]["product"]["texts"]["name"]["en"] == "Zapato ñ 👟"


@pytest.mark.parametrize("encoding", ["rot13", "base64", "idna", "undefined", "\0", ""])
def test_an_encoding_that_gives_no_text_is_named(tmp_path, encoding):
    path = write(tmp_path / "a.csv", "id,name_en\n1,Shoe\n")
    with pytest.raises(UnusableSource, match="there is no encoding"):
        read(source(path, encoding=encoding))


@pytest.mark.parametrize("behind", ["2,B\n3,C\n", '2,"B"\n3,C\n', '2,"B ""x"""\n3,"C\nD"\n'])
def test_a_quote_that_is_never_closed_costs_its_own_row(tmp_path, behind):
    path = write(tmp_path / "a.csv", f'id,name_en\n0,Z\n1,"A\n{behind}4\n')
    items, reading = read(source(path))
    assert [item["pim_id"] for item in items] == ["products/0", "products/2", "products/3"]
    lines = [str(problem).partition(": ")[0] for problem in reading.problems]
    assert lines == ["a.csv:3", f"a.csv:{4 + behind.count(chr(10))}"]


def test_rows_are_not_read_again_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr("amazon_listings.sources.files.rows.LONGEST_LINE", 3000)
    path = write(tmp_path / "a.csv", "id,name_en\n" + "".join(f'{n},"""\n' for n in range(501)))
    items, reading = read(source(path))
    assert len(items) + len(reading.problems) < 300


def test_a_header_with_an_open_quote_is_a_sentence(tmp_path):
    path = write(tmp_path / "a.csv", 'id,"name_en\n1,Shoe\n')
    with pytest.raises(UnusableSource, match="cannot be read"):
        read(source(path))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_says_the_encoding(tmp_path, encoding):
    path = write(tmp_path / "a.csv", "id,name_en\n1,Zapato ñ 👟\n", encoding)
    assert read(source(path))[0][0]["product"]["texts"]["name"]["en"] == "Zapato ñ 👟"


def test_delimiter_and_encoding_are_configured(tmp_path):
    path = write(tmp_path / "a.csv", 'id;name_en\n1;"Café; crème\nsecond line"\n', "cp1252")
    (item,), _ = read(source(path, delimiter=";", encoding="cp1252"))
    assert item["product"]["texts"]["name"]["en"] == "Café; crème\nsecond line"


def test_bad_rows_are_problems_with_their_line_and_the_others_go_on(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b'id,x\n1,"two\nlines"\n2\n3,a,b\n,empty\n4,caf\xe9\n5,ok\n1,again\n"6"x,bad\n7,ok\n')
    items, reading = read(source(path))
    assert [item["pim_id"] for item in items] == ["products/1", "products/5", "products/7"]
    texts = [str(problem) for problem in reading.problems]
    assert [text.split(": ")[0] for text in texts] == [f"a.csv:{n}" for n in (4, 5, 6, 7, 9, 10)]
    assert "1 cell, the header has 2" in texts[0]
    assert "'id' is empty" in texts[2]
    assert "not utf-8" in texts[3]
    assert "already stands in a.csv:2" in texts[4]


def test_json_lines_keep_their_types(tmp_path):
    lines = [{"id": 7, "n": "0123", "w": 1.5, "on": True, "t": [["a", "b"]], "none": None, "name_en": "Shoe"}]
    path = write(
        tmp_path / "a.jsonl",
        "\ufeff" + "\n\n".join(json.dumps(line) for line in lines) + "\n{oops\n[1]\nNaN\n",
    )
    (item,), reading = read(source(path))
    assert item["pim_id"] == "products/7"
    assert item["product"]["fields"] == {
        "id": 7,
        "n": "0123",
        "w": 1.5,
        "on": True,
        "t": [["a", "b"]],
        "none": None,
    }
    assert [problem.sku for problem in reading.problems] == [
        "a.jsonl:2",
        "a.jsonl:3",
        "a.jsonl:4",
    ]


def test_parquet_is_read_row_group_by_row_group(tmp_path):
    table = pa.table({
        "id": [f"{n:04}" for n in range(1200)],
        "price": pa.array([Decimal("79.90")] * 1200),
        "day": pa.array([date(2026, 1, 2)] * 1200),
        "images": pa.array([["https://c/a.jpg", "https://c/b.jpg"]] * 1200),
    })  # fmt: skip
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=500)
    items, _ = read(source(tmp_path / "a.parquet", image_columns=("images",)))
    assert len(items) == 1200
    assert items[7]["product"]["fields"] == {"id": "0007", "price": "79.90", "day": "2026-01-02"}
    assert [image["url"] for image in items[0]["product"]["images"]["images"]] == [
        "https://c/a.jpg",
        "https://c/b.jpg",
    ]


def test_broken_parquet_is_said_so(tmp_path):
    write(tmp_path / "a.parquet", "PAR1 nothing")
    with pytest.raises(UnusableSource, match=r"a\.parquet cannot be read"):
        read(source(tmp_path / "a.parquet"))


def test_rows_of_a_group_are_variants_of_what_they_have_in_common(tmp_path):
    photos = "https://c/a|https://c/b"
    text = f"id,family,name_en,color,photo\nV1,F,Shoe,red,{photos}\nS,,Sock,,\nV2,F,Shoe,blue,{photos}\n"
    path = write(tmp_path / "a.csv", text)
    items, _ = read(source(path, group_column="family", image_columns=("photo",)))
    assert [item["pim_id"] for item in items] == ["variants/V1", "variants/V2", "products/S"]
    one = items[0]
    assert one["group"] == "products/F"
    assert one["product"]["id"] == "F"
    assert one["product"]["fields"] == {"family": "F"}
    assert one["product"]["texts"] == {"name": {"en": "Shoe"}}
    assert len(one["product"]["images"]["photo"]) == 2
    assert one["variant"]["fields"]["color"] == "red"
    assert items[2]["group"] == "products/S"


def test_statuses_choose_rows(tmp_path):
    path = write(tmp_path / "a.csv", "id,state\n1,visible\n2,Invisible\n3,draft\n4,gone\n")
    given_source = source(path, status_column="state")
    assert [item["pim_id"] for item in read(given_source)[0]] == ["products/1"]
    items, reading = read(given_source, Selection(statuses=("all",)))
    assert [item["status"] for item in items] == ["visible", "invisible", "draft"]
    assert "'gone' is none of" in str(reading.problems[0])


def test_a_date_in_the_future_is_no_cursor_and_is_read_each_time(tmp_path):
    text = "id,at\n1,2024-01-01\n2,2062-06-02\n3,2024-01-03T00:00:00Z\n"
    given_source = source(write(tmp_path / "a.csv", text), modified_column="at")
    assert read(given_source)[1].cursor == "2024-01-03T00:00:00+00:00"
    items, reading = read(given_source, Selection(changed_since=datetime(2024, 1, 2, tzinfo=UTC)))
    assert [item["pim_id"] for item in items] == ["products/2", "products/3"]
    assert reading.cursor == "2024-01-03T00:00:00+00:00"
    write(tmp_path / "a.csv", "id,at\n2,2062-06-02\n")
    assert read(given_source)[1].cursor is None


def test_changes_bring_whole_families_and_what_left(tmp_path):
    text = ("id,g,state,at\n1,F,visible,2024-01-01\n2,F,visible,2024-06-02 10:00:00\n3,,visible,2024-01-01\n"
            "4,,draft,2024-06-03T00:00:00Z\n5,,visible,\n6,,visible,yesterday\n")  # fmt: skip
    given_source = source(
        write(tmp_path / "a.csv", text), group_column="g", status_column="state", modified_column="at"
    )
    since = Selection(changed_since=datetime(2024, 6, 1, tzinfo=UTC))
    items, reading = read(given_source, since)
    assert [item["pim_id"] for item in items] == ["variants/1", "variants/2", "products/5"]
    assert reading.removed == ["products/4"]
    assert not reading.full
    assert reading.cursor == "2024-06-03T00:00:00+00:00"
    assert "'yesterday' is not a date" in str(reading.problems[0])
    assert read(source(given_source.path), since)[1].full


def test_rows_without_variants_are_handed_on_as_they_are_read(tmp_path):
    write(tmp_path / "a.csv", "id\n1\n")
    write(tmp_path / "b.parquet", "no parquet")
    items = iter(read_items(ProductFiles(source(tmp_path / "*")), EN))
    assert next(items)["pim_id"] == "products/1"
    with pytest.raises(UnusableSource, match=r"b\.parquet"):
        next(items)


lines = st.lists(
    st.fixed_dictionaries(
        {"id": st.sampled_from("1234"), "state": st.sampled_from(("visible", "draft", "visible"))},
        optional={
            "at": st.sampled_from((None, "2024-05-01", "2024-06-02", "yesterday")),
            "name_fr": st.sampled_from(("", "Lampe")),
            "name": st.just("lamp"),
            "photo": st.just("https://c/a"),
        },
    ),
    max_size=8,
)
selections = st.sampled_from(
    [
        EN,
        Selection(statuses=("all",)),
        Selection(changed_since=datetime(2024, 6, 1, tzinfo=UTC), languages=("fr",)),
        Selection(changed_since=datetime(2024, 6, 1, tzinfo=UTC), families=frozenset(("products/1",))),
        Selection(families=frozenset(("products/2", "products/9"))),
    ]
)


@settings(max_examples=100, deadline=None)
@given(lines, selections)
def test_rows_without_variants_are_the_same_items_beside_others_with(tmp_path_factory, rows, selection):
    path = tmp_path_factory.getbasetemp() / "alone.jsonl"
    write(path, "".join(f"{json.dumps(row)}\n" for row in rows))
    alone = source(path, status_column="state", modified_column="at", image_columns=("photo",))
    found, reading = read(alone, selection)
    with_groups, stored = read(replace(alone, group_column="family"), selection)
    assert found == with_groups
    assert (reading.cursor, reading.full, reading.removed) == (stored.cursor, stored.full, stored.removed)
    assert list(map(str, reading.problems)) == list(map(str, stored.problems))


def test_several_files_by_pattern_in_the_order_of_their_names(tmp_path):
    for name in ("b", "a", "c"):
        write(tmp_path / f"{name}.csv", f"id\n{name}\n")
    write(tmp_path / "a.txt", "id\nno\n")
    assert [item["pim_id"] for item in read(source(tmp_path / "*.csv"))[0]] == [
        "products/a",
        "products/b",
        "products/c",
    ]


def test_object_storage_by_its_address_or_opened_by_the_caller():
    folder = UPath("memory://pim/export")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.csv").write_text("id\n1\n")
    (folder / "b.jsonl").write_text('{"id": 2}\n')
    assert [item["pim_id"] for item in read(source("memory://pim/export/*.csv"))[0]] == ["products/1"]
    assert [item["pim_id"] for item in read(source("x.csv"), root=folder / "*")[0]] == [
        "products/1",
        "products/2",
    ]


@pytest.mark.parametrize(
    ("text", "more", "words"),
    [
        ("nr,x\n1,2\n", {}, "no column id.*It has nr, x"),
        ("id;x\n1;2\n", {}, "set `delimiter`"),
        ("id,id\n1,2\n", {}, "more than one column id"),
        ("id\n1\n", {"image_columns": ("photo",)}, "no column photo"),
        ("id\n1\n", {"encoding": "klingon"}, "no encoding 'klingon'"),
    ],
)
def test_a_file_that_does_not_fit_says_how(tmp_path, text, more, words):
    with pytest.raises(UnusableSource, match=words):
        read(source(write(tmp_path / "a.csv", text), **more))


def test_no_file_is_said_so(tmp_path):
    for name in ("a.csv", "*.csv", "nowhere/*.csv"):
        with pytest.raises(UnusableSource, match="no file"):
            read(source(tmp_path / name))


def test_an_empty_file_has_no_items(tmp_path):
    assert read(source(write(tmp_path / "a.csv", "")))[0] == []
    assert read(source(write(tmp_path / "b.csv", "id,x\n")))[0] == []


cells = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(cells, min_size=2, max_size=2), max_size=6), st.sampled_from(",;\t|"))
def test_any_text_survives_a_csv(tmp_path_factory, rows, delimiter):
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerow(["id", "a", "b"])
    writer.writerows([str(n), *row] for n, row in enumerate(rows))
    path = Path(tmp_path_factory.getbasetemp()) / "any.csv"
    path.write_bytes(buffer.getvalue().encode())
    items, reading = read(source(path, delimiter=delimiter))
    assert reading.problems == []
    assert [[item["product"]["fields"][name] for name in "ab"] for item in items] == rows


@pytest.mark.parametrize(("first", "said"), [("id,id", "more than one column id"), ("a", "has no column id")])
def test_a_file_of_thousands_of_columns_is_told_within_a_second_on_one_screen(tmp_path, first, said):
    file = tmp_path / "wide.csv"
    file.write_text(",".join([first, *(f"c{number}" for number in range(30_000))]) + "\n1\n")
    began = time.thread_time()
    with pytest.raises(UnusableSource, match=said) as caught:
        list(read_items(ProductFiles(FileSettings(path=str(file))), Selection()))
    assert time.thread_time() - began < 1
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    ("language", "words"),
    [("de", "ist leer"), ("es", "está vacía"), ("fr", "est vide"), ("it", "è vuota")],
)
def test_what_is_wrong_with_a_row_is_in_the_reader_s_language(language, words):
    row = UnusableRow("row.empty_id", column="'id'")
    problem = UnusableRecord("files.row_wrong", sku="x", where="a.csv, 2", reason=row)
    assert words in problem.worded(catalogue(language))


@pytest.mark.parametrize(
    "row",
    [b"2", b"3,a,b", b"4,caf\xe9", b'"5"x,bad', b'6,"open', b",empty"],
    ids=lambda row: row.decode("latin-1"),
)
def test_whatever_is_wrong_with_a_row_is_said_otherwise_in_each_language(tmp_path, row):
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,x\n1,fine\n" + row + b"\n")
    (problem,) = read(source(path))[1].problems
    said = {problem.worded(catalogue(language)) for language in ("de", "en", "es", "fr", "it")}
    assert len(said) == 5


def described(path, **more):
    opened = ProductFiles(source(path, **more), languages=("en", "fr"))
    return {one.name: one.type for one in opened.fields()}


def test_columns_are_fields_where_the_head_of_a_file_tells_them(tmp_path):
    write(tmp_path / "a.csv", "id; size ;name_en;name_de\n1;2;3;4\n", "utf-16")
    assert set(described(tmp_path / "a.csv", delimiter=";")) == {"id", "size", "name", "name_de"}
    write(tmp_path / "b.csv", "id;colour\n")
    assert {"size", "colour"} <= set(described(tmp_path / "*.csv", delimiter=";"))
    pq.write_table(pa.table({"id": ["1"], "size": [2], "price": [Decimal("1.5")]}), tmp_path / "c.parquet")
    kinds = described(tmp_path / "c.parquet")
    assert (kinds["id"], kinds["size"]) == ("string", "int64")
    with pytest.raises(UnusableSource):
        described(tmp_path / "*.csv", id_column="sku", delimiter=";")
    write(tmp_path / "d.csv", "")
    assert described(tmp_path / "d.csv") == {}


def test_keys_of_lines_are_fields_only_where_all_lines_are_read(tmp_path):
    line = json.dumps({"id": "1", "name_fr": "a"}) + "\n"
    write(tmp_path / "a.jsonl", line * 9_999 + '{"id": "2", "late": 1}\n')
    assert set(described(tmp_path / "a.jsonl")) == {"id", "name", "late"}
    write(tmp_path / "a.jsonl", line * 10_000 + '{"id": "2", "late": 1}\n')
    assert described(tmp_path / "a.jsonl") == {}
