"""Runs the parts of a private Airflow in one process group: `python -m local_airflow.parts`.

`airflow standalone` starts each part as a program of its own, and each of them imports Airflow. Here one
process imports it, and the parts are forked from it where the platform forks.
"""

from __future__ import annotations

import importlib
import multiprocessing
import signal
import sys
from contextlib import suppress
from multiprocessing.connection import wait

#: The scheduler is stopped first: it waits for the tasks that run, and they need the others.
PARTS = ("scheduler", "dag-processor", "triggerer", "api-server")
#: What more than one part imports, and the processes that read DAG files.
IMPORTED = (
    "airflow.api_fastapi.app",
    "airflow.jobs.dag_processor_job_runner",
    "airflow.jobs.scheduler_job_runner",
    "airflow.jobs.triggerer_job_runner",
    "amazon_listings.airflow_adapter.approvals_dag",
    "amazon_listings.airflow_adapter.confirm_dag",
    "amazon_listings.airflow_adapter.preload",
    "amazon_listings.airflow_adapter.product_types_dag",
)


def main() -> int:
    """Run the parts until a signal or the end of one of them, then stop them; returns 1 if one ended."""
    configuration = importlib.import_module("airflow.configuration")
    # Before the fork: the first start makes the key that connections are encrypted with, for all parts.
    configuration.write_default_airflow_configuration_if_needed()
    importlib.import_module("airflow.utils.db")
    migration = _started("db", "migrate")
    for name in IMPORTED:
        importlib.import_module(name)
    migration.join()
    if migration.exitcode:
        return 1
    parts = [_started(name) for name in PARTS]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    ended = []
    with suppress(KeyboardInterrupt):
        ended = wait([part.sentinel for part in parts])
    scheduler, *others = parts
    for stopped in ([scheduler], others):
        for part in stopped:
            part.terminate()
        for part in stopped:
            part.join()
    return 1 if ended else 0


def _started(*words: str) -> multiprocessing.Process:
    process = multiprocessing.Process(target=_airflow, args=words)
    process.start()
    return process


def _airflow(*words: str) -> None:
    """Run a command of Airflow."""
    sys.argv = ["airflow", *words]
    importlib.import_module("airflow.__main__").main()


if __name__ == "__main__":
    sys.exit(main())
