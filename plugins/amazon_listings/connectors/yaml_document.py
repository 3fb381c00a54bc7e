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
from amazon_listings.messages import Message, message
from amazon_product_types import json_pointer

#: What libyaml says of `\ud83d`: to YAML an escape is a whole character, to JSON it may be half of one.
_BAD_ESCAPE = "found invalid Unicode character escape code"
_SURROGATES = re.compile(
    r"\\u(?:(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|d[89a-f][0-9a-f]{2})", re.IGNORECASE
)


class Spot(NamedTuple):
    """A place in a text, from 0; `end` is the column after the last character on that line."""

    line: int
    column: int
    end: int | None = None


class YamlProblem(NamedTuple):
    """What is wrong with a YAML text, and where."""

    message: Message
    spot: Spot | None
    hint: Message | str = ""


@dataclass
class YamlDocument:
    """A YAML text read: its value, the nodes of each JSON pointer (key, value), and problems."""

    value: Any = None
    nodes: dict[str, tuple[yaml.Node | None, yaml.Node]] = field(default_factory=dict)
    problems: list[YamlProblem] = field(default_factory=list)

    def lines(self) -> dict[str, int]:
        """Return the line (from 1) of each JSON pointer: of its key, or of the value in a list."""
        return {
            pointer: (key or value).start_mark.line + 1
            for pointer, (key, value) in self.nodes.items()
            if pointer
        }

    def spot(self, pointer: str, *, key: bool = False) -> Spot | None:
        """Return where the value at `pointer` is, or its key; None when the text does not hold it."""
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
    """Return the one document of a YAML text; what is wrong with it is in `problems`, never raised."""
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
            self.problem(given_up.why, given_up.node)

    def problem(self, said: Message, node: yaml.Node, hint: Message | str = "") -> None:
        self.document.problems.append(YamlProblem(said, _spot(node), hint))

    def value(self, node: yaml.Node, pointer: str) -> Any:
        self.count += 1
        if self.count > MOST_NODES:
            raise _GivenUp(message("document.too_many_aliases"), node)
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        if id(node) in self.above:
            raise _GivenUp(message("document.alias_of_itself"), node)
        if len(self.above) >= MOST_LEVELS:
            raise _GivenUp(TOO_DEEP, node)
        self.above.add(id(node))
        value = (
            self.mapping(node, pointer) if isinstance(node, yaml.MappingNode) else self.items(node, pointer)
        )
        self.above.remove(id(node))
        return value

    def scalar(self, node: yaml.ScalarNode) -> object:
        convert = _SCALARS.get(node.tag)
        if convert is None or (
            node.tag in {"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"} and not node.value
        ):
            self.problem(message("document.yaml_tag", tag=node.tag), node)
            return None
        if odd := odd_text(node.value):
            self.problem(message("document.text_holds", odd=odd), node)
            return None
        if convert in {int, float} and is_too_long_number(node.value):
            self.problem(TOO_MANY_DIGITS, node, message("document.quote_it"))
            return None
        try:
            return convert(node.value)
        except ValueError:  # an explicit `!!int x`, or more digits than Python takes
            self.problem(message("document.no_number"), node, message("document.quote_it"))
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
                    self.problem(message("document.unquoted_expression"), node)
                else:
                    self.problem(message("document.key_must_be_text"), key)
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
                self.problem(message("document.key_twice", key=name, line=line), key)
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
                self.problem(message("document.merge_alias"), part)
        return merged


class _GivenUp(Exception):
    def __init__(self, why: Message, node: yaml.Node) -> None:
        super().__init__(why)
        self.why, self.node = why, node


def _wrong_key(name: str) -> Message | None:
    if odd := odd_text(name):
        return message("document.key_holds", odd=odd)
    return message("document.long_key", length=len(name)) if len(name) > LONGEST_KEY else None


def _forbidden(error: yaml.YAMLError, text: str) -> YamlProblem:
    """Return a character that YAML forbids; libyaml tells where in bytes, if at all."""
    line, column = next(
        ((n, at) for n, one in enumerate(text.splitlines()) for at, mark in enumerate(one) if odd_text(mark)),
        (None, 0),
    )
    spot = None if line is None else Spot(line, column)
    said = message("document.not_yaml", said=" ".join(str(error).split())[:200])
    return YamlProblem(said, spot, message("document.remove_character"))


def _spot(node: yaml.Node) -> Spot:
    start, end = node.start_mark, node.end_mark
    return Spot(start.line, start.column, end.column if end.line == start.line else None)


def _syntax_problem(error: yaml.MarkedYAMLError, text: str) -> YamlProblem:
    mark = error.problem_mark or error.context_mark
    spot = Spot(mark.line, mark.column) if mark else None
    lines = text.splitlines()
    line = lines[spot.line] if spot and spot.line < len(lines) else ""
    said = message("document.not_yaml", said=error.problem or error.context)
    return YamlProblem(said, spot, _syntax_hint(error, line, spot))


def _syntax_hint(error: yaml.MarkedYAMLError, line: str, spot: Spot | None) -> Message:
    at = line[spot.column : spot.column + 1] if spot else ""
    value = line.partition(":")[2].strip()
    if spot and error.problem == _BAD_ESCAPE and (escape := _SURROGATES.match(line, spot.column - 2)):
        return _escape_hint(escape)
    if "expected a single document" in str(error.context):
        return message("document.second_document")
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return message("document.tab")
    if (at and at in "@`%") or value.startswith(("*", "@", "%", "&", "!")):
        return message("document.needs_quotes", mark=at or value[0], value=value or "@daily")
    if "{{" in line:
        return message("document.expression_needs_quotes")
    return message("document.look_above")


def _escape_hint(escape: re.Match[str]) -> Message:
    """Return what to write for JSON's escape of a character in two halves, or of one half alone."""
    if escape[1] is None:
        return Message("document.text_holds", {}, "action")
    character = bytes.fromhex(escape[1] + escape[2]).decode("utf-16-be")
    return message("document.surrogate_pair", escape=f"\\U{ord(character):08X}")
