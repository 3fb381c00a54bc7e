"""Mutation testing: change the code in small ways, and see whether a unit test fails.

    python tests/mutants.py [--group NAME] [--most N] [--workers N] [--fresh]

Makes cosmic-ray's changes to a copy of the source. The groups of `WHOLE` are changed in every way; of all
other modules `DRAWN` changes are drawn with a fixed seed. Each verdict is kept in
`var/mutants/verdicts.jsonl`, so that a run that was stopped goes on where it was: a killed change is tried
again when its module changed, a survivor also when a test of its group did. Prints the share that was killed,
writes the survivors to `var/mutants/survivors.txt`, and fails under 90 %. Survivors that stay, each with a
reason, are in `tests/mutants.md`.

The tests of a group run once with a tracer, which says which test reaches which line. Then each change is
tried in a fork of that process, where all is imported: the code of the changed function is replaced, and the
tests that reach the changed statement run, the shortest first, until one fails. What no test notices there,
and what cannot be replaced (a table, a decorator, a default), is tried once more in a fork that has imported
libraries only.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import functools
import gc
import hashlib
import importlib
import importlib.machinery
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
import warnings
from contextlib import suppress
from pathlib import Path
from types import CodeType, FunctionType, SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from cosmic_ray.ast import get_ast_from_path
from cosmic_ray.commands.init import _all_work_items as every_change
from cosmic_ray.mutating import MutationVisitor
from cosmic_ray.plugins import get_operator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cosmic_ray.work_item import MutationSpec

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "var" / "mutants"
COPY = WORK / "source"
VERDICTS = WORK / "verdicts.jsonl"
SOURCES = ("plugins", "packages", "tests", "include", "dags", "docs", "local_airflow")
#: What is imported from the copy.
PATHS = ("plugins", "packages/amazon-product-types/src", "packages/spapi-sandbox/src", "tests", ".")
OURS = ("amazon_", "spapi_sandbox", "local_airflow", "support", "tests", "test_", "conftest", "airflow")
SEED, DRAWN, WANTED = 20260, 300, 0.9
#: Examples of a property in the first try.
EXAMPLES = 20
#: CPU seconds that the tests of one change may take in the first try, besides what they take without it.
FIRST_TRY = 10
#: Seconds after which a change counts as noticed: it made an endless loop, or waits for ever.
CPU_PATIENCE, PATIENCE = 120, 600
PYTEST = ("-q", "-x", "-n", "0", "-o", "timeout=0", "-m", "not (soak or airflow or browser or server)")
MAPPING = "plugins/amazon_listings/mapping"

KILLED, ALIVE, NOT_REACHED, NO_PYTHON = "killed", "alive", "not reached", "no Python"


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
    "patches": Group(
        ("plugins/amazon_listings/selling_partner/leaves.py",),
        (
            "tests/unit/selling_partner/test_leaves.py",
            "tests/unit/selling_partner/test_patches.py",
            "tests/unit/selling_partner/test_comparison.py",
            "tests/unit/writes/test_planner.py",
        ),
    ),
    "protocol": Group(
        ("plugins/amazon_listings/writes/protocol.py", "plugins/amazon_listings/runs/plan.py"),
        (
            "tests/unit/writes/test_protocol.py",
            "tests/unit/writes/test_planner.py",
            "tests/unit/runs/test_plan.py",
        ),
    ),
    "plan": Group((f"{MAPPING}/plan",), ("tests/unit/mapping",)),
    "feeds": Group(
        ("plugins/amazon_listings/writes/feeds",),
        tuple(
            f"tests/unit/writes/test_feed_{name}.py"
            for name in ("answers", "confirmation", "families", "recovery", "removals", "submit")
        ),
    ),
    "dates": Group((f"{MAPPING}/values/dates.py",), NOTATIONS),
    "quantities": Group((f"{MAPPING}/values/quantities.py",), NOTATIONS),
}


class Change(NamedTuple):
    """One small change of a module: the text before and after, and the lines of the changed statement."""

    name: str
    module: str
    before: str
    after: str
    lines: range

    @property
    def difference(self) -> str:
        """Show the change as a unified diff."""
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), self.module, lineterm="", n=1
        )
        return "\n".join(lines)


def main() -> None:
    """Run what is asked for; exit with 1 if too many survive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--group", choices=[*WHOLE, "elsewhere"], action="append", help="only these")
    parser.add_argument("--most", type=int, help="at most so many changes of each group, drawn by the seed")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="how many are tried at a time")
    parser.add_argument("--fresh", action="store_true", help="forget the verdicts of earlier runs")
    asked = parser.parse_args()
    _enter_copy()
    if asked.fresh:
        VERDICTS.unlink(missing_ok=True)
    survivors: list[str] = []
    worst = 1.0
    for name in asked.group or [*WHOLE, "elsewhere"]:
        parts = _elsewhere(asked.most) if name == "elsewhere" else _whole(name, asked.most)
        verdicts: dict[str, str] = {}
        for group, changes in parts:
            verdicts |= _verdicts(group, changes, asked.workers)
            survivors += [
                f"{name}: {verdicts[one.name]}\n{one.difference}"
                for one in changes
                if verdicts[one.name] in {ALIVE, NOT_REACHED}
            ]
        worst = min(worst, _say(name, list(verdicts.values())))
        (WORK / "survivors.txt").write_text("\n\n".join(survivors), encoding="utf-8")
    shutil.rmtree(WORK / "temporary", ignore_errors=True)
    sys.exit(worst < WANTED)


def _say(name: str, verdicts: list[str]) -> float:
    """Print what became of a group's changes, and return the share that was killed."""
    tried = len(verdicts) - verdicts.count(NO_PYTHON)
    share = verdicts.count(KILLED) / max(1, tried)
    print(  # noqa: T201 - a command prints
        f"{name:12} {tried:6} changes, {verdicts.count(KILLED):6} killed ({share:.1%}), "
        f"{verdicts.count(NOT_REACHED):4} not reached",
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


# Which changes there are.


def _whole(name: str, most: int | None) -> list[tuple[Group, list[Change]]]:
    specs = _specs(WHOLE[name].modules)
    if most is not None:
        specs = random.Random(SEED).sample(specs, min(most, len(specs)))
    return [(WHOLE[name], [_change(one) for one in specs])]


def _elsewhere(most: int | None) -> list[tuple[Group, list[Change]]]:
    """Changes drawn from every folder that has unit tests of its own."""
    groups = _folders()
    every = [(group, spec) for group in groups for spec in _specs(group.modules)]
    drawn = random.Random(SEED).sample(every, min(most or DRAWN, len(every)))
    parts = [(group, [_change(spec) for one, spec in drawn if one is group]) for group in groups]
    return [(group, changes) for group, changes in parts if changes]


def _folders() -> list[Group]:
    tested = sorted(path.name for path in (ROOT / "tests/unit").iterdir() if path.is_dir())
    return [
        Group((f"plugins/amazon_listings/{name}",), (f"tests/unit/{name}",))
        for name in tested
        if (ROOT / "plugins/amazon_listings" / name).is_dir()
    ]


def _specs(modules: Iterable[str]) -> list[MutationSpec]:
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


def _change(spec: MutationSpec) -> Change:
    module = str(spec.module_path)
    text = Path(module).read_text(encoding="utf-8")
    operator = get_operator(spec.operator_name)(**spec.operator_args)
    visitor = MutationVisitor(spec.occurrence, operator)
    after = visitor.walk(get_ast_from_path(spec.module_path)).get_code()
    return Change(
        f"{module}:{spec.operator_name}:{spec.occurrence}",
        module,
        text,
        after,
        _statement(text, spec.start_pos[0]),
    )


@functools.cache
def _statements(text: str) -> list[range]:
    """The lines of each statement; of one with a body, those of its head."""
    ranges = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None) or getattr(node, "cases", None)
            first = min((one.lineno for one in getattr(node, "decorator_list", ())), default=node.lineno)
            end = getattr(body[0], "lineno", node.lineno + 1) if body else (node.end_lineno or first) + 1
            ranges.append(range(first, max(end, node.lineno + 1)))
    return ranges


def _statement(text: str, line: int) -> range:
    """The lines of the smallest statement in which a line stands."""
    return min((one for one in _statements(text) if line in one), key=len, default=range(line, line + 1))


# What becomes of them.


def _verdicts(group: Group, changes: list[Change], workers: int) -> dict[str, str]:
    """Try the changes of one group, but for those whose verdict is known."""
    keys = {
        one.name: {"code": _hash([Path(one.module)]), "tests": _hash(_test_files(group))} for one in changes
    }
    known = _kept(keys)
    known |= {one.name: NO_PYTHON for one in changes if not _compiles(one.after)}
    left = [one for one in changes if one.name not in known]
    if not left:
        return known
    keep = _keeper(keys)
    answers = _first_try(group, left, workers, keep)
    known |= answers.verdicts
    left = [one for one in left if one.name not in known]
    for name in answers.libraries:
        with suppress(Exception):  # some modules can be imported only by their own package
            importlib.import_module(name)
    tasks = {one.name: functools.partial(_afresh, one, answers.tests[one.name]) for one in left}
    for name, passed in _forked(tasks, workers):
        known[name] = ALIVE if passed else KILLED
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


def _compiles(text: str) -> bool:
    return _code(text, "changed") is not None


def _code(text: str, file: str) -> CodeType | None:
    with warnings.catch_warnings(action="ignore"):
        try:
            return compile(text, file, "exec", dont_inherit=True)
        except SyntaxError:
            return None


def _forked(tasks: dict[str, Callable[[], bool]], workers: int) -> Iterator[tuple[str, bool]]:
    """Run each task in a fork, some at a time, and yield whether it returned true.

    One that was ended by a limit, or by an error, did not.
    """
    waiting, running = list(tasks.items()), dict[int, str]()
    while waiting or running:
        while waiting and len(running) < workers:
            name, task = waiting.pop(0)
            if (child := os.fork()) == 0:
                _run_child(task)
            running[child] = name
        child, status = os.wait()
        if child in running:
            yield running.pop(child), status == 0


def _run_child(task: Callable[[], bool]) -> None:
    """Run a task within its limits, silently, and leave the process."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_PATIENCE, CPU_PATIENCE))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(PATIENCE)
    code = 1
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        code = 0 if task() else 1
    finally:
        os._exit(code)


# The second try: a process that has imported none of our code.


def _afresh(change: Change, tests: list[str]) -> bool:
    """Import the changed module, and return whether the tests pass."""
    real, changed = importlib.machinery.SourceFileLoader.get_code, str(COPY / change.module)

    def get_code(loader: Any, name: str) -> CodeType | None:
        return _code(change.after, changed) if loader.path == changed else real(loader, name)

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]
    return int(pytest.main([*PYTEST, *tests], plugins=[_Profile()])) == 0


class _Profile:
    """Let a property fail at its first counterexample: nobody reads the smallest one here."""

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        from hypothesis import Phase, settings

        settings.register_profile(
            "mutants", parent=settings.default, phases=(Phase.explicit, Phase.generate), database=None
        )
        settings.load_profile("mutants")


# The first try: a process that has imported all, and run all tests once.


class Answers(NamedTuple):
    """What the first try found: verdicts, the tests of each change that is left, imported libraries."""

    verdicts: dict[str, str]
    tests: dict[str, list[str]]
    libraries: list[str]


def _first_try(
    group: Group, changes: list[Change], workers: int, keep: Callable[[str, str], None]
) -> Answers:
    """Try changes in a process of its own, which is forked for each."""
    file = COPY / "answers.json"
    file.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        warm = _Warm(changes, workers, keep)
        pytest.main([*PYTEST, *group.tests], plugins=[_Profile(), warm])
        if warm.answers:
            file.write_text(json.dumps(warm.answers), encoding="utf-8")
        os._exit(0)
    os.waitpid(child, 0)
    if not file.exists():
        sys.exit(f"the tests fail without any change: {' '.join(group.tests)}")
    return Answers(*json.loads(file.read_text(encoding="utf-8")))


class _Warm:
    """A plugin that runs all tests once, and then those of each change in a fork."""

    def __init__(self, changes: list[Change], workers: int, keep: Callable[[str, str], None]) -> None:
        self.changes, self.workers, self.keep = changes, workers, keep
        self.answers: Answers | None = None
        self.failed = False
        self.reached = _Reached({str(COPY / one.module) for one in changes})
        #: By test: the lines it reached, as (file, line), and its seconds without a tracer.
        self.lines: dict[str, set[tuple[str, int]]] = {}
        self.seconds: dict[str, float] = {}
        self.imported: set[tuple[str, int]] = set()
        self.reached.start()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.failed
        if report.failed and not self.seconds:
            print(report.nodeid, report.longreprtext, sep="\n")  # noqa: T201 - without any change

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Stand in for pytest's own loop over the tests."""
        self.imported = self.reached.stop()
        for item in session.items:
            _shorten(item)
            self.reached.start()
            _run(item)
            self.lines[item.nodeid] = self.reached.stop()
        if self.failed:
            return True
        stable = self._stable(session.items)
        functions, caches = _functions(self.reached.files), _caches()
        gc.freeze()
        tests = {one.name: self._tests(one, session.items) for one in self.changes}
        verdicts = {name: NOT_REACHED for name, some in tests.items() if not some}
        tasks = {
            one.name: functools.partial(
                self._in_place,
                one,
                functions,
                caches,
                [item for item in tests[one.name] if item.nodeid in stable],
            )
            for one in self.changes
            if tests[one.name]
        }
        for name, passed in _forked(tasks, self.workers):
            if not passed:
                verdicts[name] = KILLED
                self.keep(name, KILLED)
        libraries = [name for name in sys.modules if not name.startswith(OURS)]
        left = {name: [item.nodeid for item in some] for name, some in tests.items() if name not in verdicts}
        self.answers = Answers(verdicts, left, libraries)
        return True

    def _stable(self, items: list[pytest.Item]) -> set[str]:
        """The tests that pass a second time, with memories emptied, in a fork; measures them, too."""
        found = COPY / "stable.txt"
        caches = _caches()

        def again() -> bool:
            _empty(caches)
            with found.open("w", encoding="utf-8") as file:
                for item in items:
                    self.failed, begin = False, time.process_time()
                    _run(item)
                    if not self.failed:
                        file.write(f"{time.process_time() - begin} {item.nodeid}\n")
            return True

        child = os.fork()
        if child == 0:
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            again()
            os._exit(0)
        os.waitpid(child, 0)
        for line in found.read_text(encoding="utf-8").split("\n"):
            if line:
                seconds, nodeid = line.split(" ", 1)
                self.seconds[nodeid] = float(seconds)
        return set(self.seconds)

    def _tests(self, change: Change, items: list[pytest.Item]) -> list[pytest.Item]:
        """The tests that reach a change, the shortest first; all of them, if an import reaches it.

        What none reaches may be reached by the examples that a property does not try here.
        """
        places = {(str(COPY / change.module), line) for line in change.lines}
        everywhere = bool(places & self.imported)
        reaching = [item for item in items if everywhere or places & self.lines[item.nodeid]]
        reaching = reaching or [item for item in items if _is_property(item)]
        return sorted(reaching, key=lambda item: self.seconds.get(item.nodeid, CPU_PATIENCE))

    def _in_place(
        self,
        change: Change,
        functions: dict[str, list[FunctionType]],
        caches: list[Any],
        items: list[pytest.Item],
    ) -> bool:
        """Return whether the tests pass with the change; true if it cannot be made, or they take long."""
        if not _replace(change, functions[str(COPY / change.module)]):
            return True
        _empty(caches)
        self.failed, left = False, float(FIRST_TRY)
        for item in items:
            left -= self.seconds[item.nodeid]
            if left < 0:
                return True
            # What is over the limit is left to the second try, which says whether it ends.
            signal.signal(signal.SIGXCPU, lambda *_: os._exit(0))
            resource.setrlimit(resource.RLIMIT_CPU, (3 * FIRST_TRY, CPU_PATIENCE))
            signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
            _run(item)
            if self.failed:
                return False
        return True


def _run(item: pytest.Item) -> None:
    """Run one test; what lasts longer than its module stays set up."""
    following = SimpleNamespace(listchain=lambda: [item.session])
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def _is_property(item: pytest.Item) -> bool:
    return hasattr(getattr(item, "function", None), "hypothesis")


def _shorten(item: pytest.Item) -> None:
    """Let a property try few examples; the second try has them all."""
    if _is_property(item):
        function: Any = item.function  # type: ignore[attr-defined]
        asked = function._hypothesis_internal_use_settings
        function._hypothesis_internal_use_settings = type(asked)(
            asked, max_examples=min(asked.max_examples, EXAMPLES)
        )


def _functions(files: set[str]) -> dict[str, list[FunctionType]]:
    found: dict[str, list[FunctionType]] = {file: [] for file in files}
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename in found:
            found[one.__code__.co_filename].append(one)
    return found


def _caches() -> list[Any]:
    """The memories (`lru_cache`) of our own code."""
    kind = type(functools.cache(len))
    return [
        one for one in gc.get_objects() if type(one) is kind and str(one.__module__).startswith("amazon_")
    ]


def _empty(caches: list[Any]) -> None:
    for one in caches:
        one.cache_clear()


def _replace(change: Change, functions: list[FunctionType]) -> bool:
    """Give functions the changed code; false if more than the code of functions changes."""
    file = str(COPY / change.module)
    old, new = _code(change.before, file), _code(change.after, file)
    if old is None or new is None:
        return False
    before, after = _by_name(old), _by_name(new)
    if before is None or after is None or before.keys() != after.keys():
        return False
    changed = {key for key in before if not _same(before[key], after[key])}
    if not changed or any(
        "<locals>" not in name and not _is_function(before[name, line]) for name, line in changed
    ):
        return False
    try:
        for one in functions:
            key = one.__code__.co_qualname, one.__code__.co_firstlineno
            if key in after:
                one.__code__ = after[key]
    except ValueError:  # another number of variables of the functions around
        return False
    return True


def _is_function(code: CodeType) -> bool:
    return bool(code.co_flags & 0x1)  # CO_OPTIMIZED: neither a module nor a class


def _by_name(code: CodeType) -> dict[tuple[str, int], CodeType] | None:
    """All code in some code, by name and line; None if two have the same."""
    found = {(code.co_qualname, code.co_firstlineno): code}
    for one in code.co_consts:
        if isinstance(one, CodeType):
            within = _by_name(one)
            if within is None or within.keys() & found.keys():
                return None
            found |= within
    return found


def _same(one: CodeType, other: CodeType) -> bool:
    """Compare code without what is defined in it."""
    kept = [[const for const in code.co_consts if not isinstance(const, CodeType)] for code in (one, other)]
    return (one.co_code, one.co_names, one.co_varnames, repr(kept[0])) == (
        other.co_code,
        other.co_names,
        other.co_varnames,
        repr(kept[1]),
    )


class _Reached:
    """The lines of some files that were reached since the start."""

    def __init__(self, files: set[str]) -> None:
        self.files = files
        self.lines: set[tuple[str, int]] = set()
        #: The lines of functions that were not reached yet: one that was reached whole costs no time.
        self.missing: dict[CodeType, set[int]] = {}

    def start(self) -> None:
        self.lines, self.missing = set(), {}
        threading.settrace(self._call)
        sys.settrace(self._call)

    def stop(self) -> set[tuple[str, int]]:
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]
        return self.lines

    def _call(self, frame: Any, event: str, arg: object) -> Any:
        code = frame.f_code
        if code.co_filename not in self.files:
            return None
        if code not in self.missing:
            self.missing[code] = {line for *_, line in code.co_lines() if line}
        return self._line if self.missing[code] else None

    def _line(self, frame: Any, event: str, arg: object) -> Any:
        self.lines.add((frame.f_code.co_filename, frame.f_lineno))
        self.missing[frame.f_code].discard(frame.f_lineno)
        return self._line


if __name__ == "__main__":
    main()
