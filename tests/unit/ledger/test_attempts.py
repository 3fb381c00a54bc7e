"""Attempts: what clearing a run does to the ledger."""

from __future__ import annotations

import pytest

from amazon_listings.ledger.runs.history import (
    NoSuchRun,
    find_attempt,
    find_run,
    finish_run,
    last_run,
    next_attempt,
    run_number,
    start_run,
)
from amazon_listings.ledger.writes.before_images import writes_of
from amazon_listings.ledger.writes.submissions import sent_in_run
from amazon_listings.remarks import remark_as_is
from support.ledger_rows import record_submissions

HERE = {"connector_key": "fr_home", "run_id": "r1", "operation": "live"}


def end(ledger, number, cursor=None, failure=()):
    finish_run(ledger, number, counts={"accepted": 1}, calls={}, cursor=cursor, failure=failure)


def wrote(ledger, listings, number, content):
    row = {"sku": "a", "method": "PUT", "status": "ACCEPTED", "submission_id": "", "request_id": ""}
    record_submissions(
        ledger, listings, number, [row | {"hash": "h", "body": {"x": [1]}, "before": {"x": [content]}}]
    )


def test_a_second_attempt_leaves_the_first_as_it_was(ledger, listings):
    first = start_run(ledger, **HERE)
    wrote(ledger, listings, first, "before the first")
    end(ledger, first, cursor="c1")
    before = find_run(ledger, str(first))
    second = start_run(ledger, **HERE, attempt=next_attempt(ledger, "fr_home", "r1", 1))
    wrote(ledger, listings, second, "before the second")
    end(ledger, second, failure=remark_as_is("The PIM did not answer."))
    assert find_run(ledger, str(first)) == before
    assert [(one.before, one.later) for one in writes_of(ledger, first)] == [
        ({"x": ["before the first"]}, (second,))
    ]
    assert [one.before for one in writes_of(ledger, second)] == [{"x": ["before the second"]}]
    assert sent_in_run(ledger, second, ["a"]).keys() == {"a"}
    # The next run continues from the one that ended well.
    assert last_run(ledger, "fr_home", "live").cursor == "c1"


def test_a_run_id_means_its_latest_attempt(ledger):
    numbers = [start_run(ledger, **HERE, attempt=attempt) for attempt in (0, 1, 3)]
    assert find_run(ledger, "r1").number == numbers[-1] == run_number(ledger, "fr_home", "r1")
    assert find_attempt(ledger, "fr_home", "r1") == (numbers[-1], 3)
    assert find_run(ledger, "r1", attempt=1).number == numbers[1]
    assert find_run(ledger, str(numbers[0])).attempt == 0
    with pytest.raises(NoSuchRun, match="no attempt 2 of the run 'r1'"):
        find_run(ledger, "r1", attempt=2)
    assert find_attempt(ledger, "fr_home", "other") is None


@pytest.mark.parametrize(
    ("ended", "cleared", "expected"),
    [
        ([], 0, 0),
        ([], 2, 2),  # cleared before it ever started
        ([False], 0, 0),  # the first task is tried again
        ([False], 1, 1),  # cleared while it ran
        ([True], 1, 1),
        ([True], 0, 1),  # what ended is never overwritten, whatever Airflow counts
        ([True, True], 1, 2),
        ([True, False], 1, 1),
    ],
)
def test_which_attempt_begins(ledger, ended, cleared, expected):
    for attempt, over in enumerate(ended):
        number = start_run(ledger, **HERE, attempt=attempt)
        if over:
            end(ledger, number)
    assert next_attempt(ledger, "fr_home", "r1", cleared) == expected


def test_a_run_that_is_entered_before_its_scope_is_known_is_no_last_run(ledger):
    number = start_run(ledger, **HERE, fingerprint="f")
    assert find_run(ledger, str(number)).scope == ""
    again = start_run(ledger, **HERE, scope="everything", fingerprint="f", definition="d")
    assert (again, find_run(ledger, "r1").scope) == (number, "everything")
    assert last_run(ledger, "fr_home", "live") is None
