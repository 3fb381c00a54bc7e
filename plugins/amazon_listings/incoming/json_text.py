"""JSON of values from outside, written fast where that loses nothing."""

from __future__ import annotations

import json

import msgspec

#: Levels of objects in which empty values are counted: a state has a row, which has a product with a date.
_LEVELS = 4
_fast = msgspec.json.Encoder()
#: Writes half of a surrogate pair, and numbers that are none (NaN); `json.dumps` makes one for each call.
_whole = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=msgspec.to_builtins)


def json_text(document: object) -> bytes:
    """Return a document as JSON without spaces, so that Python's `json` reads the same from it.

    Half of a surrogate pair is written as it is, NaN and infinity by their names.
    """
    written = written_fast(document)
    return _whole.encode(document).encode("utf-8", "surrogatepass") if written is None else written


def written_fast(document: object) -> bytes | None:
    """Return a document as JSON by msgspec, several times as fast; None if it may lose something in it."""
    try:
        line = _fast.encode(document)
    except (UnicodeEncodeError, OverflowError, TypeError):
        return None
    # msgspec writes NaN and infinity as null, which would turn a wrong value into none.
    nulls = line.count(b"null")
    return line if not nulls or nulls == _nulls(document, _LEVELS) else None


def _nulls(document: object, levels: int) -> int:
    """Return how many values of objects in objects are empty; those in lists are not looked for."""
    if document.__class__ is not dict:
        return 0
    found = 0
    for value in document.values():
        if value is None:
            found += 1
        elif value.__class__ is dict and levels:
            found += _nulls(value, levels - 1)
    return found
