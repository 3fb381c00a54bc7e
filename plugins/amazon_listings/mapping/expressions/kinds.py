"""What the parts of an expression are: values, or records that have to be asked for their members."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from jinja2 import nodes

    from amazon_listings.mapping.expressions.rows import ItemRow
    from amazon_listings.mapping.values.notation import SourceNotation

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


class PartCompiler(Protocol):
    """What statements, filters and tests ask of the compiler that they are a part of."""

    notation: SourceNotation
    fields: dict[str, None]
    names: dict[str, Variable]

    def part(self, node: nodes.Node) -> tuple[Kind, Part]:
        """Compile any part, and say what it gives."""

    def value(self, node: nodes.Node) -> Part:
        """Compile a part that must give a value."""

    def asking(self, node: nodes.Node) -> Part:
        """Compile a part of which only the truth is asked."""

    def new_variable(self, name: str, kind: Kind) -> Variable:
        """Make room for a name that is set."""

    def reads_field(self, kind: Kind, name: object) -> None:
        """Note that a field of some record is read."""
