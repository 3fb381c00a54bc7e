"""Shows broken connectors as an import error, so that a missing DAG has a reason.

It is a file of its own because Airflow removes every DAG of a file that has an import error.
"""

from __future__ import annotations

from amazon_listings.airflow_adapter.connector_dags import raise_for_broken_connectors

# Airflow parses files that mention "airflow" and "dag"; this one defines no DAG.
raise_for_broken_connectors()
