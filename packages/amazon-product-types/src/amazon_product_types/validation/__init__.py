"""Validate payloads: verdicts, and issues that a person understands."""

from amazon_product_types.document import DefinitionError, parse_definition
from amazon_product_types.validation.amazon import amazon_issues
from amazon_product_types.validation.issue import Issue, Origin
from amazon_product_types.validation.merging import merge_issues
from amazon_product_types.validation.validator import Validator, compile_definition

__all__ = [
    "DefinitionError",
    "Issue",
    "Origin",
    "Validator",
    "amazon_issues",
    "compile_definition",
    "merge_issues",
    "parse_definition",
]
