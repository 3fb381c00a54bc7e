"""The ledger locked, down or in the way; the storage full, refused or gone: told, kept, and set right."""

import os
import re
import shutil
import sqlite3
import subprocess

import pytest
from sqlalchemy import update

from amazon_listings.ledger import database
from amazon_listings.ledger.database import open_ledger
from amazon_listings.ledger.tables import leases
from spapi_sandbox.server import running_sandbox
from support.faults import Trial, decision
from support.kills import WatchedTraffic

pytestmark = pytest.mark.timeout(300)

READY = 4
SKUS = {"LUM-B101-BLK", "LUM-B101-NVY", "LUM-B102-BLK", "LUM-B102-FOR"}


@pytest.fixture(scope="module")
def shared():
    with running_sandbox() as sandbox:
        sandbox.state.traffic = WatchedTraffic()
        yield sandbox


@pytest.fixture
def sandbox(shared):
    shared.reset()
    shared.state.traffic.watch(lambda _kind, _operation: None)
    return shared


def when(sandbox, operation, act, *, after=0):
    """Call `act` once, when the sandbox receives a request of this kind, after some others."""
    left = [after + 1]

    def strike(kind, name):
        if kind == "received" and name == operation:
            left[0] -= 1
            if left[0] == 0:
                act()

    sandbox.state.traffic.watch(strike)


def ends_well(trial):
    """A run some minutes after the fault: everything is at Amazon, everything was sent once."""
    with open_ledger(trial.environment["AMAZON_LISTINGS_LEDGER"]).begin() as connection:
        # What the run that broke off could not give back expires by itself.
        connection.execute(update(leases).values(expires_at=0))
    again = trial.run(selection="everything")
    assert again.errors == {}, again.sentences
    assert {sku for sku in SKUS if trial.held(sku)} == SKUS
    assert (
        len({(entry["path"], entry["request"]) for entry in trial.writes() if entry["status"] == 200})
        == READY
    )


def test_a_ledger_that_others_lock_is_tried_again(sandbox, tmp_path, monkeypatch):
    monkeypatch.setattr(database, "_PATIENCE", 0.2)  # seconds instead of a minute
    trial = Trial(sandbox, tmp_path)
    trial.run("test")
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        run = trial.run()
        assert decision(run, "refresh_definition") == "retry"
        sentence = run.sentences["refresh_definition"]
        assert "ist beschäftigt: Andere hielten das Benötigte" in sentence
        assert "führen Sie das Ledger in PostgreSQL" in sentence
        assert sentence in run.sentences["report"]
        assert trial.writes() == []
    finally:
        other.execute("ROLLBACK")
        other.close()
    ends_well(trial)


def test_a_ledger_that_is_locked_in_the_middle_forgets_nothing(sandbox, tmp_path, monkeypatch):
    monkeypatch.setattr(database, "_PATIENCE", 0.2)
    trial = Trial(sandbox, tmp_path)
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None, check_same_thread=False, timeout=30)
    when(sandbox, "putListingsItem", lambda: other.execute("BEGIN IMMEDIATE"), after=READY)
    run = trial.run()
    assert decision(run, "live_sync") == "retry"
    assert "database is locked" in run.sentences["live_sync"]
    other.execute("ROLLBACK")
    other.close()
    ends_well(trial)


def test_a_database_that_is_stopped_in_the_middle_is_waited_for(sandbox, tmp_path, postgresql):
    trial = Trial(sandbox, tmp_path, AMAZON_LISTINGS_LEDGER=postgresql.new_database())
    when(sandbox, "putListingsItem", postgresql.stop, after=READY)
    run = trial.run()
    try:
        assert decision(run, "live_sync") == "retry"
        assert "antwortet nicht" in run.sentences["live_sync"], "in the connector's language"
        assert "Läuft die Datenbank?" in run.sentences["live_sync"]
        assert decision(run, "report") == "retry", "it needs the ledger too"
    finally:
        postgresql.start()
    ends_well(trial)


def test_a_ledger_that_is_no_database_needs_a_person(sandbox, tmp_path):
    (tmp_path / "ledger.db").write_bytes(b"this is no database, " * 100)
    trial = Trial(sandbox, tmp_path)
    run = trial.run()
    assert decision(run, "refresh_definition") == "fail"
    assert "ist beschädigt oder kein Ledger" in run.sentences["refresh_definition"]
    assert trial.writes() == []


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 3 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", place], check=False, capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_needs_a_person_and_nothing_half_written_is_used(sandbox, tmp_path, small_disk):
    trial = Trial(sandbox, tmp_path, AMAZON_LISTINGS_STORAGE=str(small_disk))
    filler = small_disk / "somebody-elses"

    def fill():
        with filler.open("wb") as out:
            try:
                while True:
                    out.write(b"x" * 1024)
                    out.flush()
            except OSError:
                pass

    when(sandbox, "putListingsItem", fill)
    run = trial.run()
    (failed,) = {name for name, state in run.states.items() if state == "failed"} - {"report"}
    assert decision(run, failed) == "fail"
    assert "no room is left there" in run.sentences[failed]
    assert "free space" in run.sentences[failed]
    assert trial.writes() == []
    filler.unlink()
    ends_well(trial)


def test_a_storage_that_is_refused_needs_a_person(sandbox, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    trial = Trial(sandbox, tmp_path, AMAZON_LISTINGS_STORAGE=str(tmp_path / "file" / "storage"))
    run = trial.run()
    assert decision(run, "refresh_definition") == "retry", "a mount may come back"
    assert "cannot be kept" in run.sentences["refresh_definition"]
    assert trial.writes() == []


@pytest.mark.parametrize(
    ("operation", "after"), [("sales_layer_rest", 1), ("searchListingsItems", 0), ("putListingsItem", READY)]
)
def test_a_run_whose_folder_is_gone_does_not_pass_for_a_run_without_items(
    sandbox, tmp_path, operation, after
):
    trial = Trial(sandbox, tmp_path)
    when(sandbox, operation, lambda: shutil.rmtree(tmp_path / "storage" / "runs"), after=after)
    run = trial.run()
    assert decision(run, "report") == "fail"
    sentences = " ".join(run.sentences.values())
    assert re.search(
        "Die Dateien dieses Laufs sind nicht mehr|The files of this run are gone|Die Datei .* fehlt",
        sentences,
    )
    # The whole run, or from the step whose file was missed first.
    assert re.search("(ab|from) (refresh_definition|approve)", sentences)
    sandbox.state.traffic.watch(lambda _kind, _operation: None)
    ends_well(trial)
