"""From Airflow connections to what the package speaks: accounts, the PIM, the ledger, the storage.

Connections come from any of Airflow's secrets backends; environment variables `AIRFLOW_CONN_…` work.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from airflow.sdk import Connection, ObjectStoragePath
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError
from airflow.sdk.log import mask_secret

from amazon_listings.errors import ActionRequiredError, RetryableError
from amazon_listings.ledger.database import open_ledger
from amazon_listings.marketplaces import marketplace
from amazon_listings.selling_partner.account import Account, AccountIncomplete
from amazon_listings.settings import LEDGER_IN_AIRFLOW, settings
from amazon_listings.sources.extraction import open_source
from amazon_listings.sources.port import ConnectionFields
from amazon_listings.sources.related_tables import read_tables

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.sources.port import OpenedSource, Rows

LEDGER_CONNECTION = "amazon_listings_ledger"


class ConnectionProblem(ActionRequiredError):
    """An Airflow connection is missing, of another type, or incomplete."""


class LedgerConnectionGone(RetryableError):
    """The ledger's Airflow connection cannot be had. Without its memory, everything would be sent again."""


def connection(connection_id: str, expected: str) -> Connection:
    """The Airflow connection of that id.

    Raises:
        ConnectionProblem: there is none, or it is not of the expected type.
    """
    try:
        found = Connection.get(connection_id)
    except (AirflowNotFoundException, AirflowRuntimeError):
        raise ConnectionProblem(
            "airflow.connection_missing",
            connection_id=connection_id,
            expected=expected,
            connection_id_2=connection_id.upper(),
        ) from None
    if found.conn_type != expected:
        raise ConnectionProblem(
            "airflow.connection_type",
            connection_id=connection_id,
            conn_type=found.conn_type,
            expected=expected,
        )
    return found


def account_of(found: Connection, region: str) -> Account:
    """The Amazon account that a connection of type `amazon_selling_partner` describes.

    Args:
        found: The connection.
        region: `NA`, `EU` or `FE`: where the connector's marketplace is.

    Raises:
        ActionRequiredError: a field is missing or contradicts another; the sentence names it.
    """
    extra = _extra(found)
    merchant, vendor = extra.get("seller_id") or "", extra.get("vendor_code") or ""
    if bool(merchant) == bool(vendor):
        raise ConnectionProblem(
            "airflow.seller_and_vendor" if merchant else "airflow.no_seller", connection=found.conn_id
        )
    try:
        account = Account(
            client_id=found.login or "",
            client_secret=found.password or "",
            refresh_token=extra.get("refresh_token") or "",
            seller_id=merchant or vendor,
            region=region,
            vendor=bool(vendor),
            secret_created=_day(found, extra.get("secret_created")),
            endpoint=extra.get("endpoint") or None,
            token_url=extra.get("lwa_url") or None,
        )
    except AccountIncomplete as error:
        raise ConnectionProblem(
            "airflow.connection_unusable", hint=error, connection=found.conn_id, reason=error
        ) from None
    for secret in account.secrets:
        mask_secret(secret)
    return account


def account(connection_id: str, country: str) -> Account:
    """The Amazon account of a connection, for the region of a country.

    Raises:
        ActionRequiredError: the connection is missing or incomplete.
    """
    return account_of(connection(connection_id, "amazon_selling_partner"), marketplace(country).region)


class AirflowAccess:
    """What Airflow gives to a source of products: its connections, its object storage."""

    def connection(self, connection_id: str, expected: str) -> ConnectionFields:
        """Return the fields of the connection of that id and type.

        Raises:
            ActionRequiredError: there is none, or it is of another type.
        """
        return fields_of(connection(connection_id, expected))

    def path(self, address: str, connection_id: str | None) -> ObjectStoragePath:
        """Return the address as a path that opens with the credentials of a connection."""
        return ObjectStoragePath(address, conn_id=connection_id)

    def conceal(self, *secrets: str) -> None:
        """Mask these texts in task logs."""
        for secret in secrets:
            mask_secret(secret)


def fields_of(found: Connection) -> ConnectionFields:
    """Return the fields of a connection as plain values.

    Raises:
        ActionRequiredError: its extra fields are no JSON object.
    """
    return ConnectionFields(
        connection_id=found.conn_id,
        host=found.host or "",
        port=found.port,
        schema=found.schema or "",
        login=found.login or "",
        password=found.password or "",
        extra=_extra(found),
    )


def source(connector: Connector) -> OpenedSource:
    """Open a connector's source.

    Raises:
        ActionRequiredError: the connection is missing or incomplete.
    """
    return open_source(connector.source, AirflowAccess())


def tables(connector: Connector) -> dict[str, Rows]:
    """Return the rows of a connector's related tables, by name and language.

    Raises:
        RetryableError, ActionRequiredError: they cannot be read.
    """
    return read_tables(connector.tables, lambda: source(connector), connector.pim_languages)


def ledger() -> Engine:
    """The open ledger: the database of the setting, or of the connection that it points to.

    Raises:
        RetryableError: the database does not answer, or the connection cannot be had.
    """
    url = settings().ledger
    return ledger_in_airflow() if url == LEDGER_IN_AIRFLOW else open_ledger(url)


def ledger_in_airflow() -> Engine:
    """The ledger in the database of the Airflow connection `amazon_listings_ledger`.

    Raises:
        RetryableError: the database does not answer, or the connection cannot be had: Airflow tells no
            difference between one that does not exist and a secrets backend that is down.
    """
    try:
        url = Connection.get(LEDGER_CONNECTION).get_uri()
    except (AirflowNotFoundException, AirflowRuntimeError):
        raise LedgerConnectionGone(
            "airflow.ledger_connection",
            ledger_connection=LEDGER_CONNECTION,
        ) from None
    return open_ledger(url)


def storage() -> ObjectStoragePath:
    """Where runs and definitions are kept."""
    location = settings().storage
    if "://" not in location:
        location = f"file://{location}"
    return ObjectStoragePath(location, conn_id=settings().storage_connection)


def _extra(found: Connection) -> dict[str, Any]:
    try:
        extra = found.extra_dejson
    except ValueError:
        extra = None
    if not isinstance(extra, dict):
        raise ConnectionProblem(
            "airflow.connection_extra",
            connection=found.conn_id,
        )
    return extra


def _day(found: Connection, text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConnectionProblem(
            "airflow.secret_created",
            connection=found.conn_id,
            text=text,
        ) from None
