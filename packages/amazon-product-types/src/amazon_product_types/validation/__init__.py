"""Is this payload right? Issues a person understands. Stands alone: imports nothing else of the project."""

from amazon_product_types.validation.amazon import amazon_issues
from amazon_product_types.validation.definition import Definition, compile_definition
from amazon_product_types.validation.document import DefinitionError, parse_definition
from amazon_product_types.validation.issue import Issue, Origin
from amazon_product_types.validation.merging import merge_issues

__all__ = [
    "Definition",
    "DefinitionError",
    "Issue",
    "Origin",
    "amazon_issues",
    "compile_definition",
    "merge_issues",
    "parse_definition",
]
