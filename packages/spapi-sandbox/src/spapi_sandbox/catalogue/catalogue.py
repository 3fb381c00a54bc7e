"""The sandbox's PIM: a catalogue that can be read, edited and reset.

The original entries never change; edits lie over them, so that a reset is exact and a catalogue of
any size costs the memory of its edits.
"""

from __future__ import annotations

import copy
import threading
from typing import TYPE_CHECKING, Any

from spapi_sandbox.catalogue.entry import TABLES, VISIBLE, Entry, Field, Stock, Table
from spapi_sandbox.catalogue.files import FOLDER, read_files
from spapi_sandbox.catalogue.generated import LargeStock
from spapi_sandbox.catalogue.written import ListedStock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Catalogue:
    """Categories, products and variants, with what was edited, hidden or deleted and when.

    `languages` are the account's, the first one is its default. Every method that changes something
    takes the time `now` in unix seconds, so that the server's clock decides.
    """

    def __init__(
        self,
        stock: Stock,
        *,
        fields: dict[Table, dict[str, Field]],
        languages: tuple[str, ...],
        company: dict[str, Any],
    ) -> None:
        self.fields = fields
        self.languages = languages
        self.company = company
        self._stock = stock
        self._lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        """Forget every edit."""
        with self._lock:
            self.version = 0
            self._edited: dict[tuple[Table, int], Entry] = {}
            self._added: dict[Table, dict[int, Entry]] = {table: {} for table in TABLES}
            self._deleted: dict[tuple[Table, int], int] = {}
            self._left: dict[tuple[Table, int], int] = {}

    def entries(self, table: Table, after: int = 0) -> Iterator[Entry]:
        """Live entries of a table with an id above `after`, by id, made one at a time."""
        for entry in self._stock.entries(table, after):
            key = (table, entry.id)
            if key not in self._deleted:
                yield self._edited.get(key, entry)
        for entry_id, entry in sorted(self._added[table].items()):
            if entry_id > after:
                yield entry

    def get(self, table: Table, entry_id: int) -> Entry | None:
        """Return the live entry, or None."""
        key = (table, entry_id)
        if key in self._deleted:
            return None
        return self._edited.get(key) or self._added[table].get(entry_id) or self._stock.get(table, entry_id)

    def variants_of(self, product: int) -> list[Entry]:
        """Return the product's live variants, by id."""
        ids = [variant.id for variant in self._stock.variants_of(product)]
        ids += [entry.id for entry in self._added["variants"].values() if entry.parent == product]
        return [entry for entry_id in sorted(ids) if (entry := self.get("variants", entry_id))]

    def departures(self, table: Table, since: int) -> Iterator[tuple[int, int]]:
        """(id, when) of entries deleted or hidden at or after `since`, by id."""
        gone = {**self._left, **self._deleted}
        yield from sorted((key[1], when) for key, when in gone.items() if key[0] == table and when >= since)

    def add(self, table: Table, *, now: int, ref: str, values: dict[str, Any], **place: Any) -> Entry:
        """Add an entry (`status`, `parent`, `categories` as keywords) and return it.

        Raises:
            KeyError: a field is not one of the table's, or the parent product does not exist.
        """
        with self._lock:
            self._check(table, values)
            if table == "variants" and self.get("products", place.get("parent") or 0) is None:
                raise KeyError(f"product {place.get('parent')}")
            entry_id = max([self._stock.last_id(table), *self._added[table], *self._deleted_ids(table)]) + 1
            entry = Entry(
                table=table,
                id=entry_id,
                ref=ref,
                status=place.get("status") or VISIBLE,
                modified=now,
                created=now,
                media_modified=now,
                parent=place.get("parent"),
                categories=tuple(place.get("categories") or ()),
                values=values,
            )
            self._added[table][entry_id] = entry
            self.version += 1
            return entry

    def edit(
        self, table: Table, entry_id: int, *, now: int, values: dict[str, Any] | None = None, **place: Any
    ) -> Entry:
        """Change values, `status`, `ref` or `categories` of an entry and return it as it is now.

        A change of status touches a product's variants too: they appear and disappear with it.

        Raises:
            KeyError: no such entry or field.
        """
        with self._lock:
            old = self.get(table, entry_id)
            if old is None:
                raise KeyError(f"{table} {entry_id}")
            self._check(table, values or {})
            entry = copy.deepcopy(old)
            entry.values.update(values or {})
            entry.modified = now
            if any(self.fields[table][name].type in {"image", "file"} for name in values or {}):
                entry.media_modified = now
            entry.ref = place.get("ref") or entry.ref
            entry.categories = tuple(place.get("categories") or entry.categories)
            entry.status = place.get("status") or entry.status
            self._put(entry)
            if entry.status != old.status:
                self._settle_status(entry, now)
            self.version += 1
            return entry

    def delete(self, table: Table, entry_id: int, *, now: int) -> None:
        """Delete an entry, and a product's variants with it.

        Raises:
            KeyError: no such entry.
        """
        with self._lock:
            if self.get(table, entry_id) is None:
                raise KeyError(f"{table} {entry_id}")
            members = self.variants_of(entry_id) if table == "products" else []
            for gone_table, gone_id in [(table, entry_id), *(("variants", m.id) for m in members)]:
                self._deleted[gone_table, gone_id] = now
                self._added[gone_table].pop(gone_id, None)
            self.version += 1

    def _check(self, table: Table, values: dict[str, Any]) -> None:
        for name in values:
            if name not in self.fields[table]:
                raise KeyError(f"field {name} of {table}")

    def _deleted_ids(self, table: Table) -> list[int]:
        return [entry_id for name, entry_id in self._deleted if name == table]

    def _put(self, entry: Entry) -> None:
        if entry.id in self._added[entry.table]:
            self._added[entry.table][entry.id] = entry
        else:
            self._edited[entry.table, entry.id] = entry

    def _settle_status(self, entry: Entry, now: int) -> None:
        family = [entry, *(self.variants_of(entry.id) if entry.table == "products" else [])]
        for member in family:
            if entry.status == VISIBLE:
                self._left.pop((member.table, member.id), None)
                if member is not entry:
                    touched = copy.copy(member)
                    touched.modified = now
                    self._put(touched)
            else:
                self._left[member.table, member.id] = now


def load(folder: Path = FOLDER, *, seed: int = 0) -> Catalogue:
    """Return the catalogue of the files in `folder`; `seed` decides stock levels and change dates."""
    files = read_files(folder)
    stock = ListedStock(files, seed=seed)
    return Catalogue(stock, fields=files.fields, languages=files.languages, company=files.company)


def generate(n_items: int, seed: int = 0) -> Catalogue:
    """Return a catalogue of `n_items` items (variants, and products without any) made when they are read.

    The items are clean; entry k of the same seed is the same whatever `n_items` is.
    """
    files = read_files(FOLDER)
    stock = LargeStock(ListedStock(files, seed=seed, mistakes=False), n_items=n_items, seed=seed)
    return Catalogue(stock, fields=files.fields, languages=files.languages, company=files.company)
