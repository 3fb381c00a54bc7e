"""Split a listing's attributes into leaves, and join them again.

A leaf is the smallest part of a listing that is owned and changed by itself: a property of the element
that its selector values identify. Elements that share all selector values (bullet points), and lists
without selectors (price schedules), are one leaf, because Amazon keeps them only as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from amazon_listings.selling_partner.content.comparison import same
from amazon_product_types.definition import Definition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from amazon_listings.marketplaces import Marketplace

Element = dict[str, Any]
Attributes = dict[str, list[Element]]
Scalar = str | int | float | bool
#: What identifies an element among its neighbours: name and value of each selector, by name.
Selection = tuple[tuple[str, Scalar], ...]
#: Where an element stands: attribute, selectors, and the way to it inside other elements.
Place = tuple[Any, ...]
Made = dict[Place, Element]

MARKETPLACE = "marketplace_id"


class Leaf(msgspec.Struct, frozen=True, gc=False):
    """The address of a leaf; the same for any order of elements and keys.

    Args:
        marketplace_id: The marketplace, None where the attribute has no `marketplace_id` among its
            selectors: it belongs to the SKU in the whole account and region.
        attribute: The attribute.
        selectors: The other selectors of its element.
        path: The way from the element to the value: a property's name, or the selectors of an element
            of a nested list. Empty if the leaf is all elements of these selectors.
    """

    marketplace_id: str | None
    attribute: str
    selectors: Selection = ()
    path: tuple[str | Selection, ...] = ()

    def __str__(self) -> str:
        selection = self.selectors
        if self.marketplace_id is not None:
            selection = ((MARKETPLACE, self.marketplace_id), *selection)
        text = self.attribute + _selection_text(selection)
        for step in self.path:
            text += f"/{step}" if isinstance(step, str) else _selection_text(step)
        return text


class Difference(NamedTuple):
    """A leaf of one listing or of both, with its values; None where there is none."""

    leaf: Leaf
    before: Any
    after: Any


@dataclass(frozen=True)
class Layout:
    """How a value is divided into leaves.

    Args:
        selectors: Of a list: what tells its elements apart; empty for a list that is one leaf.
        single: Whether there is at most one element for the same selectors.
        properties: Of an object, or of each element of a list; a name that is missing is divided no
            further unless its value is an object.
    """

    selectors: tuple[str, ...] = ()
    single: bool = False
    properties: Mapping[str, Layout] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Layout:
        """Return the layout of a definition: its properties are those of the attributes."""
        return _layout(document, Definition(document))


_SCALAR = Layout()


def _layout(schema: Mapping[str, Any], definition: Definition, *above: int) -> Layout:
    """Return the layout of the values that a schema of the definition describes.

    Args:
        schema: The schema.
        definition: The definition.
        above: The properties that it is a part of; a schema that contains itself is divided once.
    """
    schema = definition.resolved(schema)
    items = schema.get("items")
    elements = definition.resolved(items) if isinstance(items, dict) else schema
    properties = elements.get("properties", {})
    if id(properties) in above:
        properties = {}
    return Layout(
        tuple(schema.get("selectors", ())),
        schema.get("maxUniqueItems") == 1,
        {
            name: _layout(below, definition, *above, id(properties))
            for name, below in properties.items()
            if isinstance(below, dict)  # a schema may be `true`
        },
    )


def amazon_defaults(marketplace: Marketplace) -> dict[str, Any]:
    """Return the properties that Amazon fills in where an element was sent without them."""
    return {
        "marketplace_id": marketplace.id,
        "audience": "ALL",
        "currency": marketplace.currency,
        "language_tag": marketplace.languages[0],
    }


def compare(
    before: Mapping[str, list[Element]],
    after: Mapping[str, list[Element]],
    layout: Layout,
    defaults: Mapping[str, Any] | None = None,
) -> Iterator[Difference]:
    """Return every leaf of two listings with both values, in the order of `after`, then of `before`.

    Args:
        before: Attributes of the one.
        after: Attributes of the other. An empty list is the same as no attribute.
        layout: The layout of the product type's definition.
        defaults: Selector values that Amazon fills in where an element has none.
    """
    defaults = defaults or {}
    comparison = _Comparison(defaults)
    for name in _names(after, before):
        left, right = before.get(name) or [], after.get(name) or []
        below = layout.properties.get(name, _SCALAR)
        made = None if left else _made(name, right, below, defaults)
        yield from comparison.attribute(name, left, right, below) if made is None else made


def split(
    attributes: Mapping[str, list[Element]], layout: Layout, defaults: Mapping[str, Any] | None = None
) -> dict[Leaf, Any]:
    """Return the leaves of a listing with their values."""
    return {found.leaf: found.after for found in compare({}, attributes, layout, defaults)}


def join(leaves: Mapping[Leaf, Any]) -> Attributes:
    """Return the attributes that consist of these leaves; elements state all their selectors."""
    attributes: Attributes = {}
    made: Made = {}
    for leaf, value in leaves.items():
        elements = attributes.setdefault(leaf.attribute, [])
        if not leaf.path:
            elements.extend(value)
            continue
        selection = leaf.selectors
        if leaf.marketplace_id is not None:
            selection = ((MARKETPLACE, leaf.marketplace_id), *selection)
        place = (leaf.attribute, selection)
        _set(_element(elements, selection, made, place), leaf.path, value, made, place)
    return attributes


def same_value(left: object, right: object, defaults: Mapping[str, Any]) -> bool:
    """Return whether two values of a leaf are equal to Amazon, which fills in `defaults`."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(
            same(_completed(one, other, defaults), _completed(other, one, defaults))
            for one, other in zip(left, right, strict=True)
        )
    return same(left, right)


def same_leaf(leaf: Leaf, left: object, right: object, defaults: Mapping[str, Any]) -> bool:
    """Return whether a leaf is the same to Amazon with both values; None is none.

    A property that Amazon fills in is the same where one side does not state it.
    """
    if left is None or right is None:
        value = right if left is None else left
        name = leaf.path[0] if len(leaf.path) == 1 else None
        return name in defaults and same_value(value, defaults[str(name)], defaults)
    return same_value(left, right, defaults)


def selection_of(
    element: object, selectors: tuple[str, ...], defaults: Mapping[str, Any]
) -> Selection | None:
    """Return the selectors' values of an element; None if it cannot be told apart by them."""
    if not isinstance(element, dict):
        return None
    found: list[tuple[str, Scalar]] = []
    for name in sorted(selectors):
        value = element[name] if name in element else defaults.get(name)
        if value is None:
            continue
        if not isinstance(value, _SCALARS):
            return None
        found.append((name, value))
    return tuple(found)


def _made(
    name: str, elements: list[Element], layout: Layout, defaults: Mapping[str, Any]
) -> list[Difference] | None:
    """Return the leaves of an attribute that is made of one flat element, as most of what is listed first is.

    None if it is not made of one: the comparison divides it.
    """
    selectors = layout.selectors
    if not layout.single or len(elements) != 1 or not selectors:
        return None
    element = elements[0]
    selection = selection_of(element, selectors, defaults)
    if selection is None:
        return None
    marketplace, others = _divided(selection)
    found = []
    for key, value in element.items():
        if value.__class__ not in _FLAT:
            return None
        if key not in selectors:
            found.append(Difference(Leaf(marketplace, name, others, (key,)), None, value))
    return found or None


def _divided(selection: Selection) -> tuple[str | None, Selection]:
    """Return the marketplace of a selection, and its other selectors."""
    for place, (key, value) in enumerate(selection):
        if key == MARKETPLACE:
            return str(value), selection[:place] + selection[place + 1 :]
    return None, selection


class _Comparison:
    """The comparison of two listings, attribute by attribute."""

    def __init__(self, defaults: Mapping[str, Any]) -> None:
        self._defaults = defaults

    def attribute(
        self, name: str, before: list[Element], after: list[Element], layout: Layout
    ) -> Iterator[Difference]:
        groups = self._groups(before, after, layout)
        if groups is None:
            if before or after:
                yield Difference(Leaf(None, name), before or None, after or None)
            return
        for selection, (left, right) in groups.items():
            marketplace, others = _divided(selection)
            for path, one, other in self._group(left, right, layout):
                yield Difference(Leaf(marketplace, name, others, path), one, other)

    def _groups(
        self, before: list[Element], after: list[Element], layout: Layout
    ) -> dict[Selection, tuple[list[Element], list[Element]]] | None:
        """Return the elements of both sides by their selectors; None if they are one leaf."""
        if not layout.selectors:
            return None
        groups: dict[Selection, tuple[list[Element], list[Element]]] = {}
        for side, elements in ((1, after), (0, before)):
            for element in elements:
                selection = selection_of(element, layout.selectors, self._defaults)
                if selection is None:
                    return None
                groups.setdefault(selection, ([], []))[side].append(element)
        return groups

    def _group(
        self, before: list[Element], after: list[Element], layout: Layout
    ) -> Iterator[tuple[tuple[str | Selection, ...], Any, Any]]:
        """Return the paths of the leaves of elements with the same selectors, with both values."""
        if layout.single and len(before) <= 1 and len(after) <= 1:
            left, right = (self._content(side, layout) for side in (before, after))
            if left or right:
                yield from self._properties(left, right, layout)
                return
        yield (), before or None, after or None

    def _content(self, elements: list[Element], layout: Layout) -> Element:
        if not elements:
            return {}
        return {name: value for name, value in elements[0].items() if name not in layout.selectors}

    def _properties(
        self, before: Element, after: Element, layout: Layout
    ) -> Iterator[tuple[tuple[str | Selection, ...], Any, Any]]:
        for name in _names(after, before):
            below = layout.properties.get(name, _SCALAR)
            for path, left, right in self._value(before.get(name), after.get(name), below):
                yield (name, *path), left, right

    def _value(
        self, before: Any, after: Any, layout: Layout
    ) -> Iterator[tuple[tuple[str | Selection, ...], Any, Any]]:
        """Return the leaves of a property: of an object's properties, of a list's elements, or itself."""
        sides = [side for side in (before, after) if side is not None]
        if sides and all(isinstance(side, dict) and side for side in sides):
            yield from self._properties(before or {}, after or {}, layout)
            return
        if sides and all(isinstance(side, list) and side for side in sides):
            groups = self._groups(before or [], after or [], layout)
            if groups is not None:
                for selection, (left, right) in groups.items():
                    for path, one, other in self._group(left, right, layout):
                        yield (selection, *path), one, other
                return
        yield (), before, after


_SCALARS = (str, int, float, bool)
_FLAT = frozenset((*_SCALARS, type(None)))


def _names(*sides: Iterable[str]) -> dict[str, None]:
    return {name: None for side in sides for name in side}


def _completed(element: object, other: object, defaults: Mapping[str, Any]) -> object:
    """Return the element with those defaults that the other one states."""
    if not (isinstance(element, dict) and isinstance(other, dict)):
        return element
    return {**{name: defaults[name] for name in other if name in defaults}, **element}


def _element(
    elements: list[Element],
    selection: Selection,
    made: Made,
    place: Place,
) -> Element:
    """Return the element that was made for this place; a new one with these selectors if there is none."""
    if place not in made:
        made[place] = dict(selection)
        elements.append(made[place])
    return made[place]


def _set(
    holder: Element,
    path: tuple[str | Selection, ...],
    value: object,
    made: Made,
    place: Place,
) -> None:
    """Put a value where a path leads to, and make the objects and elements on the way."""
    name, *rest = path
    below = tuple(rest)
    if not below:
        holder[str(name)] = value
        return
    step = below[0]
    if isinstance(step, str):
        _set(holder.setdefault(str(name), {}), below, value, made, (*place, name))
        return
    elements = holder.setdefault(str(name), [])
    if len(below) == 1:
        elements.extend(value)
    else:
        place = (*place, name, step)
        _set(_element(elements, step, made, place), below[1:], value, made, place)


def _selection_text(selection: Selection) -> str:
    return f"[{','.join(f'{name}={value}' for name, value in selection)}]" if selection else ""
