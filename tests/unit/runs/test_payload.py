"""Payloads are the same or not by their content alone."""

import hashlib
import json
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from amazon_listings.runs.payload import payload_hash


def test_the_hash_does_not_depend_on_the_order_of_keys():
    left = {"brand": [{"value": "Acme", "language_tag": "fr_FR"}], "color": [{"value": "rouge"}]}
    right = {"color": [{"value": "rouge"}], "brand": [{"language_tag": "fr_FR", "value": "Acme"}]}
    assert payload_hash(left) == payload_hash(right)


@pytest.mark.parametrize(
    "other",
    [
        {"bullet_point": [{"value": "b"}, {"value": "a"}]},
        {"bullet_point": [{"value": "a"}]},
        {"bullet_point": [{"value": "a"}, {"value": "B"}]},
        {"bullet_points": [{"value": "a"}, {"value": "b"}]},
    ],
    ids=["order of elements", "fewer", "value", "name"],
)
def test_the_hash_differs_where_the_content_does(other):
    assert payload_hash(other) != payload_hash({"bullet_point": [{"value": "a"}, {"value": "b"}]})


def test_types_count():
    assert len({payload_hash({"a": [{"value": value}]}) for value in (1, "1", True, "true", None)}) == 5


def test_the_hash_of_a_payload_is_what_it_always_was():
    payload = {"list_price": [{"value": 1249.9, "currency": "EUR"}], "brand": [{"value": "Lumio é\u2028"}]}
    assert payload_hash(payload) == "97fbdd6eb91a066526335edb91dd8c31389be469a6baf8ef66b0334fd1323cd8"


#: Of every size, those of whose exponents nothing is certain among them.
NUMBERS = st.one_of(
    st.integers(),
    st.floats(),
    st.floats(1e-7, 1e-3),
    st.floats(1e14, 1e18),
    st.binary(min_size=8, max_size=8).map(lambda bits: struct.unpack("<d", bits)[0]),
)
TEXTS = st.text(st.characters(), max_size=12) | st.sampled_from(["1e5", "null", "0.00001", "\ud83d", "\x7f/"])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXTS, below, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=5))
@example({"a": 1e16, "b": -1e16, "c": 1e-05, "d": 1.5e-05, "e": -0.0, "f": 1e22, "g": 5e-324})
@example({"a": float("nan"), "b": None, "c": float("-inf"), "d": 2**64, "e": -(2**63) - 1})
@example({"\U0001f600": 1, "\uffff": 2, "\ud83d": 3, "": 4})
def test_the_hash_is_that_of_the_json_that_python_writes(payload):
    text = json.dumps(payload, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert payload_hash(payload) == hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
