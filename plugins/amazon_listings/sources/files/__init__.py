"""Products from CSV, Excel, JSON and Parquet files."""
