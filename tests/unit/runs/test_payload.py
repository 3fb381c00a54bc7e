"""Payloads are the same or not by their content alone."""

import pytest

from amazon_listings.runs.payload import payload_hash


def test_the_hash_does_not_depend_on_the_order_of_keys():
    left = {"brand": [{"value": "Acme", "language_tag": "fr_FR"}], "color": [{"value": "rouge"}]}
    right = {"color": [{"value": "rouge"}], "brand": [{"language_tag": "fr_FR", "value": "Acme"}]}
    assert payload_hash(left) == payload_hash(right)


@pytest.mark.parametrize(
    "other",
    [
        {"bullet_point": [{"value": "b"}, {"value": "a"}]},
        {"bullet_point": [{"value": "a"}]},
        {"bullet_point": [{"value": "a"}, {"value": "B"}]},
        {"bullet_points": [{"value": "a"}, {"value": "b"}]},
    ],
    ids=["order of elements", "fewer", "value", "name"],
)
def test_the_hash_differs_where_the_content_does(other):
    assert payload_hash(other) != payload_hash({"bullet_point": [{"value": "a"}, {"value": "b"}]})


def test_types_count():
    assert len({payload_hash({"a": [{"value": value}]}) for value in (1, "1", True, "true", None)}) == 5
