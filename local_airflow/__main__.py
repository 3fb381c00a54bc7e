"""Commands `demo`, `up` and `down`: the targets of the Makefile with these names."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import psutil
import typer

from local_airflow import installation
from local_airflow.airflow import (
    LocalAirflow,
    LocalAirflowError,
    environment,
    free_port,
    start,
    starting_airflow,
    stop,
)
from local_airflow.project import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: The connectors that `make demo` runs: a test sync and a live sync.
DEMO = ("fr_lamps", "de_backpacks")
#: The DAG files do not change while the demo runs; reading all five again every ten seconds, as `up` does to
#: see what is edited, takes as much as a task does. And a scheduler that finds nothing to do waits a second,
#: which is longer than most of the demo's tasks take.
FOR_A_MINUTE = {
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "60",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
}
#: Seconds that the tasks of an Airflow which a person uses have to end, before they are killed.
TASKS_END = 60.0
#: Lines of a command's output that the demo prints.
SHOWN = 12

app = typer.Typer(no_args_is_help=True, pretty_exceptions_show_locals=False)


class Progress:
    """Prints what happens, with the seconds since the start."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def __call__(self, text: str) -> None:
        """Print a line."""
        typer.echo(f"{self.seconds:4.0f} s  {text}")


@app.command()
def demo(
    connectors: Annotated[list[str] | None, typer.Argument(help="Connectors to run.")] = None,
    *,
    fresh: Annotated[bool, typer.Option(help="Forget what earlier demos sent.")] = False,
) -> None:
    """Run the demo connectors in Airflow against the sandbox, and print what happened."""
    progress = Progress()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what was started is stopped
    home = installation.folder_of("demo")
    if fresh:
        installation.forget(home)
    chosen = connectors or list(DEMO)
    with _sentences():
        summaries = _summaries_of(chosen, home, progress)
    if summaries:
        from amazon_listings.cli.output.outcome_table import print_outcomes

        print_outcomes(summaries)
    failed = [name for name in chosen if name not in summaries]
    for name in failed:
        typer.echo(f"{name}: the run failed. {_failure(home, name)}", err=True)
    if failed:
        raise typer.Exit(1)
    typer.echo(f"Done in {progress.seconds:.0f} s. Run it again to see what unchanged items cost.")


def _summaries_of(connectors: list[str], home: Path, progress: Progress) -> dict[str, Any]:
    """Run the connectors, and return what the task `report` of each successful run returned."""
    with _sandbox(home) as sandbox:
        url = sandbox.url
        progress(f"Starting the sandbox at {url}, and Airflow in {home}")
        env = installation.settings(home, url) | _connection_variables(url) | _without_schedules(connectors)
        env |= FOR_A_MINUTE
        with starting_airflow(home / "airflow", env) as airflow:
            installation.wait_for_sandbox(sandbox)
            progress("The sandbox answers; Airflow is starting")
            from local_airflow.first_contact import lines_of, made_by_hand

            live = _live_among(connectors)
            before = made_by_hand(url) if live else []
            airflow.wait_until_healthy()
            progress(f"Airflow at {airflow.url}; reading the DAGs")
            runs = {}
            for name in connectors:
                airflow.wait_for_dag(f"amazon_{name}")
                asked = {"selection": "everything", "operation": "live" if name in live else "test"}
                runs[name] = airflow.trigger(f"amazon_{name}", asked)
                progress(f"{name}: run started")
            summaries = {name: _summary_of(airflow, name, run, progress) for name, run in runs.items()}
            for name in live:
                if summaries[name] is not None and summaries[name]["counts"]["waiting"]:
                    summaries[name] = _sent_after_approval(airflow, name, env, progress)
            for line in lines_of(before, made_by_hand(url)) if live else ():
                typer.echo(f"        {line}")
            return {name: summary for name, summary in summaries.items() if summary is not None}


def _live_among(connectors: list[str]) -> list[str]:
    """Return the connectors whose operation is live."""
    from amazon_listings.connectors.loader import load_connectors

    loaded = load_connectors(PROJECT / "include" / "connectors", {}).connectors
    return [one.id for one in loaded if one.id in connectors and one.sync.operation == "live"]


def _sent_after_approval(airflow: LocalAirflow, name: str, env: dict[str, str], progress: Progress) -> Any:
    """Show what waits of a connector, approve it as a person would, and send it."""
    for command in (["list"], ["show", name, "--sku", "LUM-B101-BLK"], ["approve", name]):
        progress(f"$ amazon-listings approvals {' '.join(command)}")
        done = subprocess.run(
            [sys.executable, "-m", "amazon_listings", "approvals", *command],
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            check=False,
        )
        lines = (done.stdout + done.stderr).splitlines()
        for line in lines[:SHOWN]:
            typer.echo(f"        {line}")
        if len(lines) > SHOWN:
            typer.echo(f"        … {len(lines) - SHOWN} more lines")
    run = airflow.trigger(f"amazon_{name}", {"selection": "approved", "operation": "live"})
    progress(f"{name}: run of what was approved started")
    return _summary_of(airflow, name, run, progress)


def _summary_of(airflow: LocalAirflow, name: str, run: str, progress: Progress) -> Any:
    """Wait for a run, and return what its task `report` returned; None if the run failed."""

    def task_ended(task_id: str, state: str) -> None:
        progress(f"{name}: {task_id} {state}")

    if airflow.wait_for_run(f"amazon_{name}", run, task_ended=task_ended) != "success":
        return None
    result = f"/dags/amazon_{name}/dagRuns/{run}/taskInstances/report/xcomEntries/return_value"
    return airflow.call("GET", result)["value"]


def _failure(home: Path, connector: str) -> str:
    """Return the sentence of a connector's newest report, or where Airflow's log is."""
    reports = sorted((home / "storage" / "runs" / connector).glob("**/report/report.json"))
    if not reports:
        return f"It wrote no report; Airflow's log: {home / 'airflow' / 'airflow.log'}"
    newest = max(reports, key=lambda report: report.stat().st_mtime)
    failure = json.loads(newest.read_text(encoding="utf-8"))["summary"]["failure"]
    return f"{failure} Its report: {newest.with_name('report.html')}"


@app.command()
def up() -> None:
    """Start Airflow (UI, scheduler, triggerer) and the sandbox, and keep them running."""
    progress = Progress()
    home = installation.folder_of("local")
    state = home / "up.json"
    if state.exists() and _still_running(known := json.loads(state.read_text())):
        typer.echo(f"It is up already: {known['url']}. Stop it with `make down`.")
        raise typer.Exit(1)
    sandbox = installation.start_sandbox(home)
    url = sandbox.url
    progress(f"Starting the sandbox at {url}, and Airflow in {home}")
    port = free_port()
    env = environment(home / "airflow", port=port, all_admins=False) | installation.settings(home, url)
    log = home / "airflow" / "airflow.log"
    process = start(env, log)
    started = {str(pid): psutil.Process(pid).create_time() for pid in (sandbox.process.pid, process.pid)}
    state.write_text(json.dumps({"url": f"http://127.0.0.1:{port}", "started": started}), encoding="utf-8")
    airflow = LocalAirflow(f"http://127.0.0.1:{port}", process, log)
    with _sentences(before_exit=down):
        installation.wait_for_sandbox(sandbox)
        progress("The sandbox answers; Airflow is starting")
        airflow.wait_until_healthy()
    progress(f"Airflow at {airflow.url}; creating its connections to the sandbox")
    passwords = json.loads((home / "airflow" / "simple_auth_manager_passwords.json.generated").read_text())
    user, password = next(iter(passwords.items()))
    airflow.sign_in(user, password)
    for name, fields in installation.connections(url).items():
        airflow.keep_connection(name, fields)
    shell = installation.shell_file(home, env)
    typer.echo(f"Airflow   {airflow.url}   user {user}, password {password}")
    typer.echo(f"Sandbox   {url}")
    typer.echo(f"Commands  source {shell}   so that `amazon-listings` and `airflow` act on this Airflow")
    typer.echo(f"Logs      {log}")
    typer.echo("Stop both with `make down`.")


@app.command()
def down() -> None:
    """Stop what `up` started."""
    state = installation.folder_of("local") / "up.json"
    if not state.exists():
        typer.echo("Nothing is running.")
        return
    typer.echo(f"Stopping; tasks that run have {TASKS_END:.0f} s to end.")
    for pid in reversed(_still_running(json.loads(state.read_text()))):
        stop(pid, TASKS_END)
    state.unlink()
    typer.echo("Stopped.")


def _still_running(state: dict[str, Any]) -> list[int]:
    """Return the processes that `up` started and that still run, not others that took their numbers."""
    return [
        int(pid)
        for pid, started in state["started"].items()
        if psutil.pid_exists(int(pid)) and psutil.Process(int(pid)).create_time() == started
    ]


def _without_schedules(connectors: list[str]) -> dict[str, str]:
    """Return Variables that remove the schedule: a time of it may come while the demo runs."""
    patch = json.dumps({"sync": {"schedule": None}})
    return {f"AIRFLOW_VAR_AMAZON_CONNECTOR_{name.upper()}": patch for name in connectors}


def _connection_variables(sandbox: str) -> dict[str, str]:
    made = installation.connections(sandbox)
    return {f"AIRFLOW_CONN_{name.upper()}": json.dumps(fields) for name, fields in made.items()}


@contextmanager
def _sandbox(home: Path) -> Iterator[installation.Sandbox]:
    sandbox = installation.start_sandbox(home)
    try:
        yield sandbox
    finally:
        stop(sandbox.process.pid)


@contextmanager
def _sentences(before_exit: Any = lambda: None) -> Iterator[None]:
    """End the command with the sentence of an error, not with a traceback."""
    try:
        yield
    except LocalAirflowError as error:
        typer.echo(str(error), err=True)
        before_exit()
        raise typer.Exit(1) from None


if __name__ == "__main__":
    app()
