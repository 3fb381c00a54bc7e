"""Makes the DAGs of all connectors, and raises the errors of the broken ones; `dags/` calls it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airflow.sdk import get_parsing_context

from amazon_listings.airflow_adapter.configured import BrokenConnectors, declared
from amazon_listings.airflow_adapter.dag_factory import build_broken_dag, build_dag

if TYPE_CHECKING:
    from airflow.sdk import DAG

#: What Airflow takes for the id of a DAG.
_DAG_ID = re.compile(r"[A-Za-z0-9_.-]{1,250}")


def connector_dags() -> dict[str, DAG]:
    """Return the DAG of every enabled connector by its id; in a task, only the task's own DAG.

    A connector whose Variable is broken keeps a DAG that says so.
    """
    wanted = get_parsing_context().dag_id
    only = wanted.removeprefix("amazon_") if wanted else None
    loaded = declared(only)
    dags = {
        connector.dag_id: build_dag(connector)
        for connector in loaded.connectors
        if connector.enabled and wanted in {None, connector.dag_id}
    }
    for broken in loaded.broken:
        dag_id = f"amazon_{broken.id}"
        # A broken file is corrected where it is deployed; a Variable by people who look here.
        if broken.where.variable is not None and _DAG_ID.fullmatch(dag_id) and wanted in {None, dag_id}:
            dags[dag_id] = build_broken_dag(broken)
    return dags


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
