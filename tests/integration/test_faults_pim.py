"""What goes wrong at the PIM, in both of its APIs, through whole runs of the tasks."""

import pytest
import requests

from support.faults import Trial, backpacks, decision, told

pytestmark = pytest.mark.timeout(300)

READY = 4
APIS = ("rest", "connector")


@pytest.fixture
def trial(shared, tmp_path):
    """A trial whose PIM is read by the API named."""
    shared.reset()
    requests.post(f"{shared.url}/sales_layer/_control/reset", json={}, timeout=30).raise_for_status()

    def trial(api="rest", **changes):
        pim = {}
        if api == "connector":
            pim = {
                "host": f"{shared.url}/sales_layer/connector",
                "password": "sandbox-connector-secret",
                "extra": {"api": "connector", "code": "CNSANDBOX"},
            }
        return Trial(shared, tmp_path, pim=pim, **changes)

    return trial


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503, "times": 2},
        {"kind": "reset"},
        {"kind": "truncate", "times": 2},
        {"kind": "body", "body": "<html><body>Bad gateway</body></html>"},
        {"kind": "error", "code": 14},
    ],
    ids=lambda fault: fault["kind"],
)
def test_what_passes_by_itself_ends_well(trial, api, fault):
    one = trial(api)
    one.pim_fault(api, **fault)
    run = one.run()
    assert run.errors == {}, run.sentences
    assert run.report["extracted"] == READY
    # The demo's mapping is written for the names that the REST API gives the fields.
    assert run.report["counts"]["accepted"] == (READY if api == "rest" else 0)


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "status", "status": 500}, ["HTTP 500"]),
        ({"kind": "reset"}, ["broke off"]),
        # What was compressed cannot be unpacked when it is cut off.
        ({"kind": "truncate"}, ["cut off or not JSON", "cannot be unpacked"]),
        ({"kind": "body", "body": "<html>"}, ["cut off or not JSON"]),
        ({"kind": "body", "body": "[1, 2]"}, ["not a JSON object"]),
    ],
    ids=["500", "reset", "cut off", "no JSON", "no object"],
)
def test_what_lasts_is_tried_again_by_the_task_and_changes_nothing(trial, api, fault, words):
    one = trial(api)
    one.pim_fault(api, times=1000, **fault)
    run = one.run()
    assert decision(run, "extract_products") == "retry"
    assert any(word in told(run, "extract_products") for word in words)
    nothing_was_sent(one, run)


def nothing_was_sent(one, run):
    assert run.states["live_sync"] == "upstream_failed"
    assert one.writes() == []
    assert one.note(run, "report")["summary"]["counts"]["accepted"] == 0


def test_error_14_that_lasts_says_what_it_is(trial):
    one = trial("connector")
    one.pim_fault("connector", "error", code=14, times=1000)
    run = one.run()
    assert decision(run, "extract_products") == "retry"
    assert "14" in told(run, "extract_products")
    nothing_was_sent(one, run)


@pytest.mark.parametrize("api", APIS)
def test_a_page_that_is_lost_is_not_the_end_of_the_catalogue(trial, api):
    one = trial(api)
    place = f"{one.sandbox.url}/sales_layer/_control/connector"
    requests.put(place, json={"page_length": 20}, timeout=30).raise_for_status()
    one.pim_fault(api, "lose_page", skip=1, times=1000)
    run = one.run()
    assert decision(run, "extract_products") in {"retry", "fail"}
    assert told(run, "extract_products")
    nothing_was_sent(one, run)


def turn_clock(sandbox, minutes):
    place = f"{sandbox.url}/sales_layer/_control/clock"
    requests.post(place, json={"advance": minutes * 60.0}, timeout=30).raise_for_status()


@pytest.mark.parametrize("minutes", [10, -10])
def test_a_clock_that_is_ten_minutes_off_is_within_what_sales_layer_takes(trial, shared, minutes):
    one = trial("connector")
    turn_clock(shared, minutes)
    run = one.run()
    assert run.errors == {}, run.sentences
    assert run.report["extracted"] == READY


@pytest.mark.parametrize("minutes", [20, -20])
def test_a_clock_that_is_further_off_is_said_to_be(trial, shared, minutes):
    one = trial("connector")
    turn_clock(shared, minutes)
    run = one.run()
    assert decision(run, "extract_products") == "fail"
    assert "Set the clock of the machine that runs Airflow" in told(run, "extract_products")
    nothing_was_sent(one, run)


@pytest.mark.parametrize(
    ("api", "pim"),
    [("rest", {"password": "sandbox-pim-key-not"}), ("connector", {"password": "not-the-secret"})],
)
def test_wrong_credentials_fail_at_once(trial, api, pim):
    one = trial(api)
    place = {"rest": "rest/Catalog", "connector": "connector"}[api]
    extra = {"api": api} | ({"code": "CNSANDBOX"} if api == "connector" else {})
    one = Trial(
        one.sandbox, one.home, pim={"host": f"{one.sandbox.url}/sales_layer/{place}", "extra": extra} | pim
    )
    run = one.run()
    assert decision(run, "extract_products") == "fail"
    assert "demo_sales_layer" in told(run, "extract_products")
    assert pim["password"] not in str(run.sentences)
    nothing_was_sent(one, run)


def test_an_empty_extract_is_refused(trial):
    one = trial(document=backpacks(sales_layer={"filter": "{{ item.reference == 'NOBODY' }}"}))
    run = one.run()
    assert decision(run, "extract_products") == "fail"
    assert "has no item" in told(run, "extract_products")
    nothing_was_sent(one, run)
