"""From Airflow connections to what the package speaks: accounts, the PIM, the ledger, the storage.

Connections come from any of Airflow's secrets backends; environment variables `AIRFLOW_CONN_…` work. Airflow
is imported when it is asked: a command whose connections are in the environment need not wait for it.
"""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amazon_listings.airflow_adapter import environment
from amazon_listings.errors import ActionRequiredError, RetryableError
from amazon_listings.ledger.buckets import SharedBuckets
from amazon_listings.ledger.database import open_ledger
from amazon_listings.marketplaces import marketplace
from amazon_listings.selling_partner.account import Account, AccountIncomplete
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.calls.quotas import Quotas
from amazon_listings.settings import LEDGER_IN_AIRFLOW, settings
from amazon_listings.sources.extraction import open_source
from amazon_listings.sources.port import ConnectionFields
from amazon_listings.sources.related_tables import read_tables

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath
    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.sources.port import OpenedSource, Rows

LEDGER_CONNECTION = "amazon_listings_ledger"


class ConnectionProblem(ActionRequiredError):
    """An Airflow connection is missing, of another type, or incomplete."""


class LedgerConnectionGone(RetryableError):
    """The ledger's Airflow connection cannot be had. Without its memory, everything would be sent again."""


def connection(connection_id: str, expected: str) -> ConnectionFields:
    """Return the fields of the Airflow connection of that id.

    Raises:
        ConnectionProblem: there is none, it is not of the expected type, or its extra fields are no JSON
            object.
    """
    fields = environment.connection(connection_id)
    if fields is None:
        fields = _from_airflow(connection_id, expected)
    conn_type = str(fields.get("conn_type") or "").replace("-", "_")
    if conn_type != expected:
        raise ConnectionProblem(
            "airflow.connection_type",
            connection_id=connection_id,
            conn_type=conn_type,
            expected=expected,
        )
    return ConnectionFields(
        connection_id=connection_id,
        host=fields.get("host") or "",
        port=fields.get("port"),
        schema=fields.get("schema") or "",
        login=fields.get("login") or "",
        password=fields.get("password") or "",
        extra=_extra(connection_id, fields.get("extra")),
    )


def _from_airflow(connection_id: str, expected: str) -> dict[str, Any]:
    from airflow.sdk import Connection  # noqa: PLC0415 - takes seconds
    from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError  # noqa: PLC0415

    try:
        found = Connection.get(connection_id)
    except (AirflowNotFoundException, AirflowRuntimeError):
        # Airflow says of a text that it cannot read that there is no such connection.
        declared = environment.declares(connection_id)
        raise ConnectionProblem(
            "airflow.connection_unreadable" if declared else "airflow.connection_missing",
            connection_id=connection_id,
            expected=expected,
            connection_id_2=connection_id.upper(),
        ) from None
    names = ("conn_type", "host", "port", "schema", "login", "password", "extra")
    return {name: getattr(found, name) for name in names}


def account_of(found: ConnectionFields, region: str) -> Account:
    """Return the Amazon account that a connection of type `amazon_selling_partner` describes.

    Args:
        found: The connection.
        region: `NA`, `EU` or `FE`: where the connector's marketplace is.

    Raises:
        ActionRequiredError: a field is missing or contradicts another; the sentence names it.
    """
    # The field "Extra" is JSON that people type: a number, or a list, is judged as the text it is written as.
    extra = {name: str(value) for name, value in found.extra.items() if value is not None}
    merchant, vendor = extra.get("seller_id") or "", extra.get("vendor_code") or ""
    if bool(merchant) == bool(vendor):
        raise ConnectionProblem(
            "airflow.seller_and_vendor" if merchant else "airflow.no_seller", connection=found.connection_id
        )
    try:
        account = Account(
            client_id=found.login,
            client_secret=found.password,
            refresh_token=extra.get("refresh_token") or "",
            seller_id=merchant or vendor,
            region=region,
            vendor=bool(vendor),
            secret_created=_day(found.connection_id, extra.get("secret_created")),
            endpoint=extra.get("endpoint") or None,
            token_url=extra.get("lwa_url") or None,
        )
    except AccountIncomplete as error:
        raise ConnectionProblem(
            "airflow.connection_unusable", hint=error, connection=found.connection_id, reason=error
        ) from None
    _conceal(*account.secrets)
    return account


def account(connection_id: str, country: str) -> Account:
    """Return the Amazon account of a connection, for the region of a country.

    Raises:
        ActionRequiredError: the connection is missing or incomplete.
    """
    return account_of(connection(connection_id, "amazon_selling_partner"), marketplace(country).region)


@cache
def shared_quotas(ledger: Engine) -> Quotas:
    """Return the quotas that this process shares with every other worker; one object for all its clients.

    So tokens that one client leased and did not use serve the next one.
    """
    return Quotas(SharedBuckets(ledger))


def client(connection_id: str, country: str, *, preview_rate: float = 1.0) -> SellingPartner:
    """Return a client of the account of a connection, its quotas shared with every other worker.

    Args:
        connection_id: The connection, of type `amazon_selling_partner`.
        country: Where to sell, `FR`.
        preview_rate: Previews per second that the account may make.

    Raises:
        ActionRequiredError: the connection is missing or incomplete.
    """
    return SellingPartner(
        account(connection_id, country), quotas=shared_quotas(ledger()), preview_rate=preview_rate
    )


class AirflowAccess:
    """What Airflow gives to a source of products: its connections, its object storage."""

    def connection(self, connection_id: str, expected: str) -> ConnectionFields:
        """Return the fields of the connection of that id and type.

        Raises:
            ActionRequiredError: there is none, or it is of another type.
        """
        return connection(connection_id, expected)

    def path(self, address: str, connection_id: str | None) -> ObjectStoragePath:
        """Return the address as a path that opens with the credentials of a connection."""
        return _object_storage(address, connection_id)

    def conceal(self, *secrets: str) -> None:
        """Mask these texts in task logs."""
        _conceal(*secrets)


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
    """Return the open ledger: the database of the setting, or of the connection that it points to.

    Raises:
        RetryableError: the database does not answer, or the connection cannot be had.
    """
    url = settings().ledger
    return ledger_in_airflow() if url == LEDGER_IN_AIRFLOW else open_ledger(url)


def ledger_in_airflow() -> Engine:
    """Return the ledger in the database of the Airflow connection `amazon_listings_ledger`.

    Raises:
        RetryableError: the database does not answer, or the connection cannot be had: Airflow tells no
            difference between one that does not exist and a secrets backend that is down.
    """
    from airflow.sdk import Connection  # noqa: PLC0415 - takes seconds
    from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError  # noqa: PLC0415

    try:
        url = Connection.get(LEDGER_CONNECTION).get_uri()
    except (AirflowNotFoundException, AirflowRuntimeError):
        raise LedgerConnectionGone(
            "airflow.ledger_connection",
            ledger_connection=LEDGER_CONNECTION,
        ) from None
    return open_ledger(url)


def storage() -> Path | ObjectStoragePath:
    """Return where runs and definitions are kept; a folder needs none of the libraries of object storage."""
    location = settings().storage
    if "://" not in location:
        return Path(location)
    return _object_storage(location, settings().storage_connection)


def _object_storage(address: str, connection_id: str | None) -> ObjectStoragePath:
    from airflow.sdk import ObjectStoragePath  # noqa: PLC0415 - takes seconds

    return ObjectStoragePath(address, conn_id=connection_id)


def _conceal(*secrets: str) -> None:
    """Mask texts in the logs of Airflow; a process without it writes none."""
    if environment.airflow_is_imported():
        from airflow.sdk.log import mask_secret  # noqa: PLC0415 - takes seconds

        for secret in secrets:
            mask_secret(secret)


def _extra(connection_id: str, given: object) -> dict[str, Any]:
    try:
        extra = json.loads(given or "{}") if given is None or isinstance(given, str) else given
    except ValueError:
        extra = None
    if not isinstance(extra, dict):
        raise ConnectionProblem(
            "airflow.connection_extra",
            connection=connection_id,
        )
    return extra


def _day(connection_id: str, text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConnectionProblem(
            "airflow.secret_created",
            connection=connection_id,
            text=text,
        ) from None
