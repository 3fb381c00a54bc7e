"""Reading through the connector API 1.18: what an export connector of Sales Layer gives.

Statuses, fields and formulas are chosen in Sales Layer, on the export connector; so records
have no status of their own here. In a reading of changes an answer is not enough to build items:
a changed variant comes without its product, a changed product without its variants, unchanged
media as a mark. Then the answer only tells *which* families changed, and the values come from a
second, full answer, of which the other families are passed over.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amazon_listings.messages import log_line
from amazon_listings.sources.errors import UnexpectedAnswer, UnusableRecord
from amazon_listings.sources.record import shown
from amazon_listings.sources.sales_layer.connector_errors import BAD_LAST_UPDATE, INFORMATIVE, error_code
from amazon_listings.sources.sales_layer.connector_pages import clock_of, pages
from amazon_listings.sources.sales_layer.connector_tables import Roles, roles
from amazon_listings.sources.sales_layer.positional import Row, Table, parse_row, tables
from amazon_listings.sources.sales_layer.tags import carries_tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from amazon_listings.item import Record
    from amazon_listings.sources.reading import Reading
    from amazon_listings.sources.sales_layer.transport import JsonObject, Transport
    from amazon_listings.sources.selection import Selection
    from amazon_listings.sources.staging import StagingStore

log = logging.getLogger(__name__)


def fill(store: StagingStore, transport: Transport, selection: Selection, reading: Reading) -> None:
    """Read what is selected into the store, and set the reading's `cursor` and `full`.

    `changed_until` is not known to this API: more than asked for may come.

    Raises:
        RetryableError, ActionRequiredError: see `pages` and `roles`.
    """
    since = selection.changed_since
    answer = _Answer(store, selection, reading)
    for page in pages(transport, since):
        if not answer.pages_read:
            moment = clock_of(page)
            reading.cursor = reading.opened = moment.isoformat() if moment else None
            reading.full = since is None or is_full(page)
        answer.take(page)
    if reading.full or not store.any_touched() or answer.complete():
        return
    log.info("%s", log_line("log.sales_layer_families"))
    store.forget_records()
    rest = _Answer(store, selection, reading, wanted=store.is_touched)
    for page in pages(transport, None):
        rest.take(page)


def is_full(page: JsonObject) -> bool:
    """True if an answer holds everything: the PIM was not asked for, or could not give, changes."""
    return page.get("action") != "update" or error_code(page) == BAD_LAST_UPDATE


@dataclass
class _Answer:
    """One answer of several pages on its way to the store; keeps the first page's schema."""

    store: StagingStore
    selection: Selection
    reading: Reading
    wanted: Callable[[str], bool] | None = None
    tables: dict[str, Table] = field(default_factory=dict)
    roles: Roles | None = None
    pages_read: int = 0
    _partial: bool = False

    def take(self, page: JsonObject) -> None:
        """Put a page's rows on the store."""
        if (code := error_code(page)) in INFORMATIVE:
            log.warning("%s", log_line(f"sales_layer.informs_{code}"))
        self.pages_read += 1
        self.tables = {**tables(page), **self.tables}
        data = page.get("data") or {}
        if not isinstance(data, dict):
            raise UnexpectedAnswer("sales_layer.sales_layer_page_no")
        if self.roles is None and self.tables:
            self.roles = roles(self.tables, page.get("schema"))
        if self.roles is None:
            if any(data.values()):
                raise UnexpectedAnswer("sales_layer.sales_layer_sent_rows")
            return
        for row in self._rows(data, self.roles.products):
            self._product(row)
        if self.roles.variants:
            for row in self._rows(data, self.roles.variants):
                self._variant(row, self.roles)

    def complete(self) -> bool:
        """True if every changed family was sent whole, so that no second answer is needed."""
        if self._partial:
            return False
        without_variants = self.roles is None or self.roles.variants is None
        return without_variants or all(
            self.store.has_product(key) and self.store.has_variants(key) for key in self.store.touched()
        )

    def _rows(self, data: JsonObject, name: str) -> Iterator[Row]:
        given = data.get(name) or []
        if not isinstance(given, list):
            raise UnexpectedAnswer("sales_layer.sales_layer_page_no")
        for row in given:
            try:
                yield parse_row(self.tables[name], row, self.selection)
            except ValueError as error:
                if self.wanted is None:  # a second answer repeats what the first one showed
                    self._problem(name, row, f"cannot be read: {error}")

    def _problem(self, name: str, row: object, text: str) -> None:
        identity = row[1] if isinstance(row, list) and len(row) > 1 else None
        subject = shown(identity) or "without id"
        self.reading.problems.append(
            UnusableRecord(
                "sales_layer.row_sales_layer_table", sku=subject, subject=subject, name=name, text=text
            )
        )

    def _product(self, row: Row) -> None:
        record = row.record
        if record is None:
            self.store.remove("products", row.id)
        elif self.wanted is None or self.wanted(row.id):
            self.store.touch(row.id)
            tagged = carries_tag(record, self.selection.tags)
            self.store.put_product(row.id, record, shown=self._whole(row, record) and tagged)
            if not tagged and not self.reading.full:
                self.store.note_removed(f"products/{row.id}")

    def _variant(self, row: Row, names: Roles) -> None:
        if row.record is None:
            self.store.remove("variants", row.id)
            return
        parent = row.joins.get(names.parent, "")
        if self.wanted is None or self.wanted(parent):
            self.store.touch(parent)
            self.store.put_variant(parent, row.record, shown=self._whole(row, row.record))

    def _whole(self, row: Row, record: Record) -> bool:
        """True if the row has all its media; an item must not lose pictures because they are old."""
        if not row.unchanged_media:
            return True
        if not self.reading.full and self.wanted is None:
            self._partial = True  # a second answer will bring them
        else:
            self.reading.problems.append(
                UnusableRecord(
                    "sales_layer.sales_layer_calls_images",
                    sku=record["ref"],
                    ref=record["ref"],
                )
            )
        return False
