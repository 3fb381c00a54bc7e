"""Values inside issues: as data and as words, cut, and safe to print."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from amazon_product_types.validation.vocabulary import size_in_bytes

if TYPE_CHECKING:
    from amazon_product_types.validation.document import Pointer

LONGEST_FOUND = 200
LONGEST_SAID = 60
MEMORY = 4096


def measured(value: Any) -> dict[str, int] | None:
    """Size of a value: characters and UTF-8 bytes of a text, items of a list."""
    if isinstance(value, str):
        return {"characters": len(value), "bytes": size_in_bytes(value)}
    return {"items": len(value)} if isinstance(value, list) else None


def joined(path: Pointer) -> str:
    """A place as text: `item_weight/0/unit`."""
    return "/".join(map(str, path))


def shown(value: Any) -> Any:
    """A value as it may stand in an issue: JSON data, long ones as cut text."""
    if isinstance(value, str):
        return _cut(_sendable(value), LONGEST_FOUND)
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    text = as_json(value)
    # Read back, so that what JSON has no form for is text by now.
    return json.loads(text, parse_constant=str) if len(text) <= LONGEST_FOUND else _cut(text, LONGEST_FOUND)


def plain(text: str) -> str:
    """A stranger's text inside a sentence: one line, cut, nothing that a terminal would obey."""
    return _one_line(text[: LONGEST_FOUND + 1])


@lru_cache(MEMORY)
def _one_line(text: str) -> str:
    # Labels, options and common values repeat all over a catalogue.
    line = " ".join(_cut(_sendable(text), LONGEST_FOUND).split())
    return _cut("".join(letter if letter.isprintable() else "·" for letter in line), LONGEST_SAID)


def as_json(value: Any) -> str:
    """A value as JSON text; what JSON has no form for is described."""
    try:
        return _sendable(json.dumps(value, ensure_ascii=False, default=repr))
    except (RecursionError, TypeError, ValueError):
        return json.dumps(f"({type(value).__name__})")


def named(options: list[dict[str, Any]]) -> str:
    """Options inside a sentence: each value, with its name where that says more."""
    return ", ".join(
        f"`{plain(str(option['value']))}`"
        if str(option["value"]) == option["name"]
        else f"`{plain(str(option['value']))}` ({plain(option['name'])})"
        for option in options
    )


def _sendable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
