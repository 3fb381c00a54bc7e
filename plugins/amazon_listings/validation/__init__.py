"""Is this payload right? Issues a person understands. Stands alone: imports nothing else of the project."""
