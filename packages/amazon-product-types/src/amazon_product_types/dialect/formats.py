"""Dates and times by RFC 3339, as JSON Schema's `format` means them.

`jsonschema-rs` 0.60 takes some punctuation for digits (`2026-12-0/` is a date to it), so the shape
is looked at first and the calendar left to the engine.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import jsonschema_rs

if TYPE_CHECKING:
    from collections.abc import Callable

SHAPES = {
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "date-time": re.compile(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
    ),
    "time": re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"),
}


def _exact(name: str) -> Callable[[str], bool]:
    shape = SHAPES[name]
    engine = jsonschema_rs.Draft201909Validator({"format": name}, validate_formats=True)
    return lambda text: shape.fullmatch(text) is not None and engine.is_valid(text)


#: Checks of the formats that the engine alone gets wrong, by name.
FORMATS = {name: _exact(name) for name in SHAPES}
