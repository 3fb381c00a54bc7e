"""Operators of expressions: exact in decimals, and never larger than a price or a size can be."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from amazon_listings.mapping.formulas.limits import TooLarge, check_list, check_text
from amazon_listings.mapping.values.invalid import InvalidValue
from amazon_listings.mapping.values.quantities import json_number
from amazon_product_types.messages import message

if TYPE_CHECKING:
    from collections.abc import Callable

    from amazon_listings.mapping.values.value import Value
    from amazon_product_types.messages import Message

_MOST_BITS = 256
_KINDS = {
    str: "text", list: "list", dict: "row", int: "number", float: "number", bool: "truth",
    type(None): "empty",
}  # fmt: skip


def computed(operator: str, left: Value, right: Value) -> Value:
    """Return `left operator right` as JSON writes it; empty where either is.

    `+` also joins two texts or two lists.

    Raises:
        InvalidValue: the operator does not take such values.
        TooLarge: the result is larger than any quantity.
    """
    if operator == "+" and isinstance(left, str) and isinstance(right, str):
        check_text(len(left) + len(right))
        return left + right
    if operator == "+" and isinstance(left, list) and isinstance(right, list):
        check_list(len(left) + len(right))
        return left + right
    if left is None or right is None:
        return None
    return _number(operator, _operand(operator, left), _operand(operator, right))


def compared(operator: str, left: Value, right: Value) -> bool:
    """Return whether `left operator right` (`eq`, `ne`, `lt`, `lteq`, `gt`, `gteq`, `in`, `notin`).

    Raises:
        InvalidValue: values of these kinds have no order, or the right one holds nothing.
    """
    try:
        return bool(_COMPARISONS[operator](left, right))
    except TypeError:
        raise InvalidValue("expression.not_comparable", left=kind(left), right=kind(right)) from None


def kind(value: object) -> Message:
    """Return what a value is, to be worded."""
    return message(f"expression.kind_{_KINDS.get(type(value), 'other')}")


def _operand(operator: str, value: Value) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidValue("expression.needs_numbers", operator=operator, kind=kind(value))
    return value


def _number(operator: str, left: float, right: float) -> int | float:
    if isinstance(left, int) and isinstance(right, int) and operator in {"*", "**"}:
        bits = left.bit_length() * right if operator == "**" else left.bit_length() + right.bit_length()
        if bits > _MOST_BITS:
            raise TooLarge("expression.large_number")
    a, b = Decimal(str(left)), Decimal(str(right))
    try:
        return json_number(_OPERATIONS[operator](a, b))
    except (InvalidOperation, OverflowError):
        raise TooLarge("expression.not_computed", computation=f"{left} {operator} {right}") from None
    except ZeroDivisionError:
        raise InvalidValue("expression.by_zero", number=left) from None


_OPERATIONS: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
}

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "lteq": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "gteq": lambda a, b: a >= b,
    "in": lambda a, b: a in b,
    "notin": lambda a, b: a not in b,
}
