"""Values from outside that can be kept, compared and sent; what cannot is told by field.

A value that JSON can write but nothing here can use (a number of 5,000 digits, a list inside 400 others) is
read as a text that begins with half a character: such a text is no value anywhere, so it needs no type of its
own to pass through a source and its staging store, and `unfit` finds it with the others.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

#: Lists inside lists that a value may have; a table of a PIM has two.
MOST_LEVELS = 20
#: Characters of one text, and of all texts of a field together.
LONGEST_TEXT = 2_000_000
#: Elements of one field, at all levels together.
MOST_ELEMENTS = 50_000
#: Digits of a whole number: more fit neither a database nor a data frame.
MOST_DIGITS = 18
#: What a text begins with that stands for an unusable value; no text of a PIM does.
_MARK = "\udfff"
_LARGEST = 10**MOST_DIGITS


class Unfit(NamedTuple):
    """Why a value cannot be used: a code of `messages/`, below `unfit.`, and its limit if it has one."""

    reason: str
    limit: int = 0


def unusable(reason: str) -> str:
    """Return what stands for a value that cannot be read; `unfit` gives the reason back."""
    return _MARK + reason


def is_text(text: str) -> bool:
    """Return whether a text is Unicode that can be written (no half of a surrogate pair)."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def printable(text: str) -> str:
    """Return a text with a replacement for every half character, for messages and keys."""
    if is_text(text):
        return text
    if text.startswith(_MARK):
        return "\N{REPLACEMENT CHARACTER}"
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def unfit(value: object) -> Unfit | None:
    """Return why a value of a field cannot be used, or None if it can."""
    if value is None or (value.__class__ is str and len(value) <= LONGEST_TEXT and is_text(value)):
        return None
    budget = _Budget()
    level = [value]
    for _ in range(MOST_LEVELS + 1):
        below: list[Any] = []
        for one in level:
            found = _unfit_alone(one, budget, below)
            if found is not None:
                return found
        if not below:
            return None
        level = below
    return Unfit("too_deep", MOST_LEVELS)


def cleaned(value: object) -> object:
    """Return JSON with each half character replaced and each unusable value empty; its levels are bounded."""
    if isinstance(value, str):
        if is_text(value):
            return value
        return None if value.startswith(_MARK) else printable(value)
    if isinstance(value, dict):
        return {printable(name): cleaned(one) for name, one in value.items()}
    return [cleaned(one) for one in value] if isinstance(value, list) else value


def unfit_fields(named: Mapping[str, Any]) -> list[tuple[str, Unfit]]:
    """Return the fields of a record that cannot be used, each with the reason."""
    if _are_texts([*named, *named.values()]):
        return []
    unfit_ones = []
    for name, value in named.items():
        # Most are short texts without an accent: asking no function about them saves a quarter of the time.
        if (
            value.__class__ is name.__class__ is str
            and name.isascii()
            and value.isascii()
            and len(name) <= LONGEST_TEXT >= len(value)
        ):
            continue
        found = unfit(name) or unfit(value)
        if found is not None:
            unfit_ones.append((name, found))
    return unfit_ones


def _are_texts(values: Iterable[Any]) -> bool:
    """Return whether all values are texts that can be used; they are looked at together, as most are."""
    try:
        text = "".join(values)
        text.encode()
    except (TypeError, UnicodeEncodeError):
        return False
    return len(text) <= LONGEST_TEXT


class _Budget:
    def __init__(self) -> None:
        self.characters = LONGEST_TEXT
        self.elements = MOST_ELEMENTS


def _unfit_alone(value: object, budget: _Budget, below: list[Any]) -> Unfit | None:
    """Return why one value cannot be used by itself; what it contains is added to `below`."""
    judge = _JUDGES.get(type(value))
    return Unfit("no_value") if judge is None else judge(value, budget, below)


def _text(value: str, budget: _Budget, _below: list[Any]) -> Unfit | None:
    if not is_text(value):
        known = value.startswith(_MARK) and value[1:] in {"too_large", "too_deep", "not_finite"}
        limit = {"too_large": MOST_DIGITS, "too_deep": MOST_LEVELS}.get(value[1:], 0)
        return Unfit(value[1:], limit) if known else Unfit("half_character")
    budget.characters -= len(value)
    return Unfit("too_long", LONGEST_TEXT) if budget.characters < 0 else None


def _whole(value: int, _budget: _Budget, _below: list[Any]) -> Unfit | None:
    return None if -_LARGEST < value < _LARGEST else Unfit("too_large", MOST_DIGITS)


def _fraction(value: float, _budget: _Budget, _below: list[Any]) -> Unfit | None:
    return None if math.isfinite(value) else Unfit("not_finite")


def _list(value: list[Any], budget: _Budget, below: list[Any]) -> Unfit | None:
    budget.elements -= len(value)
    if budget.elements < 0:
        return Unfit("too_many", MOST_ELEMENTS)
    below.extend(value)
    return None


def _object(value: dict[Any, Any], budget: _Budget, below: list[Any]) -> Unfit | None:
    return _list([*value, *value.values()], budget, below)


def _nothing(_value: object, _budget: _Budget, _below: list[Any]) -> None:
    return None


_JUDGES: dict[type, Callable[[Any, _Budget, list[Any]], Unfit | None]] = {
    str: _text,
    int: _whole,
    float: _fraction,
    bool: _nothing,
    type(None): _nothing,
    list: _list,
    tuple: _list,
    dict: _object,
}
