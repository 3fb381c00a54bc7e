"""The life of issues: new, still there, gone; only what was looked at is ever gone."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amazon_listings.ledger.items.issues import (
    CheckedItem,
    count_issues,
    gone_issues,
    issue_lives,
    keep_open,
    names_with_open,
    open_issues,
    record_issues,
    resolve_uncovered,
)
from amazon_listings.ledger.tables import issues
from amazon_product_types.validation.issue import Issue

LOCAL = frozenset({"mapping", "schema", "quality"})
ALL = LOCAL | {"preview", "submission"}


def issue(code="too_long", attribute="item_name", source="schema", severity="ERROR", **more):
    return Issue(code=code, severity=severity, source=source, message=f"{code}!", attribute=attribute, **more)


@pytest.fixture
def record(ledger):
    def enter(run, found, looked=ALL):
        return record_issues(
            ledger, "fr_home", run, [CheckedItem(item, one, looked) for item, one in found.items()]
        )

    return enter


def opened(ledger):
    return sorted(
        (one.item, one.issue.code, one.opened_run, one.seen_run) for one in open_issues(ledger, "fr_home")
    )


def gone(ledger, run):
    return sorted((one.item, one.issue.code) for one in gone_issues(ledger, "fr_home", run))


def test_open_issues_of_unchanged_items_are_still_there_and_none_is_looked_for_where_none_is(ledger, record):
    def unread():
        raise AssertionError("read")
        yield ""

    keep_open(ledger, "fr_home", 1, unread())
    record(1, {"A": [issue()]})
    keep_open(ledger, "fr_home", 2, ["A", "B"])
    assert opened(ledger) == [("A", "too_long", 1, 2)]
    record(3, {"A": []})
    keep_open(ledger, "fr_home", 4, unread())


def test_new_then_still_there_then_gone_then_new_again(ledger, record):
    assert record(1, {"a": [issue()]}) == {"a": {("too_long", "item_name"): "new"}}
    assert record(2, {"a": [issue()]}) == {"a": {("too_long", "item_name"): "still there"}}
    assert record(3, {"a": []}) == {"a": {}}
    assert gone(ledger, 3) == [("a", "too_long")]
    assert opened(ledger) == []
    assert record(4, {"a": [issue()]})["a"] == {("too_long", "item_name"): "new"}
    lives = [(one.opened_run, one.seen_run, one.resolved_run) for one in issue_lives(ledger, "a")]
    assert lives == [(1, 2, 3), (4, 4, None)]
    assert count_issues(ledger, "fr_home", 4) == {"new": 1, "still there": 0, "gone": 0}
    assert count_issues(ledger, "fr_home", 3) == {"new": 0, "still there": 0, "gone": 1}


def test_items_that_the_run_did_not_cover_stay(ledger, record):
    record(1, {"a": [issue()], "b": [issue()]})
    record(2, {"a": []})
    assert opened(ledger) == [("b", "too_long", 1, 1)]


def test_what_only_amazon_found_stays_while_amazon_is_not_asked(ledger, record):
    record(1, {"a": [issue(), issue("90220", "brand", "submission")]})
    record(2, {"a": []}, looked=LOCAL)
    assert opened(ledger) == [("a", "90220", 1, 1)]
    record(3, {"a": []}, looked=ALL)
    assert opened(ledger) == []


def test_the_same_issue_of_another_source_is_recognised(record):
    record(1, {"a": [issue("required", "brand", "schema", family="missing")]})
    again = record(2, {"a": [issue("90220", "brand", "preview", family="missing")]})
    assert again["a"] == {("missing", "brand"): "still there"}


def test_other_connectors_are_left_alone(ledger, record):
    record_issues(ledger, "de_home", 1, [CheckedItem("a", [issue()], ALL)])
    record(2, {"a": []})
    assert [one.item for one in open_issues(ledger, "de_home")] == ["a"]


def test_places_of_one_attribute_are_one_issue_of_the_worst_severity(ledger, record):
    found = [issue(severity="WARNING", path="bullet_point/0"), issue(severity="ERROR", path="bullet_point/3")]
    record(1, {"a": found})
    (one,) = open_issues(ledger, "fr_home", "a")
    assert (one.issue.severity, one.issue.path) == ("ERROR", "bullet_point/3")


def test_a_sku_that_two_items_use_has_the_issues_of_both(ledger):
    both = [CheckedItem("a", [issue("one")], ALL), CheckedItem("a", [issue("other")], LOCAL)]
    record_issues(ledger, "fr_home", 1, both)
    record_issues(ledger, "fr_home", 2, both)
    assert [row[1:] for row in opened(ledger)] == [("one", 1, 2), ("other", 1, 2)]


def test_a_repeated_run_enters_the_same_again(ledger, record):
    record(1, {"a": [issue()], "b": [issue()]})
    record(2, {"a": [issue("other")], "b": []})
    assert record(2, {"a": [issue()], "b": []})["a"] == {("too_long", "item_name"): "still there"}
    assert opened(ledger) == [("a", "too_long", 1, 2)]
    assert gone(ledger, 2) == [("b", "too_long")]
    assert len(list(issue_lives(ledger, "a"))) == 1, "what only the first try found never was"


def test_a_complete_run_closes_the_issues_of_items_that_are_gone(ledger, record):
    record(1, {f"sku-{number}": [issue()] for number in range(600)})
    record(1, {"x": [issue("90220", "brand", "listing")]})
    record(2, {"sku-0": [issue()]})
    assert resolve_uncovered(ledger, "fr_home", 2, looked=ALL) == 599
    assert opened(ledger) == [("sku-0", "too_long", 1, 2), ("x", "90220", 1, 1)]


def test_a_run_that_could_not_read_a_record_closes_no_issue_of_another_code(ledger, record):
    record(1, {"a": [issue("unreadable", source="quality")], "b": [issue()]})
    record(2, {"c": []})
    assert resolve_uncovered(ledger, "fr_home", 2, looked=ALL, code="unreadable") == 1
    assert opened(ledger) == [("b", "too_long", 1, 1)]


def test_an_issue_that_a_later_run_closed_than_judged_the_item_counts_as_open(ledger, record):
    found = issue(source="quality")
    record(1, {"open": [found], "closed": [found], "other": [issue()]})
    record(2, {"closed": []})
    for judged, names in ((1, {"open", "closed"}), (2, {"open"})):
        runs = dict.fromkeys(("open", "closed", "other", "unknown"), judged)
        assert names_with_open(ledger, "fr_home", runs, source="quality") == names


def test_hostile_items_and_documents_come_back(ledger, record):
    item, text = "x" * 300 + "\x00\ud800", "\x00<script>\ud800 %s :name \u2028"
    record(1, {item: [issue(found=text, attribute="a" * 300)], "x" * 300: [issue()]})
    (one,) = open_issues(ledger, "fr_home", item)
    assert one.issue.found == text
    assert record(2, {item: [issue(found=text, attribute="a" * 300)]})[item] == {
        ("too_long", "a" * 300): "still there"
    }


CODES = st.sets(st.sampled_from(["c1", "c2", "c3"]))
RUN = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.tuples(CODES, st.booleans()))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(RUN, max_size=6))
def test_any_runs_agree_with_a_plain_model(ledger, runs):
    """The model: a dict of what is open; `True` with an item means that Amazon was asked too."""
    with ledger.begin() as connection:
        connection.execute(issues.delete())
    sources = {"c1": "schema", "c2": "preview", "c3": "mapping"}
    model = {}
    for run, covered in enumerate(runs, 1):
        checked = []
        before = dict(model)
        for item, (drawn, asked) in covered.items():
            codes = {code for code in drawn if asked or sources[code] != "preview"}
            looked = ALL if asked else LOCAL
            checked.append(
                CheckedItem(item, [issue(code, "x", sources[code]) for code in sorted(codes)], looked)
            )
            for code, source in sources.items():
                if code in codes:
                    model.setdefault((item, code), run)
                elif source in looked:
                    model.pop((item, code), None)
        lives = record_issues(ledger, "fr_home", run, checked)
        for one in checked:
            assert lives[one.item] == {
                found.identity: "still there" if (one.item, found.code) in before else "new"
                for found in one.issues
            }
        assert {(one.item, one.issue.code): one.opened_run for one in open_issues(ledger, "fr_home")} == model
        assert set(gone(ledger, run)) == set(before) - set(model)
