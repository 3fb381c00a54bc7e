"""Arithmetic of expressions: exact in decimals, and never larger than a price or a size can be."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from amazon_listings.mapping.formulas.limits import TooLarge
from amazon_listings.mapping.values.quantities import json_number

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_BITS = 256


def computed(operator: str, left: Any, right: Any) -> Any:
    """`left operator right` as JSON writes it; empty where either is.

    Raises:
        TypeError: not both are numbers.
        TooLarge: the result is larger than any quantity.
    """
    if left is None or right is None:
        return None
    for value in (left, right):
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise TypeError(f"{operator} needs numbers, not {kind(value)}; use the filter `number` first")
    if isinstance(left, int) and isinstance(right, int) and operator in {"*", "**"}:
        bits = left.bit_length() * right if operator == "**" else left.bit_length() + right.bit_length()
        if bits > _MOST_BITS:
            raise TooLarge("the number is too large")
    a, b = Decimal(str(left)), Decimal(str(right))
    try:
        return json_number(_OPERATIONS[operator](a, b))
    except (InvalidOperation, OverflowError):
        raise TooLarge(f"{left} {operator} {right} cannot be computed") from None
    except ZeroDivisionError:
        raise ZeroDivisionError(f"{left} divided by zero") from None


_OPERATIONS: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
}


def kind(value: Any) -> str:
    """What a value is, in words."""
    names = {str: "text", list: "a list", dict: "a row", int: "a number", float: "a number", bool: "yes/no"}
    return names.get(type(value), "this")
