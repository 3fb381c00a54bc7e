"""Airflow hooks: what the Test button of a connection calls, and what other DAGs may use."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, ClassVar

from airflow.sdk import BaseHook

from amazon_listings.airflow_adapter import connections
from amazon_listings.errors import AmazonListingsError
from amazon_listings.ledger.buckets import SharedBuckets
from amazon_listings.marketplaces import ALIASES, MARKETPLACES, marketplace
from amazon_listings.selling_partner.client import SellingPartner
from amazon_listings.selling_partner.quotas import Quotas
from amazon_listings.selling_partner.sellers import check_account
from amazon_listings.sources.sales_layer.check import check_connection

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from amazon_listings.sources.sales_layer.connection import PimConnection


@cache
def shared_quotas(ledger: Engine) -> Quotas:
    """The quotas that this process shares with every other worker; one object for all its clients.

    So tokens that one client leased and did not use serve the next one.
    """
    return Quotas(SharedBuckets(ledger))


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
        """The client, its quotas shared with every other worker through the ledger.

        Args:
            preview_rate: Previews per second that the account may make.

        Raises:
            ActionRequiredError: the connection is missing or incomplete.
        """
        found = connections.connection(self.selling_partner_conn_id, self.conn_type)
        account = connections.account_of(found, marketplace(self._country(found.extra_dejson)).region)
        return SellingPartner(account, quotas=shared_quotas(connections.ledger()), preview_rate=preview_rate)

    def test_connection(self) -> tuple[bool, str]:
        """Fetch a token and ask where the account may sell."""
        try:
            found = connections.connection(self.selling_partner_conn_id, self.conn_type)
            place = marketplace(self._country(found.extra_dejson))
            client = SellingPartner(connections.account_of(found, place.region))
            return True, check_account(client, place)
        except AmazonListingsError as error:
            return False, _told(error, self.selling_partner_conn_id)

    def _country(self, extra: dict[str, str]) -> str:
        country = self.country or extra.get("country") or ""
        if ALIASES.get(country, country) not in MARKETPLACES:
            named = f"names the country {country!r}" if country else "has no country"
            raise connections.ConnectionProblem(
                f"The Airflow connection {self.selling_partner_conn_id!r} {named}.",
                hint=f"Choose one of {', '.join(sorted(MARKETPLACES))}.",
            )
        return country


class SalesLayerHook(BaseHook):
    """A Sales Layer account from an Airflow connection.

    Args:
        sales_layer_conn_id: The connection, of type `sales_layer`.
    """

    conn_name_attr: ClassVar[str] = "sales_layer_conn_id"
    default_conn_name: ClassVar[str] = "sales_layer"
    conn_type: ClassVar[str] = "sales_layer"
    hook_name: ClassVar[str] = "Sales Layer (PIM)"

    def __init__(self, sales_layer_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.sales_layer_conn_id = sales_layer_conn_id

    def get_conn(self) -> PimConnection:
        """The account, to be given to `sales_layer.read_items`.

        Raises:
            ActionRequiredError: the connection is missing or incomplete.
        """
        return connections.pim(self.sales_layer_conn_id)

    def test_connection(self) -> tuple[bool, str]:
        """Read one page of products."""
        try:
            return True, check_connection(self.get_conn())
        except AmazonListingsError as error:
            return False, _told(error, self.sales_layer_conn_id)


def _told(error: AmazonListingsError, connection_id: str) -> str:
    """The sentence without the connection's id: the Test button tests a copy with an id made up for it."""
    named = re.compile(rf"(t)he Airflow connection '?{re.escape(connection_id)}'?", re.IGNORECASE)
    return named.sub(r"\1his connection", str(error))
