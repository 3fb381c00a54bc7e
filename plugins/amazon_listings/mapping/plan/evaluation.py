"""One item going through the plan: the values bound, the issues, and, if asked, the trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from amazon_listings.mapping.findings import Findings, Site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amazon_listings.mapping.expressions.rows import ItemRow
    from amazon_listings.mapping.findings import Setting
    from amazon_listings.mapping.plan.tree import Branch, Cell, PlanLeaf
    from amazon_listings.mapping.values.invalid import InvalidValue
    from amazon_product_types.validation.issue import Issue, Origin

#: The way to a place of the payload: names, and for each array the number of its depth.
Way: TypeAlias = tuple[str | int, ...]


class Made(NamedTuple):
    """How one value of a payload came about.

    `value` is what is sent, `source` what the expression gave, `rule` what was done to it.
    """

    path: str
    value: object
    source: object
    origin: Origin
    expression: str
    rule: str


class Evaluation:
    """One item being mapped.

    `values` holds what each leaf is to get in the element being made, `cells` the cell that gave it.
    `positions` are the positions in the arrays above the place being made. `failed` says that a value of
    the attribute cannot be sent; `borrowed` are the fields read in the fallback language for the element.

    Args:
        setting: The engine's setting.
        rows: The item in each wanted language, in order.
        leaves: How many leaves the plan has.
        depth: How many arrays stand inside each other at most.
        trace: Filled with how each value came about, if given.
    """

    __slots__ = (
        "_findings", "borrowed", "cells", "failed", "observed", "positions", "rows", "setting", "trace",
        "values",
    )  # fmt: skip

    def __init__(
        self,
        setting: Setting,
        rows: Sequence[ItemRow],
        *,
        leaves: int,
        depth: int,
        trace: list[Made] | None = None,
    ) -> None:
        self.setting = setting
        self.rows = rows
        self.values: list[Any] = [None] * leaves
        self.cells: list[Cell | None] = [None] * leaves
        self.positions = [0] * depth
        self.failed = False
        self.borrowed: set[str] = set()
        self.trace = trace
        #: Whether anything beyond the values is asked of each leaf.
        self.observed = trace is not None or (
            setting.fallback is not None and any(row.borrowed for row in rows)
        )
        self._findings: Findings | None = None

    @property
    def issues(self) -> list[Issue]:
        """What a person should know so far."""
        return self._findings.issues if self._findings is not None else []

    @property
    def findings(self) -> Findings:
        """Where issues are collected."""
        if self._findings is None:
            self._findings = Findings(self.setting, self.rows)
        return self._findings

    def path(self, way: Way) -> str:
        """Return a path of the payload, with the positions being made."""
        return "/".join(str(self.positions[name]) if isinstance(name, int) else name for name in way)

    def site(self, leaf: PlanLeaf, cell: Cell, row: ItemRow, way: Way) -> Site:
        """Return where something was found."""
        return Site(leaf, cell, row, self.path(way))

    def refuse(self, error: InvalidValue, site: Site, source: object) -> None:
        """Note that a value cannot be sent, and the attribute with it."""
        self.failed = True
        self.findings.refused(error, site, source)

    def observe(self, site: Site, value: object, source: object, rule: str) -> None:
        """Note a value that was made: fields of the fallback language, and the trace."""
        expression = site.cell.expression
        self.borrowed |= site.row.borrowed.intersection(expression.fields)
        if self.trace is not None:
            origin = self.findings.origin(site.cell, site.row)
            self.trace.append(Made(site.path, value, source, origin, expression.text, rule))

    def forget(self, start: int) -> None:
        """Forget the trace from `start` on: what it tells of is not sent."""
        if self.trace is not None:
            del self.trace[start:]

    def renumber(self, path: str, found: Sequence[object], kept: Sequence[object]) -> None:
        """Take what was cut out of the trace, and number the rest as it is sent."""
        if self.trace is None:
            return
        positions = {id(element): position for position, element in enumerate(kept)}
        renamed = []
        for made in self.trace:
            if not made.path.startswith(f"{path}/"):
                renamed.append(made)
                continue
            number, _, rest = made.path[len(path) + 1 :].partition("/")
            position = positions.get(id(found[int(number)]))
            if position is not None:
                renamed.append(made._replace(path=f"{path}/{position}/{rest}"))
        self.trace[:] = renamed

    def report_borrowed(
        self, branch: Branch, speaking: tuple[PlanLeaf, Cell], row: ItemRow, way: Way
    ) -> None:
        """Report that a text in the fallback language stands in."""
        self.findings.borrowed(branch, self.site(*speaking, row, way), self.borrowed)
