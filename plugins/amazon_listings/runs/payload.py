"""Payloads and their hash: whether an item is the same as last time."""

from __future__ import annotations

import hashlib
import json
from typing import Any

#: `json.dumps` makes one for each call.
_encoder = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def payload_hash(attributes: dict[str, Any]) -> str:
    """SHA-256 (hex) of the attributes as JSON, whatever the order of their keys."""
    text = _encoder.encode(attributes)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
