"""The plan of a mapping: which expression fills which leaf, in the shape the definition has.

`PlanLeaf`, `Element` and `Array` mirror the payload: an attribute is an `Array`, its elements follow
one or more `Element` templates, their members are leaves, objects or arrays again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Union

from amazon_product_types.definition import ENGINE_MEMBERS

if TYPE_CHECKING:
    from amazon_listings.mapping.expressions.compiled import Expression
    from amazon_listings.mapping.faults import Line
    from amazon_listings.mapping.values.conversion import Converter, Treatment
    from amazon_product_types.fields import Field, Level

#: Leaves that are what their element is about: without them the element says nothing.
MAIN_LEAVES = ("value", "value_with_tax", "media_location")
#: Leaves that only qualify others: alone they make no element.
_QUALIFIERS = frozenset(("unit", "currency", "type", "audience", "discount_type"))


@dataclass(frozen=True, eq=False)
class Cell:
    """One value for a leaf, from one line of the mapping."""

    expression: Expression
    line: Line
    treatment: Treatment


@dataclass(eq=False)
class PlanLeaf:
    """A leaf and what fills it; several cells are several values."""

    field: Field
    cells: list[Cell]
    converter: Converter

    @property
    def name(self) -> str:
        """Name of the member."""
        return self.field.levels[-1].name

    @property
    def is_list(self) -> bool:
        """Whether the leaf itself is a list of plain values."""
        return self.field.levels[-1].is_array

    @property
    def constant(self) -> bool:
        """Whether no PIM field has a say."""
        return all(cell.expression.constant for cell in self.cells)

    @property
    def is_main(self) -> bool:
        """Whether the element is about this leaf."""
        return self.name in MAIN_LEAVES

    @property
    def qualifies(self) -> bool:
        """Whether this leaf only says something about another."""
        selectors = self.field.levels[-2].selectors if len(self.field.levels) > 1 else ()
        return not self.is_main and (self.name in _QUALIFIERS or self.name in selectors)


@dataclass(eq=False)
class Element:
    """The members of an object. `columns` are the leaves whose lists repeat it."""

    members: dict[str, Node] = field(default_factory=dict)
    columns: tuple[PlanLeaf, ...] = ()

    def leaves(self) -> list[PlanLeaf]:
        """Return every leaf below, whatever the depth."""
        found: list[PlanLeaf] = []
        for member in self.members.values():
            if isinstance(member, PlanLeaf):
                found.append(member)
            else:
                for element in member.templates:
                    found += element.leaves()
        return found


@dataclass(eq=False)
class Branch:
    """An array (or an object, which has one element): `templates` are the elements it gets."""

    level: Level
    templates: list[Element]

    @property
    def name(self) -> str:
        """Name of the member."""
        return self.level.name

    @property
    def limit(self) -> int | None:
        """How many elements with the same selectors fit, None for any number."""
        limits = [limit for limit in (self.level.max_items, self.level.max_unique) if limit is not None]
        return min(limits, default=None)

    @property
    def repeats(self) -> bool:
        """Whether several elements (of one language) may stand here."""
        return repeats(self.level)


Node = Union[PlanLeaf, Branch]  # noqa: UP007 - a forward reference between dataclasses


def deciding_members(template: Element) -> frozenset[str]:
    """Return the members of which one must have a value for the element to be worth sending.

    Empty PIM fields must not leave a lonely unit behind: the value beside it decides. Without a
    value among the members, those that do not only qualify decide; empty means all are constants.
    """
    members = template.members.items()
    mains = frozenset(name for name, member in members if isinstance(member, PlanLeaf) and member.is_main)
    if mains:
        return mains
    driven = frozenset(name for name, member in members if not _constant(member))
    if not driven:
        return driven
    speaking = frozenset(
        name for name, member in members if not _qualifies(member) and (name in driven or _is_amount(member))
    )
    return speaking or driven


def deciding_cell(plan: Branch) -> tuple[PlanLeaf, Cell] | None:
    """Return the leaf and cell that speak for an attribute: the first that reads the PIM."""
    leaves = [leaf for template in plan.templates for leaf in template.leaves() if not leaf.constant]
    return (leaves[0], leaves[0].cells[0]) if leaves else None


def _qualifies(member: PlanLeaf | Branch) -> bool:
    return isinstance(member, PlanLeaf) and member.qualifies


def _is_amount(member: PlanLeaf | Branch) -> bool:
    """Return whether a nested member holds a value of its own: a price that the mapping states."""
    if isinstance(member, PlanLeaf):
        return False
    return any(leaf.is_main for template in member.templates for leaf in template.leaves())


def _constant(member: PlanLeaf | Branch) -> bool:
    if isinstance(member, PlanLeaf):
        return member.constant
    return all(leaf.constant for template in member.templates for leaf in template.leaves())


def repeats(level: Level) -> bool:
    """Return whether several elements (of one language) may stand at a level."""
    if not level.is_array:
        return False
    limits = [limit for limit in (level.max_items, level.max_unique) if limit is not None]
    if not limits or min(limits) > 1:
        return True
    return level.max_items is None and bool(set(level.selectors) - ENGINE_MEMBERS)


def spread_depth(leaf: PlanLeaf) -> int:
    """Return the depth (names from the attribute) of the array that a list of values repeats."""
    levels = leaf.field.levels[:-1]
    arrays = [depth for depth, level in enumerate(levels, 1) if level.is_array]
    return next((depth for depth in reversed(arrays) if repeats(levels[depth - 1])), arrays[-1])
