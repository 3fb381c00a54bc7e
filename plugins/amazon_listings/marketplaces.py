"""Amazon's 23 marketplaces.

Source: "Marketplace IDs" and "SP-API Endpoints" in the SP-API documentation. Amazon states
neither currency nor default language there; both follow each storefront, and the language tags
follow the `locale` values of the Product Type Definitions API (2020-09-01).
"""

from __future__ import annotations

from typing import NamedTuple

#: Where shoppers buy, by country.
SHOPS = {
    "AE": "amazon.ae",
    "AU": "amazon.com.au",
    "BE": "amazon.com.be",
    "BR": "amazon.com.br",
    "CA": "amazon.ca",
    "DE": "amazon.de",
    "EG": "amazon.eg",
    "ES": "amazon.es",
    "FR": "amazon.fr",
    "GB": "amazon.co.uk",
    "IE": "amazon.ie",
    "IN": "amazon.in",
    "IT": "amazon.it",
    "JP": "amazon.co.jp",
    "MX": "amazon.com.mx",
    "NL": "amazon.nl",
    "PL": "amazon.pl",
    "SA": "amazon.sa",
    "SE": "amazon.se",
    "SG": "amazon.sg",
    "TR": "amazon.com.tr",
    "US": "amazon.com",
    "ZA": "amazon.co.za",
}


class Marketplace(NamedTuple):
    """One marketplace.

    `languages` are the tags a listing's texts may carry, the default first. `locale` is what to
    ask the Product Type Definitions API for: `DEFAULT` where its list has no entry of its own.
    `timezone` is where a moment without a zone is, unless a connector says otherwise.
    """

    country: str
    name: str
    id: str
    region: str
    currency: str
    languages: tuple[str, ...]
    locale: str
    timezone: str

    @property
    def shop(self) -> str:
        """What sentences call it, the same in every language: `amazon.fr`."""
        return SHOPS[self.country]


#: Members of the European Union: Amazon keeps one merchant quantity per SKU for all of them, and asks who
#: answers for a product.
UNION = frozenset(("BE", "DE", "ES", "FR", "IE", "IT", "NL", "PL", "SE"))

ENDPOINTS = {
    "NA": "https://sellingpartnerapi-na.amazon.com",
    "EU": "https://sellingpartnerapi-eu.amazon.com",
    "FE": "https://sellingpartnerapi-fe.amazon.com",
}

MARKETPLACES: dict[str, Marketplace] = {
    row[0]: Marketplace(*row)
    for row in (
        (
            "US",
            "United States",
            "ATVPDKIKX0DER",
            "NA",
            "USD",
            ("en_US", "es_US"),
            "en_US",
            "America/Los_Angeles",
        ),
        ("CA", "Canada", "A2EUQ1WTGCTBG2", "NA", "CAD", ("en_CA", "fr_CA"), "en_CA", "America/Toronto"),
        ("MX", "Mexico", "A1AM78C64UM0Y8", "NA", "MXN", ("es_MX",), "es_MX", "America/Mexico_City"),
        ("BR", "Brazil", "A2Q3Y263D00KWC", "NA", "BRL", ("pt_BR",), "pt_BR", "America/Sao_Paulo"),
        ("GB", "United Kingdom", "A1F83G8C2ARO7P", "EU", "GBP", ("en_GB",), "en_GB", "Europe/London"),
        ("IE", "Ireland", "A28R8C7NBKEWEA", "EU", "EUR", ("en_IE",), "DEFAULT", "Europe/Dublin"),
        ("DE", "Germany", "A1PA6795UKMFR9", "EU", "EUR", ("de_DE",), "de_DE", "Europe/Berlin"),
        ("FR", "France", "A13V1IB3VIYZZH", "EU", "EUR", ("fr_FR",), "fr_FR", "Europe/Paris"),
        ("IT", "Italy", "APJ6JRA9NG5V4", "EU", "EUR", ("it_IT",), "it_IT", "Europe/Rome"),
        ("ES", "Spain", "A1RKKUPIHCS9HS", "EU", "EUR", ("es_ES",), "es_ES", "Europe/Madrid"),
        ("NL", "Netherlands", "A1805IZSGTT6HS", "EU", "EUR", ("nl_NL",), "nl_NL", "Europe/Amsterdam"),
        ("BE", "Belgium", "AMEN7PMS3EDWL", "EU", "EUR", ("fr_BE", "nl_BE"), "DEFAULT", "Europe/Brussels"),
        ("SE", "Sweden", "A2NODRKZP88ZB9", "EU", "SEK", ("sv_SE",), "sv_SE", "Europe/Stockholm"),
        ("PL", "Poland", "A1C3SOZRARQ6R3", "EU", "PLN", ("pl_PL",), "pl_PL", "Europe/Warsaw"),
        ("TR", "Turkey", "A33AVAJ2PDY3EV", "EU", "TRY", ("tr_TR",), "tr_TR", "Europe/Istanbul"),
        (
            "AE",
            "United Arab Emirates",
            "A2VIGQ35RCS4UG",
            "EU",
            "AED",
            ("en_AE", "ar_AE"),
            "en_AE",
            "Asia/Dubai",
        ),
        ("SA", "Saudi Arabia", "A17E79C6D8DWNP", "EU", "SAR", ("en_AE", "ar_AE"), "en_AE", "Asia/Riyadh"),
        ("EG", "Egypt", "ARBP9OOSHTCHU", "EU", "EGP", ("en_AE", "ar_AE"), "en_AE", "Africa/Cairo"),
        ("IN", "India", "A21TJRUUN4KGV", "EU", "INR", ("en_IN",), "en_IN", "Asia/Kolkata"),
        ("ZA", "South Africa", "AE08WJ6YKNBMC", "EU", "ZAR", ("en_ZA",), "DEFAULT", "Africa/Johannesburg"),
        ("JP", "Japan", "A1VC38T7YXB528", "FE", "JPY", ("ja_JP",), "ja_JP", "Asia/Tokyo"),
        ("AU", "Australia", "A39IBJ37TRP1C6", "FE", "AUD", ("en_AU",), "en_AU", "Australia/Sydney"),
        ("SG", "Singapore", "A19VAU5U5O7RUS", "FE", "SGD", ("en_SG",), "en_SG", "Asia/Singapore"),
    )
}

_REGIONS = {one.id: one.region for one in MARKETPLACES.values()}

#: Amazon's documentation writes UK, ISO and older pages GB.
ALIASES = {"UK": "GB"}


def marketplace(country: str) -> Marketplace:
    """Return the marketplace of a country code (`FR`; `UK` and `GB` are the same).

    Raises:
        KeyError: the country has no Amazon marketplace.
    """
    return MARKETPLACES[ALIASES.get(country, country)]


def marketplace_with(marketplace_id: str) -> Marketplace:
    """Return the marketplace that Amazon knows by an id."""
    return next(one for one in MARKETPLACES.values() if one.id == marketplace_id)


def region_of(marketplace_id: str) -> str:
    """Return the region of a marketplace: `NA`, `EU` or `FE`; one that is not known is its own region."""
    return _REGIONS.get(marketplace_id, marketplace_id)
