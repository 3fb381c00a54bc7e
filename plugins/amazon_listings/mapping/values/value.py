"""The values that a PIM gives and a mapping makes: a closed set, all of it JSON."""

from __future__ import annotations

from typing import TypeAlias

#: Text, number, yes or no, nothing, list, map. An image is a map with its `url`.
Value: TypeAlias = str | int | float | bool | list["Value"] | dict[str, "Value"] | None


def is_empty(value: object) -> bool:
    """Return whether a value says nothing: None, blank text, an empty list or table.

    0 and False say something.
    """
    if value is None:
        return True
    if isinstance(value, str):
        return not value or value.isspace()
    return isinstance(value, list | dict | tuple) and not value
