"""Invisible characters, made visible."""

from __future__ import annotations

import re

#: Control characters as pictures of themselves (U+2400 and on), for `str.translate`.
PICTURED = (
    {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421} | dict.fromkeys(range(0x80, 0xA0), 0xFFFD)
)
#: Blanks that look like the ordinary one, as a picture; texts are typeset with them, codes never.
PICTURED_BLANKS = dict.fromkeys(
    (0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x2800, 0x3000), "\u237d"
)
_ENDS = re.compile(r"\A +| +\Z")


def visible(text: str) -> str:
    """Return a text with its control characters and the blanks at its ends as pictures."""
    return _ENDS.sub(lambda blanks: "\u2423" * len(blanks.group()), text.translate(PICTURED))
