"""The sentences of a run, in the language of those who read its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_product_types.validation.words import words

if TYPE_CHECKING:
    from amazon_listings.connectors.model import Connector
    from amazon_product_types.validation.words import Words


def sentences(language: str) -> Words:
    """What the steps of a run say of items, from `messages/`: `fr`, or a locale such as `fr_CA`."""
    return words(language, "amazon_listings.runs")


def language_of(connector: Connector) -> str:
    """The language of a connector's labels, which is that of the people who read its report."""
    locale = connector.amazon.locale
    return connector.marketplace.languages[0] if locale == "DEFAULT" else locale
