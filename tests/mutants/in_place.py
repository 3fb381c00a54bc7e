"""Try changes in forks of a process that has imported all code and run all tests once."""

from __future__ import annotations

import functools
import gc
import inspect
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
from tests.mutants.forks import Answer, forked
from tests.support.examples import is_property, times_more, try_all, try_at_most

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mutants.changes import Change

KILLED, ALIVE, NOT_REACHED = "killed", "alive", "not reached"
NO_PYTHON, UNTRIED = "no Python", "untried"
MARKED = "not (soak or airflow or browser or server or process)"
PYTEST = ("-q", "-x", "-n", "0", "-o", "timeout=0", "-m", MARKED)
#: Examples of a property in this try.
EXAMPLES = 10
#: CPU seconds and seconds that a test may take beyond ten times what it takes without a change.
LONGER, WAITS = 5, 120
#: CPU seconds after which no further test of a change is begun: what was not noticed by then lives.
BUDGET = 60
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
        self.with_an_end: list[pytest.FixtureDef[Any]] = []
        self.reached.start()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Stand in for pytest's own loop over the tests."""
        self.imported = self.reached.stop()
        items = []
        for item in session.items:
            try_at_most(item, EXAMPLES)  # the changes that are left have them all
            begin, self.failed = time.process_time(), False
            self.reached.start()
            _run(item)
            self.lines[item.nodeid] = self.reached.stop()
            self.seconds[item.nodeid] = time.process_time() - begin
            if self.failed:
                print(f"left out, it fails without any change: {item.nodeid}", flush=True)  # noqa: T201
            else:
                items.append(item)
        self._end_threads(session)
        gc.unfreeze()  # what `conftest` froze is in no list of objects
        functions, caches = _functions(self.reached.files), _caches()
        gc.freeze()
        tests = {one.name: self._tests(one, items) for one in self.changes}
        verdicts = {name: NOT_REACHED for name, some in tests.items() if not some}
        tasks = {
            one.name: functools.partial(self._in_place, one, functions, caches, tests[one.name])
            for one in self.changes
            if tests[one.name]
        }
        for name, answer in forked(tasks, self.workers):
            if answer is not Answer.UNDECIDED:
                verdicts[name] = ALIVE if answer is Answer.PASSED else KILLED
                self.keep(name, verdicts[name])
        libraries = [name for name in sys.modules if not name.startswith(OURS)]
        left = {name: [item.nodeid for item in some] for name, some in tests.items() if name not in verdicts}
        self.answers = Answers(verdicts, left, libraries)
        return True

    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        if inspect.isgeneratorfunction(fixturedef.func):
            self.with_an_end.append(fixturedef)

    def _end_threads(self, session: pytest.Session) -> None:
        """End what fixtures run in threads: a fork has none, and who asks one there waits for ever.

        What has no end stays; the others are set up again where they are asked for.
        """
        if threading.active_count() > 1:
            for one in reversed(self.with_an_end):
                one.finish(SimpleNamespace(node=session))  # type: ignore[arg-type]

    def _tests(self, change: Change, items: list[pytest.Item]) -> list[pytest.Item]:
        """The tests that reach a change, the shortest first; all of them, if an import reaches it.

        What none reaches may be reached by the examples that a property does not try here.
        """
        places, everywhere = _places(change), self._at_import(change)
        reaching = [item for item in items if everywhere or places & self.lines[item.nodeid]]
        reaching = reaching or [item for item in items if is_property(item)]
        return sorted(reaching, key=lambda item: self.seconds[item.nodeid])

    def _at_import(self, change: Change) -> bool:
        return bool(_places(change) & self.imported)

    def _in_place(
        self,
        change: Change,
        functions: dict[str, list[FunctionType]],
        caches: list[Any],
        items: list[pytest.Item],
    ) -> Answer:
        """Say whether the tests pass with the change; undecided if it cannot be made here."""
        codes = _codes(change, functions[change.file])
        if not codes or not _is_imported(change.file):  # a migration is loaded from its file each time
            return Answer.UNDECIDED
        _empty(caches)
        for item, whole in [(one, False) for one in items] + [(one, True) for one in items]:
            if whole and not is_property(item):
                continue
            if time.process_time() > BUDGET:
                return Answer.PASSED
            if whole:
                try_all(item)
            _put(codes, changed=True)
            if self._fails(item):
                _put(codes, changed=False)
                _empty(caches)
                # What fails without the change as well, after the tests before, tells nothing.
                if not self._fails(item):
                    return Answer.FAILED
        return Answer.UNDECIDED if self._at_import(change) else Answer.PASSED

    def _fails(self, item: pytest.Item) -> bool:
        """Run a test; end the process, as a failure, if it takes much more of the processor than it did."""
        seconds = 10 * self.seconds[item.nodeid] * times_more(item, EXAMPLES)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        soft = int(time.process_time() + LONGER + seconds)
        resource.setrlimit(resource.RLIMIT_CPU, (min(hard, soft), hard))
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        # It may only wait for a busy machine.
        signal.signal(signal.SIGALRM, lambda *_: os._exit(Answer.UNDECIDED))
        signal.alarm(int(WAITS + seconds))
        self.failed = False
        _run(item)
        return self.failed


def _places(change: Change) -> set[tuple[str, int]]:
    return {(change.file, line) for line in change.lines}


def _run(item: pytest.Item) -> None:
    """Run one test; what lasts longer than its module stays set up."""
    following = SimpleNamespace(listchain=lambda: [item.session])
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def _functions(files: set[str]) -> dict[str, list[FunctionType]]:
    found: dict[str, list[FunctionType]] = {file: [] for file in files}
    for one in gc.get_objects():
        # Not `isinstance`, which would load what lazy objects stand for.
        if type(one) is FunctionType and one.__code__.co_filename in found:
            found[one.__code__.co_filename].append(one)
    return found


def _caches() -> list[Any]:
    """The memories (`lru_cache`) of our own code."""
    kind = type(functools.cache(len))
    return [
        one for one in gc.get_objects() if type(one) is kind and str(one.__module__).startswith("amazon_")
    ]


def _is_imported(file: str) -> bool:
    return any(vars(module).get("__file__") == file for module in list(sys.modules.values()))


def _empty(caches: list[Any]) -> None:
    for one in caches:
        one.cache_clear()


def _codes(change: Change, functions: list[FunctionType]) -> list[tuple[FunctionType, CodeType, CodeType]]:
    """The functions of a changed file, with their code before and after; none if more changes."""
    file = change.file
    old, new = code_of(change.before, file), code_of(change.after, file)
    if old is None or new is None:
        return []
    before, after = _by_name(old), _by_name(new)
    if before is None or after is None or before.keys() != after.keys():
        return []
    changed = {key for key in before if not _same(before[key], after[key])}
    if not changed or any(
        "<locals>" not in name and not _is_function(before[name, line]) for name, line in changed
    ):
        return []
    keys = [(one, (one.__code__.co_qualname, one.__code__.co_firstlineno)) for one in functions]
    codes = [(one, before[key], after[key]) for one, key in keys if key in after]
    try:
        _put(codes, changed=True)
    except ValueError:  # another number of variables of the functions around
        return []
    return codes


def _put(codes: list[tuple[FunctionType, CodeType, CodeType]], *, changed: bool) -> None:
    for one, before, after in codes:
        one.__code__ = after if changed else before


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
