"""What conditions and changes are said with: English, Spanish, French or German."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml


class Phrases:
    """The phrases of one language, with `{}` where something is filled in.

    Args:
        texts: The phrase of each key, and the headings of `kinds` of changes.
    """

    def __init__(self, texts: dict[str, Any]) -> None:
        self.kinds: dict[str, str] = texts["kinds"]
        self._texts = texts

    def say(self, key: str, *parts: object) -> str:
        """The phrase of a key with its parts filled in."""
        return str(self._texts[key]).format(*parts)

    def joined(self, key: str, texts: list[str]) -> str:
        """Texts joined by the phrase `and` or `or`."""
        said = texts[0]
        for text in texts[1:]:
            said = self.say(key, said, text)
        return said


@cache
def phrases(language: str) -> Phrases:
    """The phrases of a language (`fr`, or a locale such as `fr_CA`); English where there are none."""
    file = files("amazon_listings.product_types") / "phrases.yaml"
    texts: dict[str, dict[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return Phrases(texts.get(language.replace("-", "_").partition("_")[0].lower(), texts["en"]))
