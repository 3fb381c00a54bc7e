"""One connector as declared: layers, a file and a Variable, each merged over what comes before."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from amazon_listings.connectors.message import key_path
from amazon_listings.connectors.model import MappingPart, Where
from amazon_listings.connectors.origins import Part, merged, origins, part_with, value_at
from amazon_listings.connectors.problems import LocatedProblem, Problem
from amazon_listings.connectors.texts import VARIABLE_PREFIX
from amazon_product_types import json_pointer

if TYPE_CHECKING:
    from amazon_listings.connectors.texts import ConnectorFile, ConnectorVariable
    from amazon_listings.connectors.yaml_document import Spot


@dataclass
class Declaration:
    """A connector as declared: the parts that are merged into its document, and what is wrong with them.

    Attributes:
        id: The connector's id.
        parts: The parts, in the order in which they are merged.
        file: The document's file, if it has one.
        variable: Its Airflow Variable, if it has one.
        wrong: What keeps the parts from being put together.
        tests: The tests of its document and of the layers, each with where it stands.
    """

    id: str
    parts: list[Part] = field(default_factory=list)
    file: ConnectorFile | None = None
    variable: ConnectorVariable | None = None
    wrong: list[LocatedProblem] = field(default_factory=list)
    tests: list[tuple[Part, str, Any]] = field(default_factory=list)

    def problems(self) -> list[LocatedProblem]:
        """Return what keeps file, layers or Variable from being read."""
        return [
            *(self.file.problems if self.file else ()),
            *(self.variable.problems if self.variable else ()),
            *self.wrong,
        ]

    def document(self) -> dict[str, Any]:
        """Return the document that the parts make."""
        return merged(self.parts)

    def where(self) -> Where:
        """Return where it is declared, with the lines of what came from files."""
        where = Where(
            path=self.file.path if self.file else None, variable=self.variable.name if self.variable else None
        )
        if len(self.parts) == 1 and self.file is not None and not self.parts[0].base:
            return replace(where, lines=self.file.lines)
        if all(part.file is None for part in self.parts):
            return where
        lines: dict[str, int] = {}
        files: dict[str, str] = {}
        for pointer, origin in origins(self.parts, self.document()):
            if origin.line is not None and origin.part.file is not None:
                lines[pointer] = origin.line
                if origin.part.file is not self.file:
                    files[pointer] = str(origin.part.file.path)
        return replace(where, lines=lines, files=files)

    def lines(self) -> tuple[MappingPart, ...]:
        """Return the mapping lines as written, part by part."""
        return tuple(
            MappingPart(
                lines=part.patch["mapping"],
                file=str(part.file.path) if part.file and part.file is not self.file else "",
                variable=part.file is None,
                numbers={
                    key: part.line(json_pointer.below("/mapping", key)) for key in part.patch["mapping"]
                },
                locale=part.locale,
                optional=part.optional,
            )
            for part in self.parts
            if isinstance(part.patch.get("mapping"), dict)
        )

    def order(self, problem: Problem) -> tuple[int, int, int]:
        """Sorts problems as a reader meets them: layers, down the document, then the Variable's."""
        part = self._part(problem)
        spot = self._spot(part, problem) if part is not None else None
        if part is None or part.file is None or spot is None:
            return (1 << 30, 0, 0)
        return (
            0 if part.file is self.file else self.parts.index(part) - len(self.parts),
            spot.line,
            spot.column,
        )

    def located(self, problem: Problem) -> LocatedProblem:
        """Return the problem with its place: line and caret in the file, or the key of the Variable."""
        part = self._part(problem)
        if part is None:
            if self.file is not None:
                return self.file.located(None, problem)
            return LocatedProblem(problem, f"Variable {VARIABLE_PREFIX}{self.id}")
        if part.file is None:
            path = key_path(problem.pointer)
            return LocatedProblem(problem, part.title + (f", key {path}" if path else ""))
        return part.file.located(self._spot(part, problem), problem)

    def _part(self, problem: Problem) -> Part | None:
        """Return the part to blame; None for what is missing from the document itself."""
        if problem.missing:
            for part in reversed(self.parts):
                above = value_at(part.patch, problem.pointer)
                if isinstance(above, dict) and problem.missing in above:
                    return part  # it takes the key away
        if not problem.pointer:
            return None
        pointer = problem.pointer
        while pointer:
            if (found := part_with(self.parts, pointer)) is not None:
                return found
            pointer = pointer.rpartition("/")[0]
        return None

    def _spot(self, part: Part, problem: Problem) -> Spot | None:
        """Return where the part's file holds the problem, or what is around it (a key merged in by <<)."""
        pointer, key = problem.pointer, problem.key
        while pointer:
            if (spot := part.spot(pointer, key=key)) is not None:
                return spot
            pointer, key = pointer.rpartition("/")[0], True
        return None
