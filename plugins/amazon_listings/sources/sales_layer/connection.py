"""How to reach a Sales Layer account."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from amazon_listings.incoming.addresses import BadAddress, endpoint
from amazon_listings.messages import message
from amazon_listings.sources.errors import IncompleteConnection
from amazon_product_types.messages.facts import quoted

if TYPE_CHECKING:
    from amazon_listings.messages import Message

Api = Literal["rest", "connector"]

#: Where the APIs live; "REST API 2.0" and "Connector API 1.18" in Sales Layer's documentation.
BASE_URLS: dict[Api, str] = {
    "rest": "https://api2.saleslayer.com/catalog/rest/Catalog",
    "connector": "https://api.saleslayer.com",
}

#: Labels of the fields of the Airflow connection; messages name them so that people find them.
LABELS = {
    "api": "API",
    "base_url": "Base URL",
    "api_key": "API key, or the connector's secret key",
    "code": "Connector code",
    "secret": "API key, or the connector's secret key",
}


@dataclass(frozen=True)
class PimConnection:
    """Credentials of one Sales Layer account.

    Args:
        api: `rest` (REST API 2.0, by API key) or `connector` (Connector API 1.18, by the code
            and the secret of an export connector).
        base_url: Where the API lives, if not at Sales Layer's own address.
        api_key: The account's API key; `rest` only.
        code: The export connector's code; `connector` only.
        secret: The export connector's private key; `connector` only.
        name: The Airflow connection's id, for messages.
    """

    api: Api = "rest"
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    name: str = "sales_layer"

    @property
    def url(self) -> str:
        """The API's address, without a slash at its end."""
        return (self.base_url.strip() or BASE_URLS[self.api]).rstrip("/")

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every text of this connection that must never be shown."""
        return tuple(text for text in (self.api_key, self.secret, self.code) if text)

    def field(self, name: str) -> Message:
        """Return how to name a field of this connection to a person."""
        return message("sales_layer.field", label=quoted(LABELS[name]), connection=self.name)

    def require_complete(self) -> None:
        """Check what can be checked without a call.

        Raises:
            IncompleteConnection: a needed field is empty, or the base URL is none.
        """
        if self.api not in get_args(Api):
            raise IncompleteConnection(
                "sales_layer.unknown_api",
                api=self.api,
                field=self.field("api"),
            )
        needed = ("api_key",) if self.api == "rest" else ("code", "secret")
        for name in needed:
            if not getattr(self, name).strip():
                raise IncompleteConnection(
                    "sales_layer.connection_incomplete",
                    label=quoted(LABELS[name]),
                    field=self.field(name),
                )
            if not getattr(self, name).isascii() or not getattr(self, name).isprintable():
                raise IncompleteConnection(
                    "sales_layer.foreign_character",
                    label=quoted(LABELS[name]),
                    field=self.field(name),
                )
        try:
            endpoint(self.url)
        except BadAddress as error:
            raise IncompleteConnection(
                "sales_layer.base_url",
                field=self.field("base_url"),
                reason=message(f"address.{error.reason}"),
            ) from None
