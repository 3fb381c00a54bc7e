"""What the parts of an expression are: values, or records that have to be asked for their members."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from amazon_listings.mapping.expressions.rows import ItemRow

#: A compiled part of an expression.
Part: TypeAlias = Callable[["ItemRow"], Any]


class Kind(NamedTuple):
    """What a part gives: `value`, `record`, `records`, `tables`, `loop` or `function`.

    `owner` says which records: `item`, `product`, `variant` or `variants`.
    """

    name: str
    owner: str = ""


VALUE = Kind("value")


class Variable(NamedTuple):
    """A name that the expression sets: its place among the row's variables, and what it holds."""

    place: int
    kind: Kind
