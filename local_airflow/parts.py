"""Runs the parts of a private Airflow in one process group: `python -m local_airflow.parts`.

`airflow standalone` starts each part as a program of its own, and each of them imports Airflow. Here one
process imports it, and the parts are forked from it where the platform forks.
"""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import signal
import sqlite3
import sys
import zlib
from contextlib import closing, suppress
from multiprocessing.connection import wait
from pathlib import Path

from local_airflow.project import PROJECT

#: The scheduler is stopped first: it waits for the tasks that run, and they need the others. The API server
#: takes longest to start, so it is forked before what only the others use is imported.
FIRST, OTHERS = "api-server", ("dag-processor", "triggerer")
#: What the API server imports, and what the others and the processes of DAG files and tasks do besides.
IMPORTED_FIRST = ("airflow.api_fastapi.app",)
IMPORTED = (
    "airflow.jobs.dag_processor_job_runner",
    "airflow.jobs.scheduler_job_runner",
    "airflow.jobs.triggerer_job_runner",
    "amazon_listings.airflow_adapter.approvals_dag",
    "amazon_listings.airflow_adapter.confirm_dag",
    "amazon_listings.airflow_adapter.preload",
    "amazon_listings.airflow_adapter.product_types_dag",
)
#: New objects that are searched for cycles together: starting makes millions that stay.
YOUNG = 20_000
#: What is installed, so all that could migrate a database further.
PINS = PROJECT / "requirements-dev.txt"


class Database:
    """Airflow's database; one of SQLite keeps by which pins it was migrated: to find out takes seconds.

    Args:
        url: As SQLAlchemy has it.
    """

    def __init__(self, url: str) -> None:
        self._file = Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None
        # SQLite leaves this number to programs; it has 31 bits.
        self._pins = zlib.crc32(PINS.read_bytes()) >> 1

    def is_migrated(self) -> bool:
        """Return whether it is known that there is nothing to migrate."""
        if self._file is None or not self._file.exists():
            return False
        with closing(sqlite3.connect(self._file)) as database:
            return bool(database.execute("PRAGMA user_version").fetchone()[0] == self._pins)

    def note_migration(self) -> None:
        """Keep that it is migrated."""
        if self._file is not None:
            with closing(sqlite3.connect(self._file)) as database:
                database.execute(f"PRAGMA user_version = {self._pins}")


def main() -> int:
    """Run the parts until a signal or the end of one of them, then stop them; returns 1 if one ended."""
    gc.disable()  # nothing that an import makes is garbage
    configuration = importlib.import_module("airflow.configuration")
    # Before the fork: the first start makes the key that connections are encrypted with, for all parts.
    configuration.write_default_airflow_configuration_if_needed()
    database = Database(configuration.conf.get("database", "sql_alchemy_conn"))
    migration = None
    if not database.is_migrated():
        importlib.import_module("airflow.utils.db")
        migration = _started("db", "migrate")
    for name in IMPORTED_FIRST:
        importlib.import_module(name)
    if migration is not None:
        migration.join()
        if migration.exitcode:
            return 1
        database.note_migration()
    first = _started(FIRST)
    for name in IMPORTED:
        importlib.import_module(name)
    scheduler = _started("scheduler")
    others = [*map(_started, OTHERS), first]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    ended = []
    with suppress(KeyboardInterrupt):
        ended = wait([part.sentinel for part in (scheduler, *others)])
    for stopped in ([scheduler], others):
        for part in stopped:
            part.terminate()
        for part in stopped:
            part.join()
    return 1 if ended else 0


def _started(*words: str) -> multiprocessing.Process:
    gc.freeze()  # what a part shares with the others is not searched, and with that copied
    process = multiprocessing.Process(target=_airflow, args=words)
    process.start()
    return process


def _airflow(*words: str) -> None:
    """Run a command of Airflow."""
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
    gc.enable()
    # A scheduler of another name takes itself for a worker, and does not end at a signal.
    multiprocessing.current_process().name = "MainProcess"
    sys.argv = ["airflow", *words]
    importlib.import_module("airflow.__main__").main()


if __name__ == "__main__":
    sys.exit(main())
