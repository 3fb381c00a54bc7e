"""From the mapping as written to the plan: every value at its place in the definition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.mapping.conversion import (
    Converter,
    Inconvertible,
    Reading,
    Treatment,
    converter,
    parse_quantity,
)
from amazon_listings.mapping.expressions import BadExpression, Expression, compile_expression, constant
from amazon_listings.mapping.faults import Fault, Line
from amazon_listings.mapping.plan import Branch, Cell, Element, Leaf, spread_depth
from amazon_listings.mapping.rows import is_empty
from amazon_listings.product_types.labels import AmbiguousField, FieldIndex, Target, UnknownField
from amazon_listings.product_types.tree import ENGINE_MEMBERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amazon_listings.product_types.fields import Field

#: Keys of an object value that say how, not what.
_TREATMENTS = {"truncate": ("words",), "html": ("keep", "text")}


class Placing:
    """Collects the plan of a mapping, and what is wrong with it.

    Args:
        index: The fields that may be mapped.
        reading: How the PIM writes numbers and dates.
        outside: The fields of the whole product type, to tell a field of another requirement set
            from a typing mistake.
        requirements: The requirement set in use.
    """

    def __init__(
        self,
        index: FieldIndex,
        reading: Reading,
        *,
        outside: FieldIndex | None = None,
        requirements: str = "",
    ) -> None:
        self.index = index
        self.reading = reading
        self.outside = outside
        self.requirements = requirements
        self.faults: list[Fault] = []
        self.root = Element()
        self.fields: dict[str, Field] = {item.path: item for item in index.fields}
        self.paths = {
            ".".join(names[:depth])
            for names in (path.split(".") for path in self.fields)
            for depth in range(1, len(names) + 1)
        }
        self._common: dict[int, Element] = {}

    def add(self, line: Line, key: str, value: Any) -> None:
        """Put `value` where `key` says; a mistake becomes a fault."""
        try:
            target = self.index.find(key)
        except (UnknownField, AmbiguousField) as error:
            self._unknown(line, key, error)
            return
        try:
            self._place(self.root, 0, target, value, line, Treatment())
        except _Refused as refused:
            self.fault(line, str(refused), *refused.candidates)

    def fault(self, line: Line, problem: str, *candidates: str) -> None:
        """Note a mistake."""
        self.faults.append(Fault(line, problem, candidates))

    def _unknown(self, line: Line, key: str, error: UnknownField | AmbiguousField) -> None:
        if self.outside is not None:
            try:
                found = self.outside.find(key)
            except (UnknownField, AmbiguousField):
                pass
            else:
                self.fault(
                    line,
                    f"`{found.path}` is a field of LISTING; this connector's requirements are"
                    f" {self.requirements}, which do not have it",
                )
                return
        problem = error.message
        if isinstance(error, UnknownField) and self.requirements not in {"", "LISTING"}:
            problem += f" in {self.requirements} ({len(self.index.fields)} fields); LISTING may have it"
        self.fault(line, problem, *map(str, error.candidates))

    def _place(
        self, holder: Element, depth: int, target: Target, value: Any, line: Line, treatment: Treatment
    ) -> None:
        if isinstance(value, dict):
            self._place_object(holder, depth, target, value, line, treatment)
        elif isinstance(value, list) and any(isinstance(part, dict) for part in value):
            self._place_elements(holder, depth, target, value, line, treatment)
        else:
            leaf = target.field
            if leaf is None:
                paths = [f"{item.levels[-1].name} ({item.label})" for item in target.fields]
                raise _Refused(
                    f"`{target.path}` has several fields; say which with an object, {{name: value}}", *paths
                )
            self._fill(holder, depth, leaf, value if isinstance(value, list) else [value], line, treatment)

    def _place_object(
        self, holder: Element, depth: int, target: Target, value: dict[str, Any], line: Line, outer: Treatment
    ) -> None:
        value = dict(value)
        treatment = _treatment(value, outer)
        base = target.path
        if target.kind == "leaf":
            base = target.path.rpartition(".")[0]
            if "value" in value and f"{base}.value" not in self.fields:
                value[target.path.rpartition(".")[2]] = value.pop("value")
        for name, content in value.items():
            member = self._member(base, str(name), target)
            self._place(holder, depth, member, content, line, treatment)

    def _place_elements(
        self, holder: Element, depth: int, target: Target, values: list[Any], line: Line, treatment: Treatment
    ) -> None:
        base = target.path.rpartition(".")[0] if target.kind == "leaf" else target.path
        names = base.split(".")
        level = target.fields[0].levels[len(names) - 1]
        if not level.is_array:
            raise _Refused(f"`{base}` is one object, not a list")
        branch = self._branch(holder, depth, target.fields[0], len(names))
        for value in values:
            element = Element()
            branch.templates.append(element)
            inner = self.index.target(base)
            self._place_object(element, len(names), inner, value if isinstance(value, dict) else {"value": value},
                               line, treatment)  # fmt: skip

    def _member(self, base: str, name: str, target: Target) -> Target:
        if name.rpartition(".")[2] in ENGINE_MEMBERS:
            raise _Refused(f"`{name}` is written by the engine")
        if (path := f"{base}.{name}") in self.paths:
            return self.index.target(path)
        below = [item for item in self.index.fields if item.path.startswith(f"{base}.")]
        try:
            return self.index.target(FieldIndex(below).find(name).path)
        except (UnknownField, AmbiguousField) as error:
            names = [f"{item.path.removeprefix(base + '.')} ({item.label})" for item in below]
            raise _Refused(
                f"`{base}` has nothing called {name!r}", *(map(str, error.candidates) or names)
            ) from None

    def _branch(self, holder: Element, depth: int, leaf: Field, end: int) -> Branch:
        """The branch at `end` names on the way to `leaf`, starting from `holder` at `depth` names."""
        element = holder
        for level in leaf.levels[depth:end]:
            found = element.members.get(level.name)
            if not isinstance(found, Branch):
                found = element.members[level.name] = Branch(level, [])
                self._common[id(found)] = Element()
            branch, element = found, self._common[id(found)]
        return branch

    def _fill(
        self, holder: Element, depth: int, leaf: Field, values: list[Any], line: Line, treatment: Treatment
    ) -> None:
        if any(level.max_items == 0 for level in leaf.levels):
            raise _Refused(
                f"`{leaf.path}` takes no value in this definition; fields for businesses are only open to accounts"
                " enrolled in Amazon Business, in a definition fetched with the seller id"
            )
        element = holder
        if len(leaf.levels) - 1 > depth:
            element = self._common[id(self._branch(holder, depth, leaf, len(leaf.levels) - 1))]
        name = leaf.levels[-1].name
        if isinstance(known := element.members.get(name), Leaf):
            raise _Refused(f"`{leaf.path}` is mapped already, by {known.cells[0].line}")
        unit = self.fields.get(leaf.unit) if leaf.unit else None
        convert = converter(leaf, treatment, self.reading, unit_of=unit)
        cells = [Cell(self._expression(value), line, treatment) for value in values]
        for cell in cells:
            _check_constant(cell, convert, self.reading)
        element.members[name] = Leaf(leaf, cells, convert)

    def _expression(self, value: Any) -> Expression:
        if isinstance(value, Expression):
            return value
        if isinstance(value, str):
            try:
                return compile_expression(value)
            except BadExpression as error:
                raise _Refused(error.message) from None
        if value is None or isinstance(value, int | float):
            return constant(value)
        raise _Refused(f"a {type(value).__name__} is no value")

    def plan(self, currency: str) -> dict[str, Branch]:
        """The plan, once all lines are in; `currency` is filled in where nothing else says it."""
        return {
            name: self._finished(branch, 1, currency)
            for name, branch in self.root.members.items()
            if isinstance(branch, Branch)
        }

    def _finished(self, branch: Branch, depth: int, currency: str) -> Branch:
        common = self._common.get(id(branch), Element())
        templates = []
        for own in branch.templates or [Element()]:
            for name in common.members.keys() & own.members.keys():
                line = next(iter(Element({name: own.members[name]}).leaves())).cells[0].line
                self.fault(line, f"`{name}` is mapped already, by another line")
            members = {**common.members, **own.members}
            for name, member in members.items():
                if isinstance(member, Branch):
                    members[name] = self._finished(member, depth + 1, currency)
            element = Element(members)
            self._add_currency(element, depth, currency)
            if branch.level.is_array:
                element.columns = tuple(leaf for leaf in element.leaves() if spread_depth(leaf) == depth)
            templates.append(element)
        return Branch(branch.level, templates)

    def _add_currency(self, element: Element, depth: int, currency: str) -> None:
        """`currency` beside a price, which a person should not have to repeat on every line."""
        leaves = element.leaves()
        if not leaves or "currency" in element.members:
            return
        names = leaves[0].field.path.split(".")[:depth]
        beside = self.fields.get(".".join([*names, "currency"]))
        if beside is None:
            return
        convert = converter(beside, Treatment(), self.reading)
        try:
            convert.convert(currency)
        except Inconvertible:
            return
        cell = Cell(constant(currency), leaves[0].cells[0].line, Treatment())
        element.members["currency"] = Leaf(beside, [cell], convert)


class _Refused(Exception):  # noqa: N818 - a step on the way to a Fault
    def __init__(self, problem: str, *candidates: str) -> None:
        super().__init__(problem)
        self.candidates = candidates


def _treatment(value: dict[str, Any], outer: Treatment) -> Treatment:
    """Takes the treatment keys out of an object value."""
    asked = {name: value.pop(name) for name in _TREATMENTS if name in value}
    for name, choice in asked.items():
        if choice not in _TREATMENTS[name]:
            raise _Refused(f"`{name}` can be {' or '.join(_TREATMENTS[name])}, not {choice!r}")
    return Treatment(
        truncate=asked.get("truncate") == "words" or outer.truncate,
        keep_html=asked.get("html") == "keep" or outer.keep_html,
    )


def _check_constant(cell: Cell, convert: Converter, reading: Reading) -> None:
    """A constant that the leaf does not take is a mistake of the mapping, not of each item."""
    if not cell.expression.constant:
        return
    value = cell.expression.evaluate(None)  # type: ignore[arg-type]  # a constant reads no row
    if is_empty(value):
        return
    try:
        if convert.unit is None:
            convert.convert(value)
        elif unit := parse_quantity(value, reading)[1]:
            convert.unit(unit)
    except Inconvertible as error:
        options = (error.allowed or {}).get("options", ())
        raise _Refused(str(error), *(f"{o['name']} ({o['value']})" for o in options)) from None


def read_lines(mapping: Mapping[str, Any], lines: Mapping[str, int]) -> list[tuple[Line, str, Any]]:
    """The lines of a mapping in its order."""
    return [(Line(lines.get(key), key), key, value) for key, value in mapping.items()]
