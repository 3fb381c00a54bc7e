"""The report's texts, in the language of the connector's locale."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

DEFAULT = "en"


@cache
def words(language: str) -> dict[str, Any]:
    """The texts of a language (`fr`, or a locale such as `fr_CA`); English where there are none.

    `outcomes` has the name of each outcome for many items, for one, and its meaning; `language` is
    the one that was found.
    """
    file = files("amazon_listings.runs.report") / "texts.yaml"
    texts: dict[str, dict[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    found = language.replace("-", "_").partition("_")[0].lower()
    found = found if found in texts else DEFAULT
    return {**texts[found], "language": found}
