"""How much an expression may produce. Item data is hostile and an author can err."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_listings.mapping.values.invalid import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Most characters of a text: far above Amazon's longest field (a few thousand).
MAX_TEXT = 100_000
#: Most elements of a list, far above what an attribute takes.
MAX_LIST = 10_000
#: Most lists inside lists of a value that becomes text.
MAX_DEPTH = 50
#: Floats from here on do not hold every whole number.
_WHOLE = 1e15


class TooLarge(InvalidValue):
    """A result beyond what any Amazon attribute holds."""


def check_text(length: int) -> None:
    """Refuse a text before it is made.

    Raises:
        TooLarge: it would be longer than `MAX_TEXT`.
    """
    if length > MAX_TEXT:
        raise TooLarge("expression.long_text", length=length, most=MAX_TEXT)


def check_list(length: int) -> None:
    """Refuse a list before it is made.

    Raises:
        TooLarge: it would be longer than `MAX_LIST`.
    """
    if length > MAX_LIST:
        raise TooLarge("expression.long_list", length=length, most=MAX_LIST)


def shown(value: object) -> str:
    """Return `value` as text inside other text: nothing for empty, lists by commas, `1.5` not `1.50`.

    Raises:
        TooLarge: a list or table is too long, or too deep, to be text.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple | dict):
        return _shown_all(value, [MAX_TEXT], 0)
    return _shown_scalar(value)


def _shown_scalar(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    whole = isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE
    return str(int(value) if whole else value)  # type: ignore[call-overload]  # whole: it is a float


def _shown_all(value: object, room: list[int], depth: int) -> str:
    """`room` is how many characters and elements may still come; it shrinks as they do."""
    if depth > MAX_DEPTH:
        raise TooLarge("expression.deep_lists", most=MAX_DEPTH)
    if isinstance(value, dict):
        address = value.get("url")
        return _shown_all(address or list(value.values()), room, depth + 1)
    if isinstance(value, list | tuple):
        return _joined(value, room, depth)
    text = value if isinstance(value, str) else _shown_scalar(value)
    _take(room, len(text))
    return text


def _joined(values: Iterable[object], room: list[int], depth: int) -> str:
    texts = []
    for value in values:
        _take(room, 1)
        texts.append(_shown_all(value, room, depth + 1))
    return ", ".join(texts)


def _take(room: list[int], count: int) -> None:
    room[0] -= count
    if room[0] < 0:
        raise TooLarge("expression.longer_text", most=MAX_TEXT)
