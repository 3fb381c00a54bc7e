"""The DAG `amazon_approvals`: shows what waits for a person in Airflow's Required Actions.

Where rights are given per DAG, remove this file: who may answer here may answer for every connector.
"""

from __future__ import annotations

from amazon_listings.airflow_adapter.approvals_dag import approvals_dag

# Airflow parses files that mention "airflow" and "dag".
amazon_approvals = approvals_dag()
