"""A catalogue of any size, of the same shape as the written one, made while it is read.

Products repeat the written ones with a series number; families follow a fixed pattern of sizes, so
that every entry's place is arithmetic and nothing needs to be held.
"""

from __future__ import annotations

import random
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from spapi_sandbox.catalogue.entry import VISIBLE, Entry, Table
from spapi_sandbox.catalogue.written import DAY, EPOCH, ListedStock, gtin13

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_PRODUCT, FIRST_VARIANT = 1_000_001, 10_000_001
PATTERN = (3, 2, 4, 0, 3, 1, 2, 5)
"""Variants of eight products in a row; a product without variants is one item itself."""

VARIANTS_PER_CYCLE = sum(PATTERN)
ITEMS_PER_CYCLE = sum(max(count, 1) for count in PATTERN)
VARIANTS_BEFORE = (0, *accumulate(PATTERN))
ITEMS_BEFORE = (0, *accumulate(max(count, 1) for count in PATTERN))


class LargeStock:
    """`n_items` items made from the clean entries of `written`, the same for the same `seed`."""

    def __init__(self, written: ListedStock, *, n_items: int, seed: int) -> None:
        self._written = written
        self._products = [p for p in written.entries("products", 0) if p.status == VISIBLE]
        self._looks = [v for v in written.entries("variants", 0) if "size" not in v.values][
            : 2 * max(PATTERN)
        ]
        self._n_items = n_items
        self._seed = seed
        cycles, rest = divmod(n_items, ITEMS_PER_CYCLE)
        self._n_products = cycles * len(PATTERN) + sum(1 for before in ITEMS_BEFORE[:-1] if before < rest)
        self._n_variants = self._variants_before(self._n_products)

    def entries(self, table: Table, after: int) -> Iterator[Entry]:
        """Entries with an id above `after`, by id."""
        if table == "categories":
            yield from self._written.entries(table, after)
        elif table == "products":
            for index in range(max(after + 1 - FIRST_PRODUCT, 0), self._n_products):
                yield self._product(index)
        else:
            for index in range(max(after + 1 - FIRST_VARIANT, 0), self._n_variants):
                yield self._variant(index)

    def get(self, table: Table, entry_id: int) -> Entry | None:
        """Return the entry, or None."""
        if table == "categories":
            return self._written.get(table, entry_id)
        first, count = (
            (FIRST_PRODUCT, self._n_products) if table == "products" else (FIRST_VARIANT, self._n_variants)
        )
        index = entry_id - first
        if not 0 <= index < count:
            return None
        return self._product(index) if table == "products" else self._variant(index)

    def variants_of(self, product: int) -> list[Entry]:
        """Return the product's variants, by id."""
        index = product - FIRST_PRODUCT
        if not 0 <= index < self._n_products:
            return []
        return [
            self._variant(i) for i in range(self._variants_before(index), self._variants_before(index + 1))
        ]

    def last_id(self, table: Table) -> int:
        """Return the highest id in use."""
        if table == "categories":
            return self._written.last_id(table)
        return (
            FIRST_PRODUCT + self._n_products - 1
            if table == "products"
            else FIRST_VARIANT + self._n_variants - 1
        )

    def _variants_before(self, product_index: int) -> int:
        cycles, place = divmod(product_index, len(PATTERN))
        variants = cycles * VARIANTS_PER_CYCLE + VARIANTS_BEFORE[place]
        items = cycles * ITEMS_PER_CYCLE + ITEMS_BEFORE[place]
        return variants - max(items - self._n_items, 0)  # the last family may be cut short

    def _product(self, index: int) -> Entry:
        chance = random.Random(self._seed * 1_000_003 + index)  # noqa: S311 - a catalogue, not a secret
        model = self._products[index % len(self._products)]
        series = index // len(self._products) + 1
        ref = f"LUM-S{index + 1:07}"
        values: dict[str, Any] = dict(model.values)
        values["product_name"] = {
            lang: f"{name}, N° {series}" for lang, name in values["product_name"].items()
        }
        values["product_line"] = f"{values['product_line']} {series}"
        values["model_number"] = f"{values['model_number']}-{series}"
        values["price"] = f"{chance.randint(990, 24990) / 100:.2f}"
        values["stock"] = chance.randint(0, 500)
        values["ean"] = None if PATTERN[index % len(PATTERN)] else gtin13(f"844{index + 1:09}")
        return Entry(
            table="products",
            id=FIRST_PRODUCT + index,
            ref=ref,
            status=VISIBLE,
            modified=EPOCH - chance.randint(1, 30 * DAY),
            created=EPOCH - 200 * DAY,
            media_modified=EPOCH - 60 * DAY,
            categories=model.categories,
            values=values,
        )

    def _variant(self, index: int) -> Entry:
        cycles, place = divmod(index, VARIANTS_PER_CYCLE)
        step = next(i for i in range(len(PATTERN)) if VARIANTS_BEFORE[i + 1] > place)
        product_index = cycles * len(PATTERN) + step
        look = self._looks[(place - VARIANTS_BEFORE[step]) * 2 % len(self._looks)]
        chance = random.Random(self._seed * 1_000_003 + ~index)  # noqa: S311 - a catalogue, not a secret
        sku = f"LUM-S{product_index + 1:07}-{place - VARIANTS_BEFORE[step] + 1}"
        values = {
            **look.values,
            "format_sku": sku,
            "ean": gtin13(f"843{index + 1:09}"),
            "stock": chance.randint(0, 90),
        }
        return Entry(
            table="variants",
            id=FIRST_VARIANT + index,
            ref=sku,
            status=VISIBLE,
            modified=EPOCH - chance.randint(1, 30 * DAY),
            created=EPOCH - 200 * DAY,
            media_modified=EPOCH - 60 * DAY,
            parent=FIRST_PRODUCT + product_index,
            values=values,
        )
