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

from amazon_listings.messages import log_line, message
from amazon_listings.sources.errors import UnexpectedAnswer, UnusableRecord, UnusableRow
from amazon_listings.sources.record import shown
from amazon_listings.sources.sales_layer.connector_errors import BAD_LAST_UPDATE, INFORMATIVE, error_code
from amazon_listings.sources.sales_layer.connector_pages import clock_of, media_waiting, pages
from amazon_listings.sources.sales_layer.connector_tables import Described, Roles, data_of
from amazon_listings.sources.sales_layer.positional import Row, parse_row
from amazon_listings.sources.sales_layer.tags import carries_tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from amazon_listings.item import Record
    from amazon_listings.sources.reading import Reading
    from amazon_listings.sources.sales_layer.transport import JsonObject, Transport
    from amazon_listings.sources.selection import Selection
    from amazon_listings.sources.staging import StagingStore

log = logging.getLogger(__name__)

#: Rows that are kept until a page says which table is which.
MOST_PENDING = 20_000


def fill(store: StagingStore, transport: Transport, selection: Selection, reading: Reading) -> None:
    """Read what is selected into the store, and set the reading's `cursor` and `full`.

    `changed_until` is not known to this API: more than asked for may come.

    Raises:
        RetryableError, ActionRequiredError: see `pages` and `roles`.
    """
    since = selection.changed_since
    only_named = selection.families is not None and not selection.by_date
    for key in selection.named:
        store.touch(key)
    answer = _Answer(store, selection, reading, wanted=store.is_touched if only_named else None)
    for page in pages(transport, since):
        if not answer.pages_read:
            moment = clock_of(page)
            reading.cursor = reading.opened = moment.isoformat() if moment else None
            reading.full = not only_named and (since is None or is_full(page.body))
        answer.take(page.body)
    answer.end()
    waiting = answer.waiting
    if reading.full and not answer.rows_read:
        # "Everything is new" and nothing is in it: that says nothing about what was deleted.
        reading.full, reading.cursor = False, None
        reading.notices.append(message("pim.refresh_empty"))
    elif not (only_named or reading.full) and store.any_touched() and not answer.complete():
        log.info("%s", log_line("log.sales_layer_families"))
        store.forget_records()
        rest = _Answer(store, selection, reading, wanted=store.is_touched)
        for page in pages(transport, None):
            rest.take(page.body)
        rest.end()
        waiting = max(waiting, rest.waiting)
    if waiting:
        # Whether Sales Layer calls an item changed when its images are ready is not known.
        reading.cursor = None
        reading.notices.append(message("pim.media_waiting", count=waiting))


def is_full(page: JsonObject) -> bool:
    """True if an answer holds everything: the PIM was not asked for, or could not give, changes."""
    return page.get("action") != "update" or error_code(page) == BAD_LAST_UPDATE


@dataclass
class _Answer:
    """One answer of several pages on its way to the store; keeps what its pages say about the tables."""

    store: StagingStore
    selection: Selection
    reading: Reading
    wanted: Callable[[str], bool] | None = None
    described: Described = field(default_factory=Described)
    pages_read: int = 0
    rows_read: int = 0
    waiting: int = 0
    _partial: bool = False
    _pending: list[JsonObject] = field(default_factory=list)
    _pending_rows: int = 0

    def take(self, page: JsonObject) -> None:
        """Put a page's rows on the store."""
        if (code := error_code(page)) in INFORMATIVE:
            log.warning("%s", log_line(f"sales_layer.informs_{code}"))
        self.pages_read += 1
        self.waiting = max(self.waiting, media_waiting(page))
        before = self.described.roles
        self.described.see(page)
        names = self.described.roles
        if before and self.rows_read and (names is None or names.products != before.products):
            raise UnexpectedAnswer("sales_layer.no_products_table", tables=list(self.described.tables))
        if names is None:
            self._keep(data_of(page))
            return
        pending, self._pending = self._pending, []
        for each in (*pending, page):
            self._put(each, names)

    def end(self) -> None:
        """Say that the last page was taken.

        Raises:
            UnexpectedAnswer: there were rows, or a full answer, and no table of products.
        """
        unread = bool(self._pending) and not self.rows_read
        if unread or (self.described.tables and self.described.roles is None and self.reading.full):
            if self.described.roles is not None:
                raise UnexpectedAnswer("sales_layer.sales_layer_sent_rows")
            self.described.require()
        self._pending.clear()

    def _keep(self, data: JsonObject) -> None:
        """Keep rows until a page says what they are; those of categories make no items."""
        tables = self.described.tables
        kept = {
            name: rows
            for name, rows in data.items()
            if rows and not (name in tables and self.described.is_category(name))
        }
        if kept:
            self._pending.append({"data": kept})
        self._pending_rows += sum(len(rows) for rows in kept.values() if isinstance(rows, list))
        if self._pending_rows > MOST_PENDING:
            self._pending.clear()
            self.described.require()  # rows of a table that makes no items may stay unknown

    def _put(self, page: JsonObject, names: Roles) -> None:
        for row in self._rows(page, names.products):
            self._product(row)
        if names.variants:
            for row in self._rows(page, names.variants):
                self._variant(row, names)
        unknown = self.described.unknown(page)
        if unknown:
            self._keep(unknown)

    def complete(self) -> bool:
        """True if every changed family was sent whole, so that no second answer is needed."""
        if self._partial:
            return False
        names = self.described.roles
        without_variants = names is None or names.variants is None
        return all(
            self.store.has_product(key) and (without_variants or self.store.has_variants(key))
            for key in self.store.touched()
        )

    def _rows(self, page: JsonObject, name: str) -> Iterator[Row]:
        for row in self.described.rows(page, name):
            self.rows_read += 1
            try:
                yield parse_row(self.described.tables[name], row, self.selection)
            except UnusableRow as error:
                if self.wanted is None:  # a second answer repeats what the first one showed
                    self._problem(name, row, error)

    def _problem(self, name: str, row: object, reason: UnusableRow) -> None:
        identity = row[1] if isinstance(row, list) and len(row) > 1 else None
        subject = shown(identity) or message("row.without_id")
        self.reading.problems.append(
            UnusableRecord(
                "sales_layer.row_sales_layer_table",
                sku=shown(identity) or "?",  # in no language: the reader is not known yet
                subject=subject,
                name=name,
                reason=reason,
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
        """True if the row has all its media; an item must not lose pictures because they are old or new."""
        needed = {*self.selection.fields, *self.selection.fields_if_any}
        unfinished = [name for name in row.unfinished_media if not self.selection.fields or name in needed]
        if unfinished and not self.reading.full and self.wanted is None:
            self._partial = True  # a second answer will say it
            return False
        if unfinished:
            self.reading.cursor = None  # so that the next run reads it again
            self.reading.problems.append(
                UnusableRecord(
                    "sales_layer.media_unfinished", sku=record["ref"], ref=record["ref"], fields=unfinished
                )
            )
            return False
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
