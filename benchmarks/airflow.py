"""A connector's unchanged run in a running Airflow against a DAG of as many tasks that do nothing.

    python benchmarks/airflow.py [--items 200] [--runs 3] [--json]

A private Airflow (SQLite, LocalExecutor) has the DAG of one connector, and two rivals: the same tasks in
the same order, one of them mapped, each a Python function that returns at once; and those again, of which
the second skips the ones that the connector's skips. A first run sends the products to the sandbox; then
runs of all three alternate. The time of a run is from its start to its end as Airflow keeps it, that of a
task likewise; what a run takes beside its tasks is Airflow's.

Goal: a run in which nothing changed takes at most 1.2 times as long as one of empty tasks.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT)]

from benchmarks.end_to_end import MAPPING, product, write_rows  # noqa: E402 - after the path
from local_airflow.airflow import running_airflow  # noqa: E402 - after the path
from local_airflow.installation import connections  # noqa: E402 - after the path
from spapi_sandbox.server import running_sandbox  # noqa: E402 - after the path

GOAL = 1.2
CONNECTOR, EMPTY, SKIPPING = "amazon_lamps", "empty", "skipping"
DAGS = (CONNECTOR, EMPTY, SKIPPING)

RIVAL = """\
import pendulum
from airflow.sdk import DAG, TriggerRule, task
from airflow.sdk.exceptions import DownstreamTasksSkipped

SKIPPED = ["check_quality", "map_fields", "test_sync", "approve", "live_sync"]

with DAG(%(dag)r, schedule=None, start_date=pendulum.datetime(2024, 1, 1), catchup=False):

    def empty(task_id, **kwargs):
        @task(task_id=task_id, **kwargs)
        def nothing(*_, **__):
            if task_id == "extract_products" and %(dag)r == "skipping":
                raise DownstreamTasksSkipped(tasks=SKIPPED)
            return ["a part"] if task_id == "check_quality" else None

        return nothing

    refreshed = empty("refresh_definition")()
    extracted = empty("extract_products")(refreshed)
    checked = empty("check_quality")(extracted)
    mapped = empty("map_fields").partial(definition=refreshed).expand(part=checked)
    tested = empty("test_sync")(refreshed)
    approved = empty("approve")(refreshed)
    sent = empty("live_sync")(refreshed)
    reported = empty("report", trigger_rule=TriggerRule.ALL_DONE)(refreshed)
    mapped >> tested >> approved >> sent
    [refreshed, extracted, checked, mapped, tested, approved, sent] >> reported
"""


def prepared(home: Path, items: int) -> dict[str, str]:
    """Write connector, products and DAG files; return where Airflow finds them."""
    connectors, dags = home / "connectors", home / "dags"
    connectors.mkdir()
    dags.mkdir()
    document = {
        "id": "lamps",
        "amazon": {"country": "FR", "locale": "fr_FR", "product_type": "LAMP", "connection": "amazon"},
        "files": {
            "path": str(home / "products.csv"),
            "languages": ["fr"],
            "sku": "{{ item.reference }}",
        },
        "approval": {"policy": "never"},
        "guards": {"changed_share": None},
        "sync": {"feed_from": 10**6, "schedule": None},
        "mapping": MAPPING,
        "rules_off": {"gpsr_contacts": "They are kept in Seller Central."},
    }
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    (connectors / "lamps.yaml").write_text(text, encoding="utf-8")
    write_rows(home / "products.csv", [product(number) for number in range(items)])
    shutil.copy(PROJECT / "dags" / "connectors.py", dags)
    for name in (EMPTY, SKIPPING):
        (dags / f"{name}.py").write_text(RIVAL % {"dag": name}, encoding="utf-8")
    return {
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AMAZON_LISTINGS_CONNECTORS": str(connectors),
        "AMAZON_LISTINGS_STORAGE": str(home / "storage"),
        "AMAZON_LISTINGS_LEDGER": f"sqlite:///{home / 'ledger.db'}",
        # Reading DAG files all the time would be measured too.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "3600",
        # A busy machine takes long to import Airflow.
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "600",
        "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "600",
    }


def seconds(entry: dict) -> float:
    """Return how long a run or a task took."""
    begun, ended = (datetime.fromisoformat(entry[name]) for name in ("start_date", "end_date"))
    return (ended - begun).total_seconds()


def run(airflow, dag_id: str, conf: dict) -> tuple[float, dict[str, float]]:
    """Run a DAG to its end; return its seconds, and those of each of its tasks."""
    run_id = airflow.trigger(dag_id, conf)
    state = airflow.wait_for_run(dag_id, run_id)
    place = f"/dags/{dag_id}/dagRuns/{run_id}"
    tasks = airflow.call("GET", f"{place}/taskInstances")["task_instances"]
    failed = [one["task_id"] for one in tasks if one["state"] not in {"success", "skipped"}]
    assert state == "success", f"{dag_id}: {failed} failed"
    times = {one["task_id"]: seconds(one) for one in tasks if one["start_date"] and one["end_date"]}
    return seconds(airflow.call("GET", place)), times


def measured(items: int, runs: int) -> dict[str, dict]:
    """Return the seconds of the runs of both DAGs, and the medians of their tasks."""
    found: dict[str, list[float]] = defaultdict(list)
    tasks: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory() as folder, running_sandbox(quotas=False) as sandbox:
        home = Path(folder)
        amazon = json.dumps(connections(sandbox.url)["demo_amazon"])
        extra = prepared(home, items) | {"AIRFLOW_CONN_AMAZON": amazon}
        with running_airflow(home / "airflow", extra=extra) as airflow:
            for dag_id in DAGS:
                airflow.wait_for_dag(dag_id)
            conf = {CONNECTOR: {"operation": "live"}}
            first, _ = run(airflow, CONNECTOR, conf[CONNECTOR])
            for dag_id in (EMPTY, SKIPPING):
                run(airflow, dag_id, {})
            for _ in range(runs):
                for dag_id in DAGS:
                    whole, each = run(airflow, dag_id, conf.get(dag_id, {}))
                    found[dag_id].append(whole)
                    for name, time in each.items():
                        tasks[dag_id][name].append(time)
    medians = {
        dag_id: {name: statistics.median(times) for name, times in each.items()}
        for dag_id, each in tasks.items()
    }
    return {"first": {"seconds": first}, "runs": dict(found), "tasks": medians}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--items", type=int, default=200)
    asked.add_argument("--runs", type=int, default=3)
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args()
    found = measured(options.items, options.runs)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    print(f"first run of {options.items} items {found['first']['seconds']:.1f} s")
    print(f"{'task':20} {'ours':>8} {'empty':>8} {'skipping':>8}   seconds, median of {options.runs}")
    for name in found["tasks"][EMPTY]:
        times = (found["tasks"][dag_id].get(name) for dag_id in DAGS)
        print(f"{name:20}", *("       -" if time is None else f"{time:8.2f}" for time in times))
    ours, empty, skipping = (statistics.median(found["runs"][dag_id]) for dag_id in DAGS)
    print(f"{'run':20} {ours:8.2f} {empty:8.2f} {skipping:8.2f}")
    print(
        f"{ours / empty:.2f} times the empty tasks, goal {GOAL}; {ours / skipping:.2f} times those that skip"
    )


if __name__ == "__main__":
    main()
