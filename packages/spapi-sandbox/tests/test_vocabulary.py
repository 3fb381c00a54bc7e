import pytest
from hypothesis import given
from hypothesis import strategies as st

from spapi_sandbox.definitions.vocabulary import validator


def keywords(schema, value):
    return [error.validator for error in validator(schema).iter_errors(value)]


def test_one_combination_of_selectors_may_occur_so_often():
    schema = {"selectors": ["market", "language"], "maxUniqueItems": 2}
    one, other = (
        {"market": "A", "language": "fr", "value": "x"},
        {"market": "A", "language": "de", "value": "x"},
    )
    assert keywords(schema, [one, one, other, other]) == []
    assert keywords(schema, [one, {**one, "value": "y"}, {**one, "value": "z"}]) == ["maxUniqueItems"]


def test_a_missing_selector_is_left_out_of_the_key():
    schema = {"selectors": ["market", "language"], "maxUniqueItems": 1}
    assert keywords(schema, [{"market": "A"}, {"market": "A", "language": "fr"}]) == []
    assert keywords(schema, [{"market": "A"}, {"market": "A", "value": 1}]) == ["maxUniqueItems"]


def test_without_selectors_the_whole_object_is_the_key():
    assert keywords({"maxUniqueItems": 1}, [{"a": 1}, {"a": 2}, "text", "text"]) == []
    assert keywords({"maxUniqueItems": 1}, [{"a": 1}, {"a": 1}]) == ["maxUniqueItems"]


def test_min_unique_items_counts_combinations():
    schema = {"selectors": ["market"], "minUniqueItems": 2}
    assert keywords(schema, [{"market": "A"}, {"market": "B"}]) == []
    assert keywords(schema, [{"market": "A", "v": 1}, {"market": "A", "v": 2}]) == ["minUniqueItems"]


@given(st.text())
def test_lengths_in_bytes(text):
    size = len(text.encode("utf-8", "surrogatepass"))
    assert keywords({"maxUtf8ByteLength": size, "minUtf8ByteLength": size}, text) == []
    assert keywords({"minUtf8ByteLength": size + 1}, text) == ["minUtf8ByteLength"]
    if size:
        assert keywords({"maxUtf8ByteLength": size - 1}, text) == ["maxUtf8ByteLength"]


@pytest.mark.parametrize(
    ("step", "value", "multiple"),
    [
        (0.01, 0.07, True),
        (0.01, 19.99, True),
        (0.01, 0.075, False),
        (1, 3, True),
        (1, 3.5, False),
        (1e-12, 0.1, True),
    ],
)
def test_multiples_are_decimal(step, value, multiple):
    assert keywords({"multipleOf": step}, value) == ([] if multiple else ["multipleOf"])


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (
            "date",
            ["2026-12-01", "2028-02-29"],
            ["2026-02-29", "1.12.2026", "20261201", "2026-12-01T00:00:00Z"],
        ),
        (
            "date-time",
            ["2026-12-01T08:00:00Z", "2026-12-01T08:00:00.5+02:00"],
            ["2026-12-01", "2026-12-01T25:00:00Z"],
        ),
        ("uri", ["https://example.com/a.jpg", "s3://bucket/key"], ["a.jpg", "https://example.com/a b.jpg"]),
    ],
)
def test_formats_are_asserted(kind, good, bad):
    assert [value for value in good if keywords({"format": kind}, value)] == []
    assert [value for value in bad if not keywords({"format": kind}, value)] == []
