"""Airflow hooks: what the Test button of a connection calls, and what other DAGs may use."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseHook

from amazon_listings.airflow_adapter import connections
from amazon_listings.airflow_adapter.provider import hook_name
from amazon_listings.errors import AmazonListingsError
from amazon_listings.marketplaces import ALIASES, MARKETPLACES, marketplace
from amazon_listings.messages import Message, catalogue
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.sellers import check_account
from amazon_listings.settings import settings
from amazon_listings.sources.registry import sources

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from amazon_listings.sources.port import ConnectionFields


class SellingPartnerHook(BaseHook):
    """A client of the Selling Partner API from an Airflow connection.

    Args:
        selling_partner_conn_id: The connection, of type `amazon_selling_partner`.
        country: Where to sell (`FR`); the connection's own country if None.
    """

    conn_name_attr: ClassVar[str] = "selling_partner_conn_id"
    default_conn_name: ClassVar[str] = "amazon_selling_partner"
    conn_type: ClassVar[str] = "amazon_selling_partner"
    hook_name: ClassVar[str] = "Amazon Selling Partner"

    def __init__(self, selling_partner_conn_id: str = default_conn_name, country: str | None = None) -> None:
        super().__init__()
        self.selling_partner_conn_id = selling_partner_conn_id
        self.country = country

    def get_conn(self, *, preview_rate: float = 1.0) -> SellingPartner:
        """Return the client, its quotas shared with every other worker through the ledger.

        Args:
            preview_rate: Previews per second that the account may make.

        Raises:
            ActionRequiredError: the connection is missing or incomplete.
        """
        found = connections.connection(self.selling_partner_conn_id, self.conn_type)
        return connections.client(
            self.selling_partner_conn_id, self._country(found.extra), preview_rate=preview_rate
        )

    def test_connection(self) -> tuple[bool, str]:
        """Fetch a token and ask where the account may sell."""
        try:
            found = connections.connection(self.selling_partner_conn_id, self.conn_type)
            place = marketplace(self._country(found.extra))
            client = SellingPartner(connections.account_of(found, place.region))
            messages = catalogue(settings().language)
            return True, " ".join(map(messages.word, check_account(client, place)))
        except AmazonListingsError as error:
            return False, _told(error, self.selling_partner_conn_id)

    def _country(self, extra: Mapping[str, Any]) -> str:
        country = self.country or str(extra.get("country") or "")
        if ALIASES.get(country, country) not in MARKETPLACES:
            raise connections.ConnectionProblem(
                "airflow.connection_country" if country else "airflow.connection_without_country",
                connection=self.selling_partner_conn_id,
                country=country,
                marketplaces=sorted(MARKETPLACES),
            )
        return country


class SourceHook(BaseHook):
    """A source's connection, for its Test button and for other DAGs; `source_hook` makes one for each source.

    Args:
        connection_id: The connection; that of the same name as its type if None.
    """

    conn_type: ClassVar[str]
    default_conn_name: ClassVar[str]
    check: ClassVar[Callable[[ConnectionFields], Message | str]]

    def __init__(self, connection_id: str | None = None, **named: str) -> None:
        super().__init__()
        self.connection_id = named.get(self.conn_name_attr) or connection_id or self.default_conn_name

    def get_conn(self) -> ConnectionFields:
        """Return the connection's fields.

        Raises:
            ActionRequiredError: the connection is missing, or of another type.
        """
        return connections.connection(self.connection_id, self.conn_type)

    def test_connection(self) -> tuple[bool, str]:
        """Have the source try the connection."""
        try:
            return True, catalogue(settings().language).value(type(self).check(self.get_conn()))
        except AmazonListingsError as error:
            return False, _told(error, self.connection_id)


@cache
def source_hook(source: str) -> type[SourceHook]:
    """Return the hook class of a source that brings a type of connection.

    Raises:
        KeyError: there is no such source, or it brings none.
    """
    kind = sources()[source].connection
    if kind is None:
        raise KeyError(source)
    return type(
        hook_name(source),
        (SourceHook,),
        {
            "__module__": __name__,
            "__qualname__": hook_name(source),
            "__doc__": f"A connection of type `{kind.name}`.",
            "conn_name_attr": f"{kind.name}_conn_id",
            "default_conn_name": kind.name,
            "conn_type": kind.name,
            "hook_name": kind.title,
            "check": staticmethod(kind.check),
        },
    )


def __getattr__(name: str) -> type[SourceHook]:
    """Return the hook of a source by its class name, which is how Airflow asks for it."""
    for source, one in sources().items():
        if one.connection is not None and hook_name(source) == name:
            return source_hook(source)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _told(error: AmazonListingsError, connection_id: str) -> str:
    """Return the sentence without the connection's id.

    The Test button tests a copy with an id made up for it.
    """
    named = re.compile(rf"(t)he Airflow connection '?{re.escape(connection_id)}'?", re.IGNORECASE)
    return named.sub(r"\1his connection", str(error))
