"""One connector as declared: a file, a Variable, or a Variable laid over a file."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amazon_listings.connectors.merge_patch import merge_patch
from amazon_listings.connectors.message import entry, excerpt, key_path
from amazon_listings.connectors.model import Where
from amazon_listings.connectors.problems import Problem
from amazon_listings.connectors.yaml_document import Spot, YamlDocument, read_yaml
from amazon_product_types import json_pointer

if TYPE_CHECKING:
    from pathlib import Path

VARIABLE_PREFIX = "amazon_connector_"
#: The id of a file that is not YAML, as far as a reader can see it.
_ID_LINE = re.compile(r"""^id:[ \t]*["']?([A-Za-z0-9_-]+)["']?[ \t]*(?:#.*)?$""", re.MULTILINE)
_ABSENT = object()


@dataclass
class ConnectorFile:
    """A connector file as read, right or wrong; `problem` says why it could not be read at all."""

    path: Path
    text: str = ""
    yaml: YamlDocument = field(default_factory=YamlDocument)
    problem: str = ""

    @property
    def id(self) -> str:
        """The id it declares; of a file that cannot be understood, what looks like it, or its name."""
        declared = self.yaml.value.get("id") if isinstance(self.yaml.value, dict) else None
        if isinstance(declared, str) and declared:
            return declared
        found = _ID_LINE.search(self.text)
        return found[1] if found else self.path.stem

    def entries(self) -> list[str]:
        """What keeps the file from being read, ready to be shown."""
        if self.problem:
            return [entry(str(self.path), "", Problem("", self.problem))]
        return [
            entry(
                self.place(wrong.spot), self.excerpt(wrong.spot), Problem("", wrong.message, hint=wrong.hint)
            )
            for wrong in dict.fromkeys(self.yaml.problems)
        ]

    def place(self, spot: Spot | None) -> str:
        """`file:line:column`, from 1."""
        return f"{self.path}:{spot.line + 1}:{spot.column + 1}" if spot else str(self.path)

    def excerpt(self, spot: Spot | None) -> str:
        """The source line with carets."""
        return excerpt(self.text, spot) if spot else ""


def read_file(path: Path) -> ConnectorFile:
    """A connector file; never raises for what is wrong with it."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        return ConnectorFile(path, problem=f"the file cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return ConnectorFile(path, problem=f"line {line} is not UTF-8 text; save the file as UTF-8")
    read = ConnectorFile(path, text, read_yaml(text))
    if not read.yaml.problems and not isinstance(read.yaml.value, dict):
        read.problem = (
            "the file is empty" if read.yaml.value is None else "the file is not an object (key: value)"
        )
    return read


@dataclass
class ConnectorVariable:
    """An Airflow Variable `amazon_connector_<id>`: its JSON object, or what is wrong with it."""

    name: str
    patch: dict[str, Any] = field(default_factory=dict)
    entries: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The id that the Variable's name gives."""
        return self.name.removeprefix(VARIABLE_PREFIX)


def read_variable(name: str, text: str) -> ConnectorVariable:
    """The Variable's JSON; never raises for what is wrong with it."""
    variable = ConnectorVariable(name)
    place = f"Variable {name}"
    repeated: list[str] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        repeated.extend(key for key in dict.fromkeys(keys) if keys.count(key) > 1)
        return dict(pairs)

    def constant(word: str) -> Any:
        message = f"{word} is not JSON; write a number, or text in quotes"
        raise json.JSONDecodeError(message, text, text.find(word))

    try:
        value = json.loads(text, object_pairs_hook=members, parse_constant=constant)
    except json.JSONDecodeError as error:
        spot = Spot(error.lineno - 1, error.colno - 1)
        problem = Problem("", f"not JSON: {error.msg} (line {error.lineno}, column {error.colno})")
        variable.entries.append(entry(place, excerpt(text, spot), problem))
        return variable
    except RecursionError:
        variable.entries.append(entry(place, "", Problem("", "not JSON: nested too deeply")))
        return variable
    if not isinstance(value, dict):
        hint = 'Write {"sync": {"operation": "live"}}, for instance.'
        variable.entries.append(entry(place, "", Problem("", "the value is not a JSON object", hint=hint)))
        return variable
    for key in repeated:
        problem = Problem("", f"the key {key!r} stands twice in one object", hint="Remove one of them.")
        variable.entries.append(entry(place, "", problem))
    variable.patch = value
    return variable


@dataclass
class Declaration:
    """A connector's file and Variable, of which at least one is there."""

    id: str
    file: ConnectorFile | None = None
    variable: ConnectorVariable | None = None

    def entries(self) -> list[str]:
        """What keeps file or Variable from being read."""
        return [
            *(self.file.entries() if self.file else ()),
            *(self.variable.entries if self.variable else ()),
        ]

    def document(self) -> dict[str, Any]:
        """The file's document with the Variable merged over it."""
        document: dict[str, Any] = self.file.yaml.value if self.file else {"id": self.id}
        return merge_patch(document, self.variable.patch) if self.variable else document

    def where(self) -> Where:
        """Where it is declared, with the lines of what came from the file."""
        lines = self.file.yaml.lines() if self.file else {}
        if self.variable:
            lines = {pointer: line for pointer, line in lines.items() if not self._from_variable(pointer)}
        return Where(
            path=self.file.path if self.file else None,
            variable=self.variable.name if self.variable else None,
            lines=lines,
        )

    def order(self, problem: Problem) -> tuple[int, int]:
        """Sorts problems as a reader meets them: down the file, then the Variable's."""
        spot = None if self._blames_variable(problem) or not self.file else self._spot(problem)
        return (spot.line, spot.column) if spot else (1 << 30, 0)

    def entry(self, problem: Problem) -> str:
        """The problem with its place: line and caret in the file, or the key of the Variable."""
        if self.variable and self._blames_variable(problem):
            path = key_path(problem.pointer)
            place = f"Variable {self.variable.name}" + (f", key {path}" if path else "")
            return entry(place, "", problem)
        if self.file is None:
            return entry(f"Variable {VARIABLE_PREFIX}{self.id}", "", problem)
        spot = self._spot(problem)
        return entry(self.file.place(spot), self.file.excerpt(spot), problem)

    def _spot(self, problem: Problem) -> Spot | None:
        """Where the file holds the problem; of what is missing from the document itself, nowhere."""
        if self.file is None or not problem.pointer:
            return None
        spot = self.file.yaml.spot(problem.pointer, key=problem.key)
        if spot is None:  # a key merged in by <<
            return self.file.yaml.spot(problem.pointer.rpartition("/")[0], key=True)
        return spot

    def _blames_variable(self, problem: Problem) -> bool:
        if problem.missing and self.variable:
            parent = _value_at(self.variable.patch, problem.pointer)
            if isinstance(parent, dict) and problem.missing in parent:
                return True
        return self._from_variable(problem.pointer)

    def _from_variable(self, pointer: str) -> bool:
        if self.variable is None:
            return False
        value = _value_at(self.variable.patch, pointer)
        if value is _ABSENT:
            return False
        return not isinstance(value, dict) or self.file is None or pointer not in self.file.yaml.nodes


def _value_at(document: Any, pointer: str) -> Any:
    """The value at a pointer; what lies below a null or another value that replaced it is there too."""
    for key in json_pointer.steps(pointer):
        if isinstance(document, dict):
            document = document.get(key, _ABSENT)
        elif isinstance(document, list):
            document = document[int(key)] if key.isdigit() and int(key) < len(document) else None
        else:
            return document
    return document
