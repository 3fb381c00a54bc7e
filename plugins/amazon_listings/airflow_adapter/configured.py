"""The connectors as they are configured now: files of the folder, and Airflow Variables over them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from amazon_listings.airflow_adapter import environment
from amazon_listings.connectors.loader import load_connectors
from amazon_listings.connectors.texts import VARIABLE_PREFIX, environment_variables
from amazon_listings.errors import ActionRequiredError, RetryableError
from amazon_listings.messages import in_language
from amazon_listings.settings import settings

if TYPE_CHECKING:
    from amazon_listings.connectors.model import Connector, Loaded


class VariableUnreadable(RetryableError):
    """Airflow does not give a Variable that it has; without it a connector may be another one."""


class BrokenConnectors(ActionRequiredError):
    """At least one connector cannot be used; the message is that of each."""


def declared(only: str | None = None) -> Loaded:
    """Return the connectors of the folder and of the Variables, or just one of them.

    The Variables come from Airflow's API, in a DAG file as in a task; never from its database.

    Raises:
        VariableUnreadable: a Variable that is there cannot be read.
    """
    prefix = VARIABLE_PREFIX if only is None else f"{VARIABLE_PREFIX}{only}"
    listed = _listed(prefix)
    # Airflow does not list the environment's.
    names = listed | environment_variables().keys() if only is None else {prefix}
    found = ((name, _read(name, is_listed=name in listed)) for name in sorted(names))
    variables = {name: text for name, text in found if text is not None}
    with in_language(settings().language):
        return load_connectors(settings().connectors, variables, only=only)


def variable(name: str) -> str | None:
    """Return the text of a Variable; None if there is none.

    Raises:
        VariableUnreadable: Airflow lists it, or cannot list it, and does not give it.
    """
    return _read(name, is_listed=name in _listed(name))


def _read(name: str, *, is_listed: bool) -> str | None:
    """Return the text of a Variable; None if there is none.

    Airflow gives the default for a Variable that it could not read, too: what it has just listed is there.
    """
    text: str | None = environment.variable(name)
    if text is not None or not _asks_airflow():
        return text
    from airflow.sdk import Variable  # noqa: PLC0415 - takes seconds

    text = Variable.get(name, default=None)
    if text is None and is_listed and name in _listed(name):
        raise VariableUnreadable("airflow.variable_unreadable", name=name)
    return text


def _listed(prefix: str) -> set[str]:
    """Return the names of the Variables in Airflow's database that begin so.

    Raises:
        VariableUnreadable: Airflow does not say.
    """
    if not _asks_airflow():
        return set()
    from airflow.sdk import Variable  # noqa: PLC0415 - takes seconds
    from airflow.sdk.exceptions import AirflowRuntimeError  # noqa: PLC0415

    # `airflow dags list --local`, `airflow dags test` and the like parse without the supervisor that hands
    # out Variables; Airflow itself then knows only those of the environment and of secrets backends.
    with suppress(ImportError):
        try:
            return set(Variable.keys(prefix=prefix))
        except AirflowRuntimeError as error:
            raise VariableUnreadable("airflow.variables_unlisted", prefix=prefix) from error
    return set()


def _asks_airflow() -> bool:
    """Return whether there is an Airflow that may have Variables."""
    return environment.airflow_is_imported() or environment.has_airflow()


def unambiguous(connector: Connector) -> Connector:
    """Return the connector, if no other one has, or claims, an id that it had before.

    Only a look at all connectors shows that, which tasks leave to the parsing of DAG files.

    Raises:
        BrokenConnectors: another one does; the message names both.
    """
    if connector.was:
        for one in declared().broken:
            if one.id == connector.id:
                raise BrokenConnectors(one.text)
    return connector


def connector_named(connector_id: str) -> Connector:
    """Return the connector of that id, as it is configured now.

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
