"""Sellers API v1: the account and its marketplaces. Vendors have no access to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from spapi_sandbox.admission.refusals import Refusal
from spapi_sandbox.admission.requests import Call, add
from spapi_sandbox.marketplaces import MARKETPLACES

if TYPE_CHECKING:
    from spapi_sandbox.state import SandboxState


def create_router(state: SandboxState) -> APIRouter:
    """`getMarketplaceParticipations` and `getAccount`."""
    router = APIRouter()
    add(router, state, {"getMarketplaceParticipations": _marketplaces, "getAccount": _account})
    return router


def _marketplaces(call: Call) -> dict[str, Any]:
    return {"payload": _participations(call)}


def _account(call: Call) -> dict[str, Any]:
    address = {
        "addressLine1": "1 Sample Street",
        "city": "Sample Town",
        "postalCode": "00000",
        "countryCode": "DE",
    }
    return {
        "payload": {
            "businessType": "PRIVATE_LIMITED",
            "sellingPlan": "PROFESSIONAL",
            "business": {"name": "Sandbox Store GmbH", "registeredBusinessAddress": address},
            "primaryContact": {"name": "Sam Sample", "address": address},
            "marketplaceParticipationList": _participations(call),
        }
    }


def _participations(call: Call) -> list[dict[str, Any]]:
    accounts = [call.accounts[name] for name in call.bearer.account_ids]
    sellers = [account for account in accounts if account.partner == "seller"]
    if not sellers:
        raise Refusal(403)
    return [
        {
            "marketplace": {
                "id": entry.id,
                "countryCode": entry.country,
                "name": f"Amazon {entry.name}",
                "defaultCurrencyCode": entry.currency,
                "defaultLanguageCode": entry.languages[0],
                "domainName": entry.domain,
            },
            "storeName": "Sandbox Store",
            "participation": {"isParticipating": True, "hasSuspendedListings": False},
        }
        for entry in MARKETPLACES.values()
        if entry.id in sellers[0].marketplaces and call.region in {"", entry.region}
    ]
