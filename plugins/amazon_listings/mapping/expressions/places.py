"""Where in its text an expression is wrong."""

from __future__ import annotations

import re
from typing import NamedTuple

from jinja2 import TemplateSyntaxError
from jinja2.lexer import ignored_tokens
from jinja2.parser import Parser

from amazon_listings.mapping.expressions.compiled import BadExpression, compile_expression
from amazon_listings.mapping.expressions.syntax import parser_environment

#: Facts of a problem that are a name in the text.
_NAMES = ("name", "filter", "found")


class Place(NamedTuple):
    """A place in a text: its line and its column, both from 0."""

    line: int
    column: int


def wrong_place(text: str) -> Place | None:
    """Return where an expression is wrong; None if it is right or its place is unknown."""
    text = text.replace("\r\n", "\n")  # as the parser reads it
    try:
        compile_expression(text)
    except BadExpression as error:
        if error.problem is None:  # it is nested too deeply for a place
            return None
        offset = _where_parsing_stopped(text)
        if offset is not None:
            before = text[:offset]
            return Place(before.count("\n"), offset - (before.rfind("\n") + 1))
        return _named_place(text, error)
    return None


def pointed_at(text: str, place: Place, width: int) -> str:
    """Return the line of a place with a caret below it; of a long line what is around, in so many columns."""
    line = text.split("\n")[place.line].replace("\t", " ")
    start = max(0, min(place.column - width // 2, len(line) - width))
    return f"{line[start : start + width]}\n{' ' * (place.column - start)}^"


def _where_parsing_stopped(text: str) -> int | None:
    """Return the offset of what no template can have there; None if the text can be parsed."""
    offsets = []
    offset = 0
    try:
        for _, kind, content in parser_environment().lexer.tokeniter(text, None):
            if kind not in ignored_tokens:
                offsets.append(offset)
            offset += len(content)
    except TemplateSyntaxError:
        return offset
    parser = Parser(parser_environment(), text)
    try:
        parser.parse()
    except TemplateSyntaxError:
        left = sum(1 for _ in parser.stream)
        return offsets[len(offsets) - left] if left else len(text.rstrip())
    return None


def _named_place(text: str, error: BadExpression) -> Place | None:
    """Return where what a problem names stands in its line; the first expression if it names nothing."""
    facts = error.problem.facts if error.problem else {}
    name = next((str(facts[one]) for one in _NAMES if facts.get(one)), "")
    number = min(error.line, text.count("\n") + 1) - 1
    line = text.split("\n")[number]
    if name:
        found = re.search(rf"\|\s*({re.escape(name)})\b", line) or re.search(
            rf"(?<![\w.'\"])({re.escape(name)})\b", line
        )
        if found:
            return Place(number, found.start(1))
    column = line.find("{")
    return Place(number, column) if column >= 0 else None
