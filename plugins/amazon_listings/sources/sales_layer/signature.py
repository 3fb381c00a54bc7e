"""The signed query of Sales Layer's connector API."""

from __future__ import annotations

import hashlib
import secrets


def signed_query(code: str, secret: str, *, time: int, unique: int | None = None) -> dict[str, str]:
    """Return the query parameters that prove who asks.

    `key256` is the SHA-256, in lower-case hex, of code, secret, time and unique one after the
    other. Source: "API connector: authentication" of Sales Layer and its PHP SDK.

    Args:
        code: The export connector's code.
        secret: The export connector's private key.
        time: Seconds since 1970, by Sales Layer's clock.
        unique: A number not used before; random if None.
    """
    number = secrets.randbelow(2**31) if unique is None else unique
    key = hashlib.sha256(f"{code}{secret}{time}{number}".encode()).hexdigest()
    return {"code": code, "time": str(time), "unique": str(number), "key256": key}
