"""Running the plan the quick way: plain functions for the usual case.

Whatever is not usual (a list where one value stands, a value that does not fit, a note, a text in
another language, too many elements) raises `NotUsual`, and the attribute is made again by `Work`,
which is complete. A property test holds the two together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.mapping.plan.direct import ExpressionError
from amazon_listings.mapping.plan.tree import Branch, Element, Leaf, deciding_members
from amazon_listings.mapping.values.options import Inconvertible, LeftOut

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from amazon_listings.mapping.expressions.rows import Row
    from amazon_listings.mapping.findings import Setting


class NotUsual(Exception):
    """This value needs the complete way."""


#: What sends an attribute to the complete way.
UNUSUAL = (NotUsual, Inconvertible, ExpressionError)


def quick(plan: Branch, setting: Setting) -> Callable[[Sequence[Row]], list[dict[str, Any]] | None] | None:
    """A function that makes an attribute's elements from the item's rows (one per language).

    None if the plan is never usual. The function raises one of `UNUSUAL` where this item is not.
    """
    made = _array(plan, setting)
    if made is None or setting.fallback is None:
        return made

    def without_borrowed(rows: Sequence[Row]) -> Any:
        if any(row.borrowed for row in rows):
            raise NotUsual
        return made(rows)

    return without_borrowed


def _array(plan: Branch, setting: Setting) -> Callable[[Sequence[Row]], Any] | None:
    if len(plan.templates) != 1 or plan.limit == 0:
        return None
    template = plan.templates[0]
    members = list(template.members.values())
    if len(members) == 1 and isinstance(members[0], Leaf) and not members[0].is_list:
        one = _lone_leaf(members[0], plan, setting)
    else:
        made = _object(template, setting)
        if made is None:
            return None
        one = _element(made, plan, setting)
    if not plan.level.language or (len(setting.wanted) == 1 and not setting.report_missing):
        return one
    missing = setting.report_missing

    def by_language(rows: Sequence[Row]) -> Any:
        found: list[Any] = []
        for row in rows:
            elements = one((row,))
            if elements:
                found += elements
            elif missing:
                raise NotUsual
        return found or None

    return by_language


def _element(
    made: Callable[[Sequence[Row]], Any], plan: Branch, setting: Setting
) -> Callable[[Sequence[Row]], Any]:
    language, tags = plan.level.language, setting.tags
    market = {"marketplace_id": setting.marketplace_id} if plan.level.marketplace else {}

    def element(rows: Sequence[Row]) -> Any:
        found = made(rows)
        if found is None:
            return None
        if language:
            found["language_tag"] = tags[rows[0].language]
        found.update(market)
        return [found]

    return element


def _lone_leaf(leaf: Leaf, plan: Branch, setting: Setting) -> Callable[[Sequence[Row]], Any]:
    """The most usual attribute: elements of one value each."""
    convert, limit = leaf.converter.convert, plan.limit
    evaluators = [cell.expression.evaluate for cell in leaf.cells]
    first = evaluators[0]
    alone = len(evaluators) == 1
    wrapped = _wrapping(leaf.name, plan, setting)

    def one(rows: Sequence[Row]) -> Any:
        row = rows[0]
        value = first(row) if alone else [evaluate(row) for evaluate in evaluators]
        if value is None or value == "":
            return None
        if type(value) is not list:
            converted = convert(value)
            if converted == "" or type(converted) is LeftOut:
                raise NotUsual
            return [wrapped(converted, row)]
        values = [convert(one) for one in value if one is not None and one != ""]
        if (limit is not None and len(values) > limit) or "" in values or LeftOut in map(type, values):
            raise NotUsual
        return [wrapped(converted, row) for converted in values] or None

    return one


def _wrapping(name: str, plan: Branch, setting: Setting) -> Callable[[Any, Row], dict[str, Any]]:
    """A function that makes an element of one value."""
    tags, market = setting.tags, setting.marketplace_id
    if plan.level.language and plan.level.marketplace:
        return lambda value, row: {name: value, "language_tag": tags[row.language], "marketplace_id": market}
    if plan.level.language:
        return lambda value, row: {name: value, "language_tag": tags[row.language]}
    if plan.level.marketplace:
        return lambda value, _row: {name: value, "marketplace_id": market}
    return lambda value, _row: {name: value}


def _object(template: Element, setting: Setting) -> Callable[[Sequence[Row]], dict[str, Any] | None] | None:
    constants: dict[str, Any] = {}
    makers: list[tuple[str, Callable[[Sequence[Row]], Any]]] = []
    for name, member in template.members.items():
        if isinstance(member, Leaf) and member.constant:
            constants[name] = _constant(member)
            if constants[name] is None:
                return None
            continue
        made = _member(member, setting)
        if made is None:
            return None
        makers.append((name, made))
    deciding = deciding_members(template)
    # A constant decides for the element as it stands; without any, everything hangs on the makers.
    always = not deciding or any(name in constants for name in deciding)

    def element(rows: Sequence[Row]) -> dict[str, Any] | None:
        found = constants.copy()
        for name, make in makers:
            value = make(rows)
            if value is not None:
                found[name] = value
        if always or not deciding.isdisjoint(found):
            return found or None
        return None

    return element


def _member(member: Leaf | Branch, setting: Setting) -> Callable[[Sequence[Row]], Any] | None:
    if isinstance(member, Leaf):
        return None if member.is_list or len(member.cells) != 1 else _leaf(member)
    return _array(member, setting) if member.level.is_array else _inner(member, setting)


def _constant(leaf: Leaf) -> Any:
    """A constant as it is sent; None if it needs the complete way."""
    if leaf.is_list or len(leaf.cells) != 1:
        return None
    try:
        value = leaf.converter.convert(leaf.cells[0].expression.evaluate(None))  # type: ignore[arg-type]
    except Inconvertible:
        return None
    return None if value == "" or isinstance(value, LeftOut) else value


def _inner(member: Branch, setting: Setting) -> Callable[[Sequence[Row]], Any] | None:
    made = _object(member.templates[0], setting)
    if made is None or not member.level.language:
        return made
    tags = setting.tags

    def tagged(rows: Sequence[Row]) -> Any:
        found = made(rows)
        if found is not None:
            found["language_tag"] = tags[rows[0].language]
        return found

    return tagged


def _leaf(leaf: Leaf) -> Callable[[Sequence[Row]], Any]:
    evaluate, convert = leaf.cells[0].expression.evaluate, leaf.converter.convert

    def made(rows: Sequence[Row]) -> Any:
        value = evaluate(rows[0])
        if value is None or value == "":
            return None
        if type(value) is list:
            raise NotUsual
        converted = convert(value)
        if type(converted) is LeftOut:
            raise NotUsual
        return None if converted == "" else converted

    return made
