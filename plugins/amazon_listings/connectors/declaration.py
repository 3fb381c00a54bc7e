"""One connector as declared: layers, a file and a Variable, each merged over what comes before."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from amazon_listings.connectors.document_limits import MOST_CHARACTERS, TOO_LARGE, text_of
from amazon_listings.connectors.json_document import read_json
from amazon_listings.connectors.message import excerpt, key_path
from amazon_listings.connectors.model import MappingPart, Where
from amazon_listings.connectors.origins import Part, merged, origins, part_with, value_at
from amazon_listings.connectors.problems import MOST_PROBLEMS, LocatedProblem, Problem, distinct
from amazon_listings.connectors.yaml_document import Spot, YamlDocument, read_yaml
from amazon_listings.messages import Message, message
from amazon_product_types import json_pointer

if TYPE_CHECKING:
    from pathlib import Path


VARIABLE_PREFIX = "amazon_connector_"
#: How Airflow spells a Variable of the environment.
_IN_ENVIRONMENT = "AIRFLOW_VAR_"
#: The id of a file that is not YAML, as far as a reader can see it.
_ID_LINE = re.compile(r"""^id:[ \t]*["']?([A-Za-z0-9_-]+)["']?[ \t]*(?:#.*)?$""", re.MULTILINE)


def environment_variables() -> dict[str, str]:
    """Return the text of the Variables of connectors that are set as `AIRFLOW_VAR_AMAZON_CONNECTOR_<ID>`."""
    declaring = f"{_IN_ENVIRONMENT}{VARIABLE_PREFIX}".upper()
    return {
        name.removeprefix(_IN_ENVIRONMENT).lower(): text
        for name, text in os.environ.items()
        if name.startswith(declaring)
    }


@dataclass
class ConnectorFile:
    """A connector file as read, right or wrong; `problem` says why it could not be read at all."""

    path: Path
    text: str = ""
    yaml: YamlDocument = field(default_factory=YamlDocument)
    problem: Message | str = ""

    @property
    def id(self) -> str:
        """The id it declares; of a file that cannot be understood, what looks like it, or its name."""
        declared = self.yaml.value.get("id") if isinstance(self.yaml.value, dict) else None
        if isinstance(declared, str) and declared:
            return declared
        found = _ID_LINE.search(self.text)
        return found[1] if found else self.path.stem

    @cached_property
    def lines(self) -> dict[str, int]:
        """The line (from 1) of each JSON pointer."""
        return self.yaml.lines()

    @cached_property
    def text_lines(self) -> list[str]:
        """The lines of the text."""
        return self.text.splitlines()

    @cached_property
    def problems(self) -> list[LocatedProblem]:
        """What keeps the file from being read; one more than are listed if there are."""
        if self.problem:
            return [self.located(None, Problem("", self.problem))]
        return [
            self.located(wrong.spot, Problem("", wrong.message, hint=wrong.hint))
            for wrong in distinct(self.yaml.problems, MOST_PROBLEMS + 1)
        ]

    def located(self, spot: Spot | None, problem: Problem) -> LocatedProblem:
        """Return a problem with its place in the file, and the source line with carets."""
        path = str(self.path)
        if spot is None:
            return LocatedProblem(problem, path, path)
        shown = excerpt(self.text_lines, spot)
        return LocatedProblem(problem, path, path, spot.line + 1, spot.column + 1, shown)


def read_file(path: Path) -> ConnectorFile:
    """Return a connector file; never raises for what is wrong with it."""
    try:
        with path.open("rb") as file:
            content = file.read(4 * MOST_CHARACTERS + 1)
        if len(content) > 4 * MOST_CHARACTERS:  # a character has at most four bytes
            return ConnectorFile(path, problem=TOO_LARGE)
    except OSError as error:
        return ConnectorFile(path, problem=message("document.file_unreadable", said=error.strerror))
    text = text_of(content)
    if isinstance(text, Message):
        return ConnectorFile(path, problem=text)
    read = ConnectorFile(path, text, read_yaml(text))
    if not read.yaml.problems and not isinstance(read.yaml.value, dict):
        kind = "empty" if read.yaml.value is None else "no_object"
        read.problem = message(f"document.file_{kind}")
    return read


@dataclass
class ConnectorVariable:
    """An Airflow Variable `amazon_connector_<id>`: its JSON object, or what is wrong with it."""

    name: str
    patch: dict[str, Any] = field(default_factory=dict)
    problems: list[LocatedProblem] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The id that the Variable's name gives."""
        return self.name.removeprefix(VARIABLE_PREFIX)


def read_variable(name: str, text: str) -> ConnectorVariable:
    """Return the Variable's JSON; never raises for what is wrong with it."""
    variable = ConnectorVariable(name)
    place = f"Variable {name}"
    read = read_json(text)
    lines = text.splitlines() if read.problems else []
    for wrong in read.problems:
        line = excerpt(lines, wrong.spot) if wrong.spot else ""
        problem = Problem("", wrong.message, hint=wrong.hint)
        variable.problems.append(LocatedProblem(problem, place, excerpt=line))
    if read.problems:
        return variable
    value = read.value
    if not isinstance(value, dict):
        variable.problems.append(LocatedProblem(Problem("", message("document.value_no_object")), place))
        return variable
    variable.patch = value
    return variable


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


def located(file: ConnectorFile, problem: Problem) -> LocatedProblem:
    """Return a problem with its place: line and caret of what it names in a file."""
    spot = file.yaml.spot(problem.pointer, key=problem.key) if problem.pointer else None
    return file.located(spot, problem)
