"""What an expression reads, known from its text alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Reads:
    """The PIM fields that expressions read, by the record they are read from.

    `item` are fields of the variant over its product. `any_field`: a name is only known when an item is
    there (`item[name]`), so every field may be read. `tables` are the related tables.
    """

    item: frozenset[str] = field(default=frozenset())
    product: frozenset[str] = field(default=frozenset())
    variant: frozenset[str] = field(default=frozenset())
    variants: frozenset[str] = field(default=frozenset())
    tables: frozenset[str] = field(default=frozenset())
    any_field: bool = False

    @property
    def fields(self) -> frozenset[str]:
        """The names of the fields, whichever record they are read from."""
        return self.item | self.product | self.variant | self.variants


def all_reads(parts: Iterable[Reads]) -> Reads:
    """Return what several expressions read together."""
    every = list(parts)
    return Reads(
        item=frozenset().union(*(one.item for one in every)),
        product=frozenset().union(*(one.product for one in every)),
        variant=frozenset().union(*(one.variant for one in every)),
        variants=frozenset().union(*(one.variants for one in every)),
        tables=frozenset().union(*(one.tables for one in every)),
        any_field=any(one.any_field for one in every),
    )
