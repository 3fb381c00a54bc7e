"""Is this payload right? Issues a person understands. Stands alone: imports nothing else of the project."""

from amazon_listings.validation.definition import Definition, compile_definition
from amazon_listings.validation.document import DefinitionError, parse_definition
from amazon_listings.validation.issue import Issue, Origin

__all__ = ["Definition", "DefinitionError", "Issue", "Origin", "compile_definition", "parse_definition"]
