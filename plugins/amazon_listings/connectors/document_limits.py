"""What a document people write may hold, whether it is YAML or JSON; more is a mistake, and is said."""

from __future__ import annotations

from amazon_listings.incoming.values import MOST_DIGITS, is_text

#: Characters of a document: the largest mapping of a product type with all its fields has a tenth.
MOST_CHARACTERS = 512 * 1024
#: Nodes (an alias of YAML can multiply itself), and levels.
MOST_NODES = 100_000
MOST_LEVELS = 50
#: Marks that open a level: libyaml's composer recurses, and some 50,000 levels end the whole process.
MOST_OPENINGS = 10_000
#: Characters of a key or a word: longer is no name of anything.
LONGEST_KEY = 500

TOO_LARGE = f"this is larger than a document may be ({MOST_CHARACTERS // 1024:,} KiB)"
TOO_DEEP = f"more than {MOST_LEVELS} levels deep"
TOO_MANY = "this is more than a connector can hold"
TOO_MANY_DIGITS = f"a number of more than {MOST_DIGITS} digits"


def is_too_long_number(digits: str) -> bool:
    """Return whether a number has more digits than anything here can count with."""
    return sum(map(str.isdigit, digits)) > MOST_DIGITS


def odd_text(text: str) -> str:
    """Return what of a text no value may hold, empty if nothing: half a character, a control character."""
    if not is_text(text):
        return "half a character (a \\ud8… without its other half)"
    if text.isprintable():
        return ""
    control = next((mark for mark in text if _is_control(mark)), None)
    return f"the control character U+{ord(control):04X}" if control else ""


def _is_control(mark: str) -> bool:
    return (mark < " " and mark not in "\t\n\r") or "\x7f" <= mark <= "\x9f"
