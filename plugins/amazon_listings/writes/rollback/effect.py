"""What the writes of a run left of a listing, by the rules of Amazon's operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.selling_partner.content.leaves import Layout, selection_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amazon_listings.ledger.writes.before_images import Step
    from amazon_listings.selling_partner.content.leaves import Attributes, Element


def left_by(
    steps: Iterable[Step], before: Attributes, layout: Layout, defaults: Mapping[str, Any]
) -> Attributes:
    """Return the attributes that writes leave.

    Args:
        steps: The writes, first to last.
        before: The attributes before the first.
        layout: The layout of the product type's definition.
        defaults: Selector values that Amazon fills in where an element has none.
    """
    left = dict(before)
    for step in steps:
        if step.method in {"PUT", "UPDATE"}:
            left = dict(step.body)
        elif step.method == "PARTIAL_UPDATE":
            left |= step.body
        elif step.method == "DELETE":
            left = {}
        else:
            for patch in step.body:
                name = str(patch["path"]).removeprefix("/attributes/")
                below = layout.properties.get(name, Layout())
                left[name] = _patched(left.get(name, []), patch["op"], patch["value"], below, defaults)
    return {name: elements for name, elements in left.items() if elements}


def _patched(
    elements: list[Element], op: str, values: list[Element], layout: Layout, defaults: Mapping[str, Any]
) -> list[Element]:
    if op in {"add", "replace"}:
        return values
    chosen = [selection_of(value, layout.selectors, defaults) for value in values]
    if op == "delete":
        if not layout.selectors:
            return [one for one in elements if not any(value.items() <= one.items() for value in values)]
        return [one for one in elements if selection_of(one, layout.selectors, defaults) not in chosen]
    merged = list(elements)
    for value, selection in zip(values, chosen, strict=True):
        place = next(
            (
                number
                for number, one in enumerate(merged)
                if selection_of(one, layout.selectors, defaults) == selection
            ),
            None,
        )
        if place is None:
            merged.append(value)
        else:
            both = merged[place] | value
            merged[place] = {name: part for name, part in both.items() if part is not None}
    return merged
