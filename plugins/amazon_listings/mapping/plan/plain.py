"""Elements that most of a payload consists of, as closures that do nothing but evaluate and convert.

They know a row and no evaluation: where there is anything to note about a value, where it is a list or not
taken, they raise, and the complete closures of the plan make the element.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from amazon_listings.mapping.plan.leaves import folded
from amazon_listings.mapping.plan.tree import Branch, Element, PlanLeaf, deciding_members
from amazon_listings.mapping.values.options import Remarked

if TYPE_CHECKING:
    from amazon_listings.mapping.expressions.rows import ItemRow
    from amazon_listings.mapping.findings import Setting

#: Makes an object of the payload; None where it has no value.
PlainMaker: TypeAlias = Callable[["ItemRow"], dict[str, Any] | None]


class NotPlain(Exception):
    """Tell that an element is not to be made here."""


class _Part(NamedTuple):
    """A member: a leaf is evaluated and converted, all else is made."""

    name: str
    evaluate: Callable[[ItemRow], Any]
    convert: Callable[[Any], Any] | None
    of_text: Callable[[str], Any] = str


def plain_element(branch: Branch, setting: Setting) -> PlainMaker | None:
    """Compile the only element of an array, or an object; None where it may take more than converting."""
    level = branch.level
    if len(branch.templates) > 1 or (level.is_array and branch.limit == 0):
        return None
    if level.language and len(setting.wanted) > 1:
        return None
    template = branch.templates[0]
    parts = _parts(template, setting)
    if parts is None:
        return None
    fixed = {
        name: folded(member)
        for name, member in template.members.items()
        if isinstance(member, PlanLeaf) and folded(member) is not None
    }
    tags: dict[str, Any] = {}
    if level.language:
        tags["language_tag"] = setting.tags.get(setting.wanted[0], "")
    if level.marketplace and level.is_array:
        tags["marketplace_id"] = setting.marketplace_id
    return _maker(parts, fixed, tags, deciding_members(template))


def _parts(template: Element, setting: Setting) -> list[_Part] | None:
    """Return the members that are made for each item; None where one takes more than converting."""
    parts = []
    for member in template.members.values():
        part = _leaf(member, template) if isinstance(member, PlanLeaf) else _below(member, setting)
        if part is None:
            return None
        if not isinstance(member, PlanLeaf) or folded(member) is None:
            parts.append(part)
    return parts


def _leaf(leaf: PlanLeaf, template: Element) -> _Part | None:
    unit_inside = leaf.converter.unit is not None and "unit" not in template.members
    if leaf.is_list or unit_inside or len(leaf.cells) != 1:
        return None
    converter = leaf.converter
    return _Part(leaf.name, leaf.cells[0].expression.evaluate, converter.convert, converter.of_text)


def _below(branch: Branch, setting: Setting) -> _Part | None:
    if branch.level.language and setting.report_missing:
        return None
    make = plain_element(branch, setting)
    if make is None:
        return None
    if not branch.level.is_array:
        return _Part(branch.name, make, None)

    def array(row: ItemRow) -> list[dict[str, Any]] | None:
        made = make(row)
        return None if made is None else [made]

    return _Part(branch.name, array, None)


def _maker(
    parts: list[_Part], fixed: dict[str, Any], tags: dict[str, Any], deciding: frozenset[str]
) -> PlainMaker:
    not_plain = NotPlain()

    def make(row: ItemRow) -> dict[str, Any] | None:
        made = fixed.copy()
        for name, evaluate, convert, of_text in parts:
            value = evaluate(row)
            if value is None or value == "":
                continue
            if convert is not None:
                if value.__class__ is str:
                    value = of_text(value)
                elif value.__class__ is list:
                    raise not_plain
                else:
                    value = convert(value)
                if value.__class__ is Remarked:
                    raise not_plain
                if value == "":
                    continue
            made[name] = value
        if deciding.isdisjoint(made) if deciding else not made:
            return None
        made.update(tags)
        return made

    return make
