"""The plans of listings that are made: where nothing is, each attribute is new by itself."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from amazon_listings.runs.plan import Change, Method, Plan, changes_between
from amazon_listings.selling_partner.content.leaves import Layout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from amazon_listings.runs.plan import MappingLine
    from amazon_listings.selling_partner.content.leaves import Element, Leaf

#: Forms of attributes that are known at once.
_MOST_FORMS = 5_000
_SCALARS = frozenset((str, int, float, bool))
#: Texts, or none: 1 and true are equal, and other selectors.
_TEXTS = frozenset((str, type(None)))
_NOTHING = Layout()


class Creations:
    """Finds the changes of plans to put attributes where there are none; may be used from several threads.

    They are as many as the leaves of the payload: a plan is made without them, and gets them only where
    they are shown or judged. The leaves of most attributes of a run differ in their values alone.

    Args:
        layout: The layout of the definition.
        defaults: The properties that Amazon fills in.
        line_of: Returns the mapping line that makes a leaf.
    """

    def __init__(
        self,
        layout: Layout,
        defaults: Mapping[str, Any],
        line_of: Callable[[Leaf], MappingLine | None],
    ) -> None:
        self._layout = layout
        self._defaults = defaults
        self._line_of = line_of
        self._forms: dict[tuple[object, ...], tuple[Change, ...]] = {}

    def with_changes(self, sku: str, attributes: Mapping[str, list[Element]]) -> Plan:
        """Return the plan to put attributes, with its changes.

        Args:
            sku: The SKU.
            attributes: All that its listing is to have.
        """
        changes = chain.from_iterable([self._changes(name, one) for name, one in attributes.items()])
        return Plan(sku, Method.PUT, tuple(changes))

    def _changes(self, name: str, elements: list[Element]) -> Iterable[Change]:
        """Return the changes that make an attribute."""
        key = self._key(name, elements)
        known = self._forms.get(key)
        if known is not None:
            return [Change(one.leaf, None, _value(one.leaf, elements), one.origin) for one in known]
        changes = changes_between(
            {},
            {name: elements},
            layout=self._layout,
            defaults=self._defaults,
            line_of=self._line_of,
            forced=True,
        )
        if key and len(self._forms) < _MOST_FORMS:
            self._forms[key] = changes
        return changes

    def _key(self, name: str, elements: list[Element]) -> tuple[object, ...]:
        """Return what the leaves of an attribute depend on beside its values; empty if they are not simple.

        Those of one flat element are its properties; elements with the same selectors are one leaf.
        """
        layout = self._layout.properties.get(name, _NOTHING)
        if not layout.selectors or not elements or elements[0].__class__ is not dict:
            return ()
        first = elements[0]
        chosen = [first.get(selector) for selector in layout.selectors]
        if not _TEXTS.issuperset([one.__class__ for one in chosen]):
            return ()
        if layout.single:
            flat = len(elements) == 1 and _SCALARS.issuperset([value.__class__ for value in first.values()])
            return (name, *chosen, *first) if flat else ()
        alike = None not in chosen and all(_chosen(one, layout) == chosen for one in elements[1:])
        return (name, *chosen) if alike else ()


def _chosen(element: Element, layout: Layout) -> list[object] | None:
    return [element.get(name) for name in layout.selectors] if element.__class__ is dict else None


def _value(leaf: Leaf, elements: list[Element]) -> Any:
    """Return the value of a leaf of elements of a form."""
    return elements[0][str(leaf.path[0])] if leaf.path else elements
