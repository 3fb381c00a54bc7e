"""Payloads as people read them: values of an attribute, and what a shopper sees of an item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amazon_listings.runs.value_text import value_text
from amazon_product_types.definition import ENGINE_MEMBERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amazon_listings.messages import Catalogue

#: Characters of a value that is no text.
LONGEST_VALUE = 400


@dataclass(frozen=True)
class Shopper:
    """What a shopper sees of an item."""

    title: str
    brand: str
    price: float | None
    currency: str
    bullets: list[str]
    pictures: int


def shopper_of(attributes: Mapping[str, Any], messages: Catalogue) -> Shopper:
    """Return what a shopper sees of a payload."""
    price = _first(attributes.get("purchasable_offer"))
    schedule = _first(_first(price.get("our_price")).get("schedule"))
    amount = schedule.get("value_with_tax")
    return Shopper(
        title=" ".join(values_of(attributes.get("item_name"), messages)[:1]),
        brand=" ".join(values_of(attributes.get("brand"), messages)[:1]),
        price=amount if isinstance(amount, int | float) else None,
        currency=str(price.get("currency", "")),
        bullets=values_of(attributes.get("bullet_point"), messages)[:5],
        pictures=sum(
            1 for name in attributes if name.endswith(("_image_locator",)) or "_image_locator_" in name
        ),
    )


def values_of(elements: Any, messages: Catalogue) -> list[str]:
    """Return the elements of an attribute as a person reads them, without what only selects them."""
    found = []
    for element in elements if isinstance(elements, list) else []:
        if isinstance(element, dict):
            kept = {name: value for name, value in element.items() if name not in ENGINE_MEMBERS}
            only = next(iter(kept.values())) if len(kept) == 1 else kept
            found.append(shown(only, messages))
        else:
            found.append(shown(element, messages))
    return found


def shown(value: Any, messages: Catalogue) -> str:
    """Return a value of the PIM, or of a leaf with whole elements of Amazon's, as a person reads it."""
    if value is None or isinstance(value, str):
        return value or ""
    return value_text(value, messages, LONGEST_VALUE)


def _first(value: Any) -> dict[str, Any]:
    first = value[0] if isinstance(value, list) and value else {}
    return first if isinstance(first, dict) else {}
