"""PIM fields to Amazon attributes."""

from __future__ import annotations

from amazon_listings.mapping.expressions.compiled import (
    BadExpression,
    Expression,
    ExpressionError,
    compile_expression,
)
from amazon_listings.mapping.faults import Fault, Line, MappingErrors
from amazon_listings.mapping.mapping import Mapped, Mapping, compile_mapping
from amazon_listings.mapping.plan.evaluation import Made

__all__ = [
    "BadExpression",
    "Expression",
    "ExpressionError",
    "Fault",
    "Line",
    "Made",
    "Mapped",
    "Mapping",
    "MappingErrors",
    "compile_expression",
    "compile_mapping",
]
