"""Records: what is written is what is read, and nothing else is taken for a record."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_listings.runs import records
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.plan import Change, Method, Plan
from amazon_listings.selling_partner.content.leaves import Leaf
from amazon_product_types.validation.issue import Issue, Origin

ISSUE = Issue(
    code="too_long",
    severity="ERROR",
    source="schema",
    message="Too long.",
    allowed={"max_characters": 5},
    origin=Origin(3, "item_name", "name", "fr"),
    sources=("schema", "preview"),
)
#: What JSON can spell, with what only Python's does: half a surrogate pair, NaN, numbers of any size.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def mapped(**changes):
    facts = {
        "pim_id": "variants/1",
        "sku": "A1",
        "group": "products/1",
        "hash": "abc",
        "requirements": "LISTING",
        "attributes": {"item_name": [{"value": "Lampe"}]},
        "issues": (ISSUE,),
    }
    return records.MappedItem(**facts | changes)


def same(one, other):
    if isinstance(one, float) and math.isnan(one):
        return isinstance(other, float) and math.isnan(other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other and type(one) is type(other)


@given(st.dictionaries(st.text(st.characters()), JSON, max_size=4))
def test_a_payload_comes_back_as_it_was(attributes):
    line = records.encode(mapped(attributes=attributes))
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert same(attributes, records.MAPPED.decode(line).attributes)


def test_a_record_comes_back_with_its_issues():
    tested = records.TestedItem(pim_id="1", sku=None, outcome=Outcome.READY, issues=(ISSUE,))
    assert records.TESTED.decode(records.encode(tested)) == tested


def test_what_is_as_by_default_is_not_written():
    line = records.encode(records.WrittenItem(pim_id="1", sku="A", outcome=Outcome.ACCEPTED))
    assert line == b'{"pim_id":"1","sku":"A","outcome":"accepted"}\n'


def test_a_payload_goes_on_as_it_was_written():
    item = mapped(attributes={"item_name": [{"value": "Lampe, été"}]})
    packed = records.PACKED.decode(records.encode(item))
    assert bytes(packed.attributes) == '{"item_name":[{"value":"Lampe, été"}]}'.encode()
    assert records.unpacked(packed) == item


@pytest.mark.parametrize("value", [math.nan, math.inf, "\ud83d"])
def test_a_payload_that_is_no_json_is_read_by_python(value):
    read = records.PACKED.decode(records.encode(mapped(attributes={"weight": value})))
    assert same(read.attributes, {"weight": value})
    assert records.unpacked(read) is read


@given(st.dictionaries(st.text(st.characters()), JSON, max_size=4))
def test_a_payload_that_goes_on_is_the_one_that_was_written(attributes):
    read = records.PACKED.decode(records.encode(mapped(attributes=attributes)))
    assert same(attributes, records.unpacked(read).attributes)


def test_an_index_has_everything_but_the_payload():
    record = mapped()
    index = records.MAPPED.index_of(record)
    line = records.encode(index)
    assert b"Lampe" not in line
    assert records.MAPPED.decode_index(line) == index
    assert (index.pim_id, index.sku, index.hash, index.issues) == ("variants/1", "A1", "abc", (ISSUE,))
    assert records.MAPPED.index_line(record, records.encode(record)) == line


def test_a_record_without_a_payload_is_its_own_line_of_the_index():
    change = Change(Leaf("FR", "item_name"), None, "Lampe")
    planned = records.TestedItem(
        pim_id="p", sku="A1", outcome=Outcome.READY, plan=Plan("A1", Method.PATCH, (change,)), plan_hash="h"
    )
    made = msgspec.structs.replace(planned, plan=None, makes=True)
    lines = {one.makes: records.encode(one) for one in (planned, made)}
    assert records.TESTED.index_line(made, lines[True]) is lines[True]
    assert b"item_name" not in records.TESTED.index_line(planned, lines[False])
    for one in (planned, made):
        index = records.TESTED.decode_index(records.TESTED.index_line(one, records.encode(one)))
        assert index == records.TESTED.index_of(one)


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b'{"sku": "A"}', b'{"pim_id": "1", "sku": "A", "outcome": "sold"}']
)
def test_anything_else_is_refused(line):
    with pytest.raises(ValueError):
        records.LIVE.decode(line)
