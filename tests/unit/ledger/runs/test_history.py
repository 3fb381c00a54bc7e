"""Runs, how people ask for them, and what is forgotten when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from amazon_listings.errors import ActionRequiredError
from amazon_listings.ledger.items.issues import CheckedItem, issue_lives, open_issues, record_issues
from amazon_listings.ledger.items.payloads import record_listed
from amazon_listings.ledger.items.states import (
    ItemState,
    StateFilter,
    find_states,
    mark_removed,
    record_states,
)
from amazon_listings.ledger.runs.answers import connector_standing, item_standings
from amazon_listings.ledger.runs.history import (
    NoSuchRun,
    find_run,
    finish_run,
    last_run,
    recent_runs,
    run_number,
    start_run,
)
from amazon_listings.ledger.runs.retention import Pruned, prune
from amazon_listings.ledger.tables import runs, submissions
from amazon_listings.messages import catalogue
from amazon_listings.remarks import remark, remark_as_is
from amazon_product_types.validation.issue import Issue
from support.ledger_rows import open_feed, record_accepted, record_submissions

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ISSUE = Issue(code="too_long", severity="ERROR", source="schema", message="m", attribute="brand")


def settle(ledger, run, cursor="2026-01-01T00:00:00", failure=()):
    finish_run(ledger, run, counts={"accepted": 2}, calls={"put": 2}, cursor=cursor, failure=failure)


def age(ledger, run, days):
    with ledger.begin() as connection:
        connection.execute(update(runs).where(runs.c.id == run).values(started_at=NOW - timedelta(days=days)))


def test_a_retried_task_finds_its_run(ledger, new_run):
    run = new_run()
    again = start_run(
        ledger,
        connector_key="fr_home",
        run_id="run-1",
        operation="live",
        scope="skus",
        fingerprint="f",
        definition="d",
    )
    assert again == run == run_number(ledger, "fr_home", "run-1")
    assert find_run(ledger, str(run)).scope == "skus"


def test_the_next_run_continues_from_the_last_that_moved_the_cursor(ledger, new_run):
    first, second, third = new_run(), new_run(), new_run()
    settle(ledger, first)
    settle(ledger, second, cursor=None)
    settle(ledger, third, cursor="later", failure=remark_as_is("Amazon did not answer."))
    assert last_run(ledger, "fr_home", "live").cursor == "2026-01-01T00:00:00"
    assert last_run(ledger, "fr_home", "test") is None


def test_a_failure_is_kept_without_tokens(ledger, new_run):
    run = new_run()
    settle(
        ledger, run, failure=remark_as_is("Refused Atzr|verysecret at https://bucket/x?X-Amz-Signature=abc.")
    )
    failure = find_run(ledger, str(run)).failure_in(catalogue())
    assert "verysecret" not in failure
    assert "abc" not in failure


def test_why_a_run_failed_is_worded_for_its_reader(ledger, new_run):
    error = ActionRequiredError("runs.vendor_quantity", connector="lamps")
    settle(ledger, new_run(), failure=remark("runs.task_failed", task="map_fields") + remark_as_is(error))
    (run,) = recent_runs(ledger, "fr_home")
    for language in ("en", "it"):
        messages = catalogue(language)
        said = messages.phrase("runs.task_failed", task="map_fields").removesuffix(".")
        assert run.failure_in(messages) == f"{said}; {error.worded(messages)}"


def test_a_sentence_that_an_earlier_version_kept_is_shown_as_it_is(ledger, new_run):
    number = new_run()
    settle(ledger, number, failure=remark("runs.task_failed", task="x"))
    with ledger.begin() as connection:
        connection.exec_driver_sql("UPDATE runs SET failure = 'La tâche map_fields a échoué.'")
    assert find_run(ledger, str(number)).failure_in(catalogue("it")) == "La tâche map_fields a échoué."


def test_a_failure_may_hold_any_text(ledger, new_run):
    number = new_run()
    settle(ledger, number, failure=remark_as_is('a "quote" \\ \0 \ud800\n'))
    assert find_run(ledger, str(number)).failure_in(catalogue()) == 'a "quote" \\ ?'


def test_people_name_runs_by_number_or_id(ledger, new_run):
    mine = new_run()
    entry = {"operation": "test", "scope": "skus", "fingerprint": "", "definition": ""}
    other = start_run(ledger, connector_key="de_home", run_id="run-1", **entry)
    assert find_run(ledger, str(mine)).number == mine
    assert find_run(ledger, "run-1", "de_home").number == other
    with pytest.raises(NoSuchRun, match="Several connectors have a run"):
        find_run(ledger, "run-1")
    for name in ("99999", "9" * 30, "\u0663", "x\x00", "'; --"):
        with pytest.raises(NoSuchRun, match="has no run"):
            find_run(ledger, name)
    assert [run.number for run in recent_runs(ledger, "fr_home")] == [mine]


def test_moments_keep_their_time_zone(ledger, new_run):
    run = find_run(ledger, str(new_run()))
    assert run.started_at.tzinfo is UTC
    assert abs(run.started_at - datetime.now(UTC)) < timedelta(hours=1)


def test_how_a_connector_and_an_item_stand(ledger, listings, new_run):
    run = new_run()
    accepted = [{"sku": sku, "pim_id": sku, "hash": "h", "attributes": {}} for sku in "ab"]
    record_accepted(ledger, listings, accepted, definition="def-1")
    record_listed(ledger, listings, {"c": True})
    record_issues(ledger, "fr_home", run, [CheckedItem(sku, [ISSUE], frozenset({"schema"})) for sku in "ab"])
    standing = connector_standing(ledger, "fr_home")
    assert standing.listings == {"accepted": 2, "tested": 1}
    assert standing.open_issues == {"ERROR": 2}
    (worst,) = standing.worst
    assert worst[:3] == ("too_long|brand", "ERROR", 2)
    assert (worst.example.message, worst.varies) == (ISSUE.message, False)
    (item,) = item_standings(ledger, "a")
    assert (item.state, item.accepted_definition, item.listed) == ("accepted", "def-1", True)
    assert item_standings(ledger, "a", "de_home") == []


class TestRetention:
    def write(self, ledger, listings, run, sku="a"):
        row = {"sku": sku, "method": "PUT", "status": "ACCEPTED", "submission_id": "", "request_id": ""}
        record_submissions(ledger, listings, run, [row | {"hash": "h", "body": {}, "before": {}}])

    def left(self, ledger):
        with ledger.connect() as connection:
            return (
                sorted(connection.scalars(select(runs.c.id))),
                connection.scalar(select(func.count()).select_from(submissions)),
            )

    def test_what_is_old_goes_and_what_the_next_run_needs_stays(self, ledger, listings, new_run):
        old, cursor, pending, young = (new_run() for _ in range(4))
        for run in (old, cursor, young):
            self.write(ledger, listings, run)
        for run, days in ((old, 401), (cursor, 500), (pending, 600), (young, 399)):
            age(ledger, run, days)
        settle(ledger, cursor)
        message = {"sku": "p", "pim_id": "p", "method": "UPDATE", "hash": "h", "body": {}}
        open_feed(ledger, listings, pending, "doc", [message])
        record_accepted(ledger, listings, [{"sku": "a", "pim_id": "a", "hash": "h", "attributes": {}}])
        would = prune(ledger, days=400, now=NOW, remove=False)
        assert self.left(ledger) == ([old, cursor, pending, young], 4)
        pruned = prune(ledger, days=400, now=NOW)
        assert pruned == would
        assert pruned == Pruned(runs=1, submissions=1)
        assert self.left(ledger) == ([cursor, pending, young], 3)
        assert item_standings(ledger, "a")
        assert last_run(ledger, "fr_home", "live") is not None

    def test_states_of_items_that_left_long_ago_go(self, ledger):
        old, young = NOW - timedelta(days=401), NOW - timedelta(days=399)
        facts = {"sku": None, "family": "f", "run": 1, "operation": "live", "outcome": "accepted"}
        states = [ItemState(pim_id=name, read_at=old, **facts) for name in ("stays", "old", "new")]
        record_states(ledger, "fr_home", states)
        mark_removed(ledger, "fr_home", ["old"], run=2, read_at=old)
        mark_removed(ledger, "fr_home", ["new"], run=3, read_at=young)
        assert prune(ledger, days=400, now=NOW).states == 1
        left = find_states(ledger, "fr_home", StateFilter(removed=None))
        assert {one.pim_id for one in left} == {"stays", "new"}

    def test_a_newer_cursor_frees_the_older_one(self, ledger, new_run):
        older, newer = new_run(), new_run()
        for run, days in ((older, 900), (newer, 800)):
            settle(ledger, run)
            age(ledger, run, days)
        prune(ledger, days=400, now=NOW)
        assert self.left(ledger)[0] == [newer]

    def test_open_issues_stay_and_resolved_ones_go(self, ledger, new_run):
        first, second = new_run(), new_run()
        looked = frozenset({"schema"})
        for run, found in ((first, [ISSUE]), (second, [])):
            items = [CheckedItem("a", found, looked)]
            items += [CheckedItem("b", [ISSUE], looked)]
            record_issues(ledger, "fr_home", run, items)
            age(ledger, run, 900)
        assert prune(ledger, days=400, now=NOW).issues == 1
        assert list(issue_lives(ledger, "a")) == []
        assert [one.item for one in open_issues(ledger, "fr_home")] == ["b"]

    def test_the_file_gets_smaller_and_numbers_are_not_given_again(self, ledger, listings, new_run):
        run = new_run()
        many = [
            {"sku": f"{number}", "method": "PUT", "status": "ACCEPTED", "submission_id": "", "request_id": ""}
            | {"hash": "h", "body": {"text": f"{number}" * 200}}
            for number in range(3_000)
        ]
        record_submissions(ledger, listings, run, many)
        age(ledger, run, 900)

        def pages():
            with ledger.connect() as connection:
                return connection.exec_driver_sql("PRAGMA page_count").scalar_one()

        before = pages() if ledger.dialect.name == "sqlite" else 0
        assert prune(ledger, days=400, now=NOW).submissions == 3_000
        if before:
            assert pages() < before / 2
        assert new_run() > run
