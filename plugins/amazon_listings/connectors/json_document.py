"""Reading a document in JSON (an Airflow Variable, a suite) as strictly as one in YAML, with lines."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

from amazon_listings.connectors.document_limits import (
    LONGEST_KEY,
    MOST_CHARACTERS,
    MOST_LEVELS,
    TOO_DEEP,
    TOO_LARGE,
    TOO_MANY_DIGITS,
    is_too_long_number,
    odd_text,
)
from amazon_listings.connectors.problems import MOST_PROBLEMS
from amazon_listings.connectors.yaml_document import Spot, YamlProblem
from amazon_listings.messages import Message, message

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+', re.DOTALL)
_CONSTANTS = ("NaN", "Infinity", "-Infinity")


@dataclass
class JsonDocument:
    """A JSON text read: its value, and what is wrong with it, each with its place."""

    value: Any = None
    problems: list[YamlProblem] = field(default_factory=list)


def read_json(text: str) -> JsonDocument:
    """Return the value of a JSON text; what is wrong with it is in `problems`, never raised."""
    if len(text) > MOST_CHARACTERS:
        return JsonDocument(problems=[YamlProblem(TOO_LARGE, None)])
    lines = [0, *(found.end() for found in re.finditer("\n", text))]

    def spot(position: int) -> Spot:
        line = bisect_right(lines, position) - 1
        return Spot(line, position - lines[line])

    document = JsonDocument()
    try:
        document.value = json.loads(text, parse_int=_number, parse_float=_number)
    except json.JSONDecodeError as error:
        document.problems.append(
            YamlProblem(
                message("document.not_json", said=error.msg, line=error.lineno, column=error.colno),
                spot(error.pos),
            )
        )
        return document
    except RecursionError:
        document.value = None  # `_Scan` says where
    scan = _Scan(text)
    document.problems += [YamlProblem(said, spot(position), hint) for said, position, hint in scan.problems()]
    if document.problems:
        document.value = None
    return document


def _number(digits: str) -> int | float:
    """Return a number; of one that is far too long only that it is one, for `_Scan` refuses it."""
    if is_too_long_number(digits):
        return 0
    return float(digits) if any(mark in digits for mark in ".eE") else int(digits)


class _Scan:
    """Finds what `json` allows and no document may hold, token by token."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found: list[tuple[Message, int, Message | str]] = []

    def problems(self) -> list[tuple[Message, int, Message | str]]:
        keys: list[set[str] | None] = []
        tokens = list(_TOKEN.finditer(self._text))
        for token, after in zip(tokens, [*tokens[1:], None], strict=True):
            mark = token[0]
            if mark in "[{":
                keys.append(set() if mark == "{" else None)
                if len(keys) > MOST_LEVELS:
                    self._note(TOO_DEEP, token.start())
                    return self._found
            elif mark in "]}":
                keys.pop()
            elif mark[0] == '"':
                self._text_token(token, keys[-1] if keys and after and after[0] == ":" else None)
            elif mark in _CONSTANTS:
                self._note(message("document.no_json_constant", mark=mark), token.start())
            elif mark[0] in "-0123456789":
                self._number(mark, token.start())
            if len(self._found) > MOST_PROBLEMS:
                return self._found
        return self._found

    def _text_token(self, token: re.Match[str], keys: set[str] | None) -> None:
        written = token[0]
        text = json.loads(written) if "\\" in written else written[1:-1]
        if odd := odd_text(text):
            self._note(message("document.text_holds", odd=odd), token.start())
        elif keys is None:
            return
        elif len(text) > LONGEST_KEY:
            self._note(message("document.long_key", length=len(text)), token.start())
        elif text in keys:
            said = message("document.key_twice_in_object", key=text)
            self._note(said, token.start(), message("document.remove_one"))
        else:
            keys.add(text)

    def _number(self, digits: str, position: int) -> None:
        if is_too_long_number(digits):
            self._note(TOO_MANY_DIGITS, position, message("document.quote_it"))
        elif abs(float(digits)) == float("inf"):
            self._note(message("document.large_number"), position, message("document.quote_it"))

    def _note(self, said: Message, position: int, hint: Message | str = "") -> None:
        self._found.append((said, position, hint))
