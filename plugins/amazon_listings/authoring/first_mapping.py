"""What a new connector begins with: which items are its own, their SKUs, and the lines of its mapping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amazon_listings.authoring.pim_fields import access, pim_fields
from amazon_listings.authoring.proposals import product_type_field, sku_expression
from amazon_listings.authoring.starter import starter_lines
from amazon_product_types.definition import Definition
from amazon_product_types.matching import normal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from amazon_listings.authoring.starter import StarterLine
    from amazon_listings.item import Item
    from amazon_product_types.labels import FieldIndex


@dataclass(frozen=True)
class FirstMapping:
    """What a new connector begins with.

    `selection` are the source's settings that choose items and name their SKUs, `items` those that are
    chosen, `lines` the mapping.
    """

    selection: dict[str, str]
    items: list[Item]
    lines: list[StarterLine]

    @property
    def mapping(self) -> dict[str, Any]:
        """Return the lines that have a value, by their keys."""
        return {line.key: line.value for line in self.lines if line.active and line.proposal is not None}


def first_mapping(
    product_type: str,
    index: FieldIndex,
    document: dict[str, Any],
    items: Sequence[Item],
    *,
    titles: Mapping[str, Sequence[str]],
    lacking: AbstractSet[str] = frozenset(),
) -> FirstMapping:
    """Propose what a new connector begins with.

    Args:
        product_type: Amazon's product type.
        index: Its fields by their labels in the connector's locale.
        document: The definition that judges; its labels are in the marketplace's language.
        items: Products that were looked at, of all kinds.
        titles: What the PIM calls its fields, by name.
        lacking: Paths that a first try showed to be required of items that lack them.
    """
    chooser = product_type_field(items, product_type)
    chosen = [item for item in items if chooser is None or _is_of(item, chooser, product_type)]
    known = pim_fields(chosen, {name: list(texts) for name, texts in titles.items()})
    own_labels = {leaf.path: leaf.label for leaf in Definition(document).leaves}
    selection = {"sku": sku_expression(known)}
    if chooser is not None:
        selection = {"filter": f"{{{{ {access(chooser)} == '{product_type}' }}}}", **selection}
    return FirstMapping(selection, chosen, starter_lines(index, known, own_labels, frozenset(lacking)))


def _is_of(item: Item, name: str, product_type: str) -> bool:
    values = [record["fields"].get(name) for record in (item["variant"], item["product"]) if record]
    return any(isinstance(value, str) and normal(value) == normal(product_type) for value in values)
