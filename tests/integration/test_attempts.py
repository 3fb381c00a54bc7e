"""The second try: a whole run or one task is cleared, with fewer, equal, more or no items than before."""

import os
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import select

from amazon_listings.airflow_adapter.tasks import WITH_ITEMS
from amazon_listings.ledger.database import open_ledger
from amazon_listings.ledger.runs.history import find_run, recent_runs
from amazon_listings.ledger.tables import item_states
from amazon_listings.ledger.writes.before_images import count_written
from amazon_listings.messages import catalogue
from support.faults import backpacks, waits_moved

pytestmark = pytest.mark.timeout(300)

PASSES = {
    "equal": ("LUM-B101", "LUM-B102"),
    "fewer": ("LUM-B101",),
    "more": ("LUM-B101", "LUM-B102", "LUM-B103"),
}
#: The tasks that a person may clear without making the run begin again.
TASKS = ("extract_products", "check_quality", "map_fields", "test_sync", "approve", "live_sync", "report")
#: The products of the families.
FAMILIES = (1025, 1026)


@pytest.fixture
def ledger(trial):
    engine = open_ledger(trial.environment["AMAZON_LISTINGS_LEDGER"])
    yield engine
    engine.dispose()


def cleared(trial, run, *names, **params):
    with waits_moved(trial.sandbox.url):
        return trial.bench.clear(trial.name, run, *names, operation="live", **params)


def reports(trial, run):
    folder = trial.folder(run).parent
    return sorted(path.parts[-3] for path in folder.glob("attempt-*/report/report.html"))


@pytest.mark.parametrize("items", PASSES)
def test_a_cleared_run_is_a_second_attempt_beside_the_first(trial, ledger, items):
    first = trial.run()
    assert first.errors == {}, first.sentences
    before = find_run(ledger, first.run_id)
    kept = trial.folder(first).joinpath("report", "items.csv").read_bytes()
    wrote = count_written(ledger, before.number)
    assert wrote
    chosen = {"filter": f"{{{{ item.reference[:8] in {list(PASSES[items])} }}}}"}
    trial.bench.declare(backpacks(sales_layer=chosen))
    again = cleared(trial, first, selection="everything")
    assert again.errors == {}, again.sentences
    runs = {one.attempt: one for one in recent_runs(ledger, trial.name)}
    assert set(runs) == {0, 1}
    assert runs[0] == before
    assert runs[1].state == "settled"
    assert count_written(ledger, before.number) == wrote
    assert trial.folder(first).joinpath("report", "items.csv").read_bytes() == kept
    assert reports(trial, first) == ["attempt-0", "attempt-1"]
    assert again.results["refresh_definition"]["attempt"] == 1


def test_the_first_task_cleared_alone_begins_no_attempt_that_never_ends(trial, ledger):
    first = trial.run()
    before = recent_runs(ledger, trial.name)
    kept = trial.folder(first).joinpath("report", "items.csv").read_bytes()
    again = cleared(trial, first, "refresh_definition")
    assert again.errors == {}, again.sentences
    assert again.results["refresh_definition"] == first.results["refresh_definition"]
    assert recent_runs(ledger, trial.name) == before
    assert trial.folder(first).joinpath("report", "items.csv").read_bytes() == kept
    trial.folder(first).joinpath("definitions.json").unlink()
    gone = cleared(trial, again, "refresh_definition")
    assert "den ganzen Lauf zurück" in gone.sentences["refresh_definition"]
    assert recent_runs(ledger, trial.name) == before


def test_tasks_after_the_first_go_on_with_the_attempt_that_ended(trial, ledger):
    again = cleared(trial, trial.run(), "refresh_definition")
    later = cleared(trial, again, "extract_products")
    assert later.errors == {}, later.sentences
    assert [one.state for one in recent_runs(ledger, trial.name)] == ["settled"]


def test_a_second_attempt_with_nothing_to_do_ends_well(trial, ledger):
    first = trial.run()
    again = cleared(trial, first)  # nothing changed in the PIM since
    assert again.errors == {}, again.sentences
    assert {name for name, state in again.states.items() if state == "skipped"} == set(WITH_ITEMS)
    assert again.results["extract_products"]["parts"] == []
    assert again.report["extracted"] == 0
    latest = find_run(ledger, first.run_id)
    assert (latest.attempt, latest.state) == (1, "settled")
    assert count_written(ledger, latest.number) == 0
    assert count_written(ledger, find_run(ledger, first.run_id, attempt=0).number)


def goes_on(trial, ledger, run, number, *names):
    """Clear tasks of a run; nothing that it has sent is sent again."""
    again = cleared(trial, run, *names)
    assert again.errors == {}, (names, again.sentences)
    latest = find_run(ledger, run.run_id)
    assert (latest.number, latest.attempt, latest.state) == (number, 0, "settled"), names
    return again


def sent_by(run):
    return {kind: run.report["calls"].get(kind, 0) for kind in ("creations", "updates", "feeds")}


def test_tasks_that_are_cleared_go_on_with_their_attempt(trial, ledger):
    """Each alone, and with those that follow it; what is read again is as Amazon has it, and was sent."""
    first = trial.run()
    number = find_run(ledger, first.run_id).number
    trial.forget()
    for names in [(one,) for one in TASKS] + [TASKS[TASKS.index("test_sync") :], TASKS]:
        again = goes_on(trial, ledger, first, number, *names)
        assert again.report["counts"] == first.report["counts"], names
        assert sent_by(again) == sent_by(first), names
    assert trial.writes() == []


def test_an_extract_that_finds_fewer_items_says_what_was_sent_before(trial, ledger):
    first = trial.run()
    number = find_run(ledger, first.run_id).number
    trial.forget()
    trial.edit("products", 1026, status="I")
    again = goes_on(trial, ledger, first, number, *TASKS)
    gone = sorted(sku for sku in _skus(ledger) if sku.startswith("LUM-B102") and trial.held(sku))
    assert gone
    assert again.report["counts"]["accepted"] == first.report["counts"]["accepted"] - len(gone)
    page = (trial.folder(first) / "report" / "report.html").read_text("utf-8")
    assert catalogue("de").phrase("report.sent_before", count=len(gone), skus=", ".join(gone)) in unescape(
        page
    )
    assert count_written(ledger, number) == first.report["counts"]["accepted"]
    assert trial.writes() == []
    trial.edit("products", 1026, status="V")
    again = goes_on(trial, ledger, first, number, *TASKS)
    assert again.report["counts"] == first.report["counts"]


def test_an_extract_that_finds_more_items_sends_those(trial, ledger):
    trial.edit("products", 1026, status="I")
    first = trial.run()
    number = find_run(ledger, first.run_id).number
    trial.forget()
    trial.edit("products", 1026, status="V")
    again = goes_on(trial, ledger, first, number, *TASKS)
    more = len([sku for sku in _skus(ledger) if sku.startswith("LUM-B102") and trial.held(sku)])
    assert len(trial.writes()) == more > 0
    assert again.report["counts"]["accepted"] == first.report["counts"]["accepted"] + more


def test_an_extract_that_finds_nothing_fails_and_forgets_nothing(trial, ledger):
    first = trial.run()
    number = find_run(ledger, first.run_id).number
    wrote = count_written(ledger, number)
    for product in FAMILIES:
        trial.edit("products", product, status="I")
    empty = cleared(trial, first, *TASKS)
    assert set(empty.errors) == {"extract_products", "report"}, empty.sentences
    assert "PIM" in empty.sentences["extract_products"]
    assert count_written(ledger, number) == wrote
    for product in FAMILIES:
        trial.edit("products", product, status="V")
    again = goes_on(trial, ledger, first, number, *TASKS)
    assert again.report["counts"] == first.report["counts"]


def test_a_run_of_deletions_alone_takes_them_off(trial, ledger):
    document = backpacks(sync={"when_removed": "delete", "removed_share": 1})
    trial.bench.declare(document)
    first = trial.run(selection="everything")
    assert first.errors == {}, first.sentences
    with ledger.connect() as connection:
        named = connection.execute(select(item_states.c.pim_id, item_states.c.sku)).all()
    entry = next(row for row in named if row.sku and trial.held(row.sku))
    table, identity = entry.pim_id.split("/")
    trial.edit(table, int(identity), status="D") if identity.isdigit() else None
    again = trial.run()
    assert again.errors == {}, again.sentences
    assert again.states["test_sync"] == "success"
    for names in (("live_sync",), ("test_sync", "approve", "live_sync"), ("test_sync",)):
        trial.forget()
        repeated = cleared(trial, again, *names)
        assert repeated.errors == {}, repeated.sentences
        assert repeated.report["counts"] == again.report["counts"], names
        assert trial.writes() == []
    trial.edit(table, int(identity), status="V")


def test_a_latest_attempt_that_wrote_nothing_names_those_that_did(trial, ledger):
    first = trial.run()
    cleared(trial, first)  # nothing changed in the PIM since
    command = [str(Path(sys.executable).parent / "amazon-listings"), "--language", "en", "rollback"]
    shown = subprocess.run(
        [*command, "--run", first.run_id],
        env=os.environ | trial.environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert shown.returncode == 1
    assert "Other attempts of this run wrote: 0." in shown.stderr


def test_all_attempts_of_a_run_are_taken_back(trial, ledger):
    """The newest first, so that each finds what it had left."""
    first = trial.run()
    skus = [sku for sku in _skus(ledger) if trial.held(sku)]
    trial.reprice("{{ item.price | number + 1 }}")
    again = cleared(trial, first, selection="everything")
    assert again.report["counts"]["accepted"] == len(skus) > 0
    command = [str(Path(sys.executable).parent / "amazon-listings"), "--language", "en", "rollback"]
    done = subprocess.run(
        [*command, "--run", first.run_id, "--all-attempts", "--yes"],
        env=os.environ | trial.environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert {sku for sku in skus if trial.held(sku)} == set(), "the run had made them"


def _skus(ledger):
    with ledger.connect() as connection:
        return list(connection.scalars(select(item_states.c.sku).where(item_states.c.sku.is_not(None))))
