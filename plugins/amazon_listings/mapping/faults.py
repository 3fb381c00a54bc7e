"""What is wrong with a mapping as written: every line of it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from amazon_listings.errors import ActionRequiredError

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN = 8


class Line(NamedTuple):
    """A line of the mapping: its number in the connector file (None from a Variable), its key.

    `file` is the layer's, where the line is not in the connector's own.
    """

    number: int | None
    key: str
    file: str = ""

    def __str__(self) -> str:
        place = f"{self.file}, " if self.file else ""
        return place + (f"line {self.number}: " if self.number else "") + f"“{self.key}”"


class MappingFault(NamedTuple):
    """One wrong line. `candidates` are what may have been meant, nearest first."""

    line: Line
    problem: str
    candidates: tuple[str, ...] = ()

    def __str__(self) -> str:
        shown = [f"\n      - {text}" for text in self.candidates[:_SHOWN]]
        if len(self.candidates) > _SHOWN:
            shown.append(f"\n      and {len(self.candidates) - _SHOWN} more")
        return f"{self.line}: {self.problem}" + "".join(shown)


class InvalidLine(Exception):
    """A value that cannot be mapped as written; becomes a `MappingFault` of its line."""

    def __init__(self, problem: str, *candidates: str) -> None:
        super().__init__(problem)
        self.candidates = candidates


class MappingErrors(ActionRequiredError):
    """A mapping that cannot be used. `faults` has every wrong line, in the mapping's order."""

    def __init__(
        self, faults: Iterable[MappingFault], *, connector: str = "", requirements: str = "LISTING"
    ) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.line.file, fault.line.number or 0)))
        where = f" of connector {connector}" if connector else ""
        count = len(self.faults)
        text = "".join(f"\n  - {fault}" for fault in self.faults)
        hint = None
        if requirements not in {"", "LISTING"}:
            hint = f"\nThe connector's requirements are {requirements}: only its fields can be mapped."
        super().__init__(
            f"The mapping{where} has {count} mistake{'s' if count > 1 else ''}:{text}", hint=hint
        )
