"""Everything that Airflow sees: hooks, connection types, the DAG factory."""
