"""Find out which changes the tests notice, and keep what was found."""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.machinery
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.mutants.changes import code_of, compiles
from tests.mutants.folders import COPY, VERDICTS
from tests.mutants.forks import Answer, forked
from tests.mutants.in_place import ALIVE, KILLED, NO_PYTHON, PYTEST, UNTRIED, Answers, Profile, Warm

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

    from tests.mutants.changes import Change, Group


def verdicts_of(group: Group, changes: list[Change], workers: int, *, quick: bool) -> dict[str, str]:
    """Try the changes of one group, but for those whose verdict is known; `quick`: only in place."""
    keys = {
        one.name: {"code": _hash([Path(one.module)]), "tests": _hash(_test_files(group))} for one in changes
    }
    known = _kept(keys)
    known |= {one.name: NO_PYTHON for one in changes if not compiles(one.after)}
    left = [one for one in changes if one.name not in known]
    if not left:
        return known
    keep = _keeper(keys)
    answers = _first_try(group, left, workers, keep)
    known |= answers.verdicts
    left = [one for one in left if one.name not in known]
    if quick:
        return known | {one.name: UNTRIED for one in left}
    for name in answers.libraries:
        with suppress(Exception):  # some modules can be imported only by their own package
            importlib.import_module(name)
    tasks = {one.name: functools.partial(_afresh, one, answers.tests[one.name]) for one in left}
    if tasks and not _passes_unchanged(left[0], answers.tests):
        print(f"no change is tried afresh, the tests fail without any: {' '.join(group.tests)}")  # noqa: T201
        return known | dict.fromkeys(tasks, ALIVE)
    for name, answer in forked(tasks, workers):
        known[name] = ALIVE if answer is Answer.PASSED else KILLED
        keep(name, known[name])
    return known


def _kept(keys: dict[str, dict[str, str]]) -> dict[str, str]:
    """The verdicts of earlier runs that still hold."""
    kept = {}
    for line in VERDICTS.read_text(encoding="utf-8").splitlines() if VERDICTS.exists() else ():
        one = json.loads(line)
        now = keys.get(one["name"])
        if now and one["code"] == now["code"] and (one["verdict"] == KILLED or one["tests"] == now["tests"]):
            kept[one["name"]] = one["verdict"]
    return kept


def _keeper(keys: dict[str, dict[str, str]]) -> Callable[[str, str], None]:
    def keep(name: str, verdict: str) -> None:
        with VERDICTS.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"name": name, "verdict": verdict} | keys[name]) + "\n")

    return keep


def _test_files(group: Group) -> list[Path]:
    return [
        path
        for one in group.tests
        for path in ([Path(one)] if one.endswith(".py") else Path(one).rglob("*.py"))
    ]


def _hash(files: list[Path]) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted(files))).hexdigest()[:16]


def _afresh(change: Change, tests: list[str]) -> Answer:
    """Import the changed module, and say whether the tests pass."""
    real, changed = importlib.machinery.SourceFileLoader.get_code, change.file

    def get_code(loader: Any, name: str) -> CodeType | None:
        return code_of(change.after, changed) if loader.path == changed else real(loader, name)

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]
    passed = int(pytest.main([*PYTEST, *tests], plugins=[Profile()])) == 0
    return Answer.PASSED if passed else Answer.FAILED


def _passes_unchanged(change: Change, tests: dict[str, list[str]]) -> bool:
    """Try the tests of all changes afresh without one: what fails then tells nothing."""
    unchanged = change._replace(after=change.before)
    every = list(dict.fromkeys(nodeid for some in tests.values() for nodeid in some))
    [(_, answer)] = forked({"": functools.partial(_afresh, unchanged, every)}, 1)
    return answer is Answer.PASSED


def _first_try(
    group: Group, changes: list[Change], workers: int, keep: Callable[[str, str], None]
) -> Answers:
    """Try changes in a process of its own, which is forked for each."""
    file = COPY / "answers.json"
    file.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        warm = Warm(changes, workers, keep)
        pytest.main([*PYTEST, *group.tests], plugins=[Profile(), warm])
        if warm.answers:
            file.write_text(json.dumps(warm.answers), encoding="utf-8")
        os._exit(0)
    os.waitpid(child, 0)
    if not file.exists():
        sys.exit(f"the tests fail without any change: {' '.join(group.tests)}")
    return Answers(*json.loads(file.read_text(encoding="utf-8")))
