"""Payloads and their hash: whether an item is the same as last time."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import msgspec

_fast = msgspec.json.Encoder(order="sorted")
#: What hashes are defined by; `json.dumps` makes one for each call.
_encoder = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))
#: Where msgspec may write a number otherwise: `1e16` for `1e+16`, `0.00001` for `1e-05`, `null` for `NaN`.
#: A text may hold the same, which costs time alone. Each begins with a character that is found at once.
_MAY_DIFFER = tuple(re.compile(place).search for place in (rb"e(?<=\de)[-\d]", rb"0\.0000", rb"null"))


def attributes_of(payload: dict[str, Any] | msgspec.Raw) -> dict[str, Any]:
    """Return the attributes of a payload, which may be JSON that goes on as it is."""
    if isinstance(payload, msgspec.Raw):
        return msgspec.json.decode(payload, type=dict[str, Any])
    return payload


def payload_hash(attributes: dict[str, Any]) -> str:
    """SHA-256 (hex) of the attributes as JSON, whatever the order of their keys."""
    return hashlib.sha256(_sorted_json(attributes)).hexdigest()


def _sorted_json(attributes: dict[str, Any]) -> bytes:
    """Return the attributes as Python's `json` writes them; by msgspec, where that writes the same."""
    try:
        line = _fast.encode(attributes)
    except (UnicodeEncodeError, OverflowError, TypeError):
        line = None
    if line is None or any(found(line) for found in _MAY_DIFFER):
        return _encoder.encode(attributes).encode(errors="surrogatepass")
    return line
