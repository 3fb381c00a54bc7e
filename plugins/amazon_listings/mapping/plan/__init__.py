"""The plan of a mapping: which expression fills which leaf, and its evaluation."""
