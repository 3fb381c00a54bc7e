"""A connector's life in a running Airflow: everything, what changed, named SKUs, a test, a backfill."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from amazon_listings.airflow_adapter.tasks import WITH_ITEMS
from amazon_listings.messages import catalogue
from spapi_sandbox.catalogue.catalogue import load
from support.airflow import CONFIRMED, DAILY_AT, FAMILIES, Run
from support.traces import check_shown, check_written, check_xcoms

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(900)]

#: The families' products, and a variant to be edited.
EDITED_FAMILY, EDITED_VARIANT = 1026, 5055
FAMILY_OF_EDITED = {"LUM-B102-BLK", "LUM-B102-FOR"}
NAMED = "LUM-B101-BLK"
#: The day before nothing changed in the PIM, at this one's end a product.
BACKFILL = tuple(datetime(2026, 10, day, DAILY_AT, tzinfo=UTC) for day in (20, 21))


def outcomes(run):
    """SKU -> outcome, as the report has it; `amazon_confirm` may have read back since what was accepted."""
    place = run.result("report")["files"]["items.csv"].removeprefix("file://")
    with Path(place).open(encoding="utf-8-sig", newline="") as file:
        rows = [(row["sku"], row["outcome"]) for row in csv.DictReader(file)]
    return {sku: "accepted" if outcome in CONFIRMED else outcome for sku, outcome in rows}


def writes(house):
    """Previews and submissions that Amazon has seen."""
    calls = house.calls()
    return calls.get("putListingsItem", 0) + calls.get("patchListingsItem", 0)


class Step:
    """A finished run, with the calls to Amazon's listings that were made meanwhile."""

    def __init__(self, house, run, before):
        self.run = run
        self.writes = writes(house) - before
        self.outcomes = outcomes(run)


@pytest.fixture(scope="module")
def do(house):
    def do(start):
        before = writes(house)
        return Step(house, start(), before)

    return do


@pytest.fixture(scope="module")
def first(house, do):
    """The first scheduled run of a DAG: unpaused a minute before its time, it runs at its time.

    A Variable changes the schedule for that; afterwards it is daily again, as the backfill's intervals are.
    """
    dag = "/dags/amazon_packs"
    before = house.airflow.call("GET", dag)["timetable_summary"]
    moment = (datetime.now(UTC) + timedelta(seconds=90)).replace(second=0, microsecond=0)
    cron = f"{moment.minute} {moment.hour} * * *"
    variable = {"key": "amazon_connector_packs", "value": json.dumps({"sync": {"schedule": cron}})}
    house.airflow.call("POST", "/variables", json=variable)

    def is_scheduled(summary):
        house.parse("amazon_packs")
        house.wait_until(
            lambda: house.airflow.call("GET", dag)["timetable_summary"] == summary, "the schedule stayed"
        )

    def scheduled():
        is_scheduled(cron)
        house.unpause("packs")
        (run,) = house.wait_until(lambda: house.runs("packs", "scheduled"), "no scheduled run")
        due = datetime.fromisoformat(house.airflow.call("GET", run.path)["run_after"])
        assert due == moment, "not an interval of the past"
        return house.finish(run)

    step = do(scheduled)
    house.airflow.call("DELETE", "/variables/amazon_connector_packs")
    is_scheduled(before)
    return step


@pytest.fixture(scope="module")
def changed(house, do, first):
    house.edit("variants", EDITED_VARIANT, values={"price": "61.90"})
    return do(lambda: house.run("packs", operation="live"))


@pytest.fixture(scope="module")
def idle(house, do, changed):
    return do(lambda: house.run("packs", operation="live"))


@pytest.fixture(scope="module")
def named(house, do, idle):
    return do(lambda: house.run("packs", operation="live", skus=[NAMED], force=True))


@pytest.fixture(scope="module")
def tested(house, do, named):
    house.edit("variants", EDITED_VARIANT, values={"price": "64.90"})
    return do(lambda: house.run("packs", operation="test", selection="everything"))


@pytest.fixture(scope="module")
def backfilled(house, tested):
    """The runs of `airflow backfill create`, by interval; how the command ended."""
    since, until = (day.isoformat() for day in BACKFILL)
    command = ["backfill", "create", "--dag-id", "amazon_packs", "--from-date", since, "--to-date", until]
    command += ["--dag-run-conf", json.dumps({"force": True})]
    dry = house.command(*command, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert house.runs("packs", "backfill") == []
    made = house.command(*command)
    assert made.returncode == 0, made.stderr
    runs = house.wait_until(lambda: house.runs("packs", "backfill"), "no backfill run")
    return [house.finish(run) for run in runs]


def test_a_first_scheduled_run_takes_everything(first):
    assert first.run.state == "success"
    assert set(first.run.states.values()) == {"success"}
    assert {sku[:8] for sku in first.outcomes} == set(FAMILIES)
    assert "accepted" in first.outcomes.values()
    extract = first.run.result("extract_products")
    assert extract["extracted"] == len(first.outcomes)
    assert (
        sum(first.run.result("report")["counts"].values()) == extract["extracted"] + extract["out_of_scope"]
    )


def test_items_travel_in_parts(house, first):
    parts = first.run.result("extract_products")["parts"]
    assert len(parts) > 1
    mapped = [one for one in first.run.tasks if one["task_id"] == "map_fields"]
    assert [one["rendered_map_index"] for one in mapped] == parts


def test_the_note_of_a_run_and_the_event_of_its_listings_carry_counts(house, changed):
    counts = changed.run.result("report")["counts"]
    note = house.wait_until(lambda: house.airflow.call("GET", changed.run.path)["note"], "no note")
    assert note == f"Amazon: {changed.run.result('report')['note']}"
    assert all(str(count) in note for count in counts.values() if count)
    of_run = {"source_dag_id": "amazon_packs", "source_run_id": changed.run.run_id}
    (event,) = house.airflow.call("GET", "/assets/events", params=of_run)["asset_events"]
    assert event["extra"]["counts"] == changed.run.result("live_sync")


def test_the_next_run_takes_what_changed_and_sends_what_differs(changed):
    assert changed.run.state == "success"
    assert set(changed.outcomes) == FAMILY_OF_EDITED
    assert changed.outcomes["LUM-B102-BLK"] == "accepted"
    assert changed.outcomes["LUM-B102-FOR"] == "unchanged"
    assert changed.writes == 2, "a preview and a submission of one item"
    assert "Umfang: was sich im PIM seit dem" in changed.run.said("refresh_definition")


def test_nothing_changed_costs_no_call(idle):
    """What changed within the overlap of the PIM's clock is read once more, and leaves at the extract."""
    assert idle.run.state == "success"
    assert set(idle.outcomes.values()) <= {"unchanged"}
    assert idle.writes == 0
    skipped = {task for task, state in idle.run.states.items() if state == "skipped"}
    assert skipped == set(WITH_ITEMS), "the others have ended well"
    assert "Es gibt nichts zu tun" in idle.run.said("extract_products")
    assert idle.run.result("extract_products")["parts"] == []


def test_a_run_that_sends_nothing_updates_no_listings(house, idle):
    of_run = {"source_dag_id": "amazon_packs", "source_run_id": idle.run.run_id}
    assert house.airflow.call("GET", "/assets/events", params=of_run)["asset_events"] == []
    note = house.wait_until(lambda: house.airflow.call("GET", idle.run.path)["note"], "no note")
    assert note == f"Amazon: {idle.run.result('report')['note']}"


def test_a_task_that_was_skipped_runs_when_it_is_cleared(house, idle):
    """With those that follow it, and leads to the same report."""
    body = {"task_ids": ["check_quality"], "dag_run_id": idle.run.run_id, "dry_run": False}
    body |= {"include_downstream": True, "only_failed": False}
    house.airflow.call("POST", "/dags/amazon_packs/clearTaskInstances", json=body)
    again = house.finish(Run(house.airflow, "amazon_packs", idle.run.run_id, ""))
    assert {task: state for task, state in again.states.items() if state != "success"} == {
        "map_fields": "skipped"
    }
    assert again.result("report")["counts"] == idle.run.result("report")["counts"]


def test_named_skus_are_sent_again_by_force(named):
    assert named.outcomes == {NAMED: "accepted"}
    assert named.writes == 2
    assert "Umfang: nur die genannten SKUs (1)." in named.run.said("refresh_definition")


def test_a_test_of_a_live_connector_submits_nothing(house, tested):
    assert tested.run.state == "success"
    assert tested.run.states["live_sync"] == "skipped"
    assert "Es wird nichts gefragt und nichts eingereicht." in tested.run.said("approve")
    assert tested.outcomes["LUM-B102-BLK"] == "ready"
    assert set(tested.outcomes.values()) == {"ready", "unchanged"}
    assert tested.writes == 1, "the preview of the item that differs"


def expected_in(since, until):
    """SKUs of the families with a change in the interval, by the catalogue's own dates."""
    skus = set()
    products = load()
    for product in products.entries("products"):
        if product.ref not in FAMILIES:
            continue
        variants = [one for one in products.variants_of(product.id) if one.status == "V"]
        moments = [datetime.fromtimestamp(one.modified, UTC) for one in (product, *variants)]
        if any(since <= moment < until for moment in moments):
            skus |= {one.ref for one in variants}
    return skus


def test_a_backfill_takes_what_changed_in_its_intervals(backfilled):
    assert [run.state for run in backfilled] == ["success", "success"]
    found = [set(outcomes(run)) for run in backfilled]
    day = timedelta(days=1)
    assert found == [expected_in(BACKFILL[0] + n * day, BACKFILL[0] + (n + 1) * day) for n in range(2)]
    assert found[1], "choose days on which something changed"
    assert set(outcomes(backfilled[1]).values()) == {"accepted"}, "sent again, because the command said force"
    for run, n in zip(backfilled, range(2), strict=True):
        since = BACKFILL[0] + n * day
        scope = catalogue("de").phrase("scope.interval", since=since, until=since + day)
        assert f"Umfang: {scope}." in run.said("refresh_definition")


def test_a_backfill_does_not_move_the_cursor(house, backfilled):
    """What was edited before the backfill is still waiting for the next run."""
    before = writes(house)
    step = Step(house, house.run("packs", operation="live"), before)
    assert set(step.outcomes) == FAMILY_OF_EDITED
    assert step.outcomes["LUM-B102-BLK"] == "accepted"


def test_a_variable_changes_the_schedule_without_a_deploy(house):
    dag = "/dags/amazon_renamed"
    assert house.airflow.call("GET", dag)["timetable_summary"] in {None, "None"}
    patch = {"title": "Renamed", "sync": {"schedule": "30 4 * * 1"}}
    body = {"key": "amazon_connector_renamed", "value": json.dumps(patch)}
    house.airflow.call("POST", "/variables", json=body)
    house.parse("amazon_renamed")
    seen = house.wait_until(
        lambda: (now := house.airflow.call("GET", dag))["dag_display_name"] == "Renamed" and now,
        "the Variable was not seen",
    )
    assert seen["timetable_summary"] == "30 4 * * 1"


def test_a_broken_variable_is_an_import_error_and_the_others_stay(house, first):
    body = {"key": "amazon_connector_alone", "value": json.dumps({"amazon": {"country": "FRA"}})}
    house.airflow.call("POST", "/variables", json=body)
    (error,) = house.wait_until(
        lambda: house.airflow.call("GET", "/importErrors")["import_errors"], "no import error"
    )
    assert error["filename"].endswith("connector_errors.py")
    assert "amazon_connector_alone" in error["stack_trace"]
    assert "FRA" in error["stack_trace"]
    house.airflow.call("DELETE", "/variables/amazon_connector_alone")
    house.wait_until(
        lambda: not house.airflow.call("GET", "/importErrors")["import_errors"], "the error stayed"
    )
    assert not house.airflow.call("GET", "/dags/amazon_packs")["is_stale"]


def test_xcom_holds_references_and_counts(house, backfilled):
    check_xcoms([*house.runs("packs", "scheduled"), *house.runs("packs", "manual")])


def test_no_secret_in_anything_that_was_written(house, backfilled):
    check_written(house)


def test_no_secret_in_what_airflow_shows(house, backfilled):
    check_shown(house.runs("packs", "manual"))
