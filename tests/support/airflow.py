"""A private Airflow with the sandbox beside it, started once for every test that needs a scheduler."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import requests
import yaml

from local_airflow import airflow as local
from local_airflow.installation import connections
from local_airflow.project import PROJECT
from spapi_sandbox.server import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from spapi_sandbox.server import Sandbox

#: Three of the sandbox's families of backpacks: small runs, and real ones all the same.
FAMILIES = ("LUM-B101", "LUM-B102", "LUM-B103")
#: The hour of a daily schedule: no run of it comes while tests edit and run, which midnight may do.
DAILY_AT = 0 if 6 <= datetime.now(UTC).hour < 18 else 12
#: Slow machines are slow; a test that waits this long has failed.
PATIENCE = 600.0

#: To read all DAG files every ten seconds, as at a desk, takes a quarter of a core; `parse` is there.
RARE_PARSING = {"AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30"}

#: What becomes of an accepted item once `amazon_confirm` has read it back, a minute later at the earliest.
CONFIRMED = ("live", "live_with_differences")

#: Guards that never ask.
NO_GUARDS = {
    "price_fall": None,
    "price_rise": None,
    "quantity_times": None,
    "unit_change": False,
    "changed_share": None,
    "quantity_sum_fall": None,
    "vanished_share": None,
}


def amazon_connection(sandbox: Sandbox, **changes: Any) -> dict[str, Any]:
    """An Airflow connection to the sandbox's Amazon; `changes` replace its fields, `extra` is merged."""
    demo = connections(sandbox.url)["demo_amazon"]
    return demo | changes | {"extra": demo["extra"] | changes.get("extra", {})}


def pim_connection(sandbox: Sandbox, **changes: Any) -> dict[str, Any]:
    """An Airflow connection to the sandbox's PIM."""
    return connections(sandbox.url)["demo_sales_layer"] | changes


def demo_connector(name: str, connector_id: str, **changes: Any) -> dict[str, Any]:
    """A demo connector's document under another id; `changes` are merged a level deep.

    Nothing of it waits for an approval, unless the changes say so.
    """
    document = yaml.safe_load((PROJECT / "include" / "connectors" / f"{name}.yaml").read_text("utf-8"))
    document |= {"approval": {"policy": "never"}, "guards": dict(NO_GUARDS)}
    document["sync"] |= {"removed_share": 1}
    for key, value in {"id": connector_id, **changes}.items():
        document[key] = document[key] | value if isinstance(value, dict) else value
    return document


def sent(counts: Mapping[str, int]) -> int:
    """How many items Amazon took; `amazon_confirm` may have read some of them back since."""
    return sum(counts.get(name, 0) for name in ("accepted", *CONFIRMED))


def without_confirmation(counts: Mapping[str, int]) -> dict[str, int]:
    """Counts as they are while nothing was read back."""
    return {**counts, "accepted": sent(counts), **dict.fromkeys(CONFIRMED, 0)}


def write_document(path: Path, document: Any) -> None:
    """Write a layer's or connector's document."""
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")


@dataclass
class Run:
    """A DAG run that came to its end."""

    airflow: local.LocalAirflow
    dag_id: str
    run_id: str
    state: str

    @property
    def path(self) -> str:
        return f"/dags/{self.dag_id}/dagRuns/{self.run_id}"

    @cached_property
    def tasks(self) -> list[dict[str, Any]]:
        return self.airflow.call("GET", f"{self.path}/taskInstances")["task_instances"]

    @property
    def states(self) -> dict[str, str]:
        """The state of every task; of a mapped one, of its last part."""
        return {one["task_id"]: one["state"] for one in self.tasks}

    def tries(self, task_id: str) -> int:
        return max(one["try_number"] for one in self.tasks if one["task_id"] == task_id)

    def log(self, task_id: str, *, attempt: int = 1, map_index: int = -1) -> list[dict[str, Any]]:
        """The events of a task's log."""
        answer = self.airflow.call(
            "GET",
            f"{self.path}/taskInstances/{task_id}/logs/{attempt}",
            params={"map_index": map_index, "full_content": "true"},
        )
        return [line if isinstance(line, dict) else {"event": line} for line in answer["content"]]

    def said(self, task_id: str, *, attempt: int = 1) -> str:
        """A task's log as text."""
        return "\n".join(json.dumps(line, ensure_ascii=False) for line in self.log(task_id, attempt=attempt))

    @cached_property
    def xcoms(self) -> list[dict[str, Any]]:
        """Every XCom of the run, with its value."""
        entries = []
        for one in self.tasks:
            place = f"{self.path}/taskInstances/{one['task_id']}/xcomEntries"
            listed = self.airflow.call("GET", place, params={"map_index": one["map_index"], "limit": 100})
            for entry in listed["xcom_entries"]:
                which = {"map_index": one["map_index"], "deserialize": "false"}
                entries.append(self.airflow.call("GET", f"{place}/{entry['key']}", params=which))
        return entries

    def result(self, task_id: str) -> Any:
        """What a task returned."""
        (found,) = (
            one["value"] for one in self.xcoms if one["task_id"] == task_id and one["key"] == "return_value"
        )
        return json.loads(found) if isinstance(found, str) else found


@dataclass
class Installation:
    """A private Airflow, the sandbox its connections lead to, and the folder that holds everything."""

    airflow: local.LocalAirflow
    sandbox: Sandbox
    home: Path
    environment: dict[str, str]

    def unpause(self, connector_id: str) -> None:
        self.airflow.wait_for_dag(f"amazon_{connector_id}", timeout=PATIENCE)

    def trigger(self, connector_id: str, **conf: Any) -> Run:
        """Start a run; `finish` waits for it."""
        dag_id = f"amazon_{connector_id}"
        return Run(self.airflow, dag_id, self.airflow.trigger(dag_id, conf), "")

    def finish(self, run: Run) -> Run:
        run.state = self.airflow.wait_for_run(run.dag_id, run.run_id, timeout=PATIENCE)
        return run

    def run(self, connector_id: str, **conf: Any) -> Run:
        return self.finish(self.trigger(connector_id, **conf))

    def runs(self, connector_id: str, run_type: str) -> list[Run]:
        """The runs of that type, by the start of their interval."""
        dag_id = f"amazon_{connector_id}"
        asked = {"run_type": run_type, "order_by": "logical_date"}
        found = self.airflow.call("GET", f"/dags/{dag_id}/dagRuns", params=asked)["dag_runs"]
        return [Run(self.airflow, dag_id, one["dag_run_id"], one["state"]) for one in found]

    def parse(self, dag_id: str) -> None:
        """Have the file of a known DAG read again before its time, as its page offers it."""
        token = self.airflow.call("GET", f"/dags/{dag_id}")["file_token"]
        self.airflow.call("PUT", f"/parseDagFile/{token}")

    def wait_until(self, condition: Any, complaint: str) -> Any:
        """The first true value of `condition()`."""
        deadline = time.monotonic() + PATIENCE
        while True:
            # A busy machine may let a request time out: the next one tells.
            with suppress(requests.Timeout):
                if found := condition():
                    return found
            assert time.monotonic() < deadline, complaint
            time.sleep(0.5)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `airflow …` beside the running Airflow; again where its SQLite database was locked."""
        for _ in range(4):
            done = subprocess.run(
                [sys.executable, "-m", "airflow", *arguments],
                env=self.environment,
                cwd=PROJECT,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
            if done.returncode == 0 or "database is locked" not in done.stderr:
                break
            time.sleep(3)
        return done

    def edit(self, table: str, entry_id: int, **changes: Any) -> None:
        """Change an item in the PIM, now."""
        place = f"{self.sandbox.url}/sales_layer/_control/items/{table}/{entry_id}"
        requests.patch(place, json=changes, timeout=30).raise_for_status()

    def calls(self) -> dict[str, int]:
        """Requests that the sandbox has answered, by operation."""
        counted = self.sandbox.counters()["operations"]
        return {name: entry["requests"] for name, entry in counted.items()}


@contextmanager
def installation(
    home: Path,
    documents: list[dict[str, Any]],
    *,
    layers: Mapping[str, Any] | None = None,
    connections: Mapping[str, Any] | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Installation]:
    """A sandbox and an Airflow with these connectors.

    Args:
        home: Where everything is written.
        documents: Connector documents, one file each.
        layers: Layers that they extend, by name.
        connections: Takes the sandbox, gives Airflow connections by id, beside the demo's two.
        settings: More environment for Airflow.
    """
    folder = home / "connectors"
    (folder / "layers").mkdir(parents=True)
    for name, document in (layers or {}).items():
        write_document(folder / "layers" / f"{name}.yaml", document)
    for document in documents:
        write_document(folder / f"{document['id']}.yaml", document)
    with running_sandbox() as sandbox:
        known = {"demo_amazon": amazon_connection(sandbox), "demo_sales_layer": pim_connection(sandbox)}
        for name, change in (connections or {}).items():
            known[name] = change(sandbox)
        extra = {
            **{f"AIRFLOW_CONN_{name.upper()}": json.dumps(one) for name, one in known.items()},
            "AMAZON_LISTINGS_CONNECTORS": str(folder),
            "AMAZON_LISTINGS_STORAGE": str(home / "storage"),
            "AMAZON_LISTINGS_LEDGER": f"sqlite:///{home / 'ledger.db'}",
            **RARE_PARSING,
            **(settings or {}),
        }
        with local.running_airflow(home / "airflow", extra=extra) as airflow:
            port = int(airflow.url.rsplit(":", 1)[1])
            whole = local.environment(home / "airflow", port=port, all_admins=True) | extra
            yield Installation(airflow, sandbox, home, whole)
