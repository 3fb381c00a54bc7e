"""PIM fields that a connector reads and no record has: told once a run, with what was meant.

An item that lacks a field says nothing (a product without variants has no variant fields); a field
that not one record of the reading has is a mistake in the connector, or in what the PIM sends.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.mapping.expressions.compiled import BadExpression, compile_expression
from amazon_listings.mapping.expressions.rows import RECORD_NAMES
from amazon_listings.messages import message
from amazon_product_types import json_pointer
from amazon_product_types.matching import closest
from amazon_product_types.messages.facts import any_of, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item
    from amazon_listings.messages import Message

#: `item.x | default(…)` asks whether the field is there; that it is not is no mistake.
_ASKED = re.compile(r"(?:item|product|variant)(?:\.(\w+)|\[['\"]([^'\"]+)['\"]\])\s*\|\s*(?:default|d)\b")


class UnknownField(NamedTuple):
    """A PIM field that a connector reads and no record has.

    Args:
        problem: What a person reads of it.
        pointer: The place of the connector that reads it first, as a JSON pointer.
        near: Names that may have been meant.
    """

    problem: Message
    pointer: str
    near: tuple[str, ...]


class FieldNames:
    """Collects the names of the fields that records have."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.variants = False

    def see(self, item: Item) -> None:
        """Note the fields of an item's records."""
        for record in (item["product"], item["variant"]):
            if record is not None:
                self.seen.update(record["fields"], record["texts"], record["images"])
        self.variants = self.variants or item["variant"] is not None

    def unknown(self, connector: Connector, *, everything: bool) -> Iterator[UnknownField]:
        """Yield the fields that the connector reads and no record has.

        Args:
            connector: The connector.
            everything: Whether all its items were read. If not, and no variant was among them, the
                fields of variants are not known, and nothing is said.
        """
        if not self.seen or not (everything or self.variants):
            return
        read = _read_fields(connector)
        for name, near in self.lacking(read):
            pointer, place = read[name]
            kind = "unknown_field_near" if near else "unknown_field"
            problem = message(f"note.{kind}", field=quoted(name), place=place, near=any_of(near))
            yield UnknownField(problem, pointer, tuple(near))

    def lacking(self, names: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
        """Yield those of some names that no record has, each with names that may have been meant."""
        known = sorted({*self.seen, *RECORD_NAMES, "sku"})
        for name in names:
            if name not in known:
                yield name, closest(name, known, most=3)


def _read_fields(connector: Connector) -> dict[str, tuple[str, Message | str]]:
    """Return every PIM field that the connector names, with the place where it does so first.

    The place is a pointer and its words.
    """
    found: dict[str, tuple[str, Message | str]] = {}
    lines = connector.where.mapping_lines()
    source = connector.source
    block = f"/{source.source}"
    values: list[tuple[str, Message | str, Any]] = [
        (f"{block}/sku", "`sku`", source.sku),
        (f"{block}/filter", "`filter`", source.filter),
    ]
    values += [
        (
            json_pointer.below("/mapping", key),
            message(
                "note.mapping_line" if key in lines else "note.mapping_key",
                key=quoted(key),
                line=lines.get(key),
            ),
            value,
        )
        for key, value in connector.mapping.items()
    ]
    values.append(("/variations", "`variations`", connector.variations))
    for pointer, place, value in values:
        for name in fields_read(value):
            found.setdefault(name, (pointer, place))
    return found


def fields_read(value: object) -> Iterator[str]:
    """Yield the PIM fields that a value of the mapping reads, without asking whether they are there."""
    for text in texts_in(value):
        try:
            fields = compile_expression(text).fields
        except BadExpression:
            continue  # the mapping tells of it, with its line
        asked = {name for pair in _ASKED.findall(text) for name in pair}
        yield from (name for name in fields if name not in asked)


def texts_in(value: object) -> Iterator[str]:
    """Yield the texts in a value of the mapping, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for content in value.values():
            yield from texts_in(content)
    elif isinstance(value, list):
        for content in value:
            yield from texts_in(content)
