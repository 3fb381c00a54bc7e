"""Decide what of a run may go to Amazon now, what a person has to allow first, and what is stopped."""
