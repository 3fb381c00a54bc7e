"""The DAG that reads accepted listings back until it is known what became of them.

One for all connectors of `connectors.py`.
"""

from __future__ import annotations

from amazon_listings.airflow_adapter.confirm_dag import confirm_dag

dag = confirm_dag()
