"""The connectors as they are configured now, read again when a file or a Variable changed."""

from __future__ import annotations

import threading
from functools import lru_cache
from stat import S_ISREG
from typing import TYPE_CHECKING

from fastapi import HTTPException

from amazon_listings.airflow_adapter import connections
from amazon_listings.airflow_adapter.api_server import connector_variables
from amazon_listings.connectors.loader import connector_from, load_connectors
from amazon_listings.connectors.model import BrokenConnector
from amazon_listings.ledger.connectors.keys import known_connectors
from amazon_listings.ledger.connectors.new import find_new_connector
from amazon_listings.messages import in_language
from amazon_listings.settings import settings

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector, Loaded
    from amazon_listings.ledger.connectors.new import NewConnector

#: Every connector's DAG has its id behind this.
DAG_PREFIX = "amazon_"
_LOCK = threading.Lock()
_KEPT: list[tuple[object, Loaded]] = []


class ConnectorBroken(HTTPException):
    """A connector that was asked for is broken; its reader is told why in their language."""

    def __init__(self, connector: BrokenConnector) -> None:
        super().__init__(409, connector.text)
        self.connector = connector


def configured() -> Loaded:
    """Return every connector; parsed again only where something changed since the last request.

    Raises:
        ActionRequiredError: the folder of connectors is missing or cannot be read.
    """
    folder, variables = settings().connectors, connector_variables()
    stamp = (sorted(variables.items()), _stamp(folder))
    with _LOCK:
        if not _KEPT or _KEPT[0][0] != stamp:
            with in_language(settings().language):
                _KEPT[:] = [(stamp, load_connectors(folder, variables))]
        return _KEPT[0][1]


def every_connector() -> list[Connector | BrokenConnector]:
    """Return all connectors, broken ones too, by id."""
    loaded = configured()
    return sorted([*loaded.connectors, *loaded.broken], key=lambda one: one.id)


def connector_of(dag_id: str) -> Connector:
    """Return the connector of a DAG; of one that is being made, as its document stands.

    Raises:
        ConnectorBroken: it is broken.
        HTTPException: 404, there is none.
    """
    wanted = dag_id.removeprefix(DAG_PREFIX)
    for one in every_connector():
        if one.id == wanted and dag_id.startswith(DAG_PREFIX):
            if isinstance(one, BrokenConnector):
                raise ConnectorBroken(one)
            return one
    if (new := new_connector_of(dag_id)) is not None:
        return connector_from(new.document)
    raise HTTPException(404, "web.no_such_connector")


@lru_cache(maxsize=512)
def problem_of(broken: BrokenConnector, language: str) -> str:
    """Return what is wrong with a connector, in a language: read again, which many words come from."""
    with in_language(language):
        loaded = load_connectors(settings().connectors, connector_variables(), only=broken.id)
    return next((one.text for one in loaded.broken if one.id == broken.id), broken.text)


def new_connector_of(dag_id: str) -> NewConnector | None:
    """Return the connector that is being made, if this will be its DAG; None where one of this id exists."""
    wanted = dag_id.removeprefix(DAG_PREFIX)
    if not dag_id.startswith(DAG_PREFIX) or any(one.id == wanted for one in every_connector()):
        return None
    return find_new_connector(connections.ledger(), wanted)


def keys_of(ledger: Engine) -> dict[str, str]:
    """Return the key in the ledger behind every id that a connector has or had."""
    return {name: one.key for one in known_connectors(ledger) for name in (one.current_id, *one.former_ids)}


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    try:
        paths = sorted(folder.rglob("*"))
    except OSError:
        return ()
    return tuple(filter(None, map(_stamp_of, paths)))


def _stamp_of(path: Path) -> tuple[str, int, int] | None:
    try:
        is_now = path.stat()
    except OSError:  # gone since, or a link to nothing
        return None
    return (str(path), is_now.st_mtime_ns, is_now.st_size) if S_ISREG(is_now.st_mode) else None
