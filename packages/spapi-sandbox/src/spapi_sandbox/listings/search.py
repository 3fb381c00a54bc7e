"""`searchListingsItems`: filters, order, pages (at most 1,000 SKUs in all)."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from spapi_sandbox.admission.refusals import Refusal
from spapi_sandbox.listings import catalog
from spapi_sandbox.listings.item_view import issues_of, item, summary_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from spapi_sandbox.admission.requests import Call
    from spapi_sandbox.listings.store import Listing, Version
    from spapi_sandbox.state import SandboxState

_MOST = 1000
_SELECTING = ("identifiers", "variationParentSku", "packageHierarchySku")


def search(state: SandboxState, call: Call) -> dict[str, Any]:
    """Return the answer of `searchListingsItems`."""
    account = call.account()
    marketplaces = {entry.id for entry in call.marketplaces(account)}
    query = call.query
    if len([name for name in _SELECTING if name in query]) > 1:
        raise Refusal(400, f"Only one of {', '.join(_SELECTING)} can be used.")
    if ("identifiers" in query) != ("identifiersType" in query):
        raise Refusal(400, "'identifiers' and 'identifiersType' must be used together.")
    language = (query.get("issueLocale") or call.marketplaces()[0].languages[0])[:2]
    by_sku: dict[str, list[tuple[Listing, Version]]] = {}
    for listing, version in _candidates(state, account.id, marketplaces, query):
        if listing.marketplace_id in marketplaces and _fits(state, listing, version, query, account.partner):
            by_sku.setdefault(listing.sku, []).append((listing, version))
    ordered = sorted(by_sku.values(), key=_order(query), reverse=query.get("sortOrder", "DESC") == "DESC")
    start, size = _start(query.get("pageToken")), query.get("pageSize", 10)
    page = ordered[start : start + size]
    included = query.get("includedData", ["summaries"])
    answer: dict[str, Any] = {
        "numberOfResults": len(ordered),
        "items": [item(state, rows, included, language) for rows in page],
    }
    pagination = {}
    if start + size < min(len(ordered), _MOST):
        pagination["nextToken"] = _token(start + size)
    if start > 0:
        pagination["previousToken"] = _token(max(0, start - size))
    if pagination:
        answer["pagination"] = pagination
    return answer


def _candidates(
    state: SandboxState, seller_id: str, marketplaces: Collection[str], query: dict[str, Any]
) -> Iterable[tuple[Listing, Version]]:
    """Return the listings to look at: named SKUs are found at once, however many there are."""
    if query.get("identifiersType") != "SKU":
        return state.listings.all_readable(seller_id)
    named = (
        state.listings.readable(seller_id, sku, place)
        for sku in query["identifiers"]
        for place in marketplaces
    )
    return (found for found in named if found is not None)


def _fits(
    state: SandboxState, listing: Listing, version: Version, query: dict[str, Any], partner: str
) -> bool:
    return (
        _selected(listing, version, query)
        and _in_time(listing, query)
        and _in_status(state, listing, version, query, partner)
    )


def _selected(listing: Listing, version: Version, query: dict[str, Any]) -> bool:
    if query.get("identifiersType") == "SKU":
        return bool(listing.sku in query["identifiers"])
    if not any(name in query for name in _SELECTING):
        return True
    attributes = version.attributes
    if "variationParentSku" in query:
        parent = catalog.first(attributes, "child_parent_sku_relationship", "parent_sku")
        return bool(parent == query["variationParentSku"])
    if "packageHierarchySku" in query:
        return bool(catalog.first(attributes, "package_contains_sku", "sku") == query["packageHierarchySku"])
    if query["identifiersType"] == "ASIN":
        return bool(catalog.asin_of(listing.seller_id, listing.sku, attributes) in query["identifiers"])
    return bool(catalog.first(attributes, "externally_assigned_product_identifier") in query["identifiers"])


def _in_time(listing: Listing, query: dict[str, Any]) -> bool:
    never = float("inf")
    created = query.get("createdAfter", -never) <= listing.created_at <= query.get("createdBefore", never)
    since, until = query.get("lastUpdatedAfter", -never), query.get("lastUpdatedBefore", never)
    return bool(created and since <= listing.updated_at <= until)


def _in_status(
    state: SandboxState, listing: Listing, version: Version, query: dict[str, Any], partner: str
) -> bool:
    if not {"withIssueSeverity", "withStatus", "withoutStatus"} & set(query):
        return True
    issues = issues_of(state, listing, version, "en")
    summary = summary_of(state, listing, version, issues, partner)
    status = set(summary["status"]) if summary else set()
    severities = {issue["severity"] for issue in issues}
    return (
        (not query.get("withIssueSeverity") or bool(severities & set(query["withIssueSeverity"])))
        and (not query.get("withStatus") or bool(status & set(query["withStatus"])))
        and not status & set(query.get("withoutStatus", []))
    )


def _order(query: dict[str, Any]) -> Callable[[list[tuple[Listing, Version]]], Any]:
    key = query.get("sortBy", "lastUpdatedDate")
    if key == "sku":
        return lambda rows: rows[0][0].sku
    if key == "createdDate":
        return lambda rows: (min(row.created_at for row, _ in rows), rows[0][0].sku)
    return lambda rows: (max(row.updated_at for row, _ in rows), rows[0][0].sku)


def _token(start: int) -> str:
    return base64.urlsafe_b64encode(f"start {start}".encode()).decode()


def _start(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("start "))
    except (binascii.Error, ValueError):
        raise Refusal(400, "Invalid 'pageToken' provided.") from None
