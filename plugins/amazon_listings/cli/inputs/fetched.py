"""What a check of connectors asks Amazon and the PIM for, once, where their connections are at hand.

A definition is kept where runs keep theirs; the PIM's fields for a day. A service that does not
answer is not asked a second time by the same command.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from amazon_listings.cli.inputs.definitions import pair_of, run_storage, stored_definition
from amazon_listings.errors import AmazonListingsError
from amazon_listings.ledger.items.states import digest
from amazon_listings.sources.port import FieldDescription

if TYPE_CHECKING:
    from amazon_listings.cli.inputs.definitions import Described
    from amazon_listings.connectors import Connector
    from amazon_listings.selling_partner.account import Account

#: How long the fields are believed.
_KEPT = timedelta(days=1)


class _KeptFields(msgspec.Struct, frozen=True):
    fetched_at: datetime
    types: dict[str, str | None]


class Fetched:
    """Fetches what connectors are checked against, and is not stored.

    Args:
        airflow: Whether to ask the Airflow that is configured here for connections, beside the environment.
    """

    def __init__(self, *, airflow: bool) -> None:
        self._airflow = airflow
        self._silent: dict[str, AmazonListingsError] = {}
        self._fields: dict[int, tuple[FieldDescription, ...]] = {}

    def definition(self, connector: Connector) -> Described | None:
        """Return a connector's definition in the locales of its labels, stored or from Amazon.

        None if none is stored, and Amazon cannot be asked.

        Raises:
            AmazonListingsError: Amazon was asked, now or before by this command, and gave none.
        """
        known = stored_definition(connector)
        connection = connector.amazon.connection
        if known is not None or not self._at_hand(connection):
            return known
        if error := self._silent.get(connection):
            raise error
        try:
            for locale in (None, *connector.mapping_locales):
                pair_of(connector, locale)
        except AmazonListingsError as error:
            if not _is_of_one_type(error):
                self._silent[connection] = error
            raise
        return stored_definition(connector)

    def fields(self, connector: Connector) -> tuple[FieldDescription, ...]:
        """Return the PIM's fields, all of them, as it told them within a day; nothing if it does not.

        A source without a connection is read by every command: its files may change between two of them.

        Raises:
            AmazonListingsError: the PIM was asked and cannot be read, such as a file that is not there.
        """
        from amazon_listings.sources.registry import source_named

        source = connector.source
        if not source_named(source.source).abilities.all_fields:
            return ()
        name = digest(
            [source.source, dict(source.own), list(source.languages), source.fallback_language],
        )
        if name not in self._fields:
            here = source.connection is None
            self._fields[name] = self._asked(connector) if here else self._told(connector, name)
        return self._fields[name]

    def account(self, connector: Connector) -> Account | None:
        """Return a connector's account, if its connection is at hand."""
        if not self._at_hand(connector.amazon.connection):
            return None
        from amazon_listings.airflow_adapter import connections

        try:
            return connections.account(connector.amazon.connection, connector.amazon.country)
        except AmazonListingsError:
            return None

    def _at_hand(self, connection: str) -> bool:
        return self._airflow or f"AIRFLOW_CONN_{connection.upper()}" in os.environ

    def _told(self, connector: Connector, name: int) -> tuple[FieldDescription, ...]:
        path = run_storage() / "pim_fields" / f"{name & (2**64 - 1):016x}.json"
        try:
            kept = msgspec.json.decode(path.read_bytes(), type=_KeptFields)
        except (OSError, msgspec.DecodeError, RecursionError):
            kept = None
        if kept is not None and datetime.now(UTC) - kept.fetched_at < _KEPT:
            return _described(kept)
        try:
            fields = self._asked(connector)
        except AmazonListingsError:
            if kept is None:
                raise
            fields = ()
        if not fields:
            return _described(kept) if kept is not None else ()
        path.parent.mkdir(parents=True, exist_ok=True)
        types = {one.name: one.type for one in fields}
        path.write_bytes(msgspec.json.encode(_KeptFields(datetime.now(UTC), types)))
        return fields

    def _asked(self, connector: Connector) -> tuple[FieldDescription, ...]:
        """Return the PIM's fields as they are now; nothing if no connection is at hand, or it does not say.

        Raises:
            AmazonListingsError: it cannot be read, now or when this command asked it before.
        """
        connection = connector.source.connection
        if connection is not None:
            if not self._at_hand(connection):
                return ()
            if error := self._silent.get(connection):
                raise error
        from amazon_listings.cli.inputs.source_access import CommandAccess
        from amazon_listings.sources.extraction import open_source

        try:
            return tuple(open_source(connector.source, CommandAccess()).fields())
        except AmazonListingsError as error:
            if connection is not None:
                self._silent[connection] = error
            raise


def _is_of_one_type(error: AmazonListingsError) -> bool:
    """Return whether Amazon refused one product type, version or locale, and may give others."""
    from amazon_listings.definitions.refresh import LocaleNotThere, UnknownVersion
    from amazon_listings.definitions.stored import UnsupportedLocale, WrongLocale
    from amazon_listings.selling_partner.faults.exceptions import (
        RequestRefused,
        UnknownProductType,
        WrongMarketplace,
    )

    return isinstance(
        error,
        LocaleNotThere
        | RequestRefused
        | UnknownProductType
        | UnknownVersion
        | UnsupportedLocale
        | WrongLocale
        | WrongMarketplace,
    )


def _described(kept: _KeptFields) -> tuple[FieldDescription, ...]:
    return tuple(FieldDescription(name, type=kind) for name, kind in kept.types.items())
