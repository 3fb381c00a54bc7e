"""The Test button's sentence."""

from __future__ import annotations

import pytest

from amazon_listings.messages import catalogue
from amazon_listings.sources.errors import CredentialsRefused
from amazon_listings.sources.sales_layer.check import check_connection


def test_rest(rest, time):
    rest.products = [{"prod_id": 1, "prod_ref": "P-101"}]
    assert catalogue("en").word(check_connection(rest.connection, clock=time.clock)) == (
        "8 product fields, languages en, es, fr; first product P-101."
    )
    assert len(rest.server.asked) == 2


def test_rest_without_products(rest, time):
    assert "no product on the first page" in catalogue("en").word(
        check_connection(rest.connection, clock=time.clock)
    )


def test_rest_with_a_wrong_key(rest, time):
    connection = rest.connection
    rest.key = "another"
    with pytest.raises(CredentialsRefused, match="Airflow connection sales_layer"):
        check_connection(connection, clock=time.clock)


def test_connector(connector, time):
    connector.pages = [{
        "schema": {"languages": ["en", "es"]},
        "data_schema": {"products": ["STATUS", "ID", "REF", "name_en", "name_es"]},
        "data": {"products": [["D", 9], ["M", 1, "P-101", "a", "b"]]},
    }]  # fmt: skip
    assert catalogue("en").word(check_connection(connector.connection, clock=time.clock)) == (
        "2 product fields, languages en, es; first product P-101."
    )
