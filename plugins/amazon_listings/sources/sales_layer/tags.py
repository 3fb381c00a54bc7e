"""Choosing products by their tags in the PIM."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amazon_listings.item import Record


def carries_tag(record: Record, wanted: tuple[str, ...]) -> bool:
    """True if the product has one of the wanted tags, or none are wanted.

    Tags stand in the field `tags` or one ending in `_tags` (`prod_tags`), as a list or as a text
    with commas or line breaks; their case does not count.
    """
    return not wanted or not {tag.casefold() for tag in wanted}.isdisjoint(_tags(record))


def _tags(record: Record) -> Iterator[str]:
    values = [*record["fields"].items()]
    values += [(name, text) for name, texts in record["texts"].items() for text in texts.values()]
    for name, value in values:
        if name.lower() == "tags" or name.lower().endswith("_tags"):
            given = value if isinstance(value, list) else str(value or "").replace("\n", ",").split(",")
            for tag in given:
                yield str(tag).strip().casefold()
