"""What a connector is, and loading it from files and Airflow Variables."""
