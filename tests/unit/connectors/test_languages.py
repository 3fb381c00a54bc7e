import pytest

from amazon_listings.connectors.languages import language_tags
from amazon_listings.marketplaces import MARKETPLACES, marketplace


@pytest.mark.parametrize(
    ("country", "language", "tag"),
    [
        ("FR", "fr", "fr_FR"),
        ("BE", "fr", "fr_BE"),
        ("BE", "nl", "nl_BE"),
        ("CA", "fr", "fr_CA"),
        ("US", "es", "es_US"),
        ("MX", "en", "en_US"),
        ("FR", "en", "en_GB"),
        ("JP", "en", "en_GB"),
        ("AE", "ar", "ar_AE"),
        ("ES", "pt", "pt_PT"),
        ("BR", "PT", "pt_BR"),
        ("DE", "de-at", "de_AT"),
        ("DE", "fr_FR", "fr_FR"),
        ("DE", "eu", None),
    ],
)
def test_tag(country, language, tag):
    assert language_tags([language], marketplace(country)) == ((language, tag),)


def test_a_mapping_is_taken_as_written():
    assert language_tags({"en": "en_US", "x": "fr_FR"}, marketplace("FR")) == (
        ("en", "en_US"),
        ("x", "fr_FR"),
    )


@pytest.mark.parametrize("market", MARKETPLACES.values(), ids=MARKETPLACES)
def test_own_languages_come_first(market):
    for tag in market.languages:
        assert language_tags([tag.split("_")[0]], market)[0][1] in market.languages
