"""Lists of allowed or suggested values, and the nearest of them to what was written."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter, defaultdict
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import islice
from typing import Any

#: Lists may have 1,700 values; nobody reads more than these.
SHOWN = 5
#: From this likeness on (difflib's ratio), one text may be meant for the other.
SLIP = 0.75
MEMORY = 4096
#: Numbers of the texts that hold a letter pair, by pair; and how many pairs each text has.
Index = tuple[dict[str, list[int]], list[int]]


class Options:
    """The values of one list with their displayed names.

    Args:
        values: The values, as the definition lists them; repeated ones count once.
        names: Displayed names by value (its JSON text).
    """

    def __init__(self, values: list[Any], names: dict[str, str]) -> None:
        unique = {json.dumps(value): value for value in values}
        self.options = [{"value": value, "name": names.get(key, str(value))} for key, value in unique.items()]
        self._index: Index | None = None
        self.nearest = lru_cache(MEMORY)(self._nearest)
        self.close = lru_cache(MEMORY)(self._close)

    def __len__(self) -> int:
        return len(self.options)

    def _nearest(self, written: str) -> list[dict[str, Any]]:
        """At most five options, the most alike first: by code or by name, without case and accents."""
        if self._index is None:
            self._index = _indexed(self.options)  # Two threads may do it twice, to the same end.
        texts, sizes = self._index
        pieces = _pieces(written)
        shared: Counter[int] = Counter()
        for piece in pieces:
            shared.update(texts.get(piece, ()))
        likeness = {text: 2 * count / (len(pieces) + sizes[text]) for text, count in shared.items()}
        best: dict[int, float] = {}
        for text, value in likeness.items():
            best[text >> 1] = max(value, best.get(text >> 1, 0))
        alike = sorted(best, key=lambda index: (-best[index], index))[:SHOWN]
        rest = (index for index in range(len(self.options)) if index not in best)
        return [self.options[index] for index in (*alike, *islice(rest, SHOWN - len(alike)))]

    def _close(self, written: str) -> list[Any]:
        """The values of `nearest` that are so alike that `written` may be a slip of the pen."""
        typed = written.casefold()
        return [
            option["value"]
            for option in self.nearest(written)
            if any(
                SequenceMatcher(None, typed, text.casefold()).ratio() >= SLIP
                for text in (str(option["value"]), option["name"])
            )
        ]


def _indexed(options: list[dict[str, Any]]) -> Index:
    """Each text's letter pairs. Texts are numbered: 2n is option n's value, 2n+1 its name."""
    texts: dict[str, list[int]] = defaultdict(list)
    sizes: list[int] = []
    for option in options:
        for text in (str(option["value"]), option["name"]):
            pieces = _pieces(text)
            for piece in pieces:
                texts[piece].append(len(sizes))
            sizes.append(len(pieces))
    return dict(texts), sizes


def _pieces(text: str) -> set[str]:
    plain = "".join(
        letter if letter.isalnum() else " "
        for letter in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(letter)
    )
    padded = f" {' '.join(plain.split())} "
    return {padded[start : start + 2] for start in range(len(padded) - 1)}
