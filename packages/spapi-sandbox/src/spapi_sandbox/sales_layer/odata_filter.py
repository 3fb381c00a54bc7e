"""`$filter` of REST API 2.0: `eq ne gt ge lt le`, `and`, `or`, `contains startswith endswith`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

Predicate = Callable[[Mapping[str, Any]], bool]

TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>'(?:[^']|'')*')
      | (?P<date>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?)
      | (?P<number>-?\d+(?:\.\d+)?)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<mark>[(),])
    )""",
    re.VERBOSE,
)
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
TEXT: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda value, part: part in value,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}


class FilterError(ValueError):
    """The expression is not one the API understands; the message says where."""


def compile_filter(text: str, names: set[str]) -> Predicate:
    """Return a predicate over records that hold plain values by name.

    Raises:
        FilterError: it cannot be read, or names a property that is not in `names`.
    """
    return _Parser(text, names).parse()


class _Parser:
    """Recursive descent over the tokens of one expression; `and` binds closer than `or`."""

    def __init__(self, text: str, names: set[str]) -> None:
        self._names = names
        self._tokens = _tokens(text)
        self._position = 0

    def parse(self) -> Predicate:
        predicate = self._either()
        if self._peek()[0] != "end":
            self._fail("the end")
        return predicate

    def _either(self) -> Predicate:
        parts = [self._both()]
        while self._peek() == ("name", "or"):
            self._next()
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda record: any(part(record) for part in parts)

    def _both(self) -> Predicate:
        parts = [self._single()]
        while self._peek() == ("name", "and"):
            self._next()
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else lambda record: all(part(record) for part in parts)

    def _single(self) -> Predicate:
        if self._peek() == ("mark", "("):
            self._next()
            inner = self._either()
            self._expect(")")
            return inner
        kind, word = self._next()
        if kind != "name":
            self._fail("a property name", back=1)
        if word in TEXT:
            return self._function(TEXT[word])
        return self._comparison(self._property(word))

    def _function(self, test: Callable[[str, str], bool]) -> Predicate:
        self._expect("(")
        name = self._property(self._next()[1])
        self._expect(",")
        part = self._literal()
        if not isinstance(part, str):
            self._fail("a string in single quotes", back=1)
        self._expect(")")
        return lambda record: isinstance(record.get(name), str) and test(record[name], part)

    def _comparison(self, name: str) -> Predicate:
        word = self._next()[1]
        if word not in COMPARE:
            self._fail("eq, ne, gt, ge, lt or le", back=1)
        literal = self._literal()
        return lambda record: compare(word, record.get(name), literal)

    def _property(self, name: str) -> str:
        if name not in self._names:
            raise FilterError(f"Could not find a property named '{name}'.")
        return name

    def _literal(self) -> Any:
        kind, word = self._next()
        if kind == "string":
            return word[1:-1].replace("''", "'")
        if kind == "date":
            return word
        if kind == "number":
            return float(word)
        if kind == "name" and word in WORDS:
            return WORDS[word]
        return self._fail("a value", back=1)

    def _expect(self, mark: str) -> None:
        if self._next() != ("mark", mark):
            self._fail(f"'{mark}'", back=1)

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._position]

    def _next(self) -> tuple[str, str]:
        token = self._tokens[self._position]
        self._position = min(self._position + 1, len(self._tokens) - 1)
        return token

    def _fail(self, wanted: str, *, back: int = 0) -> NoReturn:
        found = self._tokens[max(self._position - back, 0)][1] or "the end"
        raise FilterError(f"Syntax error in $filter: expected {wanted} near '{found}'.")


def compare(word: str, value: Any, literal: Any) -> bool:
    """One comparison. A value of another type than the literal is unequal, and neither less nor greater."""
    if literal is None or value is None:
        same = value is None and literal is None
        return same if word == "eq" else not same if word == "ne" else False
    if isinstance(literal, bool) or isinstance(value, bool):
        alike = isinstance(value, bool) and isinstance(literal, bool)
        return COMPARE[word](value, literal) if alike and word in {"eq", "ne"} else word == "ne"
    if isinstance(literal, float):
        try:
            value = float(value)
        except (TypeError, ValueError):
            return word == "ne"
    elif not isinstance(value, str):
        value = f"{value:g}" if isinstance(value, int | float) else str(value)
    return COMPARE[word](value, literal)


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, position, text = [], 0, text.rstrip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise FilterError(
                f"Syntax error in $filter at position {position}: '{text[position : position + 10]}'."
            )
        tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
        position = match.end()
    return [*tokens, ("end", "")]
