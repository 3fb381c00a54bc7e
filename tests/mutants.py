"""Mutation testing: change the code in small ways, and see whether a unit test fails.

    python tests/mutants.py [--group NAME] [--most N]

Runs cosmic-ray on a copy of the source, so that stopping it leaves no change behind. The groups of `WHOLE`
are changed in every way; of all other modules `DRAWN` changes are drawn with a fixed seed. Prints the share
that was killed, writes the survivors to `var/mutants/survivors.txt`, and fails under 90 %. Survivors that
stay, each with a reason, are in `tests/mutants.md`.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "var" / "mutants"
COPY = WORK / "source"
SOURCES = ("plugins", "packages", "tests", "include", "dags", "docs")
SEED, DRAWN, WANTED = 20260, 300, 0.9
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
        ("tests/unit/writes/test_protocol.py", "tests/unit/writes/test_planner.py", "tests/unit/runs"),
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
    "feeds": Group(("plugins/amazon_listings/writes/feeds",), ("tests/unit/writes",)),
}


def main() -> None:
    """Run what is asked for; exit with 1 if too many survive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--group", choices=[*WHOLE, "elsewhere"], action="append", help="only these")
    parser.add_argument("--most", type=int, help="at most so many changes of each group, drawn by the seed")
    asked = parser.parse_args()
    _copy()
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


def _copy() -> None:
    shutil.rmtree(COPY, ignore_errors=True)
    COPY.mkdir(parents=True)
    for name in SOURCES:
        shutil.copytree(ROOT / name, COPY / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", COPY)


def _whole(name: str, most: int | None) -> tuple[int, list[str]]:
    session = _session(name, WHOLE[name])
    if most is not None:
        _keep(session, random.Random(SEED).sample(jobs := _jobs(session), min(most, len(jobs))))
    return _run(name, session)


def _elsewhere(most: int | None) -> tuple[int, list[str]]:
    """Changes drawn from every folder that has unit tests of its own."""
    sessions = {
        folder: _session(f"elsewhere-{folder}", Group((f"plugins/amazon_listings/{folder}",), (tests,)))
        for folder, tests in _folders()
    }
    every = [(folder, job) for folder, session in sessions.items() for job in _jobs(session)]
    drawn = random.Random(SEED).sample(every, min(most or DRAWN, len(every)))
    killed, alive = 0, []
    for folder, session in sessions.items():
        _keep(session, [job for one, job in drawn if one == folder])
        more, survivors = _run(f"elsewhere-{folder}", session)
        killed, alive = killed + more, [*alive, *survivors]
    return killed, alive


def _folders() -> list[tuple[str, str]]:
    tested = sorted(path.name for path in (ROOT / "tests/unit").iterdir() if path.is_dir())
    return [
        (name, f"tests/unit/{name}") for name in tested if (ROOT / "plugins/amazon_listings" / name).is_dir()
    ]


def _session(name: str, group: Group) -> Path:
    """A cosmic-ray session with every change of a group's modules."""
    command = f"{sys.executable} -m pytest -q -x -n 0 -p no:cacheprovider {' '.join(group.tests)}"
    config = WORK / f"{name}.toml"
    modules = ", ".join(f'"{one}"' for one in group.modules)
    config.write_text(
        f"[cosmic-ray]\nmodule-path = [{modules}]\ntimeout = 240.0\nexcluded-modules = []\n"
        f'test-command = "{command}"\n\n[cosmic-ray.distributor]\nname = "local"\n',
        encoding="utf-8",
    )
    session = WORK / f"{name}.sqlite"
    session.unlink(missing_ok=True)
    _cosmic_ray("init", config, session)
    return session


def _jobs(session: Path) -> list[str]:
    """The changes in an order that is the same in every session: job ids are not.

    Those of `|` are left out: nearly every one stands in an annotation, which nothing evaluates.
    """
    with sqlite3.connect(session) as database:
        rows = database.execute(
            "SELECT job_id FROM mutation_specs WHERE operator_name NOT LIKE '%BitOr%'"
            " ORDER BY module_path, operator_name, occurrence, start_pos_row"
        )
        return [job for (job,) in rows]


def _keep(session: Path, jobs: list[str]) -> None:
    with sqlite3.connect(session) as database:
        database.execute("CREATE TEMP TABLE kept (job TEXT)")
        database.executemany("INSERT INTO kept VALUES (?)", [(job,) for job in jobs])
        for table in ("mutation_specs", "work_items"):
            database.execute(f"DELETE FROM {table} WHERE job_id NOT IN (SELECT job FROM kept)")  # noqa: S608 - ours


def _run(name: str, session: Path) -> tuple[int, list[str]]:
    """How many changes were noticed, and the others as differences."""
    _cosmic_ray("exec", WORK / f"{name}.toml", session)
    with sqlite3.connect(session) as database:
        results = database.execute("SELECT test_outcome, diff FROM work_results").fetchall()
    alive = [str(diff) for outcome, diff in results if "SURVIVED" in str(outcome).upper()]
    return sum("KILLED" in str(outcome).upper() for outcome, _ in results), alive


def _cosmic_ray(verb: str, config: Path, session: Path) -> None:
    """Run cosmic-ray in the copy, which is imported before what is installed."""
    paths = ("plugins", "packages/amazon-product-types/src", "packages/spapi-sandbox/src", "tests")
    path = os.pathsep.join(str(COPY / one) for one in paths)
    subprocess.run(
        [Path(sys.executable).with_name("cosmic-ray"), verb, config, session],
        cwd=COPY,
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        check=True,
    )


if __name__ == "__main__":
    main()
