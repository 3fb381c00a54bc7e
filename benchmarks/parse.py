"""How long Airflow's dag-processor takes for the DAGs of 500 connectors, and a task for its own.

    python benchmarks/parse.py [--connectors 500] [--json]

The dag-processor itself runs once over `dags/connectors.py`, and over its rival: a file with as many
plain DAGs of seven empty tasks, which read nothing. Both figures are the duration that Airflow keeps of a
file's parse. A task's own parse is `dags/connectors.py` imported as a worker does it, for one DAG of
them all; its rival is the same import for every DAG.

Goal: 500 connectors in less than 15 seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
GOAL = 15.0

RIVAL = """\
from airflow.sdk import DAG
from airflow.providers.standard.operators.empty import EmptyOperator

TASKS = ("refresh", "extract", "check", "map", "test", "live", "report")
for number in range({count}):
    with DAG(f"plain_{{number}}", schedule="@daily", catchup=False) as dag:
        before = None
        for name in TASKS:
            task = EmptyOperator(task_id=name)
            if before:
                before >> task
            before = task
    globals()[dag.dag_id] = dag
"""

IMPORT = """
import json, time
from amazon_listings.airflow_adapter.connector_dags import connector_dags
begun = time.perf_counter()
dags = connector_dags()
print(json.dumps({"dags": len(dags), "seconds": time.perf_counter() - begun}))
"""


def installation(root: Path, count: int) -> dict[str, str]:
    """A new Airflow in `root` with so many connectors and the rival; its environment."""
    connectors, dags = root / "connectors", root / "dags"
    connectors.mkdir()
    dags.mkdir()
    written = (PROJECT / "include" / "connectors" / "fr_lamps.yaml").read_text(encoding="utf-8")
    for number in range(count):
        text = written.replace("id: fr_lamps", f"id: lamps_{number}", 1)
        (connectors / f"lamps_{number}.yaml").write_text(text, encoding="utf-8")
    (dags / "connectors.py").symlink_to(PROJECT / "dags" / "connectors.py")
    (dags / "rival.py").write_text(RIVAL.format(count=count), encoding="utf-8")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
        "AIRFLOW_HOME": str(root / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "600",
        "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "600",
        # One file after the other, so that neither disturbs the other's figure.
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "AMAZON_LISTINGS_CONNECTORS": str(connectors),
        "PYTHONWARNINGS": "ignore",
    }


def in_the_dag_processor(root: Path, env: dict[str, str]) -> dict[str, tuple[int, float]]:
    """Number of DAGs and seconds of the last parse, by file."""
    for command in (["db", "migrate"], ["dag-processor", "--num-runs", "1"]):
        subprocess.run(
            [sys.executable, "-m", "airflow", *command], env=env, check=True, capture_output=True, timeout=900
        )
    asked = "SELECT relative_fileloc, COUNT(*), MAX(last_parse_duration) FROM dag GROUP BY relative_fileloc"
    with closing(sqlite3.connect(root / "airflow" / "airflow.db")) as database:
        return {file: (dags, seconds) for file, dags, seconds in database.execute(asked)}


def in_a_process(env: dict[str, str], dag_id: str | None) -> dict[str, float]:
    """Number of DAGs and seconds of an import for one DAG, or for all."""
    context = {} if dag_id is None else {"_AIRFLOW_PARSING_CONTEXT_DAG_ID": dag_id}
    child = subprocess.run(
        [sys.executable, "-c", IMPORT], env=env | context, check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(child.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--connectors", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        env = installation(Path(folder), asked.connectors)
        files = in_the_dag_processor(Path(folder), env)
        own, every = in_a_process(env, "amazon_lamps_7"), in_a_process(env, None)
    (dags, ours), (_, rival) = files["connectors.py"], files["rival.py"]
    if dags != asked.connectors or own["dags"] != 1:
        sys.exit(f"{dags} DAGs were parsed, and {own['dags']} in a task.")
    result = {"ours_s": ours, "rival_s": rival, "task_s": own["seconds"], "every_s": every["seconds"]}
    if asked.json:
        print(json.dumps(result))
    else:
        print(f"dag-processor, {dags} connectors {ours:8.2f} s   (goal: under {GOAL:.0f} s)")
        print(f"dag-processor, {dags} plain DAGs  {rival:8.2f} s   ours / rival {ours / rival:.1f}")
        print(f"a task's own parse, 1 DAG       {own['seconds']:8.3f} s")
        print(f"the same for every DAG          {every['seconds']:8.3f} s")
    if ours > GOAL:
        sys.exit("The parse takes longer than it may.")


if __name__ == "__main__":
    main()
