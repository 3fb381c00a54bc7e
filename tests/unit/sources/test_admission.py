"""One row with a value that none can be is one blocked item; all others go on."""

import json
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_listings.runs.payload import payload_hash
from amazon_listings.sources.admission import admitted
from amazon_listings.sources.errors import UnusableRow
from amazon_listings.sources.extraction import read_items
from amazon_listings.sources.files.settings import FileSettings
from amazon_listings.sources.files.source import ProductFiles
from amazon_listings.sources.record import identifier, new_record, shown
from amazon_listings.sources.selection import Selection

GOOD = [{"id": f"A-{n}", "brand": "Lumio"} for n in range(824)]


def read(path, **more):
    reading = read_items(ProductFiles(FileSettings(path=str(path), **more)), Selection(languages=("en",)))
    return list(reading), reading.problems


def write(path, *lines):
    path.write_bytes(b"\n".join([*(json.dumps(row).encode() for row in GOOD[:20]), *lines]))
    return path


def test_half_an_emoji_is_one_blocked_item_of_825(tmp_path):
    path = tmp_path / "a.jsonl"
    rows = [*GOOD[:400], {"id": "bad", "brand": "Lumio\ud83d", "name_en": "x\udc00"}, *GOOD[400:]]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    items, problems = read(path)
    assert (len(items), problems) == (825, [])
    unfit = {item["pim_id"]: item["unfit"] for item in items if "unfit" in item}
    assert unfit == {
        "products/bad": [
            {"field": "brand", "reason": "half_character", "limit": 0},
            {"field": "name", "reason": "half_character", "limit": 0},
        ]
    }
    json.dumps(items, ensure_ascii=False).encode()
    (bad,) = (item for item in items if "unfit" in item)
    assert bad["product"]["fields"] == {"id": "bad", "brand": None}


@pytest.mark.parametrize(
    "line",
    [
        b'{"id": "\\ud83d"}',
        b'{"id": "' + b"x" * 1001 + b'"}',
        b'{"id": ' + b"9" * 5000 + b"}",
        b'{"id": NaN}',
        b'{"id": ["a"]}',
        b'{"id": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[1]",
    ],
)
def test_an_unusable_id_or_line_costs_nothing_else(tmp_path, line):
    items, (problem,) = read(write(tmp_path / "a.jsonl", line, b'{"id": "last"}'))
    assert len(items) == 21
    assert len(str(problem)) < 500
    str(problem).encode()


@pytest.mark.parametrize("group", [b'"\\ud83d"', b"9" * 5000])
def test_an_unusable_group_costs_nothing_else(tmp_path, group):
    line = b'{"id": "x", "family": ' + group + b"}"
    items, problems = read(write(tmp_path / "a.jsonl", line), group_column="family")
    assert len(items) + len(problems) == 21
    assert len(items) >= 20


def test_a_date_out_of_range_stops_no_other_row_of_a_parquet_file(tmp_path):
    days = pa.array([0, 10**15, 1], pa.timestamp("ms"))
    pq.write_table(pa.table({"id": ["a", "b", "c"], "day": days}), tmp_path / "a.parquet")
    items, (problem,) = read(tmp_path / "a.parquet")
    assert [item["pim_id"] for item in items] == ["products/a", "products/c"]
    assert "a.parquet:2:" in str(problem)


def test_utf_16_may_hold_half_a_character_too(tmp_path):
    text = "id,brand\na,Lumio\nb,Lumio\ud83d\nc,Lumio\n"
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe" + text.encode("utf-16-le", "surrogatepass"))
    items, problems = read(tmp_path / "a.csv")
    assert [item["pim_id"] for item in items if "unfit" in item] == ["products/b"]
    assert (len(items), problems) == (3, [])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(categories=None)),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(), below, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(st.characters(categories=None), max_size=5), VALUES, max_size=4), VALUES)
def test_an_admitted_item_can_be_written_and_compared(fields, text):
    record = new_record("1") | {"fields": fields, "texts": {"name": {"en": text}}}
    item = {
        "pim_id": "products/1",
        "group": "products/1",
        "sku": None,
        "status": "",
        "modified": None,
        "product": record,
        "variant": None,
    }
    (given_item,) = admitted([item])
    json.dumps(given_item, ensure_ascii=False, allow_nan=False).encode()
    payload_hash(given_item["product"])


def test_a_payload_hash_never_fails_on_text():
    assert payload_hash({"brand": [{"value": "Lumio\ud83d"}]})


def test_an_identifier_is_writable_text():
    with pytest.raises(UnusableRow, match="half a character"):
        identifier("a\ud83d")
    assert shown("a\ud83d") == "a\ufffd"
    assert shown(10**30) == shown(datetime.now(UTC)) == ""
