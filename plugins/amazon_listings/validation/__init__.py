"""Is this payload right? Issues a person understands. Stands alone: imports nothing else of the project."""

from amazon_listings.validation.issue import Issue, Origin

__all__ = ["Issue", "Origin"]
