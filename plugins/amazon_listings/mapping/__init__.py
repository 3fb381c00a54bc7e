"""PIM fields to Amazon attributes."""

from __future__ import annotations

from amazon_listings.mapping.expressions.compiled import (
    BadExpression,
    Expression,
    ExpressionError,
    compile_expression,
)
from amazon_listings.mapping.faults import Line, MappingErrors, MappingFault
from amazon_listings.mapping.mapping import FieldMapping, MappedItem, compile_mapping
from amazon_listings.mapping.plan.evaluation import Made

__all__ = [
    "BadExpression",
    "Expression",
    "ExpressionError",
    "FieldMapping",
    "Line",
    "Made",
    "MappedItem",
    "MappingErrors",
    "MappingFault",
    "compile_expression",
    "compile_mapping",
]
