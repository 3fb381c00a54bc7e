"""The filters, tests and functions of expressions, and the formula of Sales Layer each replaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.mapping.formulas import arithmetic, conditions, dates, images, regex, tables, text

if TYPE_CHECKING:
    from collections.abc import Callable

#: By name in an expression. Each takes the value first; None stands for an empty value.
FILTERS: dict[str, Callable[..., Any]] = {}
for _part in (text, regex, conditions, arithmetic, dates, tables, images):
    FILTERS.update(_part.FILTERS)
TESTS: dict[str, Callable[..., bool]] = {}
for _part in (conditions, regex, dates):
    TESTS.update(_part.TESTS)

#: Filters and tests that are told how the source writes numbers (`notation`) or dates (`dates`).
READ_NUMBERS, READ_DATES = arithmetic.READ_NUMBERS, dates.READ_DATES
