"""An Amazon account: one application's grant to one seller or vendor in one region."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from amazon_listings.errors import ActionRequiredError
from amazon_listings.incoming.addresses import BadAddress, endpoint
from amazon_listings.marketplaces import ENDPOINTS
from amazon_listings.messages import message

TOKEN_URL = "https://api.amazon.com/auth/o2/token"  # noqa: S105 - an address, not a token

#: "Rotating your application's client credentials" (SP-API documentation): 180 days.
SECRET_LIFE = timedelta(days=180)


#: What the fields of the Airflow connection are called.
_LABELS = {"endpoint": "endpoint", "token_url": "lwa_url"}


class AccountIncomplete(ActionRequiredError):
    """The connection lacks something, or holds something that can not be right."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """Credentials and identity; secrets are left out of its `repr`.

    Args:
        client_id: Login with Amazon client id of the application.
        client_secret: Its secret; Amazon lets it expire after 180 days.
        refresh_token: The grant: one selling partner, one region.
        seller_id: Merchant token of a seller, or vendor code of a vendor.
        region: `NA`, `EU` or `FE`.
        vendor: Whether `seller_id` is a vendor code.
        secret_created: Day on which the client secret was made, to warn before it expires.
        endpoint: Base URL instead of Amazon's for the region (a sandbox).
        token_url: Token address instead of Login with Amazon's (a sandbox).

    Raises:
        AccountIncomplete: a value is empty or can not be right; the sentence names it.
    """

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    seller_id: str
    region: str
    vendor: bool = False
    secret_created: date | None = None
    endpoint: str | None = None
    token_url: str | None = None

    def __post_init__(self) -> None:
        for name in ("client_id", "client_secret", "refresh_token", "seller_id"):
            _check_text(name.replace("_", " "), getattr(self, name))
        if self.region not in ENDPOINTS:
            raise AccountIncomplete(
                "amazon.connection_region",
                region=self.region,
                endpoints=ENDPOINTS,
            )
        if self.seller_id.startswith("amzn1.vg."):
            raise AccountIncomplete(
                "amazon.connection_vendor_group",
                seller_id=self.seller_id,
            )

        for name in ("endpoint", "token_url"):
            _check_address(name, getattr(self, name))

    @property
    def base_url(self) -> str:
        """Base URL of the Selling Partner API, without a slash at the end."""
        return (self.endpoint or ENDPOINTS[self.region]).rstrip("/")

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""
        return (self.client_secret, self.refresh_token)


def _check_text(name: str, value: str) -> None:
    if not value:
        raise AccountIncomplete("amazon.connection_incomplete", name=name)
    if not value.isprintable() or not value.isascii() or any(mark.isspace() for mark in value):
        raise AccountIncomplete(
            "amazon.connection_foreign_character",
            name=name,
        )


def _check_address(name: str, url: str | None) -> None:
    if url is None:
        return
    try:
        endpoint(url)
    except BadAddress as error:
        raise AccountIncomplete(
            "amazon.connection_address", name=_LABELS[name], reason=message(f"address.{error.reason}")
        ) from None


def secret_days_left(account: Account, today: date) -> int | None:
    """Days until the client secret expires; negative after; None if its day of creation is unknown."""
    if account.secret_created is None:
        return None
    return (account.secret_created + SECRET_LIFE - today).days
