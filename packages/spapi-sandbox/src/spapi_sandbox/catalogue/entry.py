"""One row of the sandbox's PIM, and what a field of its tables is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

Table = Literal["categories", "products", "variants"]
TABLES: tuple[Table, ...] = ("categories", "products", "variants")

VISIBLE, INVISIBLE, DRAFT = "V", "I", "D"


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a table. `type` is Sales Layer's; `per_language` fields hold `{language: text}`."""

    name: str
    type: str
    per_language: bool
    titles: dict[str, str]
    rest_name: str


@dataclass(slots=True)
class Entry:
    """One category, product or variant.

    `modified`, `created` and `media_modified` are unix seconds. `parent` is the upper category of a
    category and the product of a variant. An image or file field holds a list of
    `{"id", "name", "url"}`, where a `url` beginning with `/` is relative to the server.
    """

    table: Table
    id: int
    ref: str
    status: str
    modified: int
    created: int
    media_modified: int
    parent: int | None = None
    categories: tuple[int, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)


class Stock(Protocol):
    """Where a catalogue's original entries come from: a list, or a rule that makes them."""

    def entries(self, table: Table, after: int) -> Iterator[Entry]:
        """Entries with an id above `after`, by id."""

    def get(self, table: Table, entry_id: int) -> Entry | None:
        """Return the entry, or None."""

    def variants_of(self, product: int) -> list[Entry]:
        """Return the product's variants, by id."""

    def last_id(self, table: Table) -> int:
        """Return the highest id in use."""
