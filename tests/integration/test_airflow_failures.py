"""What goes wrong ends in one sentence, in the task's log and in the report, and changes nothing."""

import html
import json
import re
import sqlite3
from contextlib import closing

import pytest
import requests

from amazon_listings.web.app import create_app
from support.traces import check_shown, check_written, check_xcoms

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(900)]

#: Connector -> the task that fails, and words of its sentence: what is wrong, and who does what; in the
#: language of the connector.
SENTENCES = {
    "wrong_secret": ("refresh_definition", ["Client Secret"]),
    "wrong_client": ("refresh_definition", ["Client"]),
    "expired_secret": (
        "refresh_definition",
        ["Das Client Secret ist älter als seine 180 Tage", "muss das Client Secret erneuern"],
    ),
    "wrong_country": (
        "refresh_definition",
        ["The account does not sell on amazon.ie; it sells on: amazon.ae, ", "correct the country"],
    ),
    "revoked": ("refresh_definition", ["Refresh-Token"]),
    "wrong_vendor": ("refresh_definition", ["WRONG"]),
    "wrong_seller": ("refresh_definition", ["A1SOMEBODYELSE"]),
    "wrong_type": ("refresh_definition", ["NOSUCHTYPE"]),
    "no_connection": (
        "refresh_definition",
        ["Es gibt keine Airflow-Verbindung 'never_made'.", "Legen Sie sie unter Admin, Connections"],
    ),
    "pim_refuses": (
        "extract_products",
        ["Sales Layer (127.0.0.1) lehnt die Zugangsdaten ab", "Airflow-Verbindung pim_refuses"],
    ),
    "empty": ("extract_products", ["Das PIM hat keinen Artikel für den Konnektor empty", "Prüfen Sie"]),
    "over_limit": ("extract_products", ["darf 3 SKUs haben", "Erhöhen Sie `sku_limit` in "]),
    "no_field": ("check_quality", ["Produktnahme", "Produktname"]),
}
PASSING = "Sales Layer (127.0.0.1) antwortet immer wieder mit HTTP 503."
#: Of connectors with a German locale, and with an English one.
FAILED = ("Der Lauf kam nicht zu seinem Ende.", "The run did not come to its end.")


@pytest.fixture(params=SENTENCES)
def failed(request, house, failing):
    """A connector that went wrong: its run, the task that failed and the words to look for."""
    run = house.finish(failing[request.param])
    return run, *SENTENCES[request.param]


def errors(run, task_id, attempt=1):
    """The error lines of a task's log, without Airflow's own notice that the task exited."""
    lines = run.log(task_id, attempt=attempt)
    return [line for line in lines if line.get("level") == "error" and line["event"] != "Task exited"]


def report_of(house, run):
    (folder,) = (house.home / "storage" / "runs" / run.dag_id.removeprefix("amazon_")).iterdir()
    return folder / "attempt-0" / "report"


def test_one_sentence_and_no_stack_trace(failed):
    run, task_id, words = failed
    assert run.state == "failed"
    assert run.states[task_id] == "failed"
    assert run.tries(task_id) == 1, "retries cannot help"
    (line,) = errors(run, task_id)
    for word in words:
        assert word in line["event"], line["event"]
    assert not line.get("error_detail")
    assert "Traceback" not in run.said(task_id)


def test_the_report_says_it_too_and_fails(house, failed):
    run, _, words = failed
    assert run.states["report"] == "failed"
    (line,) = errors(run, "report")
    assert line["event"].startswith(FAILED)
    report = report_of(house, run)
    kept = json.loads((report / "report.json").read_text("utf-8"))
    page = html.unescape((report / "report.html").read_text("utf-8"))
    for word in words:
        assert word in line["event"]
        assert word in str(kept)
        assert word in page


def test_later_tasks_do_not_run(failed):
    run, _, _ = failed
    assert run.states["live_sync"] == "upstream_failed"
    assert run.states["test_sync"] == "upstream_failed"


def test_what_passes_by_itself_is_tried_again_then_told(house, failing, pim_down):
    run = house.finish(failing["pim_silent"])
    assert run.state == "failed"
    assert run.tries("extract_products") == 4
    assert pim_down.asked >= 4
    for attempt in (1, 2, 3, 4):
        (line,) = errors(run, "extract_products", attempt)
        assert line["event"].startswith(PASSING)
        assert not line.get("error_detail")
    assert run.tries("refresh_definition") == 1
    assert PASSING in errors(run, "report")[0]["event"]


def test_amazon_and_the_ledger_are_as_they_were(house, failing):
    runs = [house.finish(run) for run in failing.values()]
    assert {run.state for run in runs} == {"failed"}
    names = {run.dag_id.removeprefix("amazon_") for run in runs}
    with closing(sqlite3.connect(house.home / "ledger.db")) as ledger:
        known = ledger.execute("SELECT id, connector_key, state, cursor FROM runs").fetchall()
        submitted = {run for (run,) in ledger.execute("SELECT run FROM submissions")}
    theirs = [row for row in known if row[1] in names]
    assert theirs
    for run, _, state, cursor in theirs:
        assert (state, cursor) == ("failed", None)
        assert run not in submitted


@pytest.fixture(scope="module")
def door(house):
    """Ask the pages of the running Airflow as an administrator, or with other headers."""
    house.airflow.call("GET", "/dags")  # signs in
    signed_in = {"Authorization": f"Bearer {house.airflow.token}"}

    def ask(method, path, headers=signed_in):
        return requests.request(
            method, f"{house.airflow.url}/amazon-listings{path}", headers=headers, timeout=60
        )

    return ask


def test_no_page_is_kept_by_browsers(house, failing, door):
    run = house.finish(failing["wrong_secret"])
    place = f"/reports/{run.dag_id}/{run.run_id}"
    for path in (place, f"{place}/items.csv", "/", f"/dags/{run.dag_id}/items", "/items"):
        found = door("GET", path)
        assert (found.status_code, found.headers["Cache-Control"]) == (200, "no-store"), path


@pytest.mark.parametrize("dag_id", ["fr_lamps", "amazon_fr_lamps", "wrong_secret"])
@pytest.mark.parametrize("address", ["/reports/{}/{}", "/reports/{}/{}/items.csv", "/quality/{}/index.html"])
def test_what_is_no_connectors_dag_has_no_report(house, failing, door, dag_id, address):
    run = house.finish(failing["wrong_secret"])
    assert door("GET", address.format(dag_id, run.run_id)).status_code == 404


def test_every_route_that_changes_something_refuses_other_origins(house, door):
    changing = [
        (method, re.sub(r"{[^}]*}", "x", route.path))
        for route in create_app().routes
        for method in getattr(route, "methods", None) or ()
        if method not in {"GET", "HEAD", "OPTIONS"}
    ]
    assert len(changing) > 10
    for method, path in changing:
        for site in ({"Origin": "http://evil.test"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = door(method, path, headers=site | {"Cookie": f"_token={house.airflow.token}"})
            assert (answer.status_code, answer.json()) == (403, {"detail": "other origin"}), path


def test_no_failed_run_leaves_a_secret_or_a_large_xcom(house, failing):
    runs = [house.finish(run) for run in failing.values()]
    check_xcoms(runs)
    check_written(house)
    check_shown(runs)
