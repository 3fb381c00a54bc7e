"""Admit items of a source: what no value can hold is taken out of them and noted by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.incoming.values import printable, unfit_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amazon_listings.item import Item, Record, UnfitField

#: What an unusable field leaves: empty, so that a mapping finds the field and nothing in it.
_EMPTY: dict[str, Any] = {"fields": None, "texts": {}, "images": []}


def admitted(items: Iterable[Item]) -> Iterator[Item]:
    """Yield every item; of one with unusable values these are emptied, and it carries why as `unfit`."""
    seen: dict[int, tuple[Record, list[UnfitField]]] = {}
    for item in items:
        found: list[UnfitField] = []
        product = item["product"]
        if id(product) not in seen:
            # The variants of a family share their product, and arrive side by side.
            seen = {id(product): (product, _emptied(product))}
        found += seen[id(product)][1]
        if item["variant"] is not None:
            found += _emptied(item["variant"])
        if found:
            item["unfit"] = found
        yield item


def _emptied(record: Record) -> list[UnfitField]:
    """Empty the unusable values of a record, and return them by field."""
    found: list[UnfitField] = []
    parts: tuple[tuple[str, dict[str, Any]], ...] = (
        ("fields", record["fields"]),
        ("texts", record["texts"]),
        ("images", record["images"]),
    )
    for part, values in parts:
        for name, reason in unfit_fields(values) if values else ():
            del values[name]
            field = printable(name)
            values.setdefault(field, _EMPTY[part])
            found.append({"field": field, "reason": reason.reason, "limit": reason.limit})
    return found
