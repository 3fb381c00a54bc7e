"""Payloads as people read them: values of an attribute, and what a shopper sees of an item."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amazon_listings.runs.listings.value_text import value_text
from amazon_product_types.definition import ENGINE_MEMBERS
from amazon_product_types.messages.printable import sendable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amazon_listings.messages import Catalogue

#: Characters of a value that is no text.
LONGEST_VALUE = 400
#: Characters of an attribute as it is sent.
LONGEST_ATTRIBUTE = 8000


@dataclass(frozen=True)
class Picture:
    """A picture of a payload, by its address at the host of the pictures."""

    url: str

    @property
    def name(self) -> str:
        """Return what our own route knows it by, so that it fetches no address that it is told."""
        return hashlib.sha256(self.url.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True)
class Shopper:
    """What a shopper sees of an item."""

    title: str
    brand: str
    price: float | None
    currency: str
    bullets: list[str]
    pictures: list[Picture]


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
        pictures=list(pictures_of(attributes)),
    )


def pictures_of(attributes: Mapping[str, Any]) -> Iterator[Picture]:
    """Yield the pictures of a payload, the main one first."""
    names = (name for name in attributes if "_image_locator" in name)
    for name in sorted(names, key=lambda name: (not name.startswith("main_"), name)):
        url = _first(attributes[name]).get("media_location")
        if isinstance(url, str) and url:
            yield Picture(url)


def as_sent(attributes: Mapping[str, Any], name: str) -> str:
    """Return an attribute of a payload as Amazon gets it: JSON on lines; empty where nothing is sent."""
    if name not in attributes:
        return ""
    text = sendable(json.dumps({name: attributes[name]}, ensure_ascii=False, indent=2, default=repr))
    kept = text[:LONGEST_ATTRIBUTE]
    visible = "".join(one if one.isprintable() or one == "\n" else "·" for one in kept)
    return visible if kept == text else f"{visible}…"


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
