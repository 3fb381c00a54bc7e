"""The filters, tests and functions of expressions, and the formula of Sales Layer each replaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.mapping.formulas import arithmetic, conditions, dates, images, regex, tables, text

if TYPE_CHECKING:
    from collections.abc import Callable

#: By name in an expression. Each takes the value first; None stands for an empty value.
FILTERS: dict[str, Callable[..., Any]] = {
    **text.FILTERS,
    **regex.FILTERS,
    **conditions.FILTERS,
    **arithmetic.FILTERS,
    **dates.FILTERS,
    **tables.FILTERS,
    **images.FILTERS,
}
TESTS: dict[str, Callable[..., bool]] = {**conditions.TESTS, **regex.TESTS, **dates.TESTS}
