"""Take back a run of a connector, with the account and the definition that it has now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_listings.airflow_adapter import connections
from amazon_listings.definitions.refresh import load_pair
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.runs.definitions import definition_key
from amazon_listings.writes.rollback.rollback import Rollback

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.runs.history import Run


def rollback_of(
    connector: Connector, engine: Engine, run: Run, skus: Collection[str] = (), asked_by: str | None = None
) -> Rollback:
    """Return what takes back a run; nothing is read or sent yet.

    Args:
        connector: The connector as it is now.
        engine: The open ledger.
        run: The run to take back.
        skus: Only these; empty: all that the run wrote.
        asked_by: Who takes it back.

    Raises:
        ActionRequiredError: the connection cannot be used.
        NoDefinition: no definition is stored.
    """
    client = connections.client(connector.amazon.connection, connector.amazon.country)
    store = DefinitionStore(connections.storage() / "definitions")
    pair = load_pair(store, definition_key(connector, client.account.seller_id), connector.marketplace)
    return Rollback(
        run,
        ledger=engine,
        client=client,
        definition=pair.validation.document,
        requirements=connector.amazon.requirements,
        issue_locale=connector.amazon.issue_locale,
        skus=skus,
        asked_by=asked_by,
    )
