"""The check of an extract holds the columns it looks at, not the rows."""

import gc
import tracemalloc
import weakref
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_listings.checks.quality import check as quality
from amazon_listings.checks.quality import check_quality
from amazon_listings.checks.quality.stored_rows import repeated
from amazon_listings.runs.quality_docs import docs_index


@pytest.fixture
def peak():
    """What a call holds at most, beside what was held before it, in bytes."""

    def peak(call):
        tracemalloc.start()
        try:
            call()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return peak


def test_rows_of_a_batch_are_not_held_together(
    check, connector, definitions, extracted, folder, item, peak, storage
):
    check([item(1)])  # what is imported and compiled once does not count
    parts = [range(first, first + 100) for first in range(100, 900, 100)]
    extracted(*([item(number, notes={"fr": str(number) * 20_000}) for number in part] for part in parts))
    held = peak(lambda: check_quality(connector(), definitions, folder, storage=storage))
    assert held < 24_000_000  # their texts alone are 48 MB


def test_frames_do_not_pile_up_from_batch_to_batch(check, item, monkeypatch):
    frames, held, make = [], [], quality.frame_of

    def frame_of(*arguments, **named):
        held.append(sum(one() is not None for one in frames))
        frame = make(*arguments, **named)
        frames.append(weakref.ref(frame))
        return frame

    monkeypatch.setattr(quality, "frame_of", frame_of)
    monkeypatch.setattr(quality, "BATCH", 1)
    monkeypatch.setattr(quality, "ACROSS_BATCH", 2)
    unique = {"expectation": "expect_column_values_to_be_unique", "column": "code"}
    gc.disable()  # a step's records are many, a batch's frames few: Python looks for them seldom
    try:
        check(*([item(number, code=number)] for number in range(1, 7)), quality=[unique])
    finally:
        gc.enable()
    assert len(held) == 9  # three batches that compare items, then one for each part
    assert max(held) <= 2  # Great Expectations holds the last one of a suite


def test_many_items_are_compared_in_batches_that_hold_equal_values_together(
    check, item, monkeypatch, pages, storage
):
    monkeypatch.setattr(quality, "ACROSS_BATCH", 5)
    codes = ["x", "y", None, "x", 1, "1", None, 1.0, 2, "é", None, None, None]
    rows = check(
        [item(number, code=code, size=number) for number, code in enumerate(codes, 1)],
        [item(99, code="y", size=1)],
        quality=[
            {"expectation": "expect_column_values_to_be_unique", "column": "code"},
            {"expectation": "expect_column_values_to_be_unique", "column": "size"},
            {"expectation": "expect_compound_columns_to_be_unique", "column_list": ["code", "brand"]},
        ],
    )
    found = {identity: [one["found"] for one in row["issues"]] for identity, row in rows.items()}
    single = {
        identity.removeprefix("products/"): [one for one in values if not isinstance(one, dict)]
        for identity, values in found.items()
    }
    without = {number: [] for number in ("3", "7", "11", "12", "13")}  # alike by the brand
    repeated = {"1": ["x", 1], "2": ["y"], "4": ["x"], "5": [1], "8": [1.0], "99": ["y", 1]}
    assert single == repeated | without
    assert all(any(isinstance(one, dict) for one in values) for values in found.values())
    assert set(pages()) == {"across", "across_2", "across_3", "items"}
    site = docs_index(storage, "lamps").parent
    assert len(list(site.glob("validations/across/*/*/*.html"))) == 3


@given(st.lists(st.text(max_size=2)))
def test_texts_that_occur_more_than_once_are_counted(texts):
    assert repeated(texts) == {text: count for text, count in Counter(texts).items() if count > 1}


@pytest.mark.parametrize(
    "expected",
    [
        {
            "expectation": "expect_table_columns_to_match_set",
            "column_set": ["pim_id"],
            "exact_match": False,
        },
        {"expectation": "expect_column_values_to_not_be_null", "column": "pim_id", "mostly": 0.5},
        {"expectation": "expect_column_values_to_be_in_set", "column": "n", "value_set": [1], "mostly": 0.5},
        {"expectation": "expect_column_unique_value_count_to_be_between", "column": "pim_id", "min_value": 2},
        {"expectation": "expect_table_row_count_to_equal", "value": 2},
    ],
)
def test_identities_are_there_for_what_looks_at_them(check, item, expected):
    assert check([item(1, n=1), item(2, n=2)], quality=[expected]) == {}
    assert check.counts == {"checked": 2, "blocked": 0}
