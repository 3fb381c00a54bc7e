"""Positional rows, for any schema and any row."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_listings.sources.errors import UnusableRow
from amazon_listings.sources.record import split_language
from amazon_listings.sources.sales_layer.positional import parse_row, tables
from amazon_listings.sources.selection import Selection

LANGUAGES = ("de", "en", "en-us", "fr")
names = st.from_regex(r"[a-z][a-z0-9]{0,6}", fullmatch=True).filter(lambda name: name not in LANGUAGES)
texts = st.text(max_size=8)
values = st.one_of(
    texts,
    st.integers(),
    st.booleans(),
    st.none(),
    st.just("0123"),
    st.lists(st.lists(texts, max_size=2), max_size=2),
)


@st.composite
def records(draw):
    """A record, and the schema, info and row by which the API would send it."""
    fields = draw(st.dictionaries(names.map(lambda n: f"f{n}"), values, max_size=4))
    spoken = st.dictionaries(st.sampled_from(LANGUAGES), texts.filter(bool), min_size=1)
    by_language = draw(st.dictionaries(names.map(lambda n: f"t{n}"), spoken, max_size=3))
    photos = draw(st.dictionaries(names.map(lambda n: f"i{n}"), st.lists(names, max_size=3), max_size=2))
    columns, cells, info = [], [], {"ID": {"type": "numeric"}}
    for name, value in fields.items():
        columns.append(name)
        cells.append(value)
    for name, spoken_texts in by_language.items():
        for language, text in spoken_texts.items():
            columns.append(f"{name}_{language}")
            cells.append(text)
            info[f"{name}_{language}"] = {"type": "string", "language_code": language, "basename": name}
    for name, stems in photos.items():
        columns.append({name: ["STATUS", "ID", "TH", {"field": "ORG"}]})
        cells.append([["M", f"id{stem}", f"https://c/th/{stem}", f"https://c/{stem}"] for stem in stems])
    order = draw(st.permutations(range(len(columns))))
    columns = ["STATUS", "ID", "REF", *(columns[n] for n in order)]
    identity = draw(st.integers(1, 10**9))
    row = [draw(st.sampled_from(["M", "N", ""])), identity, "R-1", *(cells[n] for n in order)]
    body = {
        "schema": {"languages": list(LANGUAGES)},
        "data_schema": {"t": columns},
        "data_schema_info": {"t": info},
    }
    return {"id": str(identity), "fields": fields, "texts": by_language, "photos": photos}, body, row


@settings(max_examples=120)
@given(records())
def test_a_row_gives_back_the_record_it_was_made_of(case):
    expected, body, row = case
    body, row = json.loads(json.dumps([body, row]))
    record = parse_row(tables(body)["t"], row, Selection()).record
    assert record["id"] == expected["id"]
    assert record["ref"] == "R-1"
    assert record["fields"] == expected["fields"]
    assert {name: type(value) for name, value in record["fields"].items()} == {
        name: type(value) for name, value in expected["fields"].items()
    }
    assert record["texts"] == expected["texts"]
    assert {name: [image["url"] for image in images] for name, images in record["images"].items()} == {
        name: [f"https://c/{stem}" for stem in stems] for name, stems in expected["photos"].items()
    }


@settings(max_examples=100)
@given(
    st.recursive(
        values, lambda inner: st.lists(inner, max_size=6) | st.dictionaries(texts, inner, max_size=3)
    )
)
def test_any_row_is_read_or_refused_in_words(row):
    body = {"data_schema": {"t": ["STATUS", "ID", "REF", "a", {"b": ["STATUS", "ID", "ORG"]}]}}
    try:
        identity = parse_row(tables(body)["t"], row, Selection()).id
    except UnusableRow as error:
        identity = str(error)
    assert identity


@given(st.sampled_from(LANGUAGES), names)
def test_a_suffix_is_split_off_and_the_longest_language_wins(language, name):
    assert split_language(f"{name}_{language}", LANGUAGES) == (name, language)
    assert split_language(name, LANGUAGES) == (name, None)


@pytest.mark.parametrize("name", ["en", "_en", "screen", "men"])
def test_what_only_looks_like_a_suffix_is_none(name):
    assert split_language(name, LANGUAGES)[0] == name


def test_languages_are_kept_as_they_were_asked_for():
    body = {
        "schema": {"languages": ["en-us", "es"]},
        "data_schema": {"t": ["STATUS", "ID", "n_en-us", "n_es"]},
    }
    row = parse_row(tables(body)["t"], ["M", 1, "Color", "Color!"], Selection(languages=("en_US",)))
    assert row.record["texts"] == {"n": {"en_US": "Color"}}


def test_a_column_of_its_own_name_gives_way_to_its_languages():
    info = {"t": {"n_en": {"language_code": "en", "basename": "n"}}}
    body = {"data_schema": {"t": ["STATUS", "ID", "n", "n_en"]}, "data_schema_info": info}
    record = parse_row(tables(body)["t"], ["M", 1, "bare", "text"], Selection()).record
    assert (record["fields"], record["texts"]) == ({}, {"n": {"en": "text"}})


@pytest.mark.parametrize(
    ("columns", "row"),
    [
        (["STATUS", "ID", "n"], ["D", 7, "x"]),
        (["ID", "n", "STATUS"], [7, "x", "D"]),
        (["a", "b", "n"], ["D", 7, "x"]),
    ],
)
def test_a_deleted_row_is_one_wherever_its_status_stands(columns, row):
    found = parse_row(tables({"data_schema": {"t": columns}})["t"], row, Selection())
    assert (found.id, found.record) == ("7", None)
