"""The client's table of marketplaces and the sandbox's are written apart, and agree."""

import pytest

from amazon_listings.marketplaces import ALIASES, MARKETPLACES, UNION
from amazon_product_types.rules import texts
from spapi_sandbox import marketplaces as sandbox


def test_both_know_the_same_countries():
    assert list(MARKETPLACES) == list(sandbox.MARKETPLACES)
    assert sandbox.ALIASES == ALIASES


def test_the_library_knows_the_marketplaces_of_the_european_union():
    assert {MARKETPLACES[country].id for country in UNION} == texts.UNION


@pytest.mark.parametrize("country", MARKETPLACES)
def test_a_marketplace_is_the_same_in_both(country):
    ours, played = MARKETPLACES[country], sandbox.MARKETPLACES[country]
    for field in ("id", "country", "region", "currency", "languages", "name"):
        assert getattr(ours, field) == getattr(played, field), field
