"""How much an expression may produce. Item data is hostile and an author can err."""

from __future__ import annotations

from typing import Any

#: Most characters of a text: far above Amazon's longest field (a few thousand).
MAX_TEXT = 100_000
#: Most elements of a list, far above what an attribute takes.
MAX_LIST = 10_000
#: Floats from here on do not hold every whole number.
_WHOLE = 1e15


class TooLarge(ValueError):
    """A result beyond what any Amazon attribute holds."""


def check_text(length: int) -> None:
    """Refuse a text before it is made.

    Raises:
        TooLarge: it would be longer than `MAX_TEXT`.
    """
    if length > MAX_TEXT:
        raise TooLarge(f"the text would have {length} characters, more than {MAX_TEXT}")


def check_list(length: int) -> None:
    """Refuse a list before it is made.

    Raises:
        TooLarge: it would be longer than `MAX_LIST`.
    """
    if length > MAX_LIST:
        raise TooLarge(f"the list would have {length} elements, more than {MAX_LIST}")


def shown(value: Any) -> str:
    """`value` as text inside other text: nothing for empty, lists by commas, `1.5` not `1.50`."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(shown(part) for part in value)
    if isinstance(value, dict):
        return shown(value.get("url") or list(value.values()))
    whole = isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE
    return str(int(value) if whole else value)
