"""The sentences about fields and their changes, in the language of those who read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_product_types.validation.words import words

if TYPE_CHECKING:
    from amazon_product_types.validation.words import Words


def sentences(language: str) -> Words:
    """What conditions and changes are said with, from `messages/`: `fr`, or a locale such as `fr_CA`."""
    return words(language, "amazon_product_types")
