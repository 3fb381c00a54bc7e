"""The workbench: pages of connectors, items, issues and fields inside Airflow, and the same data as JSON."""
