"""What counts as the merchant's quantity."""

import pytest

from amazon_listings.runs.listings.quantities import merchant_quantity


@pytest.mark.parametrize(
    ("elements", "quantity"),
    [
        ([], None),
        ([{"fulfillment_channel_code": "DEFAULT", "quantity": 0}], 0),
        ([{"quantity": 4}], 4),
        (
            [
                {"fulfillment_channel_code": "AMAZON_EU"},
                {"fulfillment_channel_code": "DEFAULT", "quantity": 2},
            ],
            2,
        ),
        ([{"fulfillment_channel_code": "AMAZON_EU", "quantity": 9}], None),
        ([{"fulfillment_channel_code": "DEFAULT", "is_inventory_available": True}], None),
        ([{"fulfillment_channel_code": "DEFAULT", "quantity": True}], None),
        ([{"fulfillment_channel_code": "DEFAULT", "quantity": "7"}], None),
    ],
)
def test_the_quantity_of_the_merchants_channel(elements, quantity):
    assert merchant_quantity({"fulfillment_availability": elements}) == quantity
