"""What Amazon's catalog makes of an accepted listing: ASIN, status, later issues."""

from __future__ import annotations

import hashlib
from typing import Any

from spapi_sandbox.listings.judgement import Finding

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
Attributes = dict[str, Any]


def first(attributes: Attributes, name: str, field: str = "value") -> Any:
    """Return one field of an attribute's first element; `None` if it is not there."""
    elements = attributes.get(name)
    if isinstance(elements, list) and elements and isinstance(elements[0], dict):
        return elements[0].get(field)
    return None


def asin_of(seller_id: str, sku: str, attributes: Attributes) -> str | None:
    """Return the ASIN a listing gets: suggested, matched by GTIN, or its own; `None` without a match."""
    suggested = first(attributes, "merchant_suggested_asin")
    if isinstance(suggested, str):
        return suggested
    gtin = first(attributes, "externally_assigned_product_identifier")
    if isinstance(gtin, str):
        return _asin(f"gtin {gtin.zfill(14)}") if has_check_digit(gtin) else None
    exempt = first(attributes, "supplier_declared_has_product_identifier_exemption") is True
    if exempt or first(attributes, "parentage_level") == "parent":
        return _asin(f"sku {seller_id} {sku}")
    return None


def _asin(identity: str) -> str:
    number = int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8], "big")
    letters = ""
    for _ in range(8):
        number, position = divmod(number, len(_ALPHABET))
        letters += _ALPHABET[position]
    return f"B0{letters}"


def has_check_digit(gtin: str) -> bool:
    """Return whether a GTIN-8, -12, -13 or -14 ends in the right digit (GS1 General Specifications 7.9)."""
    if len(gtin) not in {8, 12, 13, 14} or not (gtin.isascii() and gtin.isdigit()):
        return False
    weighted = sum(
        int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(gtin[:-1]))
    )
    return (10 - weighted % 10) % 10 == int(gtin[-1])


def later_findings(attributes: Attributes, *, parent_known: bool) -> list[Finding]:
    """Return what Amazon finds only after a submission was accepted."""
    found = []
    gtin = first(attributes, "externally_assigned_product_identifier")
    if isinstance(gtin, str) and not has_check_digit(gtin):
        found.append(Finding("8572", "externally_assigned_product_identifier"))
    if first(attributes, "child_parent_sku_relationship", "parent_sku") and not parent_known:
        found.append(Finding("8008", "child_parent_sku_relationship"))
    for offer in attributes.get("purchasable_offer", []):
        price = price_of(offer, "our_price")
        lowest, highest = (
            price_of(offer, "minimum_seller_allowed_price"),
            price_of(offer, "maximum_seller_allowed_price"),
        )
        if price is not None and ((lowest or price) > price or (highest or price) < price):
            found.append(Finding("18155", "purchasable_offer"))
    return found


def price_of(offer: Any, name: str) -> float | None:
    """Return a price within one element of `purchasable_offer`."""
    try:
        value = offer[name][0]["schedule"][0]["value_with_tax"]
    except (KeyError, IndexError, TypeError):
        return None
    return float(value) if isinstance(value, int | float) else None


def status_of(
    attributes: Attributes, issues: list[dict[str, Any]], *, asin: str | None, partner: str
) -> list[str]:
    """`BUYABLE` (sellers only) and `DISCOVERABLE`, as far as issues leave them."""
    if asin is None:
        return []
    actions = {
        action["action"] for issue in issues for action in issue.get("enforcements", {}).get("actions", [])
    }
    status = []
    if partner == "seller" and _has_stock(attributes) and attributes.get("purchasable_offer"):
        blocked = {"LISTING_SUPPRESSED", "CATALOG_ITEM_REMOVED"} & actions
        if not blocked and first(attributes, "parentage_level") != "parent":
            status.append("BUYABLE")
    if not {"SEARCH_SUPPRESSED", "CATALOG_ITEM_REMOVED"} & actions:
        status.append("DISCOVERABLE")
    return status


def _has_stock(attributes: Attributes) -> bool:
    return any(
        isinstance(element, dict)
        and (
            (element.get("quantity") or 0) > 0
            or element.get("is_inventory_available") is True
            or element.get("fulfillment_channel_code") != "DEFAULT"
        )
        for element in attributes.get("fulfillment_availability", [])
    )
