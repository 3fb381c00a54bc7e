"""Reading a YAML file as JSON, with the place of everything in it.

YAML has surprises that cost people an evening: of two equal keys the last wins silently, `no`
is false, `0123` is 83, `12:30` is 750, a date is not text. So scalars without quotes are read by
JSON's rules (null, true, false, numbers without leading zeros or exponents) and are text
otherwise, and equal keys are an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from amazon_listings.connectors.document_limits import (
    LONGEST_KEY,
    MOST_CHARACTERS,
    MOST_LEVELS,
    MOST_NODES,
    MOST_OPENINGS,
    TOO_DEEP,
    TOO_LARGE,
    TOO_MANY,
    TOO_MANY_DIGITS,
    is_too_long_number,
    odd_text,
)
from amazon_product_types import json_pointer


class Spot(NamedTuple):
    """A place in a text, from 0; `end` is the column after the last character on that line."""

    line: int
    column: int
    end: int | None = None


class YamlProblem(NamedTuple):
    """What is wrong with a YAML text, and where."""

    message: str
    spot: Spot | None
    hint: str = ""


@dataclass
class YamlDocument:
    """A YAML text read: its value, the nodes of each JSON pointer (key, value), and problems."""

    value: Any = None
    nodes: dict[str, tuple[yaml.Node | None, yaml.Node]] = field(default_factory=dict)
    problems: list[YamlProblem] = field(default_factory=list)

    def lines(self) -> dict[str, int]:
        """The line (from 1) of each JSON pointer: of its key, or of the value in a list."""
        return {
            pointer: (key or value).start_mark.line + 1
            for pointer, (key, value) in self.nodes.items()
            if pointer
        }

    def spot(self, pointer: str, *, key: bool = False) -> Spot | None:
        """Where the value at `pointer` is, or its key; None when the text does not hold it."""
        found = self.nodes.get(pointer)
        return _spot(found[0] or found[1] if key else found[1]) if found else None


class _JsonScalars(yaml.CSafeLoader):
    """The C parser with JSON's idea of what an unquoted scalar is."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own way


for _tag, _pattern, _first in (
    ("null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("bool", r"^(?:true|false)$", ["t", "f"]),
    ("int", r"^-?(?:0|[1-9][0-9]*)$", list("-0123456789")),
    ("float", r"^-?(?:0|[1-9][0-9]*)\.[0-9]+$", list("-0123456789")),
    ("merge", r"^<<$", ["<"]),
):
    _JsonScalars.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)

_SCALARS: dict[str, Any] = {
    "tag:yaml.org,2002:str": str,
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": float,
    "tag:yaml.org,2002:bool": lambda text: text == "true",
    "tag:yaml.org,2002:null": lambda _text: None,
}


def read_yaml(text: str) -> YamlDocument:
    """The one document of a YAML text; what is wrong with it is in `problems`, never raised."""
    document = YamlDocument()
    if len(text) > MOST_CHARACTERS:
        document.problems.append(YamlProblem(TOO_LARGE, None))
        return document
    if sum(text.count(opening) for opening in ("[", "{", "- ", "? ")) > MOST_OPENINGS:
        document.problems.append(YamlProblem(TOO_MANY, None))
        return document
    try:
        loader = _JsonScalars(text)
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        document.problems.append(_syntax_problem(error, text))
        return document
    except yaml.YAMLError as error:  # a character that YAML forbids
        document.problems.append(_forbidden(error, text))
        return document
    except RecursionError:
        document.problems.append(YamlProblem(TOO_DEEP, None))
        return document
    if root is not None:
        _Reader(document).read(root)
    return document


class _Reader:
    """Turns nodes into JSON values, noting nodes by pointer and problems as it goes."""

    def __init__(self, document: YamlDocument) -> None:
        self.document = document
        self.above: set[int] = set()
        self.count = 0

    def read(self, root: yaml.Node) -> None:
        self.document.nodes[""] = (None, root)
        try:
            self.document.value = self.value(root, "")
        except _GivenUp as given_up:
            self.problem(str(given_up), given_up.node)

    def problem(self, message: str, node: yaml.Node, hint: str = "") -> None:
        self.document.problems.append(YamlProblem(message, _spot(node), hint))

    def value(self, node: yaml.Node, pointer: str) -> Any:
        self.count += 1
        if self.count > MOST_NODES:
            raise _GivenUp(f"{TOO_MANY}; do aliases (*) repeat each other?", node)
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        if id(node) in self.above:
            raise _GivenUp("an alias (*) that contains itself", node)
        if len(self.above) >= MOST_LEVELS:
            raise _GivenUp(TOO_DEEP, node)
        self.above.add(id(node))
        value = (
            self.mapping(node, pointer) if isinstance(node, yaml.MappingNode) else self.items(node, pointer)
        )
        self.above.remove(id(node))
        return value

    def scalar(self, node: yaml.ScalarNode) -> Any:
        convert = _SCALARS.get(node.tag)
        if convert is None or (
            node.tag in {"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"} and not node.value
        ):
            self.problem(f"the YAML tag {node.tag!r} is not used here", node, "Write plain values.")
            return None
        if odd := odd_text(node.value):
            self.problem(f"a text holds {odd}", node, "Remove it, or write the whole character.")
            return None
        if convert in {int, float} and is_too_long_number(node.value):
            self.problem(TOO_MANY_DIGITS, node, "Put it in quotes if it is text.")
            return None
        try:
            return convert(node.value)
        except ValueError:  # an explicit `!!int x`, or more digits than Python takes
            self.problem("not a number", node, "Put it in quotes if it is text.")
            return None

    def items(self, node: yaml.Node, pointer: str) -> list[Any]:
        nodes, values = self.document.nodes, []
        for position, item in enumerate(node.value):
            below = f"{pointer}/{position}"
            nodes[below] = (None, item)
            values.append(self.value(item, below))
        return values

    def mapping(self, node: yaml.MappingNode, pointer: str) -> dict[str, Any]:
        nodes = self.document.nodes
        values: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key, item in node.value:
            if not isinstance(key, yaml.ScalarNode):
                if isinstance(key, yaml.MappingNode) and key.flow_style:
                    hint = 'YAML reads { as the start of an object. Write it in quotes: "{{ item.name }}".'
                    self.problem("an expression without quotes", node, hint)
                else:
                    self.problem("a key must be text", key)
                continue
            if key.tag == "tag:yaml.org,2002:merge":
                merged |= self.merged(item)
                continue
            name = key.value
            if wrong := _wrong_key(name):
                self.problem(wrong, key)
                continue
            if name in values:
                first = nodes[json_pointer.below(pointer, name)][0]
                line = first.start_mark.line + 1 if first else 0
                self.problem(
                    f"{name!r} is here a second time; it is on line {line} already",
                    key,
                    "YAML would silently keep the last. Remove one of them.",
                )
                continue
            below = json_pointer.below(pointer, name)
            nodes[below] = (key, item)
            values[name] = self.value(item, below)
        return merged | values if merged else values

    def merged(self, node: yaml.Node) -> dict[str, Any]:
        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        merged: dict[str, Any] = {}
        for part in reversed(parts):
            if isinstance(part, yaml.MappingNode):
                merged |= self.value(part, "/<<")
            else:
                self.problem("<< takes an alias of an object", part)
        return merged


class _GivenUp(Exception):
    def __init__(self, message: str, node: yaml.Node) -> None:
        super().__init__(message)
        self.node = node


def _wrong_key(name: str) -> str:
    if odd := odd_text(name):
        return f"a key holds {odd}"
    return f"a key of {len(name):,} characters" if len(name) > LONGEST_KEY else ""


def _forbidden(error: yaml.YAMLError, text: str) -> YamlProblem:
    """A character that YAML forbids; libyaml tells where in bytes, if at all."""
    line, column = next(
        ((n, at) for n, one in enumerate(text.splitlines()) for at, mark in enumerate(one) if odd_text(mark)),
        (None, 0),
    )
    spot = None if line is None else Spot(line, column)
    return YamlProblem(f"not YAML: {' '.join(str(error).split())[:200]}", spot, "Remove this character.")


def _spot(node: yaml.Node) -> Spot:
    start, end = node.start_mark, node.end_mark
    return Spot(start.line, start.column, end.column if end.line == start.line else None)


def _syntax_problem(error: yaml.MarkedYAMLError, text: str) -> YamlProblem:
    mark = error.problem_mark or error.context_mark
    spot = Spot(mark.line, mark.column) if mark else None
    lines = text.splitlines()
    line = lines[spot.line] if spot and spot.line < len(lines) else ""
    return YamlProblem(f"not YAML: {error.problem or error.context}", spot, _syntax_hint(error, line, spot))


def _syntax_hint(error: yaml.MarkedYAMLError, line: str, spot: Spot | None) -> str:
    at = line[spot.column : spot.column + 1] if spot else ""
    value = line.partition(":")[2].strip()
    if "expected a single document" in str(error.context):
        return "One file holds one connector: put the second one in a file of its own."
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "YAML is indented with spaces; this line has a tab."
    if (at and at in "@`%") or value.startswith(("*", "@", "%", "&", "!")):
        return f'A value that starts with {at or value[0]} needs quotes: "{value or "@daily"}".'
    if "{{" in line:
        return 'An expression needs quotes around the whole value: "{{ item.name }}".'
    return "Look at this line and the one above: indentation, a colon, a quote or a bracket left open."
