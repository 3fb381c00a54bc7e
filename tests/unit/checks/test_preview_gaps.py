"""Where preview and submission disagree."""

import pytest

from amazon_listings.checks.preview_gaps import GAPS, explained, gap_issues, is_no_answer
from amazon_listings.messages import catalogue
from amazon_listings.planning.wanted import PlannedWrite
from amazon_listings.runs.plan import Method, Plan
from amazon_product_types.validation import Issue, merge_issues

COST = {"op": "replace", "path": "/attributes/cost_price", "value": [{"value": 5}]}
NAME = {"op": "replace", "path": "/attributes/item_name", "value": [{"value": "Lampe"}]}


def patch(*operations):
    return PlannedWrite(Plan("S", Method.PATCH), list(operations), before={}, existed=True, after={})


@pytest.mark.parametrize(
    ("plan", "role", "vendor", "severities"),
    [
        (patch(NAME), "", True, ["ERROR"]),
        (patch(NAME, COST), "", True, ["INFO"]),
        (patch(NAME), "parent", True, []),
        (patch(NAME), "", False, []),
        (
            PlannedWrite(Plan("S", Method.PUT), {"item_name": []}, before=None, existed=False, after={}),
            "",
            True,
            [],
        ),
    ],
)
def test_a_vendors_update_repeats_its_cost_price(plan, role, vendor, severities):
    issues = gap_issues(plan, role, vendor=vendor, messages=catalogue("en"))
    assert [issue.severity for issue in issues] == severities
    assert all("5337" in issue.why for issue in issues)


@pytest.mark.parametrize("gap", GAPS, ids=lambda gap: gap.code)
def test_every_gap_says_what_to_do_and_where_it_was_reported(gap):
    messages = catalogue("de")
    assert all(messages.issue_texts(gap.code, source=gap.source).values())
    assert messages.message(gap.noted)
    assert gap.source in messages.message(gap.code, "why", source=gap.source)


def test_a_refusal_that_only_previews_make_is_explained_beside_it():
    issues = [
        Issue("90004114", "ERROR", "preview", "m", attribute=name, family="invalid")
        for name in ("old", "ours")
    ]
    (note,) = explained(issues, ["ours"], catalogue("fr"))
    assert (note.severity, note.attribute, note.code) == ("INFO", "old", "only_in_preview_90004114")
    assert note.message.startswith("On sait que l'aperçu d'Amazon")
    assert "4621" in note.why


def test_a_missing_cost_price_is_one_issue_whoever_finds_it():
    (ours,) = gap_issues(patch(NAME), "", vendor=True, messages=catalogue("en"))
    theirs = Issue("90220", "ERROR", "submission", "m", attribute="cost_price", family="missing")
    (issue,) = merge_issues([theirs, ours])
    assert issue.sources == ("sending", "submission")


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
