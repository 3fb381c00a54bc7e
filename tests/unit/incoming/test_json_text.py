"""JSON of values from outside: written fast, and nothing is lost."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_listings.incoming.json_text import json_text, written_fast

TEXTS = st.text(st.characters(), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXTS, below, max_size=3),
    max_leaves=12,
)


def read(text):
    return json.loads(text.decode("utf-8", "surrogatepass"))


@given(VALUES)
def test_what_is_written_is_read_again(document):
    assert repr(read(json_text(document))) == repr(document)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("beside", [{}, {"variant": None}, {"text": "null"}])
def test_a_number_that_is_none_is_not_taken_for_an_empty_value(number, beside):
    document = {**beside, "price": number}
    assert written_fast(document) is None
    assert repr(read(json_text(document))) == repr(document)


@pytest.mark.parametrize("document", [{"a": "\ud800"}, {"a": [None]}, {"a": "null"}, [None]])
def test_what_may_lose_something_is_not_written_fast(document):
    assert written_fast(document) is None


def test_an_item_is_written_fast():
    item = {"sku": None, "product": {"modified": None, "fields": {"a": None, "b": 1.5}}, "variant": None}
    assert written_fast(item) is not None
