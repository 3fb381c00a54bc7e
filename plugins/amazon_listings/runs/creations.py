"""The plans of listings that are made: where nothing is, each attribute is new by itself."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.runs.plan import Change, Method, Plan, beside, changes_between, hash_of, leaf_text
from amazon_listings.selling_partner.content.leaves import Layout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from amazon_listings.runs.plan import MappingLine
    from amazon_listings.runs.shared_payloads import SharedPayloads
    from amazon_listings.selling_partner.content.leaves import Element, Leaf

#: Forms of attributes that are known at once.
_MOST_FORMS = 5_000
_SCALARS = frozenset((str, int, float, bool))
#: Texts, or none: 1 and true are equal, and other selectors.
_TEXTS = frozenset((str, type(None)))
_NOTHING = Layout()


class _Form(NamedTuple):
    """What attributes have alike whose leaves differ in their values alone.

    Args:
        changes: The changes that make one of them.
        leaves: The leaves of these as the plan's hash has them.
    """

    changes: tuple[Change, ...]
    leaves: tuple[str, ...]


class Creations:
    """Makes the plans to put attributes where there are none; may be used from several threads.

    Most items share most of their attributes, and the others differ in their values alone. Their changes
    are as many as the leaves of the payload: a plan is made without them, and gets them only where
    they are shown or judged.

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
        self._shared: dict[int, list[str]] = {}
        self._forms: dict[tuple[object, ...], _Form] = {}

    def plan(self, sku: str, attributes: Mapping[str, list[Element]]) -> Plan:
        """Return the plan to put attributes; without its changes.

        Args:
            sku: The SKU.
            attributes: All that its listing is to have.
        """
        texts = [self._shared.get(id(one)) or self._texts(name, one) for name, one in attributes.items()]
        return Plan.making(sku, hash_of(sku, Method.PUT, chain.from_iterable(texts)))

    def with_changes(self, plan: Plan, attributes: Mapping[str, list[Element]]) -> Plan:
        """Return the plan to put attributes with its changes.

        Args:
            plan: The plan.
            attributes: All that its listing is to have.
        """
        changes = chain.from_iterable([self._changes(name, one) for name, one in attributes.items()])
        return Plan.making(plan.sku, plan.hash, tuple(changes))

    def _texts(self, name: str, elements: list[Element]) -> list[str]:
        """Return what the plan's hash has of an attribute."""
        form, values = self._made(name, elements)
        texts = list(map(beside, form.leaves, values))
        if self._payloads.holds(elements):
            self._shared[id(elements)] = texts
        return texts

    def _changes(self, name: str, elements: list[Element]) -> list[Change]:
        """Return the changes that make an attribute."""
        form, values = self._made(name, elements)
        return [
            Change(one.leaf, None, value, one.origin) for one, value in zip(form.changes, values, strict=True)
        ]

    def _made(self, name: str, elements: list[Element]) -> tuple[_Form, list[Any]]:
        """Return the form of an attribute, and the values that its changes lead to."""
        key = self._key(name, elements)
        known = self._forms.get(key)
        if known is not None:
            return known, [_value(one.leaf, elements) for one in known.changes]
        changes = changes_between(
            {},
            {name: elements},
            layout=self._layout,
            defaults=self._defaults,
            line_of=self._line_of,
            forced=True,
        )
        form = _Form(changes, tuple(leaf_text(one.leaf) for one in changes))
        if key and len(self._forms) < _MOST_FORMS:
            self._forms[key] = form
        return form, [one.after for one in changes]

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
