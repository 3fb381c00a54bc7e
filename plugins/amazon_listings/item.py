"""The product record: what is read from a PIM, and what a mapping sees.

One PIM variant is one Amazon item; a product without variants is one item too. Items travel
between tasks as JSON Lines, one `Item` a line.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class Image(TypedDict):
    """One picture or file of a PIM field; `url` is the original, `sizes` the cuts by size code."""

    url: str
    sizes: NotRequired[dict[str, str]]
    name: NotRequired[str]
    mime: NotRequired[str]
    width: NotRequired[int]
    height: NotRequired[int]


class Record(TypedDict):
    """One row of a PIM table.

    `fields` holds values without language, by field name: text, number, boolean, list, table
    (list of rows). `texts` holds multi-language values, by field name, then language code.
    `images` holds image and file fields, in the PIM's order. A field is in exactly one of them.
    """

    id: str
    ref: str
    status: str
    modified: str | None
    fields: dict[str, Any]
    texts: dict[str, dict[str, str]]
    images: dict[str, list[Image]]


class UnfitField(TypedDict):
    """A field whose value cannot be used, and why: a code of `messages/` below `unfit.`, with its limit."""

    field: str
    reason: str
    limit: int


class Item(TypedDict):
    """What becomes one Amazon item: a variant with its product, or a product alone.

    `pim_id` is the PIM's stable identity (`variants/501`, `products/101`), `group` the identity of
    the product (the family). `sku` is set by the extract step from the connector's expression.
    `unfit` names the fields whose values no text, number or list can hold; here they are empty.
    """

    pim_id: str
    group: str
    sku: str | None
    status: str
    modified: str | None
    product: Record
    variant: Record | None
    unfit: NotRequired[list[UnfitField]]
