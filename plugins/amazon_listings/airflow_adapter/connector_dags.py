"""Makes the DAGs of all connectors, and raises the errors of the broken ones; `dags/` calls it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airflow.sdk import get_parsing_context
from airflow.sdk.configuration import conf

from amazon_listings.airflow_adapter import bundle_config
from amazon_listings.airflow_adapter.configured import BrokenConnectors, declared
from amazon_listings.airflow_adapter.dag_factory import build_broken_dag, build_dag

if TYPE_CHECKING:
    from airflow.sdk import DAG

    from amazon_listings.connectors.model import Loaded

#: What Airflow takes for the id of a DAG.
_DAG_ID = re.compile(r"[A-Za-z0-9_.-]{1,250}")
#: What the id of a connector's DAG begins with.
_PREFIX = "amazon_"


def connector_dags() -> dict[str, DAG]:
    """Return the DAG of every enabled connector by its id; in a task, only the task's own DAG.

    None where the connectors' DAG bundle makes them.
    """
    if wanted := get_parsing_context().dag_id:
        return own_dag(wanted)
    return {} if has_bundle() else dags_of(declared())


def raise_for_broken_connectors() -> None:
    """Raise the messages of all broken connectors as one error; nothing in a task.

    Nor does it where the connectors' DAG bundle raises them.

    Raises:
        BrokenConnectors: one or more are broken.
    """
    if not get_parsing_context().dag_id and not has_bundle():
        raise_for(declared())


def own_dag(dag_id: str) -> dict[str, DAG]:
    """Return the DAG of that id, if it is a connector's; no other connector is read."""
    if not dag_id.startswith(_PREFIX):
        return {}
    dags = dags_of(declared(dag_id.removeprefix(_PREFIX)))
    return {dag_id: dags[dag_id]} if dag_id in dags else {}


def dags_of(loaded: Loaded) -> dict[str, DAG]:
    """Return the DAG of every enabled connector by its id.

    A connector whose Variable is broken keeps a DAG that says so.
    """
    dags = {connector.dag_id: build_dag(connector) for connector in loaded.connectors if connector.enabled}
    for broken in loaded.broken:
        dag_id = f"{_PREFIX}{broken.id}"
        # A broken file is corrected where it is deployed; a Variable by people who look here.
        if broken.where.variable is not None and _DAG_ID.fullmatch(dag_id):
            dags[dag_id] = build_broken_dag(broken)
    return dags


def raise_for(loaded: Loaded) -> None:
    """Raise the messages of the broken connectors as one error.

    Raises:
        BrokenConnectors: one or more are broken.
    """
    if loaded.broken:
        raise BrokenConnectors("\n\n".join(one.text for one in loaded.broken))


def has_bundle() -> bool:
    """Return whether Airflow is configured to take the connectors' DAGs from their bundle.

    Raises:
        BundleTwice: it is configured more than once.
        FilesWrong: it is configured with a number of files that it cannot have.
    """
    return bundle_config.has_bundle(conf.getjson("dag_processor", "dag_bundle_config_list", fallback=[]))
