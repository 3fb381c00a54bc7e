"""Tasks in processes of their own that are killed with SIGKILL and tried again, as Airflow does it.

A kill strikes at a moment that is counted, not timed, so that a seed repeats it: when the sandbox
has received or answered the n-th request of a kind, before or after the n-th commit to the ledger,
when the n-th file is opened for writing, or has been written and has not its name yet.
"""

from __future__ import annotations

import functools
import json
import multiprocessing
import os
import signal
import sqlite3
import sys
import threading
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

import requests

from spapi_sandbox.admission.traffic import Fault, Traffic
from support.airflow_tasks import ORDER
from support.faults import waits_moved

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from spapi_sandbox.server import Sandbox
    from support.faults import Trial

#: Tries of one task: more than Airflow's default, because most of them are killed here.
TRIES = 40
#: What every task process needs; imported once, by the process that the others are forked from.
PRELOADED = (
    "amazon_listings.airflow_adapter.confirm_dag",
    "amazon_listings.airflow_adapter.tasks",
    "amazon_listings.airflow_adapter.hooks",
    "local_airflow.airflow",
    "spapi_sandbox.server",
    "amazon_listings.sources.extraction",
    "amazon_listings.runs.finish.ending",
    "amazon_listings.runs.extract.products",
    "amazon_listings.writes.live_sync",
    "amazon_listings.runs.map_fields",
    "amazon_listings.checks.quality.engine",
    "amazon_listings.checks.check_items",
)
#: Moments that the sandbox sees, and those that the task's process meets.
SEEN = ("received", "answered")
MET = ("commit", "committed", "file", "renamed")


class Moment(NamedTuple):
    """When to kill: at the `count`-th time of `kind`; `operation` names the requests that count."""

    kind: str
    count: int
    operation: str = ""


class WatchedTraffic(Traffic):
    """The sandbox's traffic, which kills a process at a moment."""

    def __init__(self) -> None:
        super().__init__()
        self._strike: Callable[[str, str], None] = lambda _kind, _operation: None

    def watch(self, strike: Callable[[str, str], None]) -> None:
        self._strike = strike

    def next_fault(self, operation: str) -> Fault | None:
        self._strike("received", operation)
        return super().next_fault(operation)

    def count(self, operation: str, status: int) -> None:
        super().count(operation, status)
        self._strike("answered", operation)


@dataclass
class KilledRun:
    """A run whose tasks were killed; `kills` says of each task at which moments."""

    run_id: str
    results: dict[str, Any] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    kills: dict[str, list[Moment]] = field(default_factory=lambda: defaultdict(list))

    @property
    def killed(self) -> int:
        return sum(map(len, self.kills.values()))


class Executioner:
    """Runs a connector's tasks one after the other, each try in a process that may be killed.

    Args:
        sandbox: The sandbox; its traffic is watched from now on.
        environment: Settings and connections, as `Bench` has them.
    """

    def __init__(self, sandbox: Sandbox, environment: Mapping[str, str]) -> None:
        self._sandbox = sandbox
        self._environment = dict(environment)
        self._traffic = sandbox.state.traffic = WatchedTraffic()
        self._traffic.recording = True
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(list(PRELOADED))

    def run(
        self, connector_id: str, run_id: str, kills: Mapping[str, Iterable[Moment]], **params: Any
    ) -> KilledRun:
        """A run that came to its end.

        Args:
            connector_id: The connector.
            run_id: Airflow's id of the run.
            kills: By task, the moments at which its first tries are killed.
            params: Parameters of the run beside the operation, which is live.
        """
        asked = {"operation": "live", "selection": "changed", "skus": [], "force": False} | params
        run = KilledRun(run_id)
        for task in (*ORDER, "report"):
            moments = iter(kills.get(task, ()))
            method = task
            for _ in range(TRIES):
                moment = next(moments, None)
                end = self._try(connector_id, run, task, asked, moment, method=method)
                # A deferred task goes on where it said; a try after a death starts at the beginning.
                method = "collect_feeds" if end == "deferred" else task
                if end == "killed":
                    assert moment is not None, f"{task} died without having been killed"
                    run.kills[task].append(moment)
                elif end == "success":
                    break
                else:
                    self._sandbox.advance(60)
            else:
                raise AssertionError(f"{task} had no try that was left alive")
        return run

    def confirm(self, connector_id: str, run: KilledRun, kills: Iterable[Moment]) -> None:
        """Read back what is due, a try for each kill and one that is left alive."""
        for moment in (*kills, None):
            if self._try(connector_id, run, "confirm", {}, moment, method="confirm") == "killed":
                run.kills["confirm"].append(moment)

    def _try(
        self,
        connector_id: str,
        run: KilledRun,
        task: str,
        params: dict[str, Any],
        moment: Moment | None,
        *,
        method: str,
    ) -> str:
        """One try of a task; how it ended: `success`, `killed`, `deferred` or `again`."""
        ours, theirs = self._processes.Pipe(duplex=False)
        met = moment if moment is not None and moment.kind in MET else None
        job = (connector_id, run.run_id, task, params, run.results, run.states, method)
        process = self._processes.Process(
            target=_work, args=(job, self._environment, self._sandbox.url, met, theirs), daemon=True
        )
        strike = _Strike(moment) if moment is not None and moment.kind in SEEN else None
        if strike is not None:
            self._traffic.watch(strike)
        process.start()
        theirs.close()
        if strike is not None:
            strike.aim(process.pid)
        try:
            said = ours.recv()
        except EOFError:
            said = None
        process.join()
        self._traffic.watch(lambda _kind, _operation: None)
        if said is None:
            assert process.exitcode == -signal.SIGKILL, (task, process.exitcode)
            return "killed"
        assert said["end"] != "failed", (task, said)
        if said["end"] == "success":
            run.results[task], run.states[task] = said["result"], "success"
        return str(said["end"])


class _Strike:
    """Kills a process when the sandbox has seen the n-th request of a kind."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self._left = moment.count
        self._pid: int | None = None
        self._known = threading.Event()

    def aim(self, pid: int | None) -> None:
        self._pid = pid
        self._known.set()

    def __call__(self, kind: str, operation: str) -> None:
        if kind != self._moment.kind or operation != self._moment.operation:
            return
        self._left -= 1
        if self._left == 0:
            self._known.wait()
            os.kill(self._pid or 0, signal.SIGKILL)


def _work(
    job: tuple[str, str, str, dict[str, Any], dict[str, Any], dict[str, str], str],
    environment: dict[str, str],
    url: str,
    moment: Moment | None,
    answer: Any,
) -> None:
    """One task in a process of its own; what it returned goes to `answer` as JSON would carry it."""
    from airflow.sdk.exceptions import TaskDeferred
    from airflow.sdk.execution_time.context import set_current_context

    from amazon_listings.airflow_adapter.failures import TaskStopped
    from amazon_listings.errors import RetryableError
    from amazon_listings.settings import settings

    connector_id, run_id, name, params, got, states, method = job
    os.environ.update(environment)
    settings.cache_clear()
    ti = SimpleNamespace(
        task_id=name,
        dag_id=f"amazon_{connector_id}",
        get_task_states=lambda **_: {run_id: states},
        xcom_push=lambda **_: None,
    )
    context: Any = {
        "ti": ti,
        "run_id": run_id,
        "params": params,
        "dag_run": SimpleNamespace(run_type="manual", clear_number=0),
    }
    if moment is not None:
        _trap(moment, environment["AMAZON_LISTINGS_STORAGE"])
    with set_current_context(context), waits_moved(url):
        try:
            result = _call(method, connector_id, got)
            said = {"end": "success", "result": json.loads(json.dumps(result))}
        except TaskDeferred:
            said = {"end": "deferred"}
        except (TaskStopped, Exception) as error:  # noqa: BLE001 - whatever a task raises fails it
            cause = getattr(error, "cause", error)
            end = "again" if isinstance(cause, RetryableError) else "failed"
            said = {"end": end, "said": f"{type(cause).__name__}: {cause}"}
    answer.send(said)
    answer.close()


def _call(name: str, connector_id: str, got: dict[str, Any]) -> Any:
    """The task's own function, with what Airflow would hand it."""
    from amazon_listings.airflow_adapter import confirm_dag, tasks

    if name == "confirm":
        return confirm_dag.look(connector_id, until=datetime.now(UTC))
    task = functools.partial(getattr(tasks, name), connector_id)
    if name == "refresh_definition":
        return task()
    definition = got["refresh_definition"]
    if name == "check_quality":
        return task(definition, got["extract_products"])
    if name == "map_fields":
        return [task(definition, part) for part in got["check_quality"]]
    return task(definition)


def _trap(moment: Moment, storage: str) -> None:
    """Let this process kill itself at a moment that it meets."""
    left = moment.count

    def strike() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    if moment.kind in {"commit", "committed"}:
        _trap_commits(moment.kind, strike)
        return

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and moment.kind == "file":
            path, _mode, flags = arguments
            writes = flags & (os.O_WRONLY | os.O_RDWR)
            if writes and isinstance(path, str) and path.startswith(storage):
                strike()
        elif event == "os.rename" and moment.kind == "renamed" and str(arguments[0]).startswith(storage):
            strike()

    sys.addaudithook(audit)


def _trap_commits(kind: str, strike: Callable[[], None]) -> None:
    """Before the n-th commit of something written to the ledger, or after it, before anything else."""
    from sqlalchemy import Engine, event

    wrote = False

    @event.listens_for(Engine, "before_cursor_execute")
    def executed(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal wrote
        writes = statement.lstrip().startswith(("INSERT", "UPDATE", "DELETE"))
        # Quotas are drawn before every request: too many commits to hit one that matters.
        wrote |= writes and "buckets" not in statement

    @event.listens_for(Engine, "commit")
    def commit(_connection: Any) -> None:
        if wrote and kind == "commit":
            strike()

    @event.listens_for(Engine, "begin")
    def begin(_connection: Any) -> None:
        nonlocal wrote
        if wrote and kind == "committed":
            strike()
        wrote = False


def drawn(chance: random.Random, choices: Sequence[tuple[str, int, str]], number: int) -> list[Moment]:
    """So many moments, each of one of the choices: kind, the highest count, operation."""
    return [
        Moment(kind, chance.randint(1, most), operation)
        for kind, most, operation in (chance.choice(choices) for _ in range(number))
    ]


def problems(trial: Trial, run: KilledRun) -> list[str]:
    """What a run that was killed and came to its end has lost, doubled or remembers wrongly."""
    storage = trial.home / "storage" / "runs" / trial.name / run.run_id / "attempt-0"
    wanted = {row["sku"]: row for row in _rows(storage / "mapped")}
    settled = {row["sku"]: row["outcome"] for row in _rows(storage / "live")}
    ready = {row["sku"] for row in _rows(storage / "tested") if row["outcome"] == "ready"}
    found = []
    counts = run.results["report"]["counts"]
    extracted = run.results["report"]["extracted"]
    if sum(counts.values()) - counts["out_of_scope"] != extracted:
        found.append(f"{extracted} items were extracted, the outcomes are {counts}")
    if counts["failed"] or settled != dict.fromkeys(ready, "accepted"):
        found.append(f"ready were {sorted(ready)}, settled are {settled}")
    with closing(sqlite3.connect(trial.home / "ledger.db")) as ledger:
        found += _doubled(trial, ready)
        for sku in sorted(ready):
            found += _forgotten(ledger, run.run_id, sku, wanted[sku])
            found += _not_as_wanted(trial, sku, wanted[sku]["attributes"])
    return found


def _rows(stage: Path) -> Iterator[dict[str, Any]]:
    for part in sorted(path for path in stage.glob("*.jsonl") if not path.name.endswith(".index.jsonl")):
        with part.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def _doubled(trial: Trial, ready: Collection[str]) -> Iterator[str]:
    """SKUs that were sent with different content since the recording began, or never."""
    sent: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for entry in trial.writes():
        if entry["status"] != requests.codes.ok:
            continue  # the process died while it sent the request, so Amazon got half of one
        sku = unquote(entry["path"].rsplit("/", 1)[1])
        sent[sku].add((entry["method"], entry["request"]))
    for sku, different in sent.items():
        if len(different) > 1:
            yield f"{sku} was sent with {len(different)} different contents"
    if not trial.fed() and set(sent) != set(ready):
        yield f"sent were {sorted(sent)}, ready were {sorted(ready)}"


def _forgotten(ledger: sqlite3.Connection, run_id: str, sku: str, row: dict[str, Any]) -> Iterator[str]:
    """What the ledger should know of a SKU that was sent, and does not."""
    item = ledger.execute("SELECT listed, accepted_hash FROM items WHERE sku = ?", (sku,)).fetchone()
    if item != (1, row["hash"]):
        yield f"the ledger holds {item} of {sku}, not {row['hash']}"
    accepted = ledger.execute(
        "SELECT s.status, s.existed, s.before IS NOT NULL FROM submissions s JOIN runs r ON r.id = s.run "
        "WHERE r.run_id = ? AND s.sku = ?",
        (run_id, sku),
    ).fetchall()
    if [status for status, _, _ in accepted] != ["ACCEPTED"]:
        yield f"the ledger's submissions of {sku} in {run_id} are {accepted}"
    elif accepted[0][1] != accepted[0][2]:
        yield f"the before-image of {sku} is missing"


def _not_as_wanted(trial: Trial, sku: str, wanted: dict[str, Any]) -> Iterator[str]:
    """Attributes of a listing that are not as the mapping wanted them."""
    held = trial.held(sku)
    for name, value in wanted.items():
        if not _is_as(held.get(name), value):
            yield f"Amazon's {name} of {sku} is {held.get(name)}, not {value}"


def _is_as(held: Any, wanted: Any) -> bool:
    """Whether a value is the wanted one; Amazon fills in defaults that nobody sent."""
    if isinstance(wanted, dict):
        return isinstance(held, dict) and all(_is_as(held.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return (
            isinstance(held, list)
            and len(held) == len(wanted)
            and all(any(_is_as(one, value) for one in held) for value in wanted)
        )
    return isinstance(held, bool) == isinstance(wanted, bool) and bool(held == wanted)
