"""Compare texts as people type them: what counts as the same, and what may have been meant.

rapidfuzz is imported where a misspelling is looked at: Airflow parses DAG files all day, and few have one.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: From this similarity on, one text may be a misspelling of the other.
ALIKE = 0.6
#: Words up to this length (of, de, la, der) say nothing.
_SHORT = 3
_REMEMBERED = 16_384

#: A person types what the keyboard has: these are spaces, like all quotes and dashes of Unicode.
_LOOSE = frozenset("'\"`_\u00b4\u2032\u2033\u02bc")
_LOOSE_KINDS = frozenset({"Pi", "Pf", "Pd", "Zs"})
_LATIN = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "\u0131": "i"})
_WORD_BREAK = re.compile(r"[^\w]+|_")


@lru_cache(_REMEMBERED)
def normal(text: str) -> str:
    """Return a text without what people type differently: case, accents, spaces, quotes, dashes."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold().translate(_LATIN))
    # Only European accents go: in Japanese or Arabic such marks are another letter.
    plain = "".join(
        " " if letter in _LOOSE or unicodedata.category(letter) in _LOOSE_KINDS else letter
        for letter in apart
        if not "\u0300" <= letter <= "\u036f"
    )
    return " ".join(unicodedata.normalize("NFC", plain).split())


def similarity(one: str, other: str) -> float:
    """Return how alike two texts are, from 0 to 1, however they are typed."""
    from rapidfuzz import fuzz  # noqa: PLC0415

    return fuzz.ratio(normal(one), normal(other)) / 100


def closest(written: str, known: Iterable[str], *, most: int = 1, alike: float = ALIKE) -> list[str]:
    """Return the known texts that may be meant by what was written, the most alike first.

    Args:
        written: The text as it was written.
        known: What there is.
        most: At most so many are returned.
        alike: The least similarity, from 0 to 1.
    """
    from rapidfuzz import fuzz, process  # noqa: PLC0415
    from rapidfuzz.distance import Prefix  # noqa: PLC0415

    wanted = normal(written)
    found = process.extract(
        wanted,
        {text: normal(text) for text in known},
        scorer=fuzz.ratio,
        limit=None,
        score_cutoff=alike * 100,
    )
    # Of texts equally alike, people mean the one that begins as they began.
    found.sort(key=lambda one: (-one[1], -Prefix.similarity(wanted, one[0])))
    return [text for _, _, text in found[:most]]


def words(text: str) -> frozenset[str]:
    """Return the normal words of a text that say something."""
    return frozenset(word for word in _WORD_BREAK.split(normal(text)) if len(word) > _SHORT)


def shared(wanted: frozenset[str], known: frozenset[str]) -> float:
    """Return the share of words that are known too, as they are or with another ending."""
    if not wanted:
        return 0.0
    found = [any(one.startswith(word) or word.startswith(one) for one in known) for word in wanted]
    return sum(found) / len(found)


def chain(labels: Iterable[str]) -> str:
    """Return the labels as one writes a chain in a mapping: `A > B`, without immediate repetition."""
    shown: list[str] = []
    for label in labels:
        if not shown or normal(shown[-1]) != normal(label):
            shown.append(label)
    return " > ".join(shown)


class Ranking:
    """Orders many texts by how alike they are to what was written; reads them once.

    Args:
        texts: The texts; every one counts in the form that `normal` gives it.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = [normal(text) for text in texts]

    def nearest(self, written: str, most: int) -> list[int]:
        """Return the places in `texts` of those most alike, the best first; unlike ones are left out."""
        from rapidfuzz import fuzz, process  # noqa: PLC0415

        wanted = normal(written)
        scores: dict[int, float] = {}
        # Words in another order count a little less than the same words in the same order.
        for scorer, weight in ((fuzz.ratio, 1.0), (fuzz.token_sort_ratio, 0.95)):
            for _, score, place in process.extract(
                wanted, self._texts, scorer=scorer, limit=most, score_cutoff=1
            ):
                scores[place] = max(scores.get(place, 0), weight * score)
        return sorted(scores, key=lambda place: (-scores[place], place))[:most]
