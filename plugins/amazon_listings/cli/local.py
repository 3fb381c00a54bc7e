"""Commands: demo, up, down. A private Airflow and the sandbox on this machine."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psutil
import typer

from amazon_listings.cli import installation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: What `make demo` runs: a test sync and a live sync.
DEMO = ("fr_lamps", "de_backpacks")


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.command()(demo)
    app.command()(up)
    app.command()(down)


def demo(
    connectors: list[str] = typer.Argument(default=None, help="Connectors to run; the demo ones by default."),
    fresh: bool = typer.Option(default=False, help="Forget what earlier demos sent."),
) -> None:
    """Run the demo connectors end to end in Airflow against the sandbox, and print what happened."""
    from amazon_listings.airflow_adapter.local import running_airflow
    from amazon_listings.cli.outcome_table import print_outcomes
    from amazon_listings.errors import AmazonListingsError

    started = time.monotonic()
    home = installation.folder_of("demo")
    if fresh:
        installation.forget(home)
    chosen = connectors or list(DEMO)
    try:
        with _sandbox(home) as url:
            _say(f"Sandbox at {url}; starting Airflow in {home} …")
            env = installation.places(home) | _connection_variables(url) | _without_schedules(chosen)
            with running_airflow(home / "airflow", extra=env) as airflow:
                _say(f"Airflow at {airflow.url}; running {', '.join(chosen)} …")
                runs = {}
                for name in chosen:
                    airflow.wait_for_dag(f"amazon_{name}")
                    runs[name] = airflow.trigger(f"amazon_{name}", {"selection": "everything"})
                states = {name: airflow.wait_for_run(f"amazon_{name}", run) for name, run in runs.items()}
                summaries = {
                    name: airflow.call(
                        "GET",
                        f"/dags/amazon_{name}/dagRuns/{run}/taskInstances/report/xcomEntries/return_value",
                    )["value"]
                    for name, run in runs.items()
                    if states[name] == "success"
                }
    except AmazonListingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    if summaries:
        print_outcomes(summaries)
    failed = [name for name in chosen if name not in summaries]
    for name in failed:
        typer.echo(f"{name}: the run failed. {_what_failed(home, name)}", err=True)
    if failed:
        raise typer.Exit(1)
    _say(f"Done in {time.monotonic() - started:.0f} s. Run it again to see unchanged items cost no call.")


def _what_failed(home: Path, connector: str) -> str:
    """The sentence of a connector's newest report, or where Airflow's log is."""
    reports = sorted((home / "storage" / "runs" / connector).glob("*/report/report.json"))
    if not reports:
        return f"It wrote no report; Airflow's log: {home / 'airflow' / 'airflow.log'}"
    newest = max(reports, key=lambda report: report.stat().st_mtime)
    told = json.loads(newest.read_text(encoding="utf-8"))["summary"]["failure"]
    return f"{told} Its report: {newest.with_name('report.html')}"


def up() -> None:
    """Start Airflow (UI, scheduler, triggerer) and the sandbox, and keep them running."""
    from amazon_listings.airflow_adapter import local
    from amazon_listings.errors import AmazonListingsError

    home = installation.folder_of("local")
    state = home / "up.json"
    if state.exists() and _still_running(known := json.loads(state.read_text())):
        typer.echo(f"It is up already: {known['url']}. Stop it with `make down`.")
        raise typer.Exit(1)
    try:
        sandbox, url = installation.start_sandbox(home)
    except AmazonListingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    port = local.free_port()
    env = local.environment(home / "airflow", port=port, all_admins=False) | installation.places(home)
    log = home / "airflow" / "airflow.log"
    process = local.start(env, log)
    started = {str(pid): psutil.Process(pid).create_time() for pid in (sandbox.pid, process.pid)}
    state.write_text(json.dumps({"url": f"http://127.0.0.1:{port}", "started": started}), encoding="utf-8")
    airflow = local.LocalAirflow(f"http://127.0.0.1:{port}", process, log)
    try:
        airflow.wait_until_healthy()
    except AmazonListingsError as error:
        typer.echo(str(error), err=True)
        down()
        raise typer.Exit(1) from None
    passwords = json.loads((home / "airflow" / "simple_auth_manager_passwords.json.generated").read_text())
    user, password = next(iter(passwords.items()))
    airflow.sign_in(user, password)
    for name, fields in installation.connections(url).items():
        airflow.keep_connection(name, fields)
    shell = installation.shell_file(home, env)
    _say(f"Airflow   {airflow.url}   user {user}, password {password}")
    _say(f"Sandbox   {url}")
    _say(f"Commands  source {shell}   so that `amazon-listings` and `airflow` act on this Airflow")
    _say(f"Logs      {log}")
    _say("Stop both with `make down`.")


def down() -> None:
    """Stop what `up` started."""
    from amazon_listings.airflow_adapter.local import stop

    state = installation.folder_of("local") / "up.json"
    if not state.exists():
        typer.echo("Nothing is up.")
        return
    for pid in reversed(_still_running(json.loads(state.read_text()))):
        stop(pid)
    state.unlink()
    _say("Stopped.")


def _still_running(state: dict[str, Any]) -> list[int]:
    """The processes that `up` started and that still run; after a reboot their numbers may be others'."""
    return [
        int(pid)
        for pid, started in state["started"].items()
        if psutil.pid_exists(int(pid)) and psutil.Process(int(pid)).create_time() == started
    ]


def _say(text: str) -> None:
    typer.echo(text)


def _without_schedules(connectors: list[str]) -> dict[str, str]:
    """Variables that leave the schedule out: a DAG that is unpaused runs its last interval at once."""
    patch = json.dumps({"sync": {"schedule": None}})
    return {f"AIRFLOW_VAR_AMAZON_CONNECTOR_{name.upper()}": patch for name in connectors}


def _connection_variables(sandbox: str) -> dict[str, str]:
    made = installation.connections(sandbox)
    return {f"AIRFLOW_CONN_{name.upper()}": json.dumps(fields) for name, fields in made.items()}


@contextmanager
def _sandbox(home: Path) -> Iterator[str]:
    from amazon_listings.airflow_adapter.local import stop

    process, url = installation.start_sandbox(home)
    try:
        yield url
    finally:
        stop(process.pid)
