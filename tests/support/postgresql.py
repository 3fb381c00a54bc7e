"""A private PostgreSQL for a test session: real, empty, on a free port of 127.0.0.1.

With the fixture `postgresql`, `postgresql.new_database()` is the URL of an empty database. Where Debian's
package is not installed the tests that ask for it are skipped, with that reason.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
import pytest

from local_airflow.airflow import free_port

#: What a test needs and a machine has; nothing survives the session, so nothing is synced.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "logging_collector": "off",
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark what needs a database server, so that `make unit` leaves it out."""
    for item in items:
        params = getattr(item, "callspec", None)
        if "postgresql" in item.fixturenames or (params and "postgresql" in params.params.values()):
            item.add_marker("server")


@dataclass
class PostgreSQL:
    """A running cluster."""

    port: int
    programs: Path
    folder: Path
    log: Path
    names: itertools.count = field(default_factory=lambda: itertools.count(1))

    def new_database(self) -> str:
        """The SQLAlchemy URL of a new, empty database."""
        name = f"ledger_{next(self.names)}"
        with contextlib.closing(self._connect("postgres")) as connection:
            connection.autocommit = True
            connection.cursor().execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, database: str, *, user: str = "postgres", password: str | None = None) -> str:
        login = user if password is None else f"{user}:{password}"
        return f"postgresql+psycopg2://{login}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        self.run(
            "pg_ctl",
            *("-D", self.folder, "-w", "-l", self.log),
            *("-o", f"-p {self.port} -k {self.log.parent} {options}", "start"),
        )

    def stop(self) -> None:
        self.run("pg_ctl", "-D", self.folder, "-m", "fast", "-w", "stop")

    def run(self, program: str, *arguments: object) -> None:
        command = [str(self.programs / program), *map(str, arguments)]
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(
            command,
            check=False,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert done.returncode == 0, f"{program}: {done.stderr}"

    def _connect(self, database: str):
        return psycopg2.connect(host="127.0.0.1", port=self.port, user="postgres", dbname=database)


@pytest.fixture(scope="session")
def postgresql():
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.skip("PostgreSQL's server is not installed (Debian package postgresql)")
    with running_postgresql(programs[-1]) as server:
        yield server


@contextlib.contextmanager
def running_postgresql(programs: Path):
    folder = Path(tempfile.mkdtemp(prefix="test-postgresql-", dir="/tmp"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        server = PostgreSQL(free_port(), programs, folder / "data", folder / "log")
        server.run(
            "initdb",
            *("-D", server.folder, "-U", "postgres", "-A", "trust"),
            *("--no-sync", "--no-locale", "-E", "UTF8"),
        )
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
