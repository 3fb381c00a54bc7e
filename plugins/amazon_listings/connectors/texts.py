"""The texts that declare connectors, as read: files, and Airflow's Variables."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from amazon_listings.connectors.document_limits import MOST_CHARACTERS, TOO_LARGE, text_of
from amazon_listings.connectors.json_document import read_json
from amazon_listings.connectors.message import excerpt
from amazon_listings.connectors.problems import MOST_PROBLEMS, LocatedProblem, Problem, distinct
from amazon_listings.connectors.yaml_document import Spot, YamlDocument, read_yaml
from amazon_listings.messages import Message, message

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


def content_of(path: Path) -> bytes:
    """Return the bytes of a document; of one that is too large, the first.

    Raises:
        OSError: it cannot be read, or is a pipe, which would be waited for.
    """
    if path.is_fifo():
        raise OSError(errno.EINVAL, "it is a pipe")
    with path.open("rb") as file:
        return file.read(4 * MOST_CHARACTERS + 1)


def read_file(path: Path) -> ConnectorFile:
    """Return a connector file; never raises for what is wrong with it."""
    try:
        content = content_of(path)
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


def located(file: ConnectorFile, problem: Problem) -> LocatedProblem:
    """Return a problem with its place: line and caret of what it names in a file."""
    spot = file.yaml.spot(problem.pointer, key=problem.key) if problem.pointer else None
    return file.located(spot, problem)
