"""Labels as people type them: what counts as the same, and how a chain of labels is written."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

#: Words up to this length (of, de, la, der) say nothing.
_SHORT = 3

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


def likeness(key: str) -> Callable[[Sequence[str], Sequence[str]], float]:
    """How much a mapping key that names nothing is like a field, from 0 to 1.

    Returns:
        A function of the field's normal labels, outermost first, and of its path's names.
    """
    typed = normal(re.split(r"[>\u203a\u2192]", key)[-1])
    words = _words(key)

    def of(titles: Sequence[str], names: Sequence[str]) -> float:
        own_names = (titles[-1], normal(".".join(names)))
        spelling = max(SequenceMatcher(None, typed, name).ratio() for name in own_names)
        if not words:
            return spelling
        own, anywhere = _words(titles[-1]), _words(" ".join((*titles, *names)))
        return max(spelling, 0.6 * _shared(words, anywhere) + 0.4 * _shared(words, own))

    return of


def _words(text: str) -> frozenset[str]:
    """The words of a text that say something."""
    return frozenset(word for word in re.split(r"[^\w]+|_", normal(text)) if len(word) > _SHORT)


def _shared(wanted: frozenset[str], known: frozenset[str]) -> float:
    """The share of words that are known too, as they are or with another ending."""
    found = [any(one.startswith(word) or word.startswith(one) for one in known) for word in wanted]
    return sum(found) / len(found)
