"""How an expression fails: as it is written, or on one item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import TemplateSyntaxError

from amazon_listings.mapping.values.invalid import InvalidValue
from amazon_product_types.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable


class ExpressionError(InvalidValue):
    """An expression that failed on one item; its code says why, without the item."""


class UnknownPimFieldError(ExpressionError):
    """An expression that asked for a field which the item's records do not have."""


class WrongSyntax(TemplateSyntaxError):
    """A part of an expression that no mapping may have.

    Args:
        code: A code of `messages/`.
        line: The line of the expression.
        meant: Names that may have been meant, nearest first.
        facts: What its placeholders stand for.
    """

    def __init__(self, code: str, line: int | None, meant: Iterable[str] = (), **facts: object) -> None:
        super().__init__(code, line or 1)
        self.problem = Message(code, facts)
        self.meant = tuple(meant)


def failure_of(error: Exception) -> ExpressionError:
    """Return why an expression failed on an item: what was raised while it was evaluated, as a code."""
    if isinstance(error, InvalidValue):
        return ExpressionError(error.code, **error.facts)
    if isinstance(error, RecursionError):
        return ExpressionError("expression.nested_values")
    if isinstance(error, KeyError):
        return ExpressionError("expression.nothing_called", name=str(error.args[0]))
    return ExpressionError("expression.other", problem=str(error) or type(error).__name__)
