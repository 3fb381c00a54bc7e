"""Sellers API v1: the marketplaces of the account. Vendors have no access to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from spapi_sandbox.admission.refusals import Refusal
from spapi_sandbox.admission.requests import Call, add
from spapi_sandbox.marketplaces import MARKETPLACES

if TYPE_CHECKING:
    from spapi_sandbox.state import SandboxState


def create_router(state: SandboxState) -> APIRouter:
    """`getMarketplaceParticipations`."""
    router = APIRouter()
    add(router, state, {"getMarketplaceParticipations": _participations})
    return router


def _participations(call: Call) -> dict[str, Any]:
    accounts = [call.accounts[name] for name in call.bearer.account_ids]
    sellers = [account for account in accounts if account.partner == "seller"]
    if not sellers:
        raise Refusal(403)
    return {
        "payload": [
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
            if entry.id in sellers[0].marketplaces
        ]
    }
