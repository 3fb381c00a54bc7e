"""How the ledger keeps what is not a number or a name: payloads compressed, texts that fit a column."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
import zlib
from functools import lru_cache
from typing import Any

import msgspec

from amazon_listings.incoming.json_text import json_text
from amazon_listings.ledger.exceptions import LedgerDamaged

#: Characters of the hash at the end of a text that was cut.
_MARK = 12
#: Twice as fast as zlib's default, for payloads that are a twentieth larger.
_LEVEL = 2
#: Bytes that zlib looks back (as a power of two) and its memory: a quarter of the defaults, for which each
#: call would ask the system for it, which takes longer than to compress a payload.
_WINDOW, _MEMORY = 13, 6
#: Bytes of one content, unpacked: far more than a payload has, and what a damaged row may cost.
MOST_UNPACKED = 64 << 20


def packed(content: object) -> bytes:
    """Return content as the ledger keeps payloads: JSON, compressed.

    What is JSON already (`msgspec.Raw`) is compressed as it is, and bytes were compressed before.
    """
    if isinstance(content, bytes):
        return content
    if isinstance(content, msgspec.Raw):
        return packed_text(bytes(content))
    # A PIM may hold half a surrogate pair; it must come back as it was.
    return packed_text(json_text(content))


def packed_text(text: bytes) -> bytes:
    """Return JSON as `packed` does."""
    stream = zlib.compressobj(_LEVEL, wbits=_WINDOW, memLevel=_MEMORY)
    return stream.compress(text) + stream.flush()


def unpacked(content: bytes | None) -> Any:
    """Return the JSON that `packed` made; None stays None.

    Raises:
        LedgerDamaged: it is something else.
    """
    if content is None:
        return None
    try:
        return json.loads(inflated(content))
    except (TypeError, ValueError, RecursionError, zlib.error) as error:
        raise LedgerDamaged("ledger.content_unreadable", kind=type(error).__name__) from error


def inflated(content: bytes, dictionary: bytes = b"") -> bytes:
    """Return what zlib compressed, with a preset dictionary or without.

    Raises:
        zlib.error: it is something else, cut off, or larger than `MOST_UNPACKED`.
    """
    if not isinstance(content, bytes) or not isinstance(dictionary, bytes):
        raise zlib.error("not bytes")  # SQLite keeps what is written, whatever the column's type
    stream = zlib.decompressobj(zdict=dictionary) if dictionary else zlib.decompressobj()
    found = stream.decompress(content, MOST_UNPACKED)
    if not stream.eof:
        raise zlib.error(f"cut off, or larger than {MOST_UNPACKED:,} bytes")
    return found


def attributes_of(body: Any) -> frozenset[str]:
    """Return the attributes that a write names: `body` is attributes, patches, or None of a deletion."""
    if isinstance(body, list):
        return frozenset(str(patch["path"]).removeprefix("/attributes/") for patch in body)
    return frozenset(body or ())


def searchable(text: str) -> str:
    """Return a text in the form in which it is searched: without case, and composed."""
    folded = text.casefold()
    return folded if folded.isascii() else unicodedata.normalize("NFKC", folded)


# A SKU is asked for in a dozen statements, one after the other.
@lru_cache(maxsize=4096)
def column_text(text: str, most: int) -> str:
    """`text` as a text column of `most` characters can hold it; different texts stay different.

    PostgreSQL refuses NUL, lone surrogates and what is too long; a product's SKU or identity may be
    any of them, and its issues must be kept all the same.
    """
    if len(text) <= most and text.isascii() and "\x00" not in text:
        return text
    clean = text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()
    if clean == text and len(text) <= most:
        return text
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK]
    return f"{clean[: most - _MARK - 1]}~{mark}"


def is_cut(text: str) -> bool:
    """Return whether `column_text` may have made a text of another one."""
    return re.search(rf"~[0-9a-f]{{{_MARK}}}\Z", text) is not None
