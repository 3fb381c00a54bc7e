"""The fake accounts and credentials of the sandbox.

client id       amzn1.application-oa2-client.sandbox
client secret   amzn1.oa2-cs.v1.sandbox
refresh token   Atzr|sandbox          reaches both accounts below
                Atzr|sandbox-seller   only the seller
                Atzr|sandbox-vendor   only the vendor
                Atzr|sandbox-foreign  was granted to another application
seller id       A1SANDBOXSELLER       a seller in all 23 marketplaces (`/_control/participations` limits them)
vendor code     SANDV                 a vendor in US, GB, DE, FR, IT and ES
"""

from __future__ import annotations

from dataclasses import dataclass

from spapi_sandbox.marketplaces import MARKETPLACES, Marketplace

CLIENT_ID = "amzn1.application-oa2-client.sandbox"
CLIENT_SECRET = "amzn1.oa2-cs.v1.sandbox"  # noqa: S105 - the sandbox's documented fake
REFRESH_TOKEN = "Atzr|sandbox"  # noqa: S105 - the sandbox's documented fake
SELLER_ID = "A1SANDBOXSELLER"
VENDOR_CODE = "SANDV"

BY_ID: dict[str, Marketplace] = {entry.id: entry for entry in MARKETPLACES.values()}


@dataclass(frozen=True)
class Account:
    """A seller or a vendor, and the marketplaces (ids) it may use."""

    id: str
    partner: str
    marketplaces: frozenset[str]


ACCOUNTS = {
    SELLER_ID: Account(SELLER_ID, "seller", frozenset(BY_ID)),
    VENDOR_CODE: Account(
        VENDOR_CODE,
        "vendor",
        frozenset(MARKETPLACES[country].id for country in ("US", "GB", "DE", "FR", "IT", "ES")),
    ),
}

#: Refresh token -> the accounts that granted it.
GRANTS = {
    REFRESH_TOKEN: (SELLER_ID, VENDOR_CODE),
    f"{REFRESH_TOKEN}-seller": (SELLER_ID,),
    f"{REFRESH_TOKEN}-vendor": (VENDOR_CODE,),
}
FOREIGN_GRANT = f"{REFRESH_TOKEN}-foreign"
