"""What a private Airflow or sandbox started is gone once it was stopped, whatever it does about it."""

import subprocess
import sys
import time

import psutil
import pytest

from local_airflow import airflow, installation

pytestmark = pytest.mark.process
#: Starts a child that only SIGKILL ends, writes its number, and takes SIGTERM as the test says.
PARENT = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
stubborn = "import time; print('on', flush=True); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE)
child.stdout.readline()
signal.signal(signal.SIGTERM, {handler})
print(child.pid, flush=True)
time.sleep(600)
"""
HANDLERS = {"ends": "signal.SIG_DFL", "does not end": "signal.SIG_IGN"}


@pytest.fixture(params=HANDLERS)
def family(request):
    """A process that leads its group, and its child."""
    program = PARENT.format(handler=HANDLERS[request.param])
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    yield parent, psutil.Process(int(parent.stdout.readline()))
    parent.stdout.close()
    airflow.stop(parent.pid)


def is_gone(process):
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_nothing_of_the_group_is_left(family):
    parent, child = family
    begun = time.monotonic()
    airflow.stop(parent.pid, 0.5)
    assert time.monotonic() - begun < airflow.KILLED
    assert parent.poll() is not None
    psutil.wait_procs([child], timeout=5)
    assert is_gone(child)


def test_nothing_is_left_where_the_wait_is_interrupted(family, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    parent, child = family
    monkeypatch.setattr(psutil.Process, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        airflow.stop(parent.pid)
    monkeypatch.undo()
    psutil.wait_procs([child], timeout=5)
    assert is_gone(child)


def test_stopping_what_has_ended_is_no_error():
    ended = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    ended.wait()
    airflow.stop(ended.pid)


def test_a_sandbox_is_not_left_where_its_start_is_interrupted(tmp_path, monkeypatch):
    def interrupted(_sandbox):
        raise KeyboardInterrupt

    monkeypatch.setattr(installation, "_answers", interrupted)
    sandbox = installation.start_sandbox(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        installation.wait_for_sandbox(sandbox)
    assert sandbox.process.poll() is not None
