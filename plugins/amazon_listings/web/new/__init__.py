"""The page of a new connector."""
