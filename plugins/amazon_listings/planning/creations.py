"""The plans of listings that are made: where nothing is, each attribute is new by itself."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.runs.plan import Change, Method, Plan, change_text, changes_between, hash_of
from amazon_listings.selling_partner.content.leaves import Layout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from amazon_listings.planning.known import Attributes
    from amazon_listings.runs.plan import MappingLine
    from amazon_listings.runs.shared_payloads import SharedPayloads
    from amazon_listings.selling_partner.content.leaves import Element, Leaf

#: Forms of attributes that are known at once.
_MOST_FORMS = 5_000
_SCALARS = frozenset((str, int, float, bool))
#: Texts, or none: 1 and true are equal, and other selectors.
_TEXTS = frozenset((str, type(None)))
_NOTHING = Layout()


class _Made(NamedTuple):
    """What is made of an attribute: the changes, and what the plan's hash has of each."""

    changes: tuple[Change, ...]
    texts: list[str]


class Creations:
    """Makes the plans to put attributes where there are none; may be used from several threads.

    Most items share most of their attributes, and the others differ in their values alone.

    Args:
        layout: The layout of the definition.
        defaults: The properties that Amazon fills in.
        line_of: Returns the mapping line that makes a leaf.
        payloads: Reads the payloads.
    """

    def __init__(
        self,
        layout: Layout,
        defaults: Mapping[str, Any],
        line_of: Callable[[Leaf], MappingLine | None],
        payloads: SharedPayloads,
    ) -> None:
        self._layout = layout
        self._defaults = defaults
        self._line_of = line_of
        self._payloads = payloads
        self._shared: dict[int, _Made] = {}
        self._forms: dict[tuple[object, ...], tuple[Change, ...]] = {}

    def plan(self, sku: str, attributes: Attributes) -> Plan:
        """Return the plan to put attributes.

        Args:
            sku: The SKU.
            attributes: All that its listing is to have.
        """
        made = [self._shared.get(id(one)) or self._made(name, one) for name, one in attributes.items()]
        texts = chain.from_iterable([one.texts for one in made])
        changes = tuple(chain.from_iterable([one.changes for one in made]))
        return Plan.known(sku, Method.PUT, hash_of(sku, Method.PUT, texts), changes)

    def _made(self, name: str, elements: list[Element]) -> _Made:
        changes = self._changes(name, elements)
        made = _Made(changes, [change_text(change.leaf, change.after) for change in changes])
        if self._payloads.holds(elements):
            self._shared[id(elements)] = made
        return made

    def _changes(self, name: str, elements: list[Element]) -> tuple[Change, ...]:
        """Return the changes that make an attribute: those of one of the same form, with its own values."""
        form = self._form(name, elements)
        if form in self._forms:
            return tuple(
                [Change(one.leaf, None, _value(one.leaf, elements), one.origin) for one in self._forms[form]]
            )
        changes = changes_between(
            {},
            {name: elements},
            layout=self._layout,
            defaults=self._defaults,
            line_of=self._line_of,
            forced=True,
        )
        if form and len(self._forms) < _MOST_FORMS:
            self._forms[form] = changes
        return changes

    def _form(self, name: str, elements: list[Element]) -> tuple[object, ...]:
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
