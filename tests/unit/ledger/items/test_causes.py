"""Causes that are gone, and by how many items errors have grown since a moment."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from amazon_listings.ledger.items.causes import (
    changes_since,
    errors_after,
    gone_causes,
    items_with_errors,
    open_causes,
)
from amazon_listings.ledger.items.issues import CheckedItem, record_issues
from amazon_listings.ledger.runs.history import start_run
from amazon_listings.ledger.tables import runs
from amazon_product_types.validation.issue import Issue

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SCHEMA = frozenset({"schema"})


@pytest.fixture
def checked(ledger):
    """Enter a run that began so many days ago, with what it found wrong of which items; its number."""

    def checked(days, found, key="lamps"):
        run = start_run(ledger, connector_key=key, run_id=f"run_{days}", operation="test")
        with ledger.begin() as connection:
            connection.execute(update(runs).where(runs.c.id == run).values(started_at=NOW - days * DAY))
        items = [CheckedItem(item, [wrong(code) for code in codes], SCHEMA) for item, codes in found.items()]
        record_issues(ledger, key, run, items)
        return run

    return checked


def wrong(code):
    return Issue(code=code, severity="ERROR", source="schema", message=code, attribute="brand")


def gone(ledger, days):
    found = gone_causes(ledger, ["lamps"], ["ERROR"], after=NOW - days * DAY)
    return [(one.issue.code, one.items, one.examples, NOW - one.since) for one in found]


def test_a_cause_is_gone_where_no_item_has_it_any_more(ledger, checked):
    checked(9, {"a": ["too_long"], "b": ["too_long"], "c": ["missing"]})
    checked(3, {"a": [], "c": []})
    checked(1, {"c": ["missing"]})  # open again
    assert gone(ledger, 5) == [("too_long", 1, ["a"], 3 * DAY)]
    assert gone(ledger, 2) == []
    assert {one.issue.code: one.items for one in open_causes(ledger, ["lamps"], ["ERROR"])} == {
        "too_long": 1,
        "missing": 1,
    }
    assert gone_causes(ledger, [], ["ERROR"], after=NOW - 5 * DAY) == []


def test_items_with_errors_are_compared_with_a_day_ago(ledger, checked):
    checked(3, {"a": ["too_long", "missing"], "b": ["too_long"], "c": ["missing"]})
    checked(3, {"z": ["missing"]}, key="desks")
    checked(0.5, {"a": [], "b": [], "d": ["missing"]})
    checked(0.5, {"y": ["missing"]}, key="new")
    errors = items_with_errors(ledger, ["lamps", "desks", "new"])
    assert errors == {"lamps": 2, "desks": 1, "new": 1}
    # A connector that did not run then cannot have grown.
    assert changes_since(ledger, errors, NOW - DAY) == {"lamps": -1, "desks": 0}
    assert changes_since(ledger, {}, NOW - DAY) == {}


def test_items_with_errors_are_counted_as_each_run_left_them(ledger, checked):
    first = checked(3, {"a": ["too_long", "missing"]})
    second = checked(2, {"b": ["missing"], "c": ["missing"]})
    third = checked(1, {"a": []})
    other = checked(1, {"a": ["missing"]}, key="desks")
    assert errors_after(ledger, [first, second, third, other]) == {first: 1, second: 3, third: 2, other: 1}
