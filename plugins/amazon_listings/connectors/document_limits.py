"""What a document people write may hold, whether it is YAML or JSON; more is a mistake, and is said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from amazon_listings.incoming.values import MOST_DIGITS, is_text
from amazon_listings.messages import message

if TYPE_CHECKING:
    from amazon_listings.messages import Message

#: Characters of a document: the largest mapping of a product type with all its fields has a tenth.
MOST_CHARACTERS = 512 * 1024
#: Nodes (an alias of YAML can multiply itself), and levels.
MOST_NODES = 100_000
MOST_LEVELS = 50
#: Marks that open a level: libyaml's composer recurses, and some 50,000 levels end the whole process.
MOST_OPENINGS = 10_000
#: Characters of a key or a word: longer is no name of anything.
LONGEST_KEY = 500

TOO_LARGE = message("document.too_large", size=MOST_CHARACTERS // 1024)
TOO_DEEP = message("document.too_deep", levels=MOST_LEVELS)
TOO_MANY = message("document.too_many")
TOO_MANY_DIGITS = message("document.long_number", digits=MOST_DIGITS)


def text_of(content: bytes) -> str | Message:
    """Return the text of a file, or why it is none."""
    if wide := _wide_encoding(content):
        return message("document.wide_text", encoding=wide)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return message("document.not_utf8", line=content[: error.start].count(b"\n") + 1)


def _wide_encoding(content: bytes) -> str:
    """Return the name of an encoding of two or four bytes a character, with or without a byte order mark."""
    encoding = json.detect_encoding(content)
    if encoding.startswith("utf-8"):
        return ""
    try:
        is_text = "\0" not in content.decode(encoding)
    except UnicodeDecodeError:
        return ""
    return encoding[:6].upper() if is_text else ""


def is_too_long_number(digits: str) -> bool:
    """Return whether a number has more digits than anything here can count with."""
    return sum(map(str.isdigit, digits)) > MOST_DIGITS


def odd_text(text: str) -> Message | None:
    """Return what of a text no value may hold, None if nothing: half a character, a control character."""
    if not is_text(text):
        return message("document.half_character")
    if text.isprintable():
        return None
    control = next((mark for mark in text if _is_control(mark)), None)
    return message("document.control_character", number=f"{ord(control):04X}") if control else None


def _is_control(mark: str) -> bool:
    return (mark < " " and mark not in "\t\n\r") or "\x7f" <= mark <= "\x9f"
