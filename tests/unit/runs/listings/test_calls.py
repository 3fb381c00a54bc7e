"""Calls for many items: progress, outages, one item's trouble."""

import logging

import pytest

from amazon_listings.errors import ActionRequiredError, ItemError, RetryableError
from amazon_listings.runs.listings.calls import EVERY, OUTAGE, Progress, call_for_all


def rows(count):
    return ({"sku": f"S{number}"} for number in range(count))


def run(call, count, progress=None):
    answers = call_for_all(
        rows(count), call, in_flight=lambda: 1, progress=progress or Progress(count, "log.progress_previews")
    )
    return list(answers)


def test_an_items_trouble_is_its_own():
    def call(row):
        if row["sku"] == "S1":
            raise ItemError("No.", sku="S1")
        if row["sku"] == "S2":
            raise RetryableError("Later.")
        return row["sku"]

    assert [(one.result, str(one.trouble or "")) for one in run(call, 4)] == [
        ("S0", ""),
        (None, "No."),
        (None, "Later."),
        ("S3", ""),
    ]


def test_so_many_silent_items_are_an_outage_and_an_answer_between_them_is_none():
    def call(row):
        if row["sku"] == f"S{OUTAGE - 1}":
            return True
        raise RetryableError("503.")

    assert len(run(call, 2 * OUTAGE - 1)) == 2 * OUTAGE - 1
    with pytest.raises(RetryableError, match=f"{OUTAGE} items in a row"):
        run(call, 3 * OUTAGE)


def test_a_person_stops_everything():
    def call(row):
        raise ActionRequiredError("Revoked.")

    with pytest.raises(ActionRequiredError):
        run(call, 3)


def test_progress_is_told_now_and_then_with_what_is_left(caplog):
    moments = iter(range(0, 1000, 20))
    progress = Progress(10, "log.progress_previews", clock=lambda: float(next(moments)))
    with caplog.at_level(logging.INFO):
        run(lambda row: True, 5, progress)
    assert EVERY == 30
    assert [one.getMessage() for one in caplog.records] == [
        "2 of 10 previews done, about 3 minutes left.",
        "4 of 10 previews done, about 2 minutes left.",
    ]
