import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_listings.incoming.decoding import MOST_LEVELS, Malformed, decode, decode_as_sent
from amazon_listings.incoming.values import cleaned, is_text, printable, unfit, unfit_fields

ANY_TEXT = st.text(st.characters(codec=None, categories=None) | st.just("\ud83d"))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(ANY_TEXT, below, max_size=3),
    max_leaves=10,
)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_value_or_malformed(content):
    value = decode(content)
    if not isinstance(value, Malformed):
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()


@given(ANY_JSON)
def test_what_is_decoded_can_be_written_or_is_told_by_field(value):
    content = json.dumps({"a": value, "b": "fine"}).encode()
    json.dumps(decode(content), allow_nan=False, ensure_ascii=False).encode()
    row = decode_as_sent(content)
    told = dict(unfit_fields(row))
    assert "b" not in told
    if not told:
        json.dumps(row, allow_nan=False, ensure_ascii=False).encode()


@given(ANY_JSON)
def test_a_cleaned_value_is_written(value):
    json.dumps(cleaned(json.loads(json.dumps(value))), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (b'"Lumio\\ud83d"', "half_character"),
        (b'"\xff"', "half_character"),
        (b"NaN", "not_finite"),
        (b"1e999", "not_finite"),
        (b"1" * 5000, "too_large"),
        (b"[" * 400 + b"]" * 400, "too_deep"),
        (b"[" * 100_000 + b"]" * 100_000, "too_deep"),
        (b"[" * 25 + b"]" * 25, "too_deep"),
        (b'"' + b"x" * 2_000_001 + b'"', "too_long"),
        (b"[" + b"1," * 50_000 + b"1]", "too_many"),
        (b'{"a": {"\\ud83d": 1}}', "half_character"),
    ],
)
def test_one_value_costs_its_field_only(written, reason):
    row = decode_as_sent(b'{"good": 1, "bad": ' + written + b', "after": "\\ud83d\\ude00"}')
    assert (row["good"], row["after"]) == (1, "\U0001f600")
    assert [(name, found.reason) for name, found in unfit_fields(row)] == [("bad", reason)]


@pytest.mark.parametrize("content", [b"", b"{", b"[1", b"nul", b"[" * 200_000, b'{"a": "' + b"\\" * 99])
def test_what_is_no_json_is_malformed(content):
    assert isinstance(decode(content), Malformed)


def test_levels_are_bounded_and_their_neighbours_kept():
    deep = decode(b'{"a": ' + b'{"x":' * 500 + b"1" + b"}" * 500 + b', "b": [1, {"c": 2}]}')
    assert deep["b"] == [1, {"c": 2}]
    assert json.dumps(deep).count("{") <= MOST_LEVELS + 2


def test_texts():
    assert is_text("Ünïcode \U0001f600")
    assert not is_text("x\udc80")
    assert printable("a\ud83db") == "a\ufffdb"
    assert unfit(b"bytes").reason == "no_value"
    assert unfit({"price": 1.5, "names": ["a", None, True]}) is None
