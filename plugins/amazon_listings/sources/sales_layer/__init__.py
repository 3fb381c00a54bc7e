"""Sales Layer, by either of its APIs."""
