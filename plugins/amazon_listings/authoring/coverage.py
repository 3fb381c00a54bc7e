"""How much of a product type a mapping fills: by level of requirement, and field by field."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.mapping.values.value import is_empty
from amazon_product_types.matching import chain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amazon_listings.item import Item
    from amazon_listings.mapping.faults import Line
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_product_types.fields import Field

#: What a constant reads.
_NO_ROW: Any = None

LEVELS = ("required", "conditional", "recommended", "optional")


class Covered(NamedTuple):
    """One field: whether a line fills it, which, and in how many items it has a value."""

    path: str
    label: str
    requirement: str
    needed_alone: bool
    condition: str
    mapped: bool
    line: int | None
    key: str
    with_value: int


class Coverage(NamedTuple):
    """The coverage of a product type by a mapping; `items` were mapped to find out.

    A parent of a family, which the mapping makes, is not counted.
    """

    items: int
    fields: tuple[Covered, ...]

    def share(self, one: Covered) -> float | None:
        """The share of items with a value, from 0 to 1; None without items."""
        return one.with_value / self.items if self.items else None

    def levels(self) -> dict[str, tuple[int, int]]:
        """For each level of requirement, how many of its fields are mapped, and how many there are."""
        return {
            level: (
                sum(one.mapped for one in self.fields if one.requirement == level),
                sum(one.requirement == level for one in self.fields),
            )
            for level in LEVELS
        }

    def to_dict(self) -> dict[str, Any]:
        """The coverage as JSON."""
        return {
            "items": self.items,
            "levels": {
                level: {"mapped": mapped, "fields": count} for level, (mapped, count) in self.levels().items()
            },
            "fields": [one._asdict() | {"share": self.share(one)} for one in self.fields],
        }


def coverage(fields: Iterable[Field], mapping: FieldMapping, items: Iterable[Item]) -> Coverage:
    """Map items and count which fields get a value; memory does not grow with their number.

    Args:
        fields: The fields of the product type.
        mapping: The compiled mapping.
        items: The items, families together.
    """
    lines = _lines(mapping)
    count = 0
    filled: Counter[str] = Counter()
    for _, family in groupby(items, key=lambda item: item["group"]):
        members = list(family)
        siblings = [item["variant"] for item in members if item["variant"]]
        for item in mapping.expand_family(members):
            if item.get("role") == "parent":
                continue
            count += 1
            filled.update(set(_paths(mapping.apply(item, siblings=siblings).attributes)))
    found = [
        Covered(
            item.path,
            chain(item.labels),
            item.requirement,
            item.needed_alone,
            item.condition,
            item.path in lines,
            lines[item.path].number if item.path in lines else None,
            lines[item.path].key if item.path in lines else "",
            filled[item.path],
        )
        for item in fields
    ]
    return Coverage(count, tuple(sorted(found, key=lambda one: LEVELS.index(one.requirement))))


def _lines(mapping: FieldMapping) -> dict[str, Line]:
    """The line that fills each field, by its path; a line that is left empty fills nothing."""
    found: dict[str, Line] = {}
    for branch in mapping.plan.values():
        for template in branch.templates:
            for leaf in template.leaves():
                if leaf.constant and all(is_empty(cell.expression.evaluate(_NO_ROW)) for cell in leaf.cells):
                    continue
                line = leaf.cells[0].line
                found[leaf.field.path] = line
                if leaf.field.unit:
                    found.setdefault(leaf.field.unit, line)  # read from the value, where no line says it
    return found


def _paths(value: object, above: str = "") -> Iterator[str]:
    """The dotted path of every value in a payload, without array marks."""
    if isinstance(value, dict):
        for name, below in value.items():
            yield from _paths(below, f"{above}.{name}" if above else name)
    elif isinstance(value, list):
        for below in value:
            yield from _paths(below, above)
    elif above:
        yield above
