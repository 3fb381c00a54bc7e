"""Values inside issues: as data and as words, cut, and safe to print."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from amazon_product_types.dialect.keywords import size_in_bytes
from amazon_product_types.messages.printable import LONGEST_FOUND, as_json, cut, plain, sendable

if TYPE_CHECKING:
    from amazon_product_types.json_pointer import Pointer


def measured(value: object) -> dict[str, int] | None:
    """Size of a value: characters and UTF-8 bytes of a text, items of a list."""
    if isinstance(value, str):
        return {"characters": len(value), "bytes": size_in_bytes(value)}
    return {"items": len(value)} if isinstance(value, list) else None


def joined(path: Pointer) -> str:
    """Return a place as text: `item_weight/0/unit`."""
    return "/".join(map(str, path))


def shown(value: object) -> Any:
    """Return a value as it may stand in an issue: JSON data, long ones as cut text."""
    if isinstance(value, str):
        return cut(sendable(value), LONGEST_FOUND)
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    text = as_json(value)
    # Read back, so that what JSON has no form for is text by now.
    return json.loads(text, parse_constant=str) if len(text) <= LONGEST_FOUND else cut(text, LONGEST_FOUND)


def named(options: list[dict[str, Any]]) -> str:
    """Options inside a sentence: each value, with its name where that says more."""
    return ", ".join(
        f"`{plain(str(option['value']))}`"
        if str(option["value"]) == option["name"]
        else f"`{plain(str(option['value']))}` ({plain(option['name'])})"
        for option in options
    )
