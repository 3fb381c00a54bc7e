"""Values inside sentences: on one line, cut, and safe to print."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

LONGEST_FOUND = 200
LONGEST_SAID = 60
MEMORY = 4096
#: Characters of a beginning that two texts share which are kept before their first difference.
KEPT = 12


def plain(text: str) -> str:
    """Return a foreign text for a sentence: one line, cut, nothing that a terminal obeys."""
    return cut(one_line(text[: LONGEST_FOUND + 1]), LONGEST_SAID)


@lru_cache(MEMORY)
def one_line(text: str) -> str:
    """Return a foreign text on one line, with nothing that a terminal obeys."""
    # Labels, options and common values repeat all over a catalogue.
    line = " ".join(cut(sendable(text), LONGEST_FOUND).split())
    return "".join(letter if letter.isprintable() else "·" for letter in line)


def as_json(value: object) -> str:
    """Return a value as JSON text; what JSON has no form for is described."""
    try:
        return sendable(json.dumps(value, ensure_ascii=False, default=repr))
    except (RecursionError, TypeError, ValueError):
        return json.dumps(f"({type(value).__name__})")


def sendable(text: str) -> str:
    """Return a text without the halves of characters that UTF-8 cannot write."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def cut(text: str, most: int) -> str:
    """Return a text with at most so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def from_difference(one: object, other: object) -> tuple[Any, Any]:
    """Return two texts from shortly before their first difference, where cutting them would hide it.

    Other values, and texts that differ early enough to be seen, are returned as they are.
    """
    if not (isinstance(one, str) and isinstance(other, str)):
        return one, other
    pairs = zip(one, other, strict=False)
    shared = next((at for at, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))
    if shared <= LONGEST_SAID // 2 or max(len(one), len(other)) <= LONGEST_SAID:
        return one, other
    start = shared - KEPT
    return f"…{one[start:]}", f"…{other[start:]}"
