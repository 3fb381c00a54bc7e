"""Payloads that are not quite JSON data."""

from __future__ import annotations

import json
import marshal
import math
import re
from typing import TYPE_CHECKING, Any

from amazon_product_types.validation.engine import Failure

if TYPE_CHECKING:
    from amazon_product_types.json_pointer import Pointer

#: Half of a surrogate pair: JSON can spell it (`"\ud800"`), no encoding can carry it.
SURROGATE = re.compile("[\ud800-\udfff]")
#: The same in bytes; other data may look like it by chance.
HALF_PAIR = re.compile(b"\xed[\xa0-\xbf]")
#: Deeper payloads than this are refused rather than walked; Amazon's go to 10.
DEEPEST = 200


def readable(payload: object) -> tuple[Any, list[Failure]]:
    """Return the payload as data that the engine can read, and the places where it was none.

    Broken text keeps its length, with a replacement character for what cannot be sent; what JSON
    has no form for (NaN, bytes, dates, keys that are no text) becomes null or goes.
    """
    broken: list[Failure] = []
    return _readable(payload, (), broken), broken


def is_sendable(payload: Any) -> bool:
    """Can the payload be written as JSON? The engine reads a text only where a rule asks about it."""
    try:
        # Python's quickest way over all texts: its bytes hold a half pair as UTF-8 never does.
        plain = HALF_PAIR.search(marshal.dumps(payload)) is None
    except ValueError:
        plain = False
    return plain or _is_json(payload)


def _is_json(payload: object) -> bool:
    try:
        json.dumps(payload, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _readable(value: object, path: Pointer, broken: list[Failure]) -> object:
    if isinstance(value, str):
        return _readable_text(value, path, broken)
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if len(path) < DEEPEST and isinstance(value, list):
        return [_readable(item, (*path, index), broken) for index, item in enumerate(value)]
    if len(path) < DEEPEST and isinstance(value, dict):
        return _readable_object(value, path, broken)
    broken.append(_failure(path))
    return None


def _readable_text(text: str, path: Pointer, broken: list[Failure]) -> str:
    if text.isascii() or not SURROGATE.search(text):
        return text
    broken.append(_failure(path))
    return SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def _readable_object(value: dict[Any, Any], path: Pointer, broken: list[Failure]) -> dict[str, Any]:
    result = {}
    for key, item in value.items():
        if isinstance(key, str) and not SURROGATE.search(key):
            result[key] = _readable(item, (*path, key), broken)
        else:
            broken.append(_failure((*path, str(key).encode("utf-8", "replace").decode())))
    return result


def _failure(path: Pointer) -> Failure:
    return Failure(path, "", ())
