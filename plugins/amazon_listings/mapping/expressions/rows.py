"""What an expression sees: `item`, `product`, `variant`, in one language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from amazon_listings.item import Item, Record
    from amazon_listings.mapping.formulas.tables import RelatedTable

    #: Related tables by name and language.
    Tables = Mapping[str, Mapping[str, RelatedTable]]

#: Names every record has besides its PIM fields, and where they stand in it.
RECORD_NAMES = {"reference": "ref", "ref": "ref", "id": "id", "status": "status", "modified": "modified"}
#: Loop passes that one evaluation may take in all: tables of a PIM are far smaller.
LOOP_PASSES = 10_000

MISSING: Any = object()


def is_empty(value: Any) -> bool:
    """Whether a PIM value says nothing: None, blank text, an empty list or table. 0 and no say something."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value or value.isspace()
    return isinstance(value, list | dict | tuple) and not value


class View:
    """One of `item`, `product`, `variant`: PIM values by field name."""

    __slots__ = ("row", "values")

    def __init__(self, values: dict[str, Any], row: Row) -> None:
        self.values = values
        self.row = row


class RelatedTables(dict[str, Any]):
    """What `tables` is in an expression: the rows of each related table by its name."""


class Row:
    """An item in one language.

    `values` is the variant over its product: the variant's value wins when it is not empty.
    `borrowed` are the text fields that had to be read in the fallback language. `unknown` collects
    the names that expressions used and no record has, `asked` those whose presence one tested.
    """

    __slots__ = (
        "asked", "borrowed", "item", "language", "passes", "siblings", "tables", "unknown", "values",
    )  # fmt: skip

    def __init__(
        self,
        item: Item,
        language: str,
        *,
        fallback: str | None = None,
        siblings: Sequence[Record] = (),
        unknown: list[str] | None = None,
        tables: Tables | None = None,
    ) -> None:
        self.item = item
        self.language = language
        self.siblings = siblings
        self.tables = tables or {}
        self.unknown: list[str] = [] if unknown is None else unknown
        self.asked: list[str] = []
        self.borrowed: frozenset[str] = frozenset()
        self.passes = LOOP_PASSES
        product, variant = item["product"], item["variant"]
        self.values = values = record_values(product, language)
        if variant:
            for kind in (variant["fields"], variant["images"]):
                for name, value in kind.items():
                    if not is_empty(value) or name not in values:
                        values[name] = value
            for name, texts in variant["texts"].items():
                text = texts.get(language)
                if not is_empty(text) or name not in values:
                    values[name] = text
        if fallback and fallback != language:
            self._borrow(fallback, [variant, product] if variant else [product])

    def get(self, name: str) -> Any:
        """The value of a field, or of a record's own name (`reference`); MISSING where no record has it."""
        value = self.values.get(name, MISSING)
        if value is MISSING:
            return self._own(name)
        return value

    def record(self, which: str) -> View:
        """`product` or `variant` alone; the variant of a product without variants has no values."""
        if which == "item":
            return View(self.values, self)
        found = self.item["product"] if which == "product" else self.item["variant"]
        if found is None:
            return View({}, self)
        own = {name: found[key] for name, key in RECORD_NAMES.items()}  # type: ignore[literal-required]
        return View({**own, **record_values(found, self.language)}, self)

    def related(self) -> RelatedTables:
        """The related tables, in the language of the row."""
        return RelatedTables({name: spoken.get(self.language, []) for name, spoken in self.tables.items()})

    def variants(self) -> list[View]:
        """The variants of this item's product: all that are known, at least its own."""
        records = self.siblings or ([self.item["variant"]] if self.item["variant"] else [])
        return [View(record_values(record, self.language), self) for record in records]

    def _own(self, name: str) -> Any:
        if name == "sku":
            return self.item["sku"]
        key = RECORD_NAMES.get(name)
        if key is None:
            # A parent listing is its product alone; what only its variants have is empty there.
            return (
                None if any(name in record_values(one, self.language) for one in self.siblings) else MISSING
            )
        record = self.item["variant"] or self.item["product"]
        return record[key]  # type: ignore[literal-required]

    def _borrow(self, fallback: str, records: Iterable[Record]) -> None:
        borrowed = set()
        for record in records:
            for name, texts in record["texts"].items():
                if not is_empty(texts.get(fallback)) and is_empty(self.values.get(name)):
                    self.values[name] = texts[fallback]
                    borrowed.add(name)
        self.borrowed = frozenset(borrowed)


def record_values(record: Record, language: str) -> dict[str, Any]:
    """The values of one record by field name, its texts in `language` (None where it has none)."""
    values: dict[str, Any] = {**record["fields"], **record["images"]}
    for name, texts in record["texts"].items():
        values[name] = texts.get(language)
    return values
