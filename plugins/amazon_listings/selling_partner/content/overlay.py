"""Lay what a mapping writes over what a listing holds, leaf by leaf.

Three versions of a listing decide what becomes of a leaf: what the listing holds now, what was last
accepted of the mapping that writes (it owns these leaves), and what is wanted now. A leaf that is wanted
gets its value; one that is owned and not wanted goes; every other leaf is not ours and stays.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.selling_partner.content.comparison import ADDED, same
from amazon_listings.selling_partner.content.leaves import (
    MARKETPLACE,
    Difference,
    Layout,
    Leaf,
    same_leaf,
    selection_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from amazon_listings.selling_partner.content.leaves import Element, Selection

Path = tuple["str | Selection", ...]

#: Of an attribute that the definition does not have.
_NO_LAYOUT = Layout()


class Part(NamedTuple):
    """A value of the target.

    Args:
        target: What the listing is to hold there; None if nothing.
        differences: The leaves below that change.
        foreign: Whether the target has something that is not wanted here, but held by the listing.
    """

    target: Any
    differences: tuple[Difference, ...] = ()
    foreign: bool = False


@dataclass(frozen=True)
class Group:
    """The elements of an attribute that share their selectors' values.

    Args:
        selection: The selectors' values; None if all elements of the attribute are one leaf.
        current: The elements that the listing holds.
        target: The elements it is to hold.
        differences: The leaves that change.
        foreign: Whether the target has leaves of others.
        properties: Of a single element, what becomes of each property; None if the elements are one leaf.
    """

    selection: Selection | None
    current: list[Element]
    target: list[Element]
    differences: tuple[Difference, ...]
    foreign: bool
    properties: dict[str, Part] | None = None


@dataclass(frozen=True)
class Overlay:
    """What becomes of one attribute.

    Args:
        name: The attribute.
        layout: Its layout.
        groups: Its elements, those of the listing first.
    """

    name: str
    layout: Layout
    groups: list[Group] = field(default_factory=list)

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The leaves that change."""
        return tuple(one for group in self.groups for one in group.differences)

    @property
    def target(self) -> list[Element]:
        """The elements that the listing is to hold."""
        return [element for group in self.groups for element in group.target]


def overlays(
    current: Mapping[str, list[Element]],
    owned: Mapping[str, list[Element]],
    wanted: Mapping[str, list[Element]],
    layout: Layout,
    defaults: Mapping[str, Any] | None = None,
    *,
    kept: Callable[[Leaf], bool] = lambda _: False,
    forced: Collection[str] = (),
) -> Iterator[Overlay]:
    """Yield what becomes of each attribute that is owned or wanted, in the order of their names.

    Args:
        current: What the listing holds.
        owned: What was last accepted; its leaves are removed where they are not wanted any more.
        wanted: What it is to hold of the mapping.
        layout: The layout of the product type's definition.
        defaults: Properties that Amazon fills in, with their values.
        kept: Whether a leaf that is owned and not wanted stays all the same.
        forced: Attributes whose wanted leaves count as differences although they are as they should be.
    """
    for name, sides, below in _sides(current, owned, wanted, layout, defaults or {}):
        yield _Overlaying(name, defaults or {}, kept, forced=name in forced).attribute(sides, below)


def changing(
    current: Mapping[str, list[Element]],
    owned: Mapping[str, list[Element]],
    wanted: Mapping[str, list[Element]],
    layout: Layout,
    defaults: Mapping[str, Any] | None = None,
    *,
    kept: Callable[[Leaf], bool] = lambda _: False,
    forced: Collection[str] = (),
) -> Iterator[Overlay]:
    """Yield what becomes of each attribute of which a leaf changes, in the order of their names.

    An attribute that is held as it is wanted is not divided into its leaves: most of an update's are.

    Args:
        current: As of `overlays`.
        owned: As of `overlays`.
        wanted: As of `overlays`.
        layout: As of `overlays`.
        defaults: As of `overlays`.
        kept: As of `overlays`.
        forced: As of `overlays`.
    """
    for name, sides, below in _sides(current, owned, wanted, layout, defaults or {}):
        held, _, desired = sides
        if name not in forced and held == desired and same(held, desired):
            continue
        overlay = _Overlaying(name, defaults or {}, kept, forced=name in forced).attribute(sides, below)
        if overlay.differences:
            yield overlay


def _sides(
    current: Mapping[str, list[Element]],
    owned: Mapping[str, list[Element]],
    wanted: Mapping[str, list[Element]],
    layout: Layout,
    defaults: Mapping[str, Any],
) -> Iterator[tuple[str, tuple[list[Element], list[Element], list[Element]], Layout]]:
    """Yield each attribute that is owned or wanted: its elements now, owned and wanted, and its layout."""
    for name in sorted(owned.keys() | wanted.keys()):
        below = layout.properties.get(name, _NO_LAYOUT)
        held = sendable(current.get(name) or [], below, defaults)
        yield name, (held, owned.get(name) or [], wanted.get(name) or []), below


def sendable(elements: list[Element], layout: Layout, defaults: Mapping[str, Any]) -> list[Element]:
    """Return an attribute's elements as they can be sent again.

    Amazon returns every element with its `marketplace_id`, also where the definition has none; elements
    of an attribute without marketplaces are the same in all of them.
    """
    if not layout.properties:
        return elements
    here = defaults.get(MARKETPLACE)
    if MARKETPLACE not in layout.selectors:
        elements = [one for one in elements if one.get(MARKETPLACE, here) in (here, None)] or elements
    return [
        {name: value for name, value in one.items() if name not in ADDED or name in layout.properties}
        for one in elements
    ]


def leaves_nothing_out(wanted: object, layout: Layout) -> bool:
    """Return whether a value has every property of its layout, so that nothing can stand beside it."""
    if isinstance(wanted, dict):
        return bool(layout.properties) and all(
            name in wanted and leaves_nothing_out(wanted[name], below)
            for name, below in layout.properties.items()
        )
    return not (isinstance(wanted, list) and layout.selectors)


Sides = tuple[Any, Any, Any]


@dataclass(frozen=True)
class _Overlaying:
    """The overlay of one attribute."""

    name: str
    defaults: Mapping[str, Any]
    kept: Callable[[Leaf], bool]
    forced: bool

    def attribute(self, sides: tuple[list[Element], ...], layout: Layout) -> Overlay:
        """Return what becomes of the attribute; `sides` are its elements now, owned, and wanted."""
        groups = self._groups(sides, layout)
        if groups is None:
            part = self._leaf(Leaf(None, self.name), *(side or None for side in sides))
            group = Group(None, sides[0], part.target or [], part.differences, part.foreign)
            return Overlay(self.name, layout, [group] if group.current or group.target else [])
        return Overlay(
            self.name,
            layout,
            [self._group(selection, found, layout) for selection, found in groups.items()],
        )

    def _groups(
        self, sides: tuple[Any, ...], layout: Layout
    ) -> dict[Selection, tuple[list[Any], list[Any], list[Any]]] | None:
        """Return the elements of all sides by their selectors; None if they are one leaf."""
        if not layout.selectors:
            return None
        groups: dict[Selection, tuple[list[Any], list[Any], list[Any]]] = {}
        for number, elements in enumerate(sides):
            for element in elements:
                selection = selection_of(element, layout.selectors, self.defaults)
                if selection is None:
                    return None
                groups.setdefault(selection, ([], [], []))[number].append(element)
        return groups

    def _group(self, selection: Selection, sides: tuple[list[Element], ...], layout: Layout) -> Group:
        address = self._address(selection)
        if layout.single and all(len(side) <= 1 for side in sides):
            properties = self._element(address, (), sides, layout)
            if properties is not None:
                element = _element_of(selection, sides, properties)
                return Group(
                    selection,
                    sides[0],
                    [element] if element is not None else [],
                    tuple(one for part in properties.values() for one in part.differences),
                    any(part.foreign for part in properties.values()),
                    properties,
                )
        part = self._leaf(address, *(side or None for side in sides))
        return Group(selection, sides[0], part.target or [], part.differences, part.foreign)

    def _address(self, selection: Selection) -> Leaf:
        marketplace = next((str(value) for key, value in selection if key == MARKETPLACE), None)
        return Leaf(marketplace, self.name, tuple(pair for pair in selection if pair[0] != MARKETPLACE))

    def _element(
        self, address: Leaf, path: Path, sides: tuple[list[Element], ...], layout: Layout
    ) -> dict[str, Part] | None:
        """Return what becomes of an element's properties; None if the element itself is the leaf.

        It is where it has nothing but selectors: that a listing has an element of Amazon's channel.
        """
        contents = [
            {name: value for name, value in side[0].items() if name not in layout.selectors} if side else {}
            for side in sides
        ]
        current, owned, wanted = contents
        bare = not current and not wanted and not (owned and not sides[2])
        return None if bare else self._properties(address, path, contents, layout)

    def _properties(self, address: Leaf, path: Path, sides: list[Element], layout: Layout) -> dict[str, Part]:
        current, owned, wanted = sides
        return {
            name: self._value(
                address,
                (*path, name),
                (current.get(name), owned.get(name), wanted.get(name)),
                layout.properties.get(name, Layout()),
            )
            for name in {**current, **wanted, **owned}
        }

    def _value(self, address: Leaf, path: Path, sides: Sides, layout: Layout) -> Part:
        """Return what becomes of a property: of an object's properties, of a list's elements, or itself."""
        stated = [side for side in sides if side is not None]
        if stated and all(isinstance(side, dict) and side for side in stated):
            parts = self._properties(address, path, [side or {} for side in sides], layout)
            target = {name: part.target for name, part in parts.items() if part.target is not None}
            return _joined(target or None, parts.values())
        if stated and all(isinstance(side, list) and side for side in stated):
            groups = self._groups(tuple(side or [] for side in sides), layout)
            if groups is not None:
                below = [self._nested(address, path, *one, layout) for one in groups.items()]
                elements = [element for part in below for element in part.target or []]
                return _joined(elements or None, below)
        return self._leaf(_at(address, path), *sides)

    def _nested(
        self,
        address: Leaf,
        path: Path,
        selection: Selection,
        sides: tuple[list[Element], ...],
        layout: Layout,
    ) -> Part:
        """Return what becomes of the elements of a nested list that share their selectors."""
        place = (*path, selection)
        if layout.single and all(len(side) <= 1 for side in sides):
            properties = self._element(address, place, sides, layout)
            if properties is not None:
                element = _element_of(selection, sides, properties)
                return _joined([element] if element is not None else None, properties.values())
        return self._leaf(_at(address, place), *(side or None for side in sides))

    def _leaf(self, leaf: Leaf, current: object, owned: object, wanted: object) -> Part:
        if wanted is not None:
            if self.forced or not same_leaf(leaf, current, wanted, self.defaults):
                return Part(wanted, (Difference(leaf, current, wanted),))
            return Part(wanted if current is None else current)
        if owned is None or current is None or self.kept(leaf):
            return Part(current, foreign=current is not None)
        if same_leaf(leaf, current, None, self.defaults):
            return Part(current)
        return Part(None, (Difference(leaf, current, None),))


def _at(address: Leaf, path: Path) -> Leaf:
    return Leaf(address.marketplace_id, address.attribute, address.selectors, path)


def _joined(target: object, parts: Collection[Part]) -> Part:
    return Part(
        target,
        tuple(one for part in parts for one in part.differences),
        any(part.foreign for part in parts),
    )


def _element_of(
    selection: Selection, sides: tuple[list[Element], ...], properties: Mapping[str, Part]
) -> Element | None:
    """Return an element of the target; None if nothing is left of it."""
    current, _, wanted = sides
    content = {name: part.target for name, part in properties.items() if part.target is not None}
    if not content and not wanted:
        changes = any(part.differences for part in properties.values())
        return None if changes or not current else current[0]
    named = dict(selection)
    stated = {**(wanted[0] if wanted else {}), **(current[0] if current else {})}
    return {name: value for name, value in {**stated, **named}.items() if name in named} | content
