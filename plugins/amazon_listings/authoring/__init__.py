"""Write a connector: proposals, a first mapping, coverage, other labels."""
