"""Mutation testing: change the code in small ways, and see whether a unit test fails.

    python tests/mutants.py [--group NAME] [--most N]

Makes cosmic-ray's changes in a copy of the source, so that stopping it leaves no change behind. The groups of
`WHOLE` are changed in every way; of all other modules `DRAWN` changes are drawn with a fixed seed. Prints the
share that was killed, writes the survivors to `var/mutants/survivors.txt`, and fails under 90 %. Survivors
that stay, each with a reason, are in `tests/mutants.md`.

The tests of a change run in a fork of one process, which has imported the libraries that they need, but none
of the code that is changed: half of the time would go into imports otherwise.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import random
import shutil
import signal
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from cosmic_ray.commands.init import _all_work_items as every_change
from cosmic_ray.mutating import use_mutation
from cosmic_ray.plugins import get_operator

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cosmic_ray.work_item import MutationSpec

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "var" / "mutants"
COPY = WORK / "source"
SOURCES = ("plugins", "packages", "tests", "include", "dags", "docs", "local_airflow")
#: What is imported from the copy.
PATHS = ("plugins", "packages/amazon-product-types/src", "packages/spapi-sandbox/src", "tests", ".")
OURS = ("amazon_", "spapi_sandbox", "local_airflow", "support", "tests", "test_", "conftest", "airflow")
SEED, DRAWN, WANTED = 20260, 300, 0.9
#: Seconds after which a change counts as noticed: it made an endless loop.
PATIENCE = 240
MAPPING = "plugins/amazon_listings/mapping"


class Group(NamedTuple):
    """Modules that are changed, and the unit tests that must notice."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


#: The unit tests of numbers and dates.
NOTATIONS = tuple(
    f"tests/unit/mapping/test_{name}.py" for name in ("dates", "numbers", "quantities", "notation")
)
#: What decides what is sent, and whether it arrived: changed in every way.
WHOLE = {
    "plan": Group((f"{MAPPING}/plan",), ("tests/unit/mapping",)),
    "dates": Group((f"{MAPPING}/values/dates.py",), NOTATIONS),
    "quantities": Group((f"{MAPPING}/values/quantities.py",), NOTATIONS),
    "protocol": Group(
        ("plugins/amazon_listings/writes/protocol.py", "plugins/amazon_listings/runs/plan.py"),
        (
            "tests/unit/writes/test_protocol.py",
            "tests/unit/writes/test_planner.py",
            "tests/unit/runs/test_plan.py",
        ),
    ),
    "patches": Group(
        ("plugins/amazon_listings/selling_partner/leaves.py",),
        (
            "tests/unit/selling_partner/test_leaves.py",
            "tests/unit/selling_partner/test_patches.py",
            "tests/unit/selling_partner/test_comparison.py",
            "tests/unit/writes/test_planner.py",
        ),
    ),
    "feeds": Group(
        ("plugins/amazon_listings/writes/feeds",),
        tuple(
            f"tests/unit/writes/test_feed_{name}.py"
            for name in ("answers", "confirmation", "families", "recovery", "removals", "submit")
        ),
    ),
}


def main() -> None:
    """Run what is asked for; exit with 1 if too many survive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--group", choices=[*WHOLE, "elsewhere"], action="append", help="only these")
    parser.add_argument("--most", type=int, help="at most so many changes of each group, drawn by the seed")
    asked = parser.parse_args()
    _enter_copy()
    survivors: list[str] = []
    worst = 1.0
    for name in asked.group or [*WHOLE, "elsewhere"]:
        killed, alive = _elsewhere(asked.most) if name == "elsewhere" else _whole(name, asked.most)
        share = killed / max(1, killed + len(alive))
        worst = min(worst, share)
        print(f"{name:12} {killed + len(alive):6} changes, {share:6.1%} killed", flush=True)  # noqa: T201 - a command prints
        survivors += [f"{name}: {one}" for one in alive]
        (WORK / "survivors.txt").write_text("\n\n".join(survivors), encoding="utf-8")
    sys.exit(worst < WANTED)


def _enter_copy() -> None:
    """Copy the source, and import from the copy before what is installed."""
    shutil.rmtree(COPY, ignore_errors=True)
    COPY.mkdir(parents=True)
    for name in SOURCES:
        shutil.copytree(ROOT / name, COPY / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", COPY)
    sys.dont_write_bytecode = True
    sys.path[:0] = paths = [str(COPY / one) for one in PATHS]
    os.environ |= {"PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
    os.chdir(COPY)


def _whole(name: str, most: int | None) -> tuple[int, list[str]]:
    changes = _changes(WHOLE[name].modules)
    if most is not None:
        changes = random.Random(SEED).sample(changes, min(most, len(changes)))
    return _try(changes, WHOLE[name].tests)


def _elsewhere(most: int | None) -> tuple[int, list[str]]:
    """Changes drawn from every folder that has unit tests of its own."""
    every = [
        (tests, change)
        for folder, tests in _folders()
        for change in _changes((f"plugins/amazon_listings/{folder}",))
    ]
    drawn = random.Random(SEED).sample(every, min(most or DRAWN, len(every)))
    killed, alive = 0, []
    for _, tests in _folders():
        if changes := [change for one, change in drawn if one == tests]:
            more, survivors = _try(changes, (tests,))
            killed, alive = killed + more, [*alive, *survivors]
    return killed, alive


def _folders() -> list[tuple[str, str]]:
    tested = sorted(path.name for path in (ROOT / "tests/unit").iterdir() if path.is_dir())
    return [
        (name, f"tests/unit/{name}") for name in tested if (ROOT / "plugins/amazon_listings" / name).is_dir()
    ]


def _changes(modules: Iterable[str]) -> list[MutationSpec]:
    """Every change of some modules or folders, in an order that is the same each time.

    Those of `|` are left out: nearly every one stands in an annotation, which nothing evaluates.
    """
    files = [
        path for one in modules for path in ([Path(one)] if one.endswith(".py") else Path(one).rglob("*.py"))
    ]
    changes = [change for item in every_change(sorted(files), {}) for change in item.mutations]
    return sorted(
        (change for change in changes if "BitOr" not in change.operator_name),
        key=lambda one: (one.module_path, one.operator_name, one.occurrence),
    )


def _try(changes: Iterable[MutationSpec], tests: tuple[str, ...]) -> tuple[int, list[str]]:
    """How many changes were noticed, and the others as differences.

    A change that is no Python is left out: it says nothing of the tests.
    """
    if not _pass(tests, keep=COPY / "imported.txt"):
        sys.exit(f"the tests fail without any change: {' '.join(tests)}")
    for name in (COPY / "imported.txt").read_text().split():
        with suppress(Exception):  # some modules can be imported only by their own package
            importlib.import_module(name)
    killed, alive = 0, []
    for change in changes:
        operator = get_operator(change.operator_name)(**change.operator_args)
        with use_mutation(change.module_path, operator, change.occurrence) as (before, after):
            if after is None or not _compiles(after):
                continue
            if not _pass(tests):
                killed += 1
            else:
                lines = difflib.unified_diff(
                    before.splitlines(), after.splitlines(), str(change.module_path), lineterm="", n=1
                )
                alive.append("\n".join(lines))
    return killed, alive


def _compiles(text: str) -> bool:
    with warnings.catch_warnings(action="ignore"):
        try:
            compile(text, "changed", "exec")
        except SyntaxError:
            return False
    return True


def _pass(tests: tuple[str, ...], *, keep: Path | None = None) -> bool:
    """Run tests in a fork, and return whether they pass; keep the names of the libraries they import."""
    child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        code = int(pytest.main(["-q", "-x", "-n", "0", *tests]))
        if keep is not None:
            keep.write_text("\n".join(name for name in sys.modules if not name.startswith(OURS)))
        os._exit(code)
    return os.waitpid(child, 0)[1] == 0


if __name__ == "__main__":
    main()
