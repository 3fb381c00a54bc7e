"""Makes the DAGs of all connectors, and raises the errors of the broken ones; `dags/` calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import get_parsing_context

from amazon_listings.airflow_adapter.configured import BrokenConnectors, declared
from amazon_listings.airflow_adapter.dag_factory import build_dag

if TYPE_CHECKING:
    from airflow.sdk import DAG


def connector_dags() -> dict[str, DAG]:
    """Return the DAG of every enabled connector by its id; in a task, only the task's own DAG."""
    wanted = get_parsing_context().dag_id
    only = wanted.removeprefix("amazon_") if wanted else None
    loaded = declared(only)
    return {
        connector.dag_id: build_dag(connector)
        for connector in loaded.connectors
        if connector.enabled and wanted in {None, connector.dag_id}
    }


def raise_for_broken_connectors() -> None:
    """Raise the messages of all broken connectors as one error; nothing in a task.

    Raises:
        BrokenConnectors: one or more are broken.
    """
    if get_parsing_context().dag_id:
        return
    broken = declared().broken
    if broken:
        raise BrokenConnectors("\n\n".join(one.text for one in broken))
