"""The sentences of issues, in the languages there are files for in a package's `messages/`.

Every package that makes issues writes them this way: a code has a `message`, perhaps an `action` and
variants, in `messages/en.json` and beside it.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypedDict

from amazon_product_types.validation.values import as_json, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT = "en"
HERE = "amazon_product_types.validation"


class Said(TypedDict):
    """What an issue says, by the names that `Issue` has for it."""

    message: str
    action: str


class Words:
    """The texts of one language.

    Args:
        codes: The sentences of each code, by variant.
        phrases: The phrases used inside sentences, by name.
    """

    def __init__(self, codes: dict[str, dict[str, str]], phrases: dict[str, str]) -> None:
        self._codes = codes
        self._phrases = phrases

    def message(self, code: str, variant: str = "message", /, **values: Any) -> str:
        """The sentence of a code; `action` is what to do. Empty if the code has no such text."""
        return self._codes.get(code, {}).get(variant, "").format_map(values)

    def said(self, code: str, variant: str = "message", /, **values: Any) -> Said:
        """What an issue of a code says."""
        return Said(
            message=self.message(code, variant, **values), action=self.message(code, "action", **values)
        )

    def word(self, name: str, /, **values: Any) -> str:
        """A phrase used inside sentences."""
        return self._phrases[name].format_map(values)

    def quoted(self, value: Any) -> str:
        """A value inside a sentence: one line, cut, texts in the language's quotation marks."""
        return self.word("quote", text=plain(value)) if isinstance(value, str) else plain(as_json(value))

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
def words(language: str, package: str = HERE) -> Words:
    """The texts of a language: `fr`, or a locale such as `fr_CA`; English where there are none.

    Args:
        language: The language, or a locale in it.
        package: The package whose `messages/` has the codes; phrases of validation serve them all.
    """
    name = language.replace("-", "_").partition("_")[0].lower()
    folder = files(HERE) / "messages"
    if not name.isalpha() or not (folder / f"{name}.json").is_file():
        name = DEFAULT
    phrases: dict[str, str] = {}
    codes: dict[str, dict[str, str]] = {}
    for one in dict.fromkeys((HERE, package)):
        texts = json.loads((files(one) / "messages" / f"{name}.json").read_text(encoding="utf-8"))
        phrases |= texts.get("words", {})
        codes = texts["codes"]
    return Words(codes, phrases)
