"""The installation as Airflow knows it: accounts, ledger and storage from settings and connections."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from amazon_listings.airflow_adapter import connections

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.messages import Message
    from amazon_listings.selling_partner.account import Account
    from amazon_listings.selling_partner.calls.client import SellingPartner
    from amazon_listings.sources.port import Rows
    from amazon_listings.sources.reading import Reading
    from amazon_listings.sources.selection import Selection


class AirflowInstallation:
    """What a run works with, from Airflow's connections and the settings; opened when first asked for."""

    @functools.cached_property
    def storage(self) -> Path:
        """Return where runs and definitions are kept."""
        found: Path = connections.storage()
        return found

    @functools.cached_property
    def ledger(self) -> Engine:
        """Return the open ledger."""
        return connections.ledger()

    def account(self, connector: Connector) -> Account:
        """Return the connector's Amazon account."""
        return connections.account(connector.amazon.connection, connector.amazon.country)

    def client(self, connector: Connector) -> SellingPartner:
        """Return a client of the connector's account; its quotas are shared through the ledger."""
        amazon = connector.amazon
        return connections.client(amazon.connection, amazon.country, preview_rate=connector.sync.preview_rate)

    def reader(self, connector: Connector) -> Callable[[Selection], Reading]:
        """Return what reads a selection from the connector's source."""
        from amazon_listings.sources.extraction import read_items  # noqa: PLC0415 - only a run needs it

        return functools.partial(read_items, connections.source(connector))

    def halted(self, connector: Connector) -> Message | None:
        """Return why a connector must not send any more: its Variable of stops, or how it is configured."""
        from amazon_listings.airflow_adapter import configured  # noqa: PLC0415 - only a live sync needs it
        from amazon_listings.approvals.stopping import VARIABLE, entries_that_stop, switched_off  # noqa: PLC0415
        from amazon_listings.messages import message  # noqa: PLC0415

        if entries := entries_that_stop(configured.variable(VARIABLE), connector.id):
            return message("approval.stopped_variable", variable=VARIABLE, entries=entries)
        try:
            now = configured.connector_named(connector.id)
        except configured.BrokenConnectors:
            now = None
        return switched_off(connector, now)

    def tables(self, connector: Connector) -> Mapping[str, Rows]:
        """Return the rows of the connector's related tables."""
        return connections.tables(connector)
