"""The variants beside an item: those of its product, also where a run names some of them only."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from amazon_listings.runs.folder import part_name
from amazon_listings.runs.records import SIBLINGS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amazon_listings.item import Item, Record
    from amazon_listings.runs.folder import RunFolder


def kept_siblings(folder: RunFolder) -> dict[str, list[Record]]:
    """Return the variants of the products of which the run takes some items only, by product."""
    return {one.group: one.variants for one in folder.read_any(SIBLINGS, part_name(1))}


def variants_of(
    family: Sequence[Item], kept: Mapping[str, list[Record]] = MappingProxyType({})
) -> list[Record]:
    """Return the variants that a mapping line reads as `variants`.

    Args:
        family: The items of one product that a run takes, in their order.
        kept: As `kept_siblings` returns them.
    """
    known = kept.get(family[0]["group"]) if family else None
    return [item["variant"] for item in family if item["variant"]] if known is None else known
