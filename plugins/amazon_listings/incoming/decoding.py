"""JSON from outside: one decoder, which gives a value or says that there is none, and never raises."""

from __future__ import annotations

import json
import math
import re
from enum import Enum
from typing import Any

from amazon_listings.incoming.values import MOST_DIGITS, cleaned, unusable

#: Levels of an answer, its own and those of the values in it.
MOST_LEVELS = 60
#: What stands in the text for what was cut out because it is too deep.
_TOO_DEEP = "-0e0000"
#: What of an answer has levels below it.
_HOLDERS = (dict, list)
#: The escape of half a character, which is one only if its other half does not follow.
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)


class Malformed(Enum):
    """Why bytes give no value."""

    NOT_JSON = "not JSON"
    TOO_LARGE = "too large"


def decode(content: bytes) -> object:
    """Return the JSON in an answer, or `Malformed`.

    A byte order mark is passed over. Bytes that are no UTF-8 and halves of characters are replaced, numbers
    that are none are empty, and so is what lies deeper than `MOST_LEVELS`.
    """
    reading = _Reading()
    value = reading.of(content)
    odd = reading.unusable or _HALF.search(content) is not None or not _is_utf8(content)
    return cleaned(value) if odd and not isinstance(value, Malformed) else value


def decode_as_sent(content: bytes) -> object:
    """Return the JSON in an answer, or `Malformed`; what no value can hold is left to `values.unfit`."""
    return _Reading().of(content)


class _Reading:
    """One text being read; `unusable`: a value in it stands for one that cannot be used."""

    def __init__(self) -> None:
        self.unusable = False

    def of(self, content: bytes) -> Any:
        text = content.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
        try:
            value = self._parsed(text)
            return self._parsed(_without_depths(text)) if _is_deep(value) else value
        except RecursionError:
            pass  # it is read below, when the stack is free again
        except ValueError:
            return Malformed.NOT_JSON
        except MemoryError:
            return Malformed.TOO_LARGE
        try:
            return self._parsed(_without_depths(text))
        except (ValueError, RecursionError):
            return Malformed.NOT_JSON

    def _parsed(self, text: str) -> object:
        return json.loads(
            text, parse_int=self._whole, parse_float=self._fraction, parse_constant=self._constant
        )

    def _whole(self, text: str) -> int | str:
        return int(text) if len(text) <= MOST_DIGITS + 1 else self._unusable("too_large")

    def _fraction(self, text: str) -> float | str:
        if text == _TOO_DEEP:
            return self._unusable("too_deep")
        value = float(text)
        return value if math.isfinite(value) else self._unusable("not_finite")

    def _constant(self, _name: str) -> str:
        return self._unusable("not_finite")

    def _unusable(self, reason: str) -> str:
        self.unusable = True
        return unusable(reason)


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_deep(value: object) -> bool:
    level: list[Any] = [value] if value.__class__ in _HOLDERS else []
    for _ in range(MOST_LEVELS + 1):
        level = [
            below
            for one in level
            for below in (one.values() if one.__class__ is dict else one)
            if below.__class__ is dict or below.__class__ is list
        ]
        if not level:
            return False
    return True


def _without_depths(text: str) -> str:
    """Return the JSON with everything deeper than `MOST_LEVELS` replaced by one number that says so."""
    kept: list[str] = []
    level, start, cut_from = 0, 0, 0
    for token in _TOKEN.finditer(text):
        mark = token[0][0]
        if mark in "[{":
            level += 1
            if level == MOST_LEVELS + 1:
                cut_from = token.start()
        elif mark in "]}":
            if level == MOST_LEVELS + 1:
                kept += (text[start:cut_from], _TOO_DEEP)
                start = token.end()
            level -= 1
    return "".join((*kept, text[start:]))
