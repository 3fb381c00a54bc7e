"""The client's table of marketplaces and the sandbox's are written apart, and agree."""

import pytest

from amazon_listings.marketplaces import ALIASES, MARKETPLACES
from spapi_sandbox import marketplaces as sandbox


def test_both_know_the_same_countries():
    assert list(MARKETPLACES) == list(sandbox.MARKETPLACES)
    assert sandbox.ALIASES == ALIASES


@pytest.mark.parametrize("country", MARKETPLACES)
def test_a_marketplace_is_the_same_in_both(country):
    ours, played = MARKETPLACES[country], sandbox.MARKETPLACES[country]
    for field in ("id", "country", "region", "currency", "languages", "name"):
        assert getattr(ours, field) == getattr(played, field), field
