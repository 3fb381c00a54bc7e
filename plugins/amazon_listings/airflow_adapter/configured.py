"""The connectors as they are configured now: files of the folder, and Airflow Variables over them."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from airflow.sdk import Variable

from amazon_listings.connectors.declaration import VARIABLE_PREFIX
from amazon_listings.connectors.loader import load_connectors
from amazon_listings.errors import ActionRequiredError
from amazon_listings.settings import settings

if TYPE_CHECKING:
    from amazon_listings.connectors.model import Connector, Loaded


#: How Airflow spells a Variable of the environment.
_IN_ENVIRONMENT = f"AIRFLOW_VAR_{VARIABLE_PREFIX}".upper()


class BrokenConnectors(ActionRequiredError):
    """At least one connector cannot be used; the message is that of each."""


def declared(only: str | None = None) -> Loaded:
    """The connectors of the folder and of the Variables, or just one of them.

    The Variables come from Airflow's API, in a DAG file as in a task; never from its database.
    """
    names = _variable_names() if only is None else [f"{VARIABLE_PREFIX}{only}"]
    found = ((name, Variable.get(name, default=None)) for name in names)
    variables = {name: text for name, text in found if text is not None}
    return load_connectors(settings().connectors, variables, only=only)


def _variable_names() -> list[str]:
    """Names of the Variables that declare connectors: those that Airflow lists, and the environment's.

    Airflow gives a Variable of the environment when asked for it by name, but lists only its database.
    """
    names = {
        name.removeprefix("AIRFLOW_VAR_").lower() for name in os.environ if name.startswith(_IN_ENVIRONMENT)
    }
    # `airflow dags list --local`, `airflow dags test` and the like parse without the supervisor that hands
    # out Variables; Airflow itself then knows only those of the environment.
    with suppress(ImportError):
        names.update(Variable.keys(prefix=VARIABLE_PREFIX))
    return sorted(names)


def connector_named(connector_id: str) -> Connector:
    """The connector of that id, as it is configured now.

    Raises:
        BrokenConnectors: it does not exist any more, or it is broken; the message says why.
    """
    loaded = declared(only=connector_id)
    if loaded.broken:
        raise BrokenConnectors(loaded.broken[0].text)
    for connector in loaded.connectors:
        if connector.id == connector_id:
            return connector
    raise BrokenConnectors(
        "airflow.connector_gone",
        connector_id=connector_id,
        connectors=settings().connectors,
        variable_prefix=VARIABLE_PREFIX,
    )
