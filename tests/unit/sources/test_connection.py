"""Which field of an Airflow connection is the key of which API."""

import pytest

from amazon_listings.sources.port import ConnectionFields
from amazon_listings.sources.sales_layer.source import pim_of


@pytest.mark.parametrize(
    ("api", "keys"), [(None, ("hidden", "")), ("rest", ("hidden", "")), ("connector", ("", "hidden"))]
)
def test_the_password_is_the_key_of_the_api_that_is_asked_for(api, keys):
    extra = {"api": api} if api else {}
    found = pim_of(ConnectionFields("pim", password="hidden", extra=extra))
    assert (found.api_key, found.secret) == keys
