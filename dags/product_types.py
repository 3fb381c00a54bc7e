"""The daily DAG `amazon_product_types`: what Amazon changed in the product types in use."""

from __future__ import annotations

from amazon_listings.airflow_adapter.product_types_dag import product_types_dag

# Airflow parses files that mention "airflow" and "dag".
amazon_product_types = product_types_dag()
