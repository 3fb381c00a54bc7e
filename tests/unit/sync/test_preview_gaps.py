"""Where preview and submission disagree."""

import pytest

from amazon_listings.sync.preview_gaps import GAPS, gap_issues, is_no_answer
from amazon_listings.sync.submission_plan import Plan

COST = {"op": "replace", "path": "/attributes/cost_price", "value": [{"value": 5}]}
NAME = {"op": "replace", "path": "/attributes/item_name", "value": [{"value": "Lampe"}]}


def patch(*operations):
    return Plan("PATCH", list(operations), before={}, existed=True, after={})


@pytest.mark.parametrize(
    ("plan", "row", "vendor", "severities"),
    [
        (patch(NAME), {}, True, ["ERROR"]),
        (patch(NAME, COST), {}, True, ["INFO"]),
        (patch(NAME), {"role": "parent"}, True, []),
        (patch(NAME), {}, False, []),
        (Plan("PUT", {"item_name": []}, before=None, existed=False, after={}), {}, True, []),
    ],
)
def test_a_vendors_update_repeats_its_cost_price(plan, row, vendor, severities):
    issues = gap_issues(plan, row, vendor=vendor)
    assert [issue.severity for issue in issues] == severities
    assert all("5337" in issue.why for issue in issues)


def test_every_gap_says_what_to_do_and_where_it_was_reported():
    assert all(gap.trouble and gap.action and gap.noted and gap.source for gap in GAPS)


@pytest.mark.parametrize(
    ("issues", "silent"),
    [
        ([("4000000", "ERROR")], True),
        ([("4000000", "ERROR"), ("18448", "WARNING")], True),
        ([("4000000", "ERROR"), ("90220", "ERROR")], False),
        ([("90220", "ERROR")], False),
        ([("4000000", "WARNING")], False),
        ([], False),
    ],
)
def test_only_an_internal_error_alone_is_no_answer(issues, silent):
    assert is_no_answer([{"code": code, "severity": severity} for code, severity in issues]) is silent
