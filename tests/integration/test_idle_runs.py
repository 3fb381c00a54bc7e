"""A run that has nothing to do skips the tasks between extract and report; all others go through them."""

import pytest

from amazon_listings import pipeline
from amazon_listings.airflow_adapter.tasks import WITH_ITEMS
from amazon_listings.ledger.database import open_ledger
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.runs.history import recent_runs
from amazon_listings.ledger.writes.feeds import open_feed
from amazon_listings.local_run import Decision, run_connector
from support.faults import backpacks
from support.whole_runs import PARAMS, Home, product

pytestmark = pytest.mark.timeout(300)


def skipped(run):
    return {name for name, state in run.states.items() if state == "skipped"}


def test_an_unchanged_run_skips_what_it_has_no_use_for(trial):
    first = trial.run()
    trial.forget()
    second = trial.run()
    assert skipped(second) == set(WITH_ITEMS)
    assert (second.states["report"], second.errors) == ("success", {})
    assert second.report["calls"] == {}
    assert trial.writes() == []
    assert first.report["counts"]["accepted"] == 4
    ledger = open_ledger(trial.environment["AMAZON_LISTINGS_LEDGER"])
    assert [one.state for one in recent_runs(ledger, trial.name)] == ["settled", "settled"]
    third = trial.run()
    assert skipped(third) == set(WITH_ITEMS), "also after one that skipped"


@pytest.mark.parametrize("operation", ["test", "live"])
def test_a_task_that_was_skipped_can_be_cleared(trial, operation):
    trial.run(operation)
    run = trial.run(operation)
    assert skipped(run) == set(WITH_ITEMS)
    for names in [(one,) for one in WITH_ITEMS] + [WITH_ITEMS, ("extract_products", *WITH_ITEMS)]:
        again = trial.bench.clear(trial.name, run, *names, operation=operation)
        assert again.errors == {}, (names, again.sentences)
        assert again.report["counts"] == run.report["counts"], names
        assert all(again.states[one] in {"success", "skipped"} for one in names)


def test_another_document_goes_through_all_tasks_once(trial):
    trial.run()
    trial.bench.declare(backpacks(title="Another title"))
    run = trial.run()
    assert not skipped(run)
    assert run.report["extracted"] == 0, "though no item is another"
    assert skipped(trial.run()) == set(WITH_ITEMS)


@pytest.fixture
def home(shared, tmp_path):
    """A home whose six items are known and unchanged."""
    shared.reset()
    shared.control("quotas", enabled=False)
    made = Home(shared, tmp_path / "home", [product(number) for number in range(6)])
    made.run(made.connector())
    return made


@pytest.mark.parametrize("operation", ["test", "live"])
def test_a_run_without_airflow_skips_them_too(home, operation):
    connector = home.connector()
    steps = []

    def run():
        steps.clear()
        home.write()
        _, summary = run_connector(
            connector,
            home,
            PARAMS | {"operation": operation},
            decide=lambda *_: Decision.SEND,
            progress=lambda step, _words: steps.append(step),
        )
        assert summary["failure"] is None
        return {name: count for name, count in summary["counts"].items() if count}

    run()
    assert run() == {"unchanged": 6}
    assert steps == ["refresh_definition", "extract_products", "report"]
    home.rows[0]["price"] = "12"
    assert run() == {"unchanged": 5, "accepted" if operation == "live" else "ready": 1}
    assert "check_quality" in steps


def extracted(home, connector):
    """Begin a run and extract; return its context."""
    home.write()
    run_id = f"run{len(list(home.storage.glob('runs/*/*')))}"
    run = pipeline.begin(connector, home, run_id=run_id, attempt=0, params=PARAMS)
    pipeline.extract(run, home)
    return run


def is_idle(home, connector):
    """Return whether a run has nothing to do; it ends at once."""
    run = extracted(home, connector)
    found = pipeline.is_idle(run, home)
    pipeline.finish(run, home)
    return found


def test_a_changed_item_is_to_be_looked_at(home):
    assert is_idle(home, home.connector())
    home.rows[0]["price"] = "77"
    assert not is_idle(home, home.connector())


@pytest.mark.parametrize("operation", ["test", "live"])
def test_an_item_that_left_is_dealt_with_if_the_connector_says_so(home, operation):
    for how, idle in {"keep": True, "zero_quantity": False}.items():
        connector = home.connector(sync={"when_removed": how})
        home.run(connector, params={"operation": operation})
        assert is_idle(home, connector)
        left = home.rows.pop()
        assert is_idle(home, connector) is idle, how
        home.rows.append(left)


def test_all_items_together_are_checked_again_when_one_is_missing(home):
    whole = {"expectation": "expect_table_row_count_to_be_between", "min_value": 1}
    connector = home.connector(quality=[whole])
    home.run(connector)
    assert is_idle(home, connector)
    home.rows.pop()
    assert not is_idle(home, connector)


def test_a_feed_of_an_earlier_run_is_asked_about(home):
    connector = home.connector()
    run = extracted(home, connector)
    listings = ListingScope.of(connector, home.account(connector).seller_id)
    open_feed(home.ledger, listings, pipeline.number_of(run, home.ledger), "document", [])
    pipeline.finish(run, home)
    assert not is_idle(home, connector)


def test_after_a_run_that_failed_nothing_is_skipped(home):
    run = extracted(home, home.connector())
    pipeline.finish(run, home, unfinished=["test_sync"])
    assert not is_idle(home, home.connector())


def test_an_attempt_that_was_tested_before_is_tested_again(home):
    run = extracted(home, home.connector())
    pipeline.check_quality(run, home)
    pipeline.test(run, home)
    pipeline.extract(run, home)
    assert not pipeline.is_idle(run, home)
