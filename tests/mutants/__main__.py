"""Mutation testing: change the code in small ways, and see whether a unit test fails.

    python -m tests.mutants [--group NAME] [--folder NAME] [--most N] [--workers N] [--quick] [--fresh]

Makes cosmic-ray's changes to a copy of the source. The groups of `WHOLE` are changed in every way; of all
other modules `DRAWN` changes are drawn with a fixed seed. Each verdict is kept in
`var/mutants/verdicts.jsonl`, so that a run that was stopped goes on where it was: a killed change is tried
again when its module changed, a survivor also when a test of its group did. Prints for each module and group
how many were killed, writes the survivors to `var/mutants/survivors.txt`, and fails under 90 %. Survivors
that no test can notice are equivalents, each with a reason (`equivalents.py`, `equivalents.toml`).

The tests of a group run once with a tracer, which says which test reaches which line. Then each change is
tried in a fork of that process, where all is imported: the code of the changed function is replaced, and the
tests that reach the changed statement run, the shortest first, until one fails that passes there without the
change. Properties try few examples at first, and all if nothing failed. What cannot be replaced (a table, a
decorator, a default) is tried in a fork that has imported libraries only.

Of the modules outside `WHOLE` a change is tried by the tests of its own folder, and one that they leave alive
by those of each folder whose code imports the module.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import os
import re
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.mutants.changes import Change, Group, Spec, change_of, specs
from tests.mutants.equivalents import reason_of
from tests.mutants.folders import COPY, ROOT, VERDICTS, WORK
from tests.mutants.in_place import ALIVE, KILLED, NO_PYTHON, NOT_REACHED, UNTRIED
from tests.mutants.verdicts import verdicts_of

SOURCES = ("plugins", "packages", "tests", "include", "dags", "docs", "local_airflow")
#: What is imported from the copy.
PATHS = ("plugins", "packages/amazon-product-types/src", "packages/spapi-sandbox/src", "tests", ".")
SEED, DRAWN, WANTED = 20260, 300, 0.9
EQUIVALENT, LEFT = "equivalent", {ALIVE, NOT_REACHED}
OURS = "plugins/amazon_listings/"
MAPPING = f"{OURS}mapping"

#: The unit tests of numbers and dates.
NOTATIONS = tuple(
    f"tests/unit/mapping/test_{name}.py" for name in ("dates", "numbers", "quantities", "notation")
)
#: What decides what is sent, and whether it arrived: changed in every way.
WHOLE = {
    "patches": Group(
        tuple(f"{OURS}selling_partner/content/{name}.py" for name in ("leaves", "patches")),
        (
            "tests/unit/selling_partner/content/test_leaves.py",
            "tests/unit/selling_partner/content/test_patches.py",
            "tests/unit/selling_partner/content/test_comparison.py",
            "tests/unit/planning/test_planner.py",
        ),
    ),
    "protocol": Group(
        (f"{OURS}writes/protocol.py", f"{OURS}runs/plan.py"),
        (
            "tests/unit/writes/test_protocol.py",
            "tests/unit/planning/test_planner.py",
            "tests/unit/runs/test_plan.py",
        ),
    ),
    "plan": Group((f"{MAPPING}/plan",), ("tests/unit/mapping",)),
    "feeds": Group(
        (f"{OURS}writes/feeds",),
        tuple(
            f"tests/unit/writes/test_feed_{name}.py"
            for name in ("answers", "confirmation", "families", "recovery", "removals", "submit")
        ),
    ),
    "dates": Group((f"{MAPPING}/values/dates.py",), NOTATIONS),
    "quantities": Group((f"{MAPPING}/values/quantities.py",), NOTATIONS),
}


def main() -> None:
    """Run what is asked for; exit with 1 if too many survive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--group", choices=[*WHOLE, "elsewhere"], action="append", help="only these")
    parser.add_argument("--folder", action="append", help="of `elsewhere` only what is drawn of these")
    parser.add_argument("--most", type=int, help="at most so many changes of each group, drawn by the seed")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="how many are tried at a time")
    parser.add_argument("--quick", action="store_true", help="leave what needs a process of its own untried")
    parser.add_argument("--fresh", action="store_true", help="forget the verdicts of earlier runs")
    asked = parser.parse_args()
    _enter_copy()
    if asked.fresh:
        VERDICTS.unlink(missing_ok=True)
    worst = 1.0
    survivors: list[str] = []
    for name in asked.group or [*WHOLE, "elsewhere"]:
        parts = _elsewhere(asked.most, asked.folder) if name == "elsewhere" else _whole(name, asked.most)
        found: dict[Change, str] = {}
        for group, changes in parts:
            again = [one for one, verdict in found.items() if verdict in LEFT and uses(group, one.module)]
            verdicts = verdicts_of(group, [*changes, *again], asked.workers, quick=asked.quick)
            found |= {one: _judged(one, verdicts[one.name]) for one in changes}
            found |= {one: KILLED for one in again if verdicts[one.name] == KILLED}
            left = [f"{name}: {found[one]}\n{one.difference}" for one in found if found[one] in LEFT]
            (WORK / "survivors.txt").write_text("\n\n".join(survivors + left), encoding="utf-8")
        survivors += left
        if name != "elsewhere":
            for module in sorted({one.module for one in found}):
                _say(module, [verdict for one, verdict in found.items() if one.module == module])
        worst = min(worst, _say(name, list(found.values())))
    shutil.rmtree(WORK / "temporary", ignore_errors=True)
    sys.exit(worst < WANTED)


def _judged(change: Change, verdict: str) -> str:
    """The verdict of a change; one that no test noticed may be equivalent."""
    return EQUIVALENT if verdict in LEFT and reason_of(change) else verdict


def _say(name: str, verdicts: list[str]) -> float:
    """Print what became of some changes; return the share that was killed of those that can be noticed."""
    counts = Counter(verdicts)
    tried = len(verdicts) - counts[NO_PYTHON] - counts[UNTRIED]
    share = counts[KILLED] / max(1, tried - counts[EQUIVALENT])
    print(  # noqa: T201 - a command prints
        f"{name.removeprefix(OURS):36} {tried:5} changes, {counts[KILLED]:5} killed, "
        f"{counts[EQUIVALENT]:4} equivalent, {counts[ALIVE]:4} alive, {counts[NOT_REACHED]:4} not reached, "
        f"{counts[UNTRIED]:4} untried: {share:.1%}",
        flush=True,
    )
    return share


def _enter_copy() -> None:
    """Copy the source, and import from the copy before what is installed."""
    shutil.rmtree(COPY, ignore_errors=True)
    shutil.rmtree(WORK / "temporary", ignore_errors=True)
    COPY.mkdir(parents=True)
    (WORK / "temporary").mkdir()
    for name in SOURCES:
        shutil.copytree(ROOT / name, COPY / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", COPY)
    sys.dont_write_bytecode = True
    sys.path[:0] = paths = [str(COPY / one) for one in PATHS]
    os.environ |= {
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(WORK / "temporary"),
    }
    tempfile.tempdir = None
    os.chdir(COPY)


def _whole(name: str, most: int | None) -> list[tuple[Group, list[Change]]]:
    every = specs(WHOLE[name].modules)
    if most is not None:
        every = sorted(every, key=_lot)[:most]
    return [(WHOLE[name], [change_of(one) for one in every])]


def _lot(spec: Spec) -> str:
    """What a change draws: the same while its module is as it was, whatever becomes of the others."""
    text = "\n".join((str(SEED), spec.operator, str(spec.occurrence), spec.module))
    return hashlib.sha256(text.encode()).hexdigest()


def _elsewhere(most: int | None, folders: list[str] | None) -> list[tuple[Group, list[Change]]]:
    """Changes drawn from every folder that has unit tests of its own, but for what is changed whole."""
    groups = _folders()
    whole = tuple(module for group in WHOLE.values() for module in group.modules)
    every = [
        (group, spec)
        for group in groups
        for spec in specs(group.modules)
        if not spec.module.startswith(whole)
    ]
    drawn = sorted(every, key=lambda one: _lot(one[1]))[: most or DRAWN]
    # What others use comes first: the tests of those who use it try what its own left alive.
    users = {group: sum(uses(one, *group.modules) for one in groups) for group in groups}
    asked = [one for one in groups if folders is None or Path(one.modules[0]).name in folders]
    return [
        (group, [change_of(spec) for one, spec in drawn if one is group])
        for group in sorted(asked, key=lambda one: -users[one])
    ]


def uses(group: Group, module: str) -> bool:
    """Whether code of a group imports a module, or something of a folder."""
    parent, _, name = module.removeprefix("plugins/").removesuffix(".py").replace("/", ".").rpartition(".")
    imports = re.compile(rf"^\s*from {re.escape(parent)}(\.{name}[. ]| import .*\b{name}\b)", re.MULTILINE)
    return any(imports.search(text) for text in _sources(group))


@functools.cache
def _sources(group: Group) -> list[str]:
    return [path.read_text(encoding="utf-8") for one in group.modules for path in Path(one).rglob("*.py")]


def _folders() -> list[Group]:
    tested = sorted(path.name for path in (ROOT / "tests/unit").iterdir() if path.is_dir())
    return [
        Group((f"plugins/amazon_listings/{name}",), (f"tests/unit/{name}",))
        for name in tested
        if (ROOT / "plugins/amazon_listings" / name).is_dir()
    ]


if __name__ == "__main__":
    main()
