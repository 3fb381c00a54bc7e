"""Word what this distribution says, in the language of those who read it.

One `<language>.po` file here, and one in `amazon_product_types/messages`, is all that a language is.
How they are written is said there.
"""

from __future__ import annotations

from functools import cache

from amazon_product_types.messages import DEFAULT, Catalogue, IssueTexts, Message, message
from amazon_product_types.messages import catalogue as catalogue_of
from amazon_product_types.messages import languages as languages_of

PACKAGE = "amazon_listings"

__all__ = ["DEFAULT", "Catalogue", "IssueTexts", "Message", "catalogue", "languages", "message"]


@cache
def catalogue(language: str = DEFAULT) -> Catalogue:
    """Return the messages of a language: `fr`, or a locale such as `fr_CA`; English where there are none."""
    return catalogue_of(language, PACKAGE)


def languages() -> tuple[str, ...]:
    """Return the languages there are messages in."""
    return languages_of(PACKAGE)
