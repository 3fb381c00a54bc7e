"""The connectors as they are configured now: files of the folder, and Airflow Variables over them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from amazon_listings.airflow_adapter import environment
from amazon_listings.connectors.loader import load_connectors, load_share
from amazon_listings.connectors.texts import VARIABLE_PREFIX, environment_variables
from amazon_listings.errors import ActionRequiredError, RetryableError
from amazon_listings.messages import in_language
from amazon_listings.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amazon_listings.connectors.model import Connector, Loaded
    from amazon_listings.connectors.shares import Index, Share


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
    with in_language(settings().language):
        return load_connectors(settings().connectors, _Variables(prefix), only=only)


def declared_in_share(share: Share, index: Index) -> Loaded:
    """Return the connectors of a share, of the folder and of the Variables.

    Args:
        share: The share.
        index: The index of the folder as it is now.

    Raises:
        VariableUnreadable: a Variable that is there cannot be read.
    """
    with in_language(settings().language):
        return load_share(settings().connectors, _Variables(VARIABLE_PREFIX), share, index)


class _Variables(Mapping[str, str]):
    """The Variables of connectors; each is read when it is first asked for, which takes Airflow 17 ms.

    Args:
        prefix: What their names begin with: all connectors' or one's.
    """

    def __init__(self, prefix: str) -> None:
        self._listed = _listed(prefix)
        # Airflow does not list the environment's.
        beside = environment_variables().keys() if prefix == VARIABLE_PREFIX else {prefix}
        self._names = self._listed | beside
        self._texts: dict[str, str | None] = {}

    def __getitem__(self, name: str) -> str:
        if name not in self._texts:
            known = name in self._names
            self._texts[name] = _read(name, is_listed=name in self._listed) if known else None
        text = self._texts[name]
        if text is None:
            raise KeyError(name)
        return text

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


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
