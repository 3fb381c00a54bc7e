import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_listings.connectors.merge_patch import merge_patch

#: RFC 7396, appendix A, all fifteen: original, patch, result.
RFC = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("original", "patch", "result"), RFC)
def test_examples_of_the_rfc(original, patch, result):
    assert merge_patch(original, patch) == result


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from("xy"),
    lambda below: st.lists(below, max_size=2) | st.dictionaries(st.sampled_from("abc"), below, max_size=3),
    max_leaves=10,
)


@given(JSON, JSON)
def test_laws(target, patch):
    kept = copy.deepcopy((target, patch))
    merged = merge_patch(target, patch)
    assert (target, patch) == kept
    assert merge_patch(merged, patch) == merged
    assert merge_patch(target, {}) == (target if isinstance(target, dict) else {})
    _holds(merged, patch)


def _holds(merged, patch):
    """What the patch says is so afterwards."""
    if not isinstance(patch, dict):
        assert merged == patch
        return
    for key, value in patch.items():
        if value is None:
            assert key not in merged
        else:
            _holds(merged[key], value)


def test_a_replaced_key_keeps_its_place():
    assert list(merge_patch({"a": 1, "b": 2}, {"c": 3, "a": 4})) == ["a", "b", "c"]
