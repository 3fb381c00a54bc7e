"""What an expression sees: `item`, `product`, `variant`, in one language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.mapping.expressions.budget import Budget
from amazon_listings.mapping.values.value import is_empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from amazon_listings.item import Item, Record
    from amazon_listings.mapping.values.related_table import RelatedTable
    from amazon_listings.mapping.values.value import Value

    #: Related tables by name and language.
    Tables = Mapping[str, Mapping[str, RelatedTable]]

#: Names every record has besides its PIM fields, and where they stand in it.
RECORD_NAMES = {"reference": "ref", "ref": "ref", "id": "id", "status": "status", "modified": "modified"}

MISSING: Any = object()


class RecordView:
    """One of `item`, `product`, `variant`: PIM values by field name."""

    __slots__ = ("row", "values")

    def __init__(self, values: dict[str, Any], row: ItemRow) -> None:
        self.values = values
        self.row = row


class ItemRow:
    """An item in one language.

    `values` is the variant over its product: the variant's value wins when it is not empty.
    `borrowed` are the text fields that had to be read in the fallback language. `unknown` collects
    the names that expressions used and no record has, `asked` those whose presence one tested.
    `facts` are those of the connector. `budget` and `variables` are those of the evaluation that goes on.
    """

    __slots__ = (
        "_product", "_variant", "_variants", "asked", "borrowed", "budget", "facts", "item", "language",
        "siblings", "tables", "unknown", "values", "variables",
    )  # fmt: skip

    variables: list[Any]

    def __init__(
        self,
        item: Item,
        language: str,
        *,
        fallback: str | None = None,
        siblings: Sequence[Record] = (),
        unknown: list[str] | None = None,
        tables: Tables | None = None,
        facts: Mapping[str, str] | None = None,
    ) -> None:
        self.item = item
        self.language = language
        self.siblings = siblings
        self.tables = tables or {}
        self.facts = facts or {}
        self.unknown: list[str] = [] if unknown is None else unknown
        self.asked: list[str] = []
        self.budget = Budget()
        self.borrowed: frozenset[str] = frozenset()
        self._product: RecordView | None = None
        self._variant: RecordView | None = None
        self._variants: list[RecordView] | None = None
        product, variant = item["product"], item["variant"]
        self.values: dict[str, Value] = record_values(product, language)
        values = self.values
        if variant:
            for kind in (variant["fields"], variant["images"]):
                for name, value in kind.items():
                    if name not in values or not is_empty(value):
                        values[name] = value  # type: ignore[assignment]  # pictures are values too
            for name, texts in variant["texts"].items():
                text = texts.get(language)
                if name not in values or not is_empty(text):
                    values[name] = text
        if fallback and fallback != language:
            self._borrow(fallback, [variant, product] if variant else [product])

    def get(self, name: str) -> Any:
        """Return the value of a field, or of a record's own name (`reference`).

        MISSING where no record has it.
        """
        value = self.values.get(name, MISSING)
        if value is MISSING:
            return self._own(name)
        return value

    @property
    def product(self) -> RecordView:
        """The product alone."""
        if self._product is None:
            self._product = self._alone(self.item["product"])
        return self._product

    @property
    def variant(self) -> RecordView:
        """The variant alone; that of a product without variants has no values."""
        if self._variant is None:
            self._variant = self._alone(self.item["variant"])
        return self._variant

    @property
    def variants(self) -> list[RecordView]:
        """The variants of this item's product: all that are known, at least its own."""
        if self._variants is None:
            records = self.siblings or ([self.item["variant"]] if self.item["variant"] else [])
            self._variants = [self._alone(record) for record in records]
        return self._variants

    def related(self) -> dict[str, Any]:
        """Return the related tables by name, in the language of the row."""
        return {name: spoken.get(self.language, []) for name, spoken in self.tables.items()}

    def _alone(self, record: Record | None) -> RecordView:
        if record is None:
            return RecordView({}, self)
        own = {name: record[key] for name, key in RECORD_NAMES.items()}  # type: ignore[literal-required]
        return RecordView({**own, **record_values(record, self.language)}, self)

    def _own(self, name: str) -> object:
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
    """Return the values of one record by field name, its texts in `language` (None where it has none)."""
    values: dict[str, Any] = {**record["fields"], **record["images"]}
    for name, texts in record["texts"].items():
        values[name] = texts.get(language)
    return values
