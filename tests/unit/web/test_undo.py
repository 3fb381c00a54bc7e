"""Undo in the workbench: which runs, who may, and what the list of runs shows of it."""

import pytest

from amazon_listings.ledger.connectors.keys import resolve_key
from amazon_listings.ledger.runs.history import finish_run, start_run

ORIGIN = {"origin": "http://airflow.test", "accept-language": "fr"}


@pytest.fixture
def undone(filled):
    """A run that took another one back."""
    run = start_run(
        filled,
        connector_key=resolve_key(filled, "lamps"),
        run_id="rollback__1__2026-11-28T05:00:00",
        operation="rollback",
        scope="run 1",
        asked_by="Mia <Müller>",
    )
    finish_run(filled, run, counts={"accepted": 2, "kept": 1}, calls={}, cursor=None, failure=())
    return run


def test_a_run_that_took_another_one_back_is_listed_and_shown(client, undone):
    reader = client("viewer", **ORIGIN)
    activity = reader.get("/activity").text
    assert "annulation" in activity
    assert "par Mia &lt;Müller&gt;" in activity
    page = reader.get("/dags/amazon_lamps/runs/rollback__1__2026-11-28T05:00:00").text
    assert "par Mia &lt;Müller&gt;" in page
    assert "2 acceptés, 1 laissé en l&#39;état" in page
    assert "Ouvrir dans Airflow" not in page  # Airflow does not know it


def test_a_run_that_wrote_nothing_offers_nothing_to_undo(client):
    page = client("editor", **ORIGIN).get("/dags/amazon_lamps/undo", params={"run": 1}).text
    assert "Il n&#39;y a rien à annuler ici." in page
    assert "<form" not in page
    told = client("editor", **ORIGIN).post("/dags/amazon_lamps/undo", json={"run": 1})
    assert told.status_code == 422


def test_a_run_of_another_connector_is_not_found(client):
    assert client("viewer", **ORIGIN).get("/dags/amazon_lamps/undo", params={"run": 1}).status_code == 200
    assert client("viewer", **ORIGIN).get("/dags/amazon_lamps/undo", params={"run": 2}).status_code == 404
