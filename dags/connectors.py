"""One DAG per configured connector.

Connectors are files in `include/connectors/` and Airflow Variables `amazon_connector_<id>`. One that
is broken is left out here and shown as the import error of `connector_errors.py`.
"""

from __future__ import annotations

from amazon_listings.airflow_adapter.connector_dags import connector_dags

globals().update(connector_dags())
