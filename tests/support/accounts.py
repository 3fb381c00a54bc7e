"""The seller that the sandbox knows, as the client sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.selling_partner.account import Account

if TYPE_CHECKING:
    from spapi_sandbox.server import Sandbox


def account_at(sandbox: Sandbox, **changes: Any) -> Account:
    """The sandbox's account in Europe; `changes` replace its fields."""
    fields = {
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "refresh_token": sandbox.refresh_token,
        "seller_id": sandbox.seller_id,
        "region": "EU",
        "endpoint": sandbox.url,
        "token_url": sandbox.token_url,
    }
    return Account(**fields | changes)
