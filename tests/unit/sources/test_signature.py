"""The signed query of the connector API."""

from __future__ import annotations

from amazon_listings.sources.sales_layer.signature import signed_query


def test_the_documented_vector():
    query = signed_query("CN000H0000C000", "f035324ba8f98a6f33c05ee1ce36ef29", time=1700000000, unique=12345)
    assert query == {
        "code": "CN000H0000C000",
        "time": "1700000000",
        "unique": "12345",
        "key256": "e0e5e930e4d0997c0028f11629a9312d98b1280bdd4f5cf0b19883f7c812c747",
    }


def test_no_two_queries_are_alike():
    assert signed_query("a", "b", time=1)["key256"] != signed_query("a", "b", time=1)["key256"]
