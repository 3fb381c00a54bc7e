"""Labels as people type them: what counts as the same, and how a chain of labels is written."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: A person types what the keyboard has: these are spaces, like all quotes and dashes of Unicode.
_LOOSE = frozenset("'\"`_\u00b4\u2032\u2033\u02bc")
_LOOSE_KINDS = frozenset({"Pi", "Pf", "Pd", "Zs"})
_LATIN = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "\u0131": "i"})


def normal(label: str) -> str:
    """A label without what people type differently: case, accents, spaces, quotes, dashes."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", label).casefold().translate(_LATIN))
    # Only European accents go: in Japanese or Arabic such marks are another letter.
    plain = "".join(
        " " if letter in _LOOSE or unicodedata.category(letter) in _LOOSE_KINDS else letter
        for letter in apart
        if not "\u0300" <= letter <= "\u036f"
    )
    return " ".join(unicodedata.normalize("NFC", plain).split())


def chain(labels: Iterable[str]) -> str:
    """The labels as one writes a chain in a mapping: `A > B`, without immediate repetition."""
    shown: list[str] = []
    for label in labels:
        if not shown or normal(shown[-1]) != normal(label):
            shown.append(label)
    return " > ".join(shown)
