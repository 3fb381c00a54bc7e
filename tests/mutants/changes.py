"""The small changes of modules that are tried."""

from __future__ import annotations

import ast
import difflib
import functools
import hashlib
import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cosmic_ray.ast import get_ast_from_path
from cosmic_ray.commands.init import _all_work_items as every_change
from cosmic_ray.mutating import MutationVisitor
from cosmic_ray.plugins import get_operator

from tests.mutants.folders import COPY, SPECS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType


#: Stands for a change that cosmic-ray names but cannot make (of `module.Error` in a tuple): no Python either.
NOT_MADE = "cannot be made"


class Group(NamedTuple):
    """Modules that are changed, and the unit tests that must notice."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


class Spec(NamedTuple):
    """Where one of cosmic-ray's operators makes a change: the module, and which of its places there."""

    module: str
    operator: str
    occurrence: int
    line: int


class Change(NamedTuple):
    """One small change of a module: the text before and after, and the lines of the changed statement."""

    name: str
    module: str
    before: str
    after: str
    lines: range

    @property
    def file(self) -> str:
        """Return the path of the module in the copy."""
        return str(COPY / self.module)

    @property
    def difference(self) -> str:
        """Show the change as a unified diff."""
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), self.module, lineterm="", n=1
        )
        return "\n".join(lines)


def specs(modules: Iterable[str]) -> list[Spec]:
    """Every change of some modules or folders, in an order that is the same each time.

    Those of `|` are left out: nearly every one stands in an annotation, which nothing evaluates.
    """
    files = [
        path for one in modules for path in ([Path(one)] if one.endswith(".py") else Path(one).rglob("*.py"))
    ]
    return sorted(
        (Spec(str(file), *one) for file in files for one in _specs_of(file)),
        key=lambda one: (one.module, one.operator, one.occurrence),
    )


def _specs_of(file: Path) -> list[list[Any]]:
    """Operator, occurrence and line of each change of a module: kept, as finding them takes long."""
    kept = SPECS / f"{hashlib.sha256(bytes(file) + file.read_bytes()).hexdigest()[:16]}.json"
    if not kept.exists():
        found = [
            (one.operator_name, one.occurrence, one.start_pos[0])
            for item in every_change([file], {})
            for one in item.mutations
            if "BitOr" not in one.operator_name
        ]
        SPECS.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(found), encoding="utf-8")
    specs: list[list[Any]] = json.loads(kept.read_text(encoding="utf-8"))
    return specs


def change_of(spec: Spec) -> Change:
    module = spec.module
    text = Path(module).read_text(encoding="utf-8")
    visitor = MutationVisitor(spec.occurrence, get_operator(spec.operator)())
    try:
        after = visitor.walk(get_ast_from_path(Path(module))).get_code()
    except AttributeError:
        after = NOT_MADE
    name = f"{module}:{spec.operator}:{spec.occurrence}"
    return Change(name, module, text, after, _statement(text, spec.line))


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


def compiles(text: str) -> bool:
    return code_of(text, "changed") is not None


def code_of(text: str, file: str) -> CodeType | None:
    with warnings.catch_warnings(action="ignore"):
        try:
            return compile(text, file, "exec", dont_inherit=True)
        except SyntaxError:
            return None
