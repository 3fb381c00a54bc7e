"""The small changes of modules that are tried."""

from __future__ import annotations

import ast
import difflib
import functools
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cosmic_ray.ast import get_ast_from_path
from cosmic_ray.commands.init import _all_work_items as every_change
from cosmic_ray.mutating import MutationVisitor
from cosmic_ray.plugins import get_operator

from tests.mutants.folders import COPY

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType

    from cosmic_ray.work_item import MutationSpec


class Group(NamedTuple):
    """Modules that are changed, and the unit tests that must notice."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


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


def specs(modules: Iterable[str]) -> list[MutationSpec]:
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


def change_of(spec: MutationSpec) -> Change:
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


def compiles(text: str) -> bool:
    return code_of(text, "changed") is not None


def code_of(text: str, file: str) -> CodeType | None:
    with warnings.catch_warnings(action="ignore"):
        try:
            return compile(text, file, "exec", dont_inherit=True)
        except SyntaxError:
            return None
