"""The signed query of the connector API: who may ask, and since when the question is too old."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LIFETIME = 900
"""Seconds a signature stays good. Sales Layer documents only that it expires."""

HEX_256 = re.compile(r"[0-9a-f]{64}")
HEX_SHA1 = re.compile(r"[0-9a-f]{40}")


class RefusedError(Exception):
    """The connector API's error `code`, with its text."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def sign(code: str, secret: str, time: str, unique: str) -> str:
    """`key256`: SHA-256 of the four, joined without separator."""
    return hashlib.sha256(f"{code}{secret}{time}{unique}".encode()).hexdigest()


def check(query: Mapping[str, str], *, code: str, secret: str, now: float) -> None:
    """Accept a query signed with `secret` by `key256` (or the older SHA-1 `key`).

    Raises:
        RefusedError: 2 unknown code, 12 malformed time, 13 expired, 3 bad unique, 4 malformed key,
            9 wrong key.
    """
    time, unique = query.get("time", ""), query.get("unique", "")
    if query.get("code") != code:
        raise RefusedError(2, "Invalid connector code")
    if not re.fullmatch(r"\d{9,11}", time):
        raise RefusedError(12, "Incorrect date-code")
    if abs(now - int(time)) > LIFETIME:
        raise RefusedError(13, "Date code expired")
    if not re.fullmatch(r"\d{1,20}", unique):
        raise RefusedError(3, "Wrong unique key")
    if "key256" in query:
        given, pattern, wanted = query["key256"], HEX_256, sign(code, secret, time, unique)
    else:
        legacy = hashlib.sha1(f"{code}{secret}{time}{unique}".encode(), usedforsecurity=False)
        given, pattern, wanted = query.get("key", ""), HEX_SHA1, legacy.hexdigest()
    if not pattern.fullmatch(given):
        raise RefusedError(4, "Invalid codification key")
    if not hmac.compare_digest(given, wanted):
        raise RefusedError(9, "Invalid private key")
