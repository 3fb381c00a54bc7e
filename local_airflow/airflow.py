"""Starts a private Airflow, stops it, and calls its REST API.

Everything it writes is in one folder; an Airflow already on the machine is not touched.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import psutil
import requests
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_random

from local_airflow.project import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


class LocalAirflowError(Exception):
    """The private Airflow or its sandbox did not start, or a run did not end; the message names the log."""


#: Starts every part of an Airflow.
PARTS = (sys.executable, "-m", "local_airflow.parts")
#: The umask of what is started: its files are their owner's alone.
PRIVATE = 0o077
#: Ports to choose from: Linux gives out those from 32768, others those from 49152.
PORTS = range(20_000, 32_000)
#: Seconds until Airflow answers, at most.
START_TIMEOUT = 600.0
#: Seconds between two questions whether something has come about: an answer takes 20 ms of the API server.
PAUSE = 0.5
#: Seconds that a throw-away Airflow has to end: its work is over.
PATIENCE = 1.0
#: Seconds that a process which was killed needs to be gone, at most.
KILLED = 5.0

#: States in which a task stays.
ENDED = {"success", "failed", "skipped", "upstream_failed", "removed"}


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on, below those that systems give out by themselves.

    A server binds it many seconds later: by then, a port of the others may belong to any connection.

    Raises:
        LocalAirflowError: there is none.
    """
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise LocalAirflowError("No port of this machine is free.")


def kept_port(file: Path) -> int:
    """Return the port kept in a file if it is free; otherwise another one, which the file then keeps."""
    if file.exists():
        port = int(file.read_text())
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    port = free_port()
    file.write_text(str(port))
    return port


def secret_of(home: Path, name: str) -> str:
    """Return a random secret kept in `home`, so that a restart can read what was encrypted before."""
    path = home / f".{name}"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32))
    return path.read_text()


def environment(home: Path, *, port: int, all_admins: bool) -> dict[str, str]:
    """Return the environment of a private Airflow in `home`, its API server on `port` of 127.0.0.1."""
    config = home / "config"
    config.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(__file__).with_name("sqlite_patience.py"), config)
    scripts = str(Path(sys.executable).parent)
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith(("AIRFLOW", "_AIRFLOW"))},
        "PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONWARNINGS": "ignore",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS": "sqlite_patience.CONNECT_ARGS",
        "AMAZON_LISTINGS_CONNECTORS": str(PROJECT / "include" / "connectors"),
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__CORE__PARALLELISM": "4",
        **_forks(),
        # A task's process that is gone a moment after its pipes is missed until its next heartbeat.
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        # A task of an earlier day's schedule starts as soon as the scheduler does, before the API server.
        "AIRFLOW__WORKERS__EXECUTION_API_RETRIES": "10",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": str(all_admins),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": secret_of(home, "api_secret"),
        "AIRFLOW__API_AUTH__JWT_SECRET": secret_of(home, "jwt_secret"),
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "10",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
    }


def _forks() -> dict[str, str]:
    """Return the settings for processes of tasks that start with all imported that tasks use.

    It is, where the scheduler is forked from `local_airflow.parts` and forks them. Great Expectations is not:
    the scheduler would wait for it at its start.
    """
    if multiprocessing.get_start_method() == "fork":
        return {}
    return {
        "AIRFLOW__SCHEDULER__MP_START_METHOD": "forkserver",
        "AIRFLOW__SCHEDULER__MP_FORKSERVER_PRELOAD": "amazon_listings.airflow_adapter.preload",
    }


def _locked_out(error: BaseException) -> bool:
    return isinstance(error, requests.HTTPError) and "Database error" in error.response.text


@dataclass
class LocalAirflow:
    """A running private Airflow and its REST API."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    token: str = ""

    # On SQLite the API server can lock itself out: it logs a user's action from its event loop, which
    # another request needs to end its transaction. That call gives up after five seconds, before it acted.
    @retry(
        retry=retry_if_exception(_locked_out),
        stop=stop_after_attempt(5),
        wait=wait_random(0.1, 1.0),
        reraise=True,
    )
    def call(self, method: str, path: str, **kwargs: Any) -> Any:
        """Call the REST API v2 (`/dags/…`) and return its JSON answer.

        Raises:
            requests.HTTPError: the API refused; the body says why.
        """
        if not self.token:
            self.token = requests.get(f"{self.url}/auth/token", timeout=30).json()["access_token"]
        answer = requests.request(
            method,
            f"{self.url}/api/v2{path}",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=60,
            **kwargs,
        )
        if not answer.ok:
            message = f"{method} {path}: {answer.status_code} {answer.text[:500]}"
            raise requests.HTTPError(message, response=answer)
        return answer.json() if answer.content else None

    def sign_in(self, user: str, password: str) -> None:
        """Call the API as that user from now on; not needed where every caller is an administrator.

        Raises:
            requests.HTTPError: wrong user or password.
        """
        body = {"username": user, "password": password}
        answer = requests.post(f"{self.url}/auth/token", json=body, timeout=30)
        answer.raise_for_status()
        self.token = answer.json()["access_token"]

    def keep_connection(self, connection_id: str, fields: Mapping[str, Any]) -> None:
        """Create the Airflow connection unless one of that id exists, which may have been edited."""
        body = {**fields, "connection_id": connection_id, "extra": json.dumps(fields["extra"])}
        try:
            self.call("POST", "/connections", json=body)
        except requests.HTTPError as error:
            if error.response.status_code != requests.codes.conflict:
                raise

    def healthy(self) -> bool:
        """Return whether the scheduler and the API server answer."""
        try:
            health = requests.get(f"{self.url}/api/v2/monitor/health", timeout=5).json()
        except (requests.RequestException, ValueError):
            return False
        return all(health.get(part, {}).get("status") == "healthy" for part in ("metadatabase", "scheduler"))

    def wait_until_healthy(self, timeout: float = START_TIMEOUT) -> None:
        """Wait until the scheduler and the API server answer.

        Raises:
            LocalAirflowError: they do not.
        """
        self._wait(self.healthy, timeout, "Airflow did not start")

    def wait_for_dag(self, dag_id: str, timeout: float = START_TIMEOUT) -> None:
        """Wait until the DAG is known and parsed, and unpause it."""

        def known() -> bool:
            try:
                self.call("PATCH", f"/dags/{dag_id}", json={"is_paused": False})
            except requests.HTTPError:
                return False
            return True

        self._wait(known, timeout, f"the DAG {dag_id} did not appear")

    def trigger(self, dag_id: str, conf: Mapping[str, Any]) -> str:
        """Start a run of the DAG as its trigger form would, and return its id."""
        run = self.call("POST", f"/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": dict(conf)})
        return str(run["dag_run_id"])

    def wait_for_run(
        self,
        dag_id: str,
        run_id: str,
        *,
        timeout: float = 1200.0,
        task_ended: Callable[[str, str], None] | None = None,
    ) -> str:
        """Wait for the end of a run and return its state, `success` or `failed`.

        Args:
            dag_id: The DAG.
            run_id: The run.
            timeout: Seconds to wait at most.
            task_ended: Called with each task that ended and its state, in the order they ended.
        """
        state = ""
        run = f"/dags/{dag_id}/dagRuns/{run_id}"
        ended: set[str] = set()

        def finished() -> bool:
            nonlocal state
            if task_ended is not None:
                new, left = self._ended_tasks(run, ended)
                for task_id, task_state in new:
                    task_ended(task_id, task_state)
                if left:
                    return False
            state = self.call("GET", run)["state"]
            return state in {"success", "failed"}

        self._wait(finished, timeout, f"the run {run_id} of {dag_id} did not end")
        return state

    def _ended_tasks(self, run: str, known: set[str]) -> tuple[list[tuple[str, str]], bool]:
        """Return the tasks of a run that ended and are not in `known`, to which they are added.

        And whether others have not ended.
        """
        tasks = self.call("GET", f"{run}/taskInstances", params={"order_by": "end_date"})["task_instances"]
        running = {task["task_id"] for task in tasks if task["state"] not in ENDED}
        new = {
            task["task_id"]: str(task["state"]) for task in tasks if task["task_id"] not in known | running
        }
        known.update(new)
        return list(new.items()), bool(running)

    def _wait(self, condition: Callable[[], bool], timeout: float, complaint: str) -> None:
        deadline = time.monotonic() + timeout
        while not _answered(condition):
            if self.process.poll() is not None:
                raise LocalAirflowError(f"Airflow stopped; its log: {self.log}")
            if time.monotonic() > deadline:
                raise LocalAirflowError(f"After {timeout:.0f} s {complaint}; Airflow's log: {self.log}")
            time.sleep(PAUSE)


def _answered(condition: Callable[[], bool]) -> bool:
    """Return whether the condition holds; not yet where a busy machine lets a request time out."""
    try:
        return condition()
    except requests.Timeout:
        return False


def start(env: Mapping[str, str], log: Path, command: Sequence[str] = PARTS) -> subprocess.Popen[bytes]:
    """Start an Airflow in a process group of its own, its output in `log`.

    What it writes (passwords, databases, logs) can be read by its owner only.
    """
    output: IO[bytes]
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            env=dict(env),
            cwd=PROJECT,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=PRIVATE,
        )


def stop(pid: int, patience: float = PATIENCE) -> None:
    """Stop what `start` started: SIGTERM to the process, and SIGKILL to what is left of its group.

    Args:
        pid: The process, which leads its group.
        patience: Seconds that it has to end.
    """
    try:
        with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            process = psutil.Process(pid)
            process.terminate()
            process.wait(patience)
    finally:  # also where a second Ctrl-C ends the waiting
        with suppress(ProcessLookupError, PermissionError):  # macOS refuses where only zombies are left
            os.killpg(pid, signal.SIGKILL)
    with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
        psutil.Process(pid).wait(KILLED)


@contextmanager
def starting_airflow(home: Path, extra: Mapping[str, str]) -> Iterator[LocalAirflow]:
    """Start a private Airflow in `home`, with `extra` environment; it is stopped at the end.

    It does not answer yet: `LocalAirflow.wait_until_healthy`.
    """
    port = free_port()
    env = environment(home, port=port, all_admins=True) | dict(extra)
    log = home / "airflow.log"
    process = start(env, log)
    try:
        yield LocalAirflow(f"http://127.0.0.1:{port}", process, log)
    finally:
        stop(process.pid)


@contextmanager
def running_airflow(
    home: Path,
    *,
    extra: Mapping[str, str] | None = None,
    timeout: float = START_TIMEOUT,
) -> Iterator[LocalAirflow]:
    """Run a private Airflow in `home`, with `extra` environment; it is stopped at the end.

    Args:
        home: Where it writes everything.
        extra: More environment.
        timeout: Seconds until it answers, at most.

    Raises:
        LocalAirflowError: it did not start.
    """
    with starting_airflow(home, extra or {}) as airflow:
        airflow.wait_until_healthy(timeout)
        yield airflow
