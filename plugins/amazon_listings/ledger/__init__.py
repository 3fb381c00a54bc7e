"""The database of what was sent, what came back, and what each run did."""
