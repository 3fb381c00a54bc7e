"""The way back: from a place in a payload to the mapping line, the PIM field and its language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, cached_property
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from amazon_listings.runs.extract.siblings import variants_of
from amazon_product_types.validation.issue import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amazon_listings.item import Item, Record
    from amazon_listings.mapping.families.members import FamilyMember
    from amazon_listings.mapping.mapping import FieldMapping, MappedItem
    from amazon_product_types.validation.issue import Issue

#: From a place in a payload to its origin; None if the mapping has no line for it.
OriginOf = Callable[[str], Origin | None]


def traced(issues: Iterable[Issue], origin_of: OriginOf) -> tuple[Issue, ...]:
    """Return the issues of a payload, each with its origin if the mapping has a line for its place."""
    return tuple(
        issue if issue.origin else replace(issue, origin=origin_of(issue.path or issue.attribute))
        for issue in issues
    )


def by_line(mapping: FieldMapping, attributes: Mapping[str, Any], languages: Mapping[str, str]) -> OriginOf:
    """Return the origins of a payload, as the lines alone tell: of values that several lines fill, the first.

    Args:
        mapping: The connector's mapping.
        attributes: The payload.
        languages: PIM language to Amazon language tag.
    """

    def origin_of(path: str) -> Origin | None:
        origin = mapping.origin_of(path)
        if origin is None:
            return None
        tag = _language_tag(path, attributes)
        return replace(origin, language=next((pim for pim, amazon in languages.items() if amazon == tag), ""))

    return origin_of


class Sources:
    """The origins of a part's payloads, value by value; items are mapped again when they are asked for.

    Args:
        mapping: The connector's mapping.
        items: The part's items, as extracted; read once, when first needed.
        kept: The variants of products of which the run takes some items only, by product.
    """

    def __init__(
        self,
        mapping: FieldMapping,
        items: Iterable[Item],
        kept: Mapping[str, list[Record]] = MappingProxyType({}),
    ) -> None:
        self._mapping = mapping
        self._items = items
        self._kept = kept

    def of(self, pim_id: str) -> OriginOf:
        """Return the origins of an item's payload."""

        @cache
        def mapped() -> MappedItem:
            member, siblings = self._members[pim_id]
            return self._mapping.apply(member, siblings=siblings)

        return lambda path: mapped().origin_of(path)

    @cached_property
    def _members(self) -> dict[str, tuple[FamilyMember, list[Record]]]:
        found = {}
        for _, group in groupby(self._items, key=lambda item: item["group"]):
            family = list(group)
            siblings = variants_of(family, self._kept)
            for member in self._mapping.expand_family(family):
                found[member["pim_id"]] = (member, siblings)
        return found


def _language_tag(path: str, attributes: Mapping[str, Any]) -> str | None:
    """Return the language tag of the element that a path (`item_name/0/value`) leads into."""
    attribute, _, rest = path.partition("/")
    position = rest.partition("/")[0]
    elements = attributes.get(attribute)
    if not position.isdigit() or not isinstance(elements, list) or int(position) >= len(elements):
        return None
    element = elements[int(position)]
    return element.get("language_tag") if isinstance(element, dict) else None
