"""A listing as `getListingsItem` and `searchListingsItems` show it (model `Item`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from spapi_sandbox.account.accounts import ACCOUNTS
from spapi_sandbox.clock import timestamp
from spapi_sandbox.listings import catalog
from spapi_sandbox.listings.judgement import issue_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spapi_sandbox.listings.state import ListingsState
    from spapi_sandbox.listings.store import Listing, Version


def item(
    state: ListingsState, rows: Sequence[tuple[Listing, Version]], included: Sequence[str], language: str
) -> dict[str, Any]:
    """Return one SKU over the marketplaces of `rows`, with the data sets asked for."""
    listing = rows[0][0]
    partner = ACCOUNTS[listing.seller_id].partner
    issues = {row.marketplace_id: issues_of(state, row, version, language) for row, version in rows}
    shown: dict[str, Any] = {"sku": listing.sku}
    if "summaries" in included:
        shown["summaries"] = [
            summary
            for row, version in rows
            if (summary := summary_of(state, row, version, issues[row.marketplace_id], partner))
        ]
    if "attributes" in included:
        shown["attributes"] = _attributes(rows)
    if "issues" in included:
        shown["issues"] = [issue for found in issues.values() for issue in found]
    if "offers" in included and partner == "seller":
        shown["offers"] = [offer for row, version in rows for offer in _offers(row, version)]
    if "fulfillmentAvailability" in included and partner == "seller":
        shown["fulfillmentAvailability"] = _fulfillment(rows[0][1])
    if "procurement" in included and partner == "vendor":
        shown["procurement"] = [price for _, version in rows for price in _procurement(version)]
    if "relationships" in included:
        shown["relationships"] = [_relationships(state, row, version) for row, version in rows]
    if "productTypes" in included:
        shown["productTypes"] = [
            {"marketplaceId": row.marketplace_id, "productType": version.product_type}
            for row, version in rows
        ]
    return shown


def issues_of(
    state: ListingsState, listing: Listing, version: Version, language: str
) -> list[dict[str, Any]]:
    """Return the issues of one listing now: found after acceptance, and injected."""
    attributes = version.attributes
    parent = catalog.first(attributes, "child_parent_sku_relationship", "parent_sku")
    known = state.listings.submitted(listing.seller_id, str(parent), listing.marketplace_id) is not None
    found = [
        issue_of(
            finding,
            state.label(version.product_type, listing.marketplace_id, finding.attribute, language),
            language,
        )
        for finding in catalog.later_findings(attributes, parent_known=known)
    ]
    return [
        {**issue, "marketplaceIds": [listing.marketplace_id]} for issue in [*found, *listing.added_issues]
    ]


def summary_of(
    state: ListingsState, listing: Listing, version: Version, issues: list[dict[str, Any]], partner: str
) -> dict[str, Any] | None:
    """Return the summary; `None` as long as the catalog has no ASIN for the listing."""
    attributes = version.attributes
    asin = catalog.asin_of(listing.seller_id, listing.sku, attributes)
    if asin is None or listing.asin_at > state.clock.now():
        return None
    summary: dict[str, Any] = {
        "marketplaceId": listing.marketplace_id,
        "asin": asin,
        "productType": version.product_type,
        "status": catalog.status_of(attributes, issues, asin=asin, partner=partner),
        "createdDate": timestamp(listing.created_at),
        "lastUpdatedDate": timestamp(listing.updated_at),
    }
    optional = {
        "conditionType": catalog.first(attributes, "condition_type"),
        "itemName": catalog.first(attributes, "item_name"),
    }
    summary |= {name: value for name, value in optional.items() if isinstance(value, str)}
    image = catalog.first(attributes, "main_product_image_locator", "media_location")
    if isinstance(image, str):
        summary["mainImage"] = {"link": image, "height": 1000, "width": 1000}
    return summary


def _attributes(rows: Sequence[tuple[Listing, Version]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for _, version in rows:
        for name, elements in version.attributes.items():
            known = merged.get(name, [])
            merged[name] = known + [element for element in elements if element not in known]
    return merged


def _offers(listing: Listing, version: Version) -> list[dict[str, Any]]:
    offers = []
    for element in version.attributes.get("purchasable_offer", []):
        price = catalog.price_of(element, "our_price")
        if price is not None:
            business = element.get("audience") == "B2B"
            offers.append(
                {
                    "marketplaceId": listing.marketplace_id,
                    "offerType": "B2B" if business else "B2C",
                    "price": {"currencyCode": element.get("currency", ""), "amount": f"{price:.2f}"},
                    "audience": {
                        "value": element.get("audience", "ALL"),
                        "displayName": "Amazon Business" if business else "Sell on Amazon",
                    },
                }
            )
    return offers


def _fulfillment(version: Version) -> list[dict[str, Any]]:
    return [
        {"fulfillmentChannelCode": element["fulfillment_channel_code"]}
        | ({"quantity": element["quantity"]} if isinstance(element.get("quantity"), int) else {})
        for element in version.attributes.get("fulfillment_availability", [])
        if "fulfillment_channel_code" in element
    ]


def _procurement(version: Version) -> list[dict[str, Any]]:
    return [
        {"costPrice": {"currencyCode": str(element.get("currency")), "amount": f"{element['value']:.2f}"}}
        for element in version.attributes.get("cost_price", [])
        if isinstance(element.get("value"), int | float)
    ]


def _relationships(state: ListingsState, listing: Listing, version: Version) -> dict[str, Any]:
    attributes = version.attributes
    theme = catalog.first(attributes, "variation_theme", "name")
    level = catalog.first(attributes, "parentage_level")
    related: dict[str, Any] = {"type": "VARIATION"}
    if level == "child":
        related["parentSkus"] = [catalog.first(attributes, "child_parent_sku_relationship", "parent_sku")]
    elif level == "parent":
        related["childSkus"] = sorted(
            other.sku
            for other, state_now in state.listings.all_readable(listing.seller_id)
            if other.marketplace_id == listing.marketplace_id
            and catalog.first(state_now.attributes, "child_parent_sku_relationship", "parent_sku")
            == listing.sku
        )
    if theme:
        names = [re.sub(r"_NAME$", "", part).lower() for part in str(theme).split("/")]
        related["variationTheme"] = {"theme": theme, "attributes": names}
    return {"marketplaceId": listing.marketplace_id, "relationships": [related] if level else []}
