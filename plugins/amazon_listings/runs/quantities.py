"""One merchant quantity per SKU across the European marketplaces.

A seller's stock is one in Europe: `fulfillment_availability` has no marketplace, so the quantity that
one connector sends is the quantity everywhere. Two connectors that read different numbers from the
same PIM would take turns, and oversell.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from amazon_listings.ledger.items import accepted_elsewhere
from amazon_listings.marketplaces import MARKETPLACES
from amazon_product_types.validation.issue import Issue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Engine

    from amazon_listings.ledger.items import Elsewhere, ListingScope
    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.records import MappedItem

AVAILABILITY = "fulfillment_availability"
MERCHANT = "DEFAULT"
#: The marketplaces of a European seller account, which share the merchant's stock.
EUROPE = frozenset(
    MARKETPLACES[country].id for country in ("BE", "DE", "ES", "FR", "GB", "IE", "IT", "NL", "PL", "SE")
)
_COUNTRIES = {marketplace.id: marketplace.country for marketplace in MARKETPLACES.values()}


def merchant_quantity(attributes: Mapping[str, Any]) -> int | None:
    """The quantity that the seller has to ship, or None if the attributes state none."""
    for element in attributes.get(AVAILABILITY, ()):
        channel, quantity = element.get("fulfillment_channel_code", MERCHANT), element.get("quantity")
        if channel == MERCHANT and isinstance(quantity, int) and not isinstance(quantity, bool):
            return quantity
    return None


def contradictions(
    ledger: Engine, listings: ListingScope, items: Iterable[MappedItem], messages: Catalogue
) -> dict[str, list[Issue]]:
    """What contradicts the quantities that other marketplaces of Europe hold of the same SKUs.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        items: Mapped items of a part.
        messages: The sentences, in the language of the issues.

    Returns:
        By SKU: an error if another connector's quantity was accepted after the PIM changed the item, so
        that both saw the same stock; a warning if nobody knows when the PIM changed it. A quantity that was
        accepted before the change is only old: its connector will follow.
    """
    if listings.marketplace_id not in EUROPE:
        return {}
    wanted = {
        item.sku: (quantity, item.modified)
        for item in items
        if item.sku and (quantity := merchant_quantity(item.attributes)) is not None
    }
    found: dict[str, list[Issue]] = {}
    for other in accepted_elsewhere(ledger, listings, list(wanted), EUROPE):
        quantity, modified = wanted[other.sku]
        theirs = merchant_quantity(other.attributes)
        if theirs is None or theirs == quantity or other.connector_key == listings.connector_key:
            continue
        changed_at = _moment(modified)
        if changed_at is None or other.accepted_at > changed_at:
            found.setdefault(other.sku, []).append(
                _issue(messages, quantity, theirs, other, sure=changed_at is not None)
            )
    return found


def _issue(messages: Catalogue, quantity: int, theirs: int, other: Elsewhere, *, sure: bool) -> Issue:
    facts = {
        "quantity": quantity,
        "theirs": theirs,
        "other": other.connector_id,
        "country": _COUNTRIES[other.marketplace_id],
        "moment": f"{other.accepted_at:%Y-%m-%d %H:%M}",
    }
    return Issue(
        code="contradicting_quantity",
        severity="ERROR" if sure else "WARNING",
        source="schema",
        attribute=AVAILABILITY,
        path=AVAILABILITY,
        why="" if sure else messages.message("contradicting_quantity", "unsure", **facts),
        found=quantity,
        **messages.issue_texts("contradicting_quantity", **facts),
    )


def _moment(text: str | None) -> datetime | None:
    """A moment as the PIM writes it; without a zone it is UTC. None if it is none."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
