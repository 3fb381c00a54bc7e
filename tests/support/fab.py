"""Airflow's FAB auth manager, with the roles that docs/merchandiser.md tells an administrator to create."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

from local_airflow.project import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from support.airflow import Installation

AUTH_MANAGER = {
    "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
}
#: The DAG for which the page of the docs gives rights.
DOCUMENTED_DAG = "amazon_fr_lamps"
#: Of everybody, in an Airflow that lives as long as its test.
PASSWORD = "lampe-de-bureau"
#: Several commands in one process: to import Airflow takes longer than any of them.
_COMMANDS = """
import json, sys
from airflow.cli import cli_parser

for words in json.load(sys.stdin):
    arguments = cli_parser.get_parser().parse_args(words)
    arguments.func(arguments)
"""


def documented_commands() -> list[list[str]]:
    """Return what docs/merchandiser.md tells an administrator to type, word for word."""
    lines = (PROJECT / "docs" / "merchandiser.md").read_text("utf-8").splitlines()
    return [shlex.split(one)[1:] for one in lines if one.startswith("    airflow roles ")]


def make_people(house: Installation, people: dict[str, str]) -> None:
    """Make the documented role, as far as it does not need a connector's DAG, and people by their role."""
    role = [words for words in documented_commands() if not _is_of_dag(words)]
    _carry_out(house, [*role, *(_user(name, role) for name, role in people.items())])


def give_dag(house: Installation, dag_id: str) -> None:
    """Give the documented rights on a DAG that Airflow has parsed."""
    commands = (words for words in documented_commands() if _is_of_dag(words))
    _carry_out(house, [[one.replace(DOCUMENTED_DAG, dag_id) for one in words] for words in commands])


def _is_of_dag(words: list[str]) -> bool:
    return f"DAG:{DOCUMENTED_DAG}" in words


def _user(name: str, role: str) -> list[str]:
    person = ["--firstname", name, "--lastname", name, "--email", f"{name}@example.com"]
    return ["users", "create", "--username", name, "--role", role, "--password", PASSWORD, *person]


def _carry_out(house: Installation, commands: Iterable[list[str]]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _COMMANDS],
        input=json.dumps(list(commands)),
        env=house.environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}{done.stderr[-4000:]}"
