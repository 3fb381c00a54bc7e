"""Invisible characters, made visible."""

from __future__ import annotations

import re

#: Control characters as pictures of themselves (U+2400 and on), for `str.translate`.
PICTURED = (
    {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421} | dict.fromkeys(range(0x80, 0xA0), 0xFFFD)
)
_ENDS = re.compile(r"\A +| +\Z")


def visible(text: str) -> str:
    """Return a text with its control characters and the blanks at its ends as pictures."""
    return _ENDS.sub(lambda blanks: "\u2423" * len(blanks.group()), text.translate(PICTURED))
