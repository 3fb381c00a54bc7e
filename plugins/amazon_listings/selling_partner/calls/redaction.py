"""Nothing secret leaves: what Amazon or a library says is cleaned before it becomes our message."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "•••"

#: Access and refresh tokens, client secrets, JWTs of older secrets, authorisation headers.
_TOKENS = re.compile(
    r"Atz[a-z]\|[A-Za-z0-9_|.+/=-]*"
    r"|amzn1\.oa2-cs\.[A-Za-z0-9_.-]+"
    r"|(?<=access_token=)[^&\s\"']+|(?<=refresh_token=)[^&\s\"']+|(?<=client_secret=)[^&\s\"']+"
)
#: The query of an address: what makes a pre-signed link a key.
_QUERY = re.compile(r"(https?://[^\s?\"'<>]+)\?[^\s\"'<>)]*")
_SIGNED = re.compile(r"((?:X-Amz-|AWS)[A-Za-z-]+=)[^&\s\"']+")

#: Longest text of the other side that is repeated in a message.
LONGEST = 500


def redact(text: object, secrets: Iterable[str] = ()) -> str:
    """Return the text without tokens, secrets and signed queries, cut after 500 characters.

    Args:
        text: Anything; its `str` is taken.
        secrets: Further literal values to mask.
    """
    shown = masked(str(text), secrets)
    if not shown.isprintable():
        shown = "".join(mark if mark.isprintable() else " " for mark in shown)
    shown = " ".join(shown.split())
    return shown if len(shown) <= LONGEST else shown[:LONGEST] + "…"


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text without tokens, secrets and signed queries."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, MASK)
    text = _TOKENS.sub(MASK, text)
    text = _QUERY.sub(rf"\1?{MASK}", text)
    return _SIGNED.sub(rf"\1{MASK}", text)
