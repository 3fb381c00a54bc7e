"""The sentences of issues, in the languages there are files for in `messages/`."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT = "en"


class Words:
    """The texts of one language.

    Args:
        texts: Content of a file of `messages/`.
    """

    def __init__(self, texts: dict[str, Any]) -> None:
        self._texts = texts

    def message(self, code: str, variant: str = "message", /, **values: Any) -> str:
        """The sentence of a code; `action` is what to do. Empty if the code has no such text."""
        template: str = self._texts["codes"].get(code, {}).get(variant, "")
        return template.format_map(values)

    def word(self, name: str, /, **values: Any) -> str:
        """A phrase used inside sentences."""
        phrase: str = self._texts["words"][name]
        return phrase.format_map(values)

    def any_of(self, phrases: Iterable[str]) -> str:
        """The phrases as a list of alternatives: `a, b or c`."""
        return self._list(list(phrases), "or")

    def all_of(self, phrases: Iterable[str]) -> str:
        """The phrases as a list: `a, b and c`."""
        return self._list(list(phrases), "and")

    def _list(self, phrases: list[str], last: str) -> str:
        if len(phrases) < 2:  # noqa: PLR2004 - a list of one needs no conjunction
            return "".join(phrases)
        return f"{', '.join(phrases[:-1])} {self.word(last)} {phrases[-1]}"


@cache
def words(language: str) -> Words:
    """The texts of a language: `fr`, or a locale such as `fr_CA`; English where there are none."""
    folder = files("amazon_listings.validation") / "messages"
    name = language.replace("-", "_").partition("_")[0].lower()
    file = folder / f"{name}.json"
    if not name.isalpha() or not file.is_file():
        file = folder / f"{DEFAULT}.json"
    return Words(json.loads(file.read_text(encoding="utf-8")))
