"""The steps of a run, as plain functions over batches of items."""
