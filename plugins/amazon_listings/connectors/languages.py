"""From the PIM's languages to Amazon's language tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amazon_listings.connectors.model import Connector
    from amazon_listings.marketplaces import Marketplace

#: The tag of a language that the marketplace does not have itself, by region; the tags are
#: those of the `locale` parameter of the Product Type Definitions API (2020-09-01).
_ELSEWHERE = {
    "ar": "ar_AE",
    "de": "de_DE",
    "en": "en_GB",
    "es": "es_ES",
    "fr": "fr_FR",
    "it": "it_IT",
    "ja": "ja_JP",
    "nl": "nl_NL",
    "pl": "pl_PL",
    "pt": "pt_PT",
    "sv": "sv_SE",
    "tr": "tr_TR",
    "zh": "zh_CN",
}
_ELSEWHERE_IN_AMERICA = {"en": "en_US", "es": "es_MX", "fr": "fr_CA", "pt": "pt_BR"}


def language_tags(
    languages: Iterable[str] | Mapping[str, str], marketplace: Marketplace
) -> tuple[tuple[str, str | None], ...]:
    """Return each value language with its Amazon tag, in the order given.

    A mapping is taken as written. Otherwise: a language with a country keeps it (`fr-be` is
    `fr_BE`), a bare one becomes the marketplace's tag of that language, or the usual one of its
    region, or None where none can be guessed.
    """
    pairs = languages.items() if hasattr(languages, "items") else ((name, None) for name in languages)
    return tuple((name, tag or _tag(name, marketplace)) for name, tag in pairs)


def _tag(name: str, marketplace: Marketplace) -> str | None:
    language, _, country = name.replace("-", "_").partition("_")
    language = language.lower()
    if country:
        return f"{language}_{country.upper()}"
    own = next((tag for tag in marketplace.languages if tag.split("_")[0] == language), None)
    if own:
        return own
    if marketplace.region == "NA" and language in _ELSEWHERE_IN_AMERICA:
        return _ELSEWHERE_IN_AMERICA[language]
    return _ELSEWHERE.get(language)


def language_of(connector: Connector) -> str:
    """Return the language of the report: that of the connector's labels, unless another is asked for."""
    if connector.report_language is not None:
        return connector.report_language
    locale = connector.amazon.locale
    return connector.marketplace.languages[0] if locale == "DEFAULT" else locale
