"""Shortening text to what Amazon takes, at the end of a word."""

from __future__ import annotations

import re
from typing import NamedTuple

from amazon_product_types.rules import MODULAR_HIGHLIGHTS, MODULAR_NAME

#: Where a title falls into phrases, and what may be left hanging at the end of a piece.
_PHRASE = re.compile(r"\s*[,;|•·]\s+|\s+[-–—/:]\s+|\s+\(|\)\s*")  # noqa: RUF001 - dashes as typed
_LOOSE = " \t\n,;:|/-–—•·("  # noqa: RUF001 - dashes as people type them
#: A name that keeps less than this share of the room gave up too much to end with a phrase.
_WORTHWHILE = 0.4


class ModularTitle(NamedTuple):
    """A title in Amazon's two parts, and what fitted into neither."""

    name: str
    highlights: str
    left_out: str


def truncate_words(text: str, *, characters: int | None = None, octets: int | None = None) -> str:
    """`text`, or as many of its first words as fit.

    A single word that is too long is cut inside, between characters.

    Args:
        text: What to shorten.
        characters: Most characters (code points).
        octets: Most bytes in UTF-8.
    """
    text = text.strip()
    room = _room(text, characters, octets)
    if room >= len(text):
        return text
    kept = text[:room]
    if not text[room].isspace():
        before = re.match(r".*(?=\s)", kept, re.DOTALL)
        if before and before.group().strip(_LOOSE):
            kept = before.group()
    return kept.rstrip(_LOOSE) or kept.strip()


def modular_title(title: str) -> ModularTitle:
    """Return a full title as `item_name` and `title_differentiation`.

    The name ends with a phrase where one ends in time, else with a word. The highlights are the
    remaining phrases, separated by commas.
    """
    title = " ".join(title.split())
    if len(title) <= MODULAR_NAME.characters:
        return ModularTitle(title, "", "")
    name = truncate_words(title, characters=MODULAR_NAME.characters)
    ends = [found.start() for found in _PHRASE.finditer(title) if found.start() <= MODULAR_NAME.characters]
    if ends and ends[-1] >= MODULAR_NAME.characters * _WORTHWHILE:
        name = title[: ends[-1]].rstrip(_LOOSE)
    rest = title[len(name) :].lstrip(_LOOSE + ")")
    phrases = [part.strip(_LOOSE + ")") for part in _PHRASE.split(rest)]
    whole = ", ".join(part for part in phrases if part)
    highlights = truncate_words(whole, characters=MODULAR_HIGHLIGHTS.characters)
    return ModularTitle(name, highlights, whole[len(highlights) :].strip(_LOOSE))


def _room(text: str, characters: int | None, octets: int | None) -> int:
    """Return how many characters of `text` fit."""
    room = len(text) if characters is None else min(characters, len(text))
    if octets is not None and len(text[:room].encode("utf-8", "surrogatepass")) > octets:
        room = len(text[:room].encode("utf-8", "surrogatepass")[:octets].decode("utf-8", "ignore"))
    return room
