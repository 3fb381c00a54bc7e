"""The connectors as they are configured now, read again when a file or a Variable changed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from fastapi import HTTPException

from amazon_listings.airflow_adapter.api_server import connector_variables
from amazon_listings.connectors.loader import load_connectors
from amazon_listings.connectors.model import BrokenConnector
from amazon_listings.ledger.connectors import known_connectors
from amazon_listings.settings import settings
from amazon_listings.web.access import DAG_PREFIX

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector, Loaded

_LOCK = threading.Lock()
_KEPT: list[tuple[object, Loaded]] = []


def configured() -> Loaded:
    """Return every connector; parsed again only where something changed since the last request.

    Raises:
        ActionRequiredError: the folder of connectors is missing or cannot be read.
    """
    folder, variables = settings().connectors, connector_variables()
    stamp = (sorted(variables.items()), _stamp(folder))
    with _LOCK:
        if not _KEPT or _KEPT[0][0] != stamp:
            _KEPT[:] = [(stamp, load_connectors(folder, variables))]
        return _KEPT[0][1]


def every_connector() -> list[Connector | BrokenConnector]:
    """Return all connectors, broken ones too, by id."""
    loaded = configured()
    return sorted([*loaded.connectors, *loaded.broken], key=lambda one: one.id)


def connector_of(dag_id: str) -> Connector:
    """Return the connector of a DAG.

    Raises:
        HTTPException: 404, there is none; 409, it is broken, and why.
    """
    wanted = dag_id.removeprefix(DAG_PREFIX)
    for one in every_connector():
        if one.id == wanted and dag_id.startswith(DAG_PREFIX):
            if isinstance(one, BrokenConnector):
                raise HTTPException(409, one.text)
            return one
    raise HTTPException(404, "web.no_such_connector")


def keys_of(ledger: Engine) -> dict[str, str]:
    """Return the key in the ledger behind every id that a connector has or had."""
    return {name: one.key for one in known_connectors(ledger) for name in (one.current_id, *one.former_ids)}


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    try:
        return tuple(
            (str(path), path.stat().st_mtime_ns, path.stat().st_size)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        )
    except OSError:
        return ()
