"""What Amazon changed in the fields of a connector's product type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_listings.airflow_adapter import connections
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.errors import AmazonListingsError
from amazon_listings.watch.drift import Used, stored_drift
from amazon_listings.web.described import last_note

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector


def changed_fields(connector: Connector, ledger: Engine, key: str, language: str) -> dict[str, list[str]]:
    """Return what Amazon changed, as sentences by the path of the field.

    Since the connector's last run; if nothing changed since, in the version that it worked with.
    """
    note = last_note(connector, ledger, key)
    if note is None:
        return {}
    store = DefinitionStore(connections.storage() / "definitions")
    found: dict[str, list[str]] = {}
    for since in (Used(note.checksum, note.labels_checksum), None):
        try:
            drift = stored_drift(store, note.key, [connector], since=since, language=language)
        except AmazonListingsError:  # the version that was used is not kept any more
            continue
        for change in drift.changes if drift else ():
            found.setdefault(change.path, []).append(change.text)
        if found:
            break
    return found
