"""The tasks themselves, one after the other in this process; the sandbox answers."""

import json
import socket
import threading
from datetime import UTC, datetime, timedelta

import pytest

from amazon_listings.airflow_adapter.failures import TaskStopped
from amazon_listings.errors import ActionRequiredError
from spapi_sandbox.server import running_sandbox
from support.airflow import amazon_connection, demo_connector, pim_connection
from support.airflow_tasks import Bench

CHOSEN = "{{ item.reference[:8] == 'LUM-B101' }}"


@pytest.fixture(scope="module")
def shared():
    with running_sandbox(quotas=False) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared):
    shared.reset()
    shared.control("quotas", enabled=False)
    return shared


@pytest.fixture
def bench(sandbox, tmp_path):
    """Runs a connector of one family; keywords change its Amazon connection's extra fields."""

    def bench(**extra):
        connections = {
            "demo_amazon": amazon_connection(sandbox, extra=extra),
            "demo_sales_layer": pim_connection(sandbox),
        }
        bench = Bench(tmp_path, connections)
        bench.declare(demo_connector("de_backpacks", "packs", sales_layer={"filter": CHOSEN}))
        return bench

    return bench


def note(bench, run, name):
    folder = bench.home / "storage" / "runs" / "packs" / run.run_id / "attempt-0"
    return json.loads((folder / f"{name}.json").read_text("utf-8"))


def test_a_secret_that_expires_soon_is_a_warning_of_the_run(bench):
    created = datetime.now(UTC).date() - timedelta(days=170)
    one = bench(secret_created=created.isoformat())
    run = one.run("packs")
    assert run.errors == {}
    ends = created + timedelta(days=180)
    assert [
        text
        for text in note(one, run, "report")["summary"]["warnings"]
        if f"läuft am {ends:%d.%m.%Y} ab" in text
    ]


def test_a_definition_that_is_not_what_amazon_announced_is_not_used(bench, sandbox):
    """Whole and readable, but not the document whose checksum the answer named."""
    one = bench()
    sandbox.fault("documents", "invalid_json", times=50, body='{"properties": {}}')
    run = one.run("packs")
    assert set(run.errors) == {"refresh_definition", "report"}
    assert isinstance(run.errors["refresh_definition"], TaskStopped)
    assert "BACKPACK" in run.sentences["refresh_definition"]
    assert run.sentences["refresh_definition"] in run.sentences["report"]
    assert "putListingsItem" not in sandbox.counters()["operations"]


def test_a_connector_that_is_gone_says_so(bench):
    one = bench()
    run = one.run("nobody")
    for sentence in run.sentences.values():
        assert "There is no connector 'nobody'." in sentence
    assert isinstance(run.errors["refresh_definition"].cause, ActionRequiredError)


def test_a_connector_that_was_broken_meanwhile_says_how(bench):
    one = bench()
    one.declare(demo_connector("de_backpacks", "packs", amazon={"country": "DEU"}))
    run = one.run("packs")
    assert "DEU" in run.sentences["refresh_definition"]


def test_an_account_that_was_revoked_between_test_and_submission(bench, sandbox):
    """What was accepted is kept, the rest is told; the next run sends it."""
    one = bench()
    sandbox.fault("putListingsItem", "status", status=403, skip=3, times=50)
    run = one.run("packs", operation="live")
    assert run.states["report"] == "failed"
    (failed,) = {name for name, state in run.states.items() if state == "failed"} - {"report"}
    assert failed in {"test_sync", "live_sync"}
    sandbox.control("reset")
    sandbox.control("quotas", enabled=False)
    again = one.run("packs", operation="live", selection="changed")
    assert again.errors == {}, again.sentences
    counts = again.report["counts"]
    assert (
        counts["accepted"] + counts["unchanged"] + counts["blocked"] + counts["rejected"]
        == again.report["extracted"]
    )


@pytest.fixture
def dead_ledger():
    """The URL of a database that hangs up, and the list of those who called."""
    callers = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up():
            while True:
                try:
                    caller, _ = listener.accept()
                except OSError:
                    return
                callers.append(caller.getpeername())
                caller.close()

        threading.Thread(target=hang_up, daemon=True).start()
        port = listener.getsockname()[1]
        yield f"postgresql://nobody@127.0.0.1:{port}/none?sslmode=disable&gssencmode=disable", callers


def test_a_ledger_that_is_down_is_asked_once_and_said_in_the_connector_s_language(tmp_path, dead_ledger):
    url, callers = dead_ledger
    bench = Bench(tmp_path, {}, AMAZON_LISTINGS_LEDGER=url)
    bench.declare(demo_connector("de_backpacks", "packs"))
    run = bench.run("packs")
    assert "Das Ledger" in run.sentences["refresh_definition"]
    assert len(callers) == len(run.errors), run.errors
