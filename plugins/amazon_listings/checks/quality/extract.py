"""An extract that is to be checked: what is expected of it, and the columns of its items."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Protocol

from amazon_listings.checks.columns import ALWAYS, Columns
from amazon_listings.checks.expectations import Expected, added, sku_origin, standard
from amazon_listings.checks.quality.stored_rows import repeated
from amazon_listings.errors import ActionRequiredError, RunAbortedError
from amazon_listings.messages import message
from amazon_listings.runs.extract.notations import columns_of
from amazon_listings.runs.extract.related_tables import load_tables
from amazon_listings.runs.extract.siblings import kept_siblings, variants_of
from amazon_listings.runs.map_fields import compiled
from amazon_listings.runs.notes import ExtractNote
from amazon_listings.runs.records import EXTRACT
from amazon_listings.runs.scope import Scope
from amazon_product_types.matching import closest

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.records import ExtractedIndex


class ExtractRefused(RunAbortedError):
    """The extract as a whole is not what the connector expects; nothing was sent."""


class UnknownColumn(ActionRequiredError):
    """An expectation looks at a field that the PIM does not send."""


class KnownItems(Protocol):
    """What is known of items that a run did not read, or that left it at the extract."""

    def rows(self) -> Iterator[Item]:
        """Yield the rows of the items that left at the extract."""

    def occurrences(self, skus: Mapping[str, str]) -> Counter[str]:
        """Return how many items that the run did not read have which SKU, of items by identity."""

    def bring_back(self, pim_ids: Collection[str]) -> Sequence[str]:
        """Put items that left into the extract again; return the names of all of its parts."""


class CheckedExtract:
    """What the run read, what is expected of it, and how its columns are computed.

    Args:
        connector: The connector that runs; its `quality` adds expectations.
        definitions: Say which attributes are required.
        folder: The run's folder.
        known: Knows the items that left at the extract, and those that the run did not read; None: there
            are none.

    Attributes:
        expectations: What is expected: of every extract, then what the connector adds.
        own: What the connector adds.
        note: The note of the extract; None if there is none.
        parts: The names of its parts.
        fields: The PIM fields that its items have.
        known_columns: Every column that an expectation can look at.
        everything: Whether the run read every item.
        place: Where the connector asks for expectations, for messages.

    Raises:
        UnknownColumn: the connector's `quality` looks at a field that the PIM does not send.
    """

    def __init__(
        self, connector: Connector, definitions: Definitions, folder: RunFolder, *, known: KnownItems | None
    ) -> None:
        self.connector = connector
        self.folder = folder
        self.known = known
        self.language = definitions.language
        self.place = f"{str(connector.where) or connector.id}, `quality`"
        self.note = folder.noted(ExtractNote)
        self.parts = self.note.parts if self.note is not None else ()
        self.fields = set(self.note.fields if self.note is not None else ())
        self._languages = [pim for pim, _ in connector.language_tags]
        texts = {f"{name}_{language}" for name in self.fields for language in self._languages}
        self.known_columns = self.fields | texts | ALWAYS
        self.own = list(added(connector))
        self._refuse_unknown_columns()
        required = set(definitions.document.get("required", ()))
        mapping = compiled(connector, definitions, load_tables(connector, folder), columns=columns_of(folder))
        self._tables = mapping.setting.tables
        self._kept = kept_siblings(folder)
        self.expectations = [
            *standard(mapping, required, definitions.labels, sku_origin(connector)),
            *self.own,
        ]
        scope = folder.noted(Scope)
        full = self.note.full if self.note is not None else True
        self.everything = full and not (scope.skus if scope is not None else ())
        self._skus = self._occurrences()

    def count(self) -> int:
        """Return the number of its items."""
        return sum(1 for _ in self.indexed())

    def indexed(self) -> Iterator[ExtractedIndex]:
        """Yield the index of every item."""
        return itertools.chain.from_iterable(self.folder.index(EXTRACT, part) for part in self.parts)

    def read(self, parts: Iterable[str]) -> Iterator[Item]:
        """Yield the items of parts."""
        return itertools.chain.from_iterable(self.folder.read(EXTRACT, part) for part in parts)

    def bring_back(self, pim_ids: Collection[str]) -> None:
        """Put items that left into the extract again."""
        if self.known is not None:
            self.parts = tuple(self.known.bring_back(pim_ids))
            self._skus = self._occurrences()

    def columns(self, expectations: Iterable[Expected], wanted: set[str] | None = None) -> Columns:
        """Return how the columns that expectations look at are computed.

        Args:
            expectations: The expectations.
            wanted: The columns that they name; None: all of them.
        """
        expectations = list(expectations)
        named = {name for one in expectations for name in one.columns} if wanted is None else wanted
        mentioned = {name for one in expectations for name in one.mentioned & self.known_columns}
        return Columns(
            named | mentioned,
            probes={one.column: one.probe for one in expectations if one.probe},
            languages=self._languages,
            fallback=self.connector.source.fallback_language,
            skus=self._skus,
            tables=self._tables,
        )

    def rows(self, columns: Columns, items: Iterable[Item]) -> Iterator[list[Any]]:
        """Yield the columns of each item; a family's items arrive side by side."""
        for _, group in itertools.groupby(items, key=lambda item: item["group"]):
            family = list(group)
            siblings = variants_of(family, self._kept)
            for item in family:
                yield columns.of(item, siblings)

    def is_whole(self, group: str) -> bool:
        """Return whether the run takes all items of a product."""
        return group not in self._kept

    def is_repeated(self, sku: str | None) -> bool:
        """Return whether several items have a SKU."""
        return sku is not None and sku in self._skus

    def place_of(self, expected: Expected) -> str:
        """Return where an expectation is asked for, for messages."""
        if expected.suite:
            return expected.suite
        return f"{self.place}, line {expected.line}" if expected.line else self.place

    def _occurrences(self) -> Counter[str]:
        """Return how many items have which SKU, of the SKUs of the items to be checked that several have."""
        found = repeated(item.sku for item in self.indexed() if item.sku)
        # An item that left with the SKU of one that stays has come back: those that left need no counting.
        if self.everything or self.known is None:
            return found
        own = {item.pim_id: item.sku for item in self.indexed() if item.sku}
        for sku, count in self.known.occurrences(own).items():
            found[sku] = (found[sku] or 1) + count
        return found

    def _refuse_unknown_columns(self) -> None:
        """Refuse an expectation on a column that is never filled: it would pass, or fail, for everything."""
        if not self.fields:
            return  # nothing was extracted
        for expected in self.own:
            unknown = sorted(expected.columns - self.known_columns)
            if unknown and expected.type != "expect_column_to_exist":
                near = closest(unknown[0], sorted(self.known_columns), most=3)
                raise UnknownColumn(
                    "quality.unknown_column",
                    hint=message("did_you_mean", names=near) if near else None,
                    place_of=self.place_of(expected),
                    expected_type=expected.type,
                    unknown=unknown[0],
                )
