"""The merchant's quantity: what the seller has to ship, as opposed to Amazon's warehouses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

AVAILABILITY = "fulfillment_availability"
CHANNEL = "fulfillment_channel_code"
MERCHANT = "DEFAULT"


def merchant_quantity(attributes: Mapping[str, Any]) -> int | None:
    """Return the quantity that the seller has to ship, or None if the attributes state none."""
    for element in attributes.get(AVAILABILITY, ()):
        channel, quantity = element.get(CHANNEL, MERCHANT), element.get("quantity")
        if channel == MERCHANT and isinstance(quantity, int) and not isinstance(quantity, bool):
            return quantity
    return None
