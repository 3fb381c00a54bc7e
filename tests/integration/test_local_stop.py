"""A private Airflow that is stopped: a task that runs may end, and no process is left."""

import os
import sqlite3
import time
from contextlib import closing, suppress

import psutil
import pytest

from local_airflow import airflow as local

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(900)]

#: Seconds that a task which takes five has to end.
PATIENCE = 120
#: A task that says when it began, and takes its time.
SLOW = """\
import time
from pathlib import Path

from airflow.sdk import DAG, task

with DAG("slow", schedule=None):

    @task
    def wait(folder):
        Path(folder, "begun").touch()
        time.sleep(5)
        Path(folder, "done").touch()

    wait({folder!r})
"""


def group(leader):
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            if os.getpgid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def wait_for(path):
    deadline = time.monotonic() + 600
    while not path.exists():
        assert time.monotonic() < deadline, "the task did not begin"
        time.sleep(0.2)


@pytest.fixture
def stopped(tmp_path):
    """The process group of an Airflow that was told to stop in the middle of a task."""
    dags = tmp_path / "dags"
    dags.mkdir()
    (dags / "slow.py").write_text(SLOW.format(folder=str(tmp_path)), encoding="utf-8")
    extra = {"AIRFLOW__CORE__DAGS_FOLDER": str(dags)}
    with local.running_airflow(tmp_path / "airflow", extra=extra) as airflow:
        airflow.wait_for_dag("slow")
        airflow.trigger("slow", {})
        wait_for(tmp_path / "begun")
        leader = airflow.process.pid
        assert len(group(leader)) > 4, "its parts are of its group"
        begun = time.monotonic()
        local.stop(leader, PATIENCE)
        assert time.monotonic() - begun < PATIENCE / 2, "it was killed"
        yield leader


def test_a_task_ends_and_no_process_is_left(stopped, tmp_path):
    assert (tmp_path / "done").exists()
    with closing(sqlite3.connect(tmp_path / "airflow" / "airflow.db")) as database:
        assert database.execute("SELECT state FROM task_instance").fetchall() == [("success",)]
    _, alive = psutil.wait_procs(group(stopped), timeout=10)
    assert not alive
