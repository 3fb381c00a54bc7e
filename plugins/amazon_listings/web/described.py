"""A connector's stored definition and its compiled mapping, as pages need them: no call to Amazon."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from amazon_listings.airflow_adapter import connections
from amazon_listings.definitions.refresh import pair_keys
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.errors import AmazonListingsError
from amazon_listings.ledger.connectors.new import find_new_connector
from amazon_listings.ledger.runs.history import recent_runs
from amazon_listings.runs.definitions import load_definitions
from amazon_listings.runs.extract.related_tables import load_tables
from amazon_listings.runs.folder import RunFolder
from amazon_listings.runs.map_fields import compiled
from amazon_listings.runs.notes import DefinitionsNote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.runs.history import RunLine
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.runs.definitions import Definitions

#: Runs that are asked for the definition that they worked with.
_RUNS = 5
_KEPT = 16
_LOCK = threading.Lock()
_LOADED: OrderedDict[tuple[str, str, str], Definitions] = OrderedDict()


def last_note(connector: Connector, ledger: Engine, key: str) -> DefinitionsNote | None:
    """Return what a connector's last run notes of its definitions, or what was fetched when it was made."""
    note = _noted(connector, key, recent_runs(ledger, key, _RUNS))
    if note is not None:
        return note
    new = find_new_connector(ledger, connector.id)
    return None if new is None else msgspec.convert(new.definition, DefinitionsNote)


def _noted(connector: Connector, key: str, runs: Sequence[RunLine]) -> DefinitionsNote | None:
    storage = connections.storage()
    for run in runs[:_RUNS]:
        note = RunFolder.of(storage, key, run.run_id, run.attempt).noted(DefinitionsNote)
        if note is not None and note.key.product_type == connector.amazon.product_type:
            return note
    return None


def has_changed(connector: Connector, key: str, runs: Sequence[RunLine]) -> bool:
    """Return whether Amazon has changed a connector's definition since its last runs worked with it."""
    try:
        note = _noted(connector, key, runs)
        if note is None:
            return False
        own, _ = pair_keys(note.key, connector.marketplace)
        stored = DefinitionStore(connections.storage() / "definitions").load(own)
    except AmazonListingsError:  # what is gone or damaged is said by the pages that show it
        return False
    return stored.checksum != note.checksum


def last_tables(connector: Connector, ledger: Engine, key: str) -> dict[str, Any]:
    """Return the rows of a connector's related tables as a run kept them last; none where no run did."""
    if not connector.tables:
        return {}
    storage = connections.storage()
    for run in recent_runs(ledger, key, _RUNS):
        found = load_tables(connector, RunFolder.of(storage, key, run.run_id, run.attempt))
        if any(found.values()):
            return found
    return {}


def stored_definitions_of(connector: Connector, ledger: Engine, key: str) -> Definitions | None:
    """Return the definitions that the last run worked with; None if no run has fetched them."""
    note = last_note(connector, ledger, key)
    if note is None:
        return None
    name = (str(note.key.digest), note.checksum, note.labels_checksum)
    with _LOCK:
        if name in _LOADED:
            _LOADED.move_to_end(name)
            return _LOADED[name]
    found = load_definitions(note, connections.storage())
    with _LOCK:
        _LOADED[name] = found
        while len(_LOADED) > _KEPT:
            _LOADED.popitem(last=False)
    return found


@dataclass(frozen=True)
class _Content:
    """A connector, equal to another that compiles to the same with the same lines."""

    text: str
    connector: Connector = field(compare=False)


def mapping_of(connector: Connector, definitions: Definitions) -> FieldMapping:
    """Return a connector's mapping; compiled again only where its content or its definition changed.

    Raises:
        MappingErrors: one or more lines are wrong.
    """
    where = connector.where
    text = repr((connector.id, connector.fingerprint, connector.parts, where.lines, where.files))
    return _compiled(_Content(text, connector), definitions)


@lru_cache(maxsize=_KEPT)
def _compiled(content: _Content, definitions: Definitions) -> FieldMapping:
    return compiled(content.connector, definitions)
