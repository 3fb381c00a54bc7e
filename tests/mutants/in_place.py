"""Try changes in forks of a process that has imported all code and run all tests once."""

from __future__ import annotations

import functools
import gc
import os
import resource
import signal
import sys
import threading
import time
from types import CodeType, FunctionType, SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.mutants.changes import code_of
from tests.mutants.folders import COPY
from tests.mutants.forks import CPU_PATIENCE, forked
from tests.support.examples import is_property, try_at_most

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mutants.changes import Change

KILLED, ALIVE, NOT_REACHED, NO_PYTHON = "killed", "alive", "not reached", "no Python"
MARKED = "not (soak or airflow or browser or server or process)"
PYTEST = ("-q", "-x", "-n", "0", "-o", "timeout=0", "-m", MARKED)
#: Examples of a property in this try.
EXAMPLES = 20
#: CPU seconds that the tests of one change may take, measured without it.
FIRST_TRY = 10
#: What begins the names of our own modules.
OURS = ("amazon_", "spapi_sandbox", "local_airflow", "support", "tests", "test_", "conftest", "airflow")


class Answers(NamedTuple):
    """What the first try found: verdicts, the tests of each change that is left, imported libraries."""

    verdicts: dict[str, str]
    tests: dict[str, list[str]]
    libraries: list[str]


class Profile:
    """Let a property fail at its first counterexample: nobody reads the smallest one here."""

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        from hypothesis import HealthCheck, Phase, settings

        settings.register_profile(
            "mutants",
            parent=settings.default,
            phases=(Phase.explicit, Phase.generate),
            database=None,
            suppress_health_check=tuple(HealthCheck),  # a tracer and a busy machine make all slow
        )
        settings.load_profile("mutants")


class Warm:
    """A plugin that runs all tests once, and then those of each change in a fork."""

    def __init__(self, changes: list[Change], workers: int, keep: Callable[[str, str], None]) -> None:
        self.changes, self.workers, self.keep = changes, workers, keep
        self.answers: Answers | None = None
        self.failed = False
        self.reached = _Reached({one.file for one in changes})
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
        failing = set()
        for item in session.items:
            try_at_most(item, EXAMPLES)  # the second try has them all
            self.failed = False
            self.reached.start()
            _run(item)
            self.lines[item.nodeid] = self.reached.stop()
            if self.failed:
                failing.add(item.nodeid)
        stable = self._stable(session.items)
        # What measures its seconds may fail with the tracer alone, and is not used then.
        if failing - stable:
            return True
        gc.unfreeze()  # what `conftest` froze is in no list of objects
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
        for name, passed in forked(tasks, self.workers):
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
        places = {(change.file, line) for line in change.lines}
        everywhere = bool(places & self.imported)
        reaching = [item for item in items if everywhere or places & self.lines[item.nodeid]]
        reaching = reaching or [item for item in items if is_property(item)]
        return sorted(reaching, key=lambda item: self.seconds.get(item.nodeid, CPU_PATIENCE))

    def _in_place(
        self,
        change: Change,
        functions: dict[str, list[FunctionType]],
        caches: list[Any],
        items: list[pytest.Item],
    ) -> bool:
        """Return whether the tests pass with the change; true if it cannot be made, or they take long."""
        if not _replace(change, functions[change.file]):
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
    file = change.file
    old, new = code_of(change.before, file), code_of(change.after, file)
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
