import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_product_types import json_pointer


@given(st.lists(st.text()))
def test_what_goes_into_a_pointer_comes_out_of_it(names):
    pointer = ""
    for name in names:
        pointer = json_pointer.below(pointer, name)
    assert json_pointer.steps(pointer) == names


@pytest.mark.parametrize(
    ("pointer", "value"),
    [("", {"a/b": [{"~": 1}]}), ("/a~1b/0/~0", 1), ("#/a~1b/0", {"~": 1})],
)
def test_a_pointer_leads_to_a_value(pointer, value):
    assert json_pointer.value_at({"a/b": [{"~": 1}]}, pointer) == value


@pytest.mark.parametrize("pointer", ["/b", "/a~1b/1", "/a~1b/x", "/a~1b/0/~0/c"])
def test_what_is_not_there_is_absent(pointer):
    assert json_pointer.value_at({"a/b": [{"~": 1}]}, pointer) is json_pointer.ABSENT
