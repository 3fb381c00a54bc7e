"""What is running: its step, how many items are through it, and the time that Amazon's quotas ask for yet."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from sqlalchemy import delete

from amazon_listings.airflow_adapter.api_server import DagState
from amazon_listings.connectors.loader import load_connectors
from amazon_listings.ledger.items.payloads import ItemPayload, ListingScope, record_tested
from amazon_listings.ledger.runs.history import finish_run, start_run
from amazon_listings.runs.folder import RunFolder
from amazon_listings.runs.notes import ApprovalNote, ExtractNote, LiveNote, QualityNote, TestedNote
from amazon_listings.runs.records import MAPPED
from amazon_listings.web.activity import activity_page
from amazon_listings.web.activity.activity_page import upcoming

LISTINGS = ListingScope("lamps", "A1SANDBOXSELLER", "A13V1IB3VIYZZH", "LAMP")
PARTS = ("part-00001.jsonl", "part-00002.jsonl")


@pytest.fixture
def running(client, filled, folder):
    """A run that is going on: its folder, its number, and what its reader is told."""

    def running(operation):
        number = start_run(filled, connector_key="lamps", run_id="now", operation=operation)

        def told():
            (run,) = [one for one in client("viewer").get("/api/runs").json() if one["run_id"] == "now"]
            at = run["progress"]
            return at and (at["step"], f"{at['number']}/{at['of']}", at["done"], at["total"])

        return RunFolder.of(folder.parent / "storage", "lamps", "now"), number, told

    return running


def test_each_step_of_a_test_is_told_with_its_items(client, filled, running):
    at, number, told = running("test")
    assert told() == ("extract", "1/5", None, None)
    at.note(ExtractNote(parts=PARTS, extracted=13, out_of_scope=4, unreadable=1, unchanged=2))
    assert told() == ("quality", "2/5", None, None)
    at.note(QualityNote(checked=10, blocked=2))
    at.write(MAPPED, PARTS[0], [])
    assert told() == ("map", "3/5", 4, 8)
    at.write(MAPPED, PARTS[1], [])
    assert told() == ("test", "4/5", 0, 8)
    record_tested(filled, LISTINGS, "d", [ItemPayload("A-1", "products/1", "h", {})])
    assert told() == ("test", "4/5", 1, 8)
    french = client("viewer", **{"accept-language": "fr"})
    shown = french.get("/activity").text
    assert "étape 4 sur 5" in shown
    assert '<progress max="8" value="1"' in shown
    assert "Temps restant d" in shown
    assert 'data-refresh="5"' in shown
    assert "étape 4 sur 5" in french.get("/dags/amazon_lamps/runs/now").text
    at.note(TestedNote(calls={}))
    assert told() == ("report", "5/5", None, None)
    finish_run(filled, number, counts={"ready": 8}, calls={}, cursor=None, failure=())
    assert told() is None


def test_a_live_run_waits_for_a_decision_and_sends(running):
    at, _, told = running("live")
    at.note(ExtractNote(parts=PARTS[:1], extracted=8, out_of_scope=0))
    at.note(QualityNote(checked=8, blocked=0))
    at.write(MAPPED, PARTS[0], [])
    at.note(TestedNote(calls={}))
    assert told() == ("approve", "5/8", None, None)
    at.note(ApprovalNote(ready=6))
    assert told() == ("send", "6/8", 0, 6)
    at.note(LiveNote(calls={}))
    assert told() == ("report", "8/8", None, None)


def test_a_damaged_note_hides_no_run(client, running):
    at, _, told = running("test")
    (at.stage("") / "extract.json").write_bytes(b'{"format":1,"parts"')
    assert told() is None
    assert client("viewer").get("/activity").status_code == 200


@pytest.fixture
def airflow_run(airflow_database):
    """Keep a run in Airflow's database, in a state, until the test ends."""
    made = []

    def airflow_run(run_id, state):
        with create_session() as session:
            session.add(DagRun(dag_id="amazon_lamps", run_id=run_id, run_type="manual", state=state))
        made.append(run_id)

    yield airflow_run
    with create_session() as session:
        session.execute(delete(DagRun).where(DagRun.run_id.in_(made)))


@pytest.mark.parametrize("state", ["failed", "success"])
def test_a_run_that_airflow_ended_is_not_told_as_running(client, running, airflow_run, state):
    _, _, told = running("live")
    assert told() is not None
    airflow_run("now", state)
    assert told() is None
    (run, _) = client("viewer").get("/api/runs").json()
    assert (run["run_id"], run["state"], run["ended_at"] is None) == ("now", "failed", False)
    assert "before its report" in run["failure"]  # in the reader's language
    (line,) = client("viewer").get("/api/connectors").json()
    assert line["last_run"]["state"] == "failed"


def test_a_run_of_the_command_line_and_one_that_goes_on_are_left_alone(running, airflow_run):
    _, _, told = running("test")  # no DAG run has its id
    assert told() is not None
    airflow_run("now", "running")
    assert told() is not None


def test_a_run_that_was_started_is_told_before_its_first_step(client, filled, airflow_run):
    airflow_run("asked_for", "queued")
    shown = client("viewer").get("/activity", params={"dag": "amazon_lamps"}).text
    assert "A run has been started" in shown
    assert 'data-refresh="5"' in client("viewer").get("/activity").text
    assert "A run has been started" not in client("other").get("/activity").text
    start_run(filled, connector_key="lamps", run_id="asked_for", operation="test")
    assert "A run has been started" not in client("viewer").get("/activity").text


def test_what_comes_next_is_told_the_soonest_first(client, folder, monkeypatch):
    now = datetime.now(UTC)
    known = load_connectors(folder, {}).connectors
    dags = {
        "amazon_elsewhere": DagState("amazon_elsewhere", paused=False, next_run=now + timedelta(hours=1)),
        "amazon_lamps": DagState("amazon_lamps", paused=False, next_run=now + timedelta(hours=2)),
    }
    assert [one.dag_id for one in upcoming(known, dags)] == ["amazon_elsewhere", "amazon_lamps"]
    monkeypatch.setattr(activity_page, "dag_states", lambda: dags)
    shown = client("viewer").get("/activity").text
    assert "Next run" in shown
    assert "amazon_elsewhere" not in shown  # another's
    paused = {name: replace(one, paused=True) for name, one in dags.items()}
    assert upcoming(known, paused) == []
