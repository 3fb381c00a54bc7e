"""Price and quantity of an item with other errors: money at a listing that is on sale.

An item with an error changes nothing at Amazon. A stock of 0 or a price that an unrelated error holds back
at a live listing is said first; with `sync.partial: offer` price and quantity go out alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from amazon_listings.runs.listings.quantities import AVAILABILITY, merchant_quantity
from amazon_listings.runs.payload import payload_hash
from amazon_listings.selling_partner.operations import OFFER_ATTRIBUTES
from amazon_product_types.validation.issue import Issue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.records import MappedItem

Attributes = dict[str, Any]

#: The issues that come first in a report: what they hold back costs money by the hour.
SOLD_OUT, HELD_BACK = "sold_out_on_sale", "offer_held_back"


def separable(
    attributes: Mapping[str, Any], issues: Iterable[Issue], content: Mapping[str, Any] | None
) -> tuple[str, ...]:
    """Return the offer attributes that may go alone: right by themselves, and not as they were accepted.

    Args:
        attributes: The payload.
        issues: Everything found of the item. An error about the item as a whole holds everything back.
        content: What was last accepted of the listing; None if there is none, or it is not known.
    """
    errors = [issue for issue in issues if issue.severity == "ERROR"]
    if content is None or not all(issue.attribute for issue in errors):
        return ()
    wrong = {name for issue in errors for name in (issue.attribute, *issue.others)}
    right = OFFER_ATTRIBUTES.intersection(attributes) - wrong
    return tuple(sorted(right)) if any(content.get(name) != attributes[name] for name in right) else ()


def offer_alone(item: MappedItem, only: Iterable[str], content: Mapping[str, Any]) -> MappedItem:
    """Return an item that differs from what was last accepted in some offer attributes only."""
    attributes = dict(content) | {name: item.attributes[name] for name in only}
    return msgspec.structs.replace(item, attributes=attributes, hash=payload_hash(attributes))


def held_back(
    attributes: Mapping[str, Any], content: Mapping[str, Any] | None, messages: Catalogue
) -> list[Issue]:
    """Return what the errors of an item hold back at a listing that is on sale.

    Args:
        attributes: The payload that is not sent.
        content: What was last accepted of the listing; None if there is none, or it is not known.
        messages: The sentences, in the language of the report.
    """
    if content is None:
        return []
    theirs, ours = merchant_quantity(content), merchant_quantity(attributes)
    if ours == 0 and theirs:
        return [_issue(SOLD_OUT, AVAILABILITY, messages, quantity=theirs)]
    names = sorted(OFFER_ATTRIBUTES.intersection(attributes, content))
    changed = [name for name in names if content[name] != attributes[name]]
    return [_issue(HELD_BACK, changed[0], messages)] if changed else []


def _issue(code: str, attribute: str, messages: Catalogue, **facts: object) -> Issue:
    return Issue(
        code=code,
        severity="WARNING",
        source="sending",
        attribute=attribute,
        path=attribute,
        **messages.issue_texts(code, **facts),
    )
