"""Records of one reading, kept on disk until products and variants can be joined.

Both APIs send products and variants apart, a page at a time, and a page may break off anywhere:
only when the last page has been read is it known whose variants are complete. SQLite's private
temporary database (no name) spills to disk by itself and is gone when it is closed.
"""

from __future__ import annotations

import json
import marshal
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amazon_listings.item import Record

_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -16000;
CREATE TABLE product (
    seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, shown INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE variant (
    seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, shown INTEGER NOT NULL, body BLOB NOT NULL,
    parent TEXT NOT NULL);
CREATE INDEX variant_parent ON variant (parent, seq);
CREATE TABLE touched (key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE place (key TEXT PRIMARY KEY, place TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE link (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE removed (id TEXT PRIMARY KEY) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Family:
    """A product with its variants.

    `variants` are those wanted, in the PIM's order. `lone` is True if the product has no
    variant at all, wanted or not: then it is an item by itself.
    """

    product: Record
    variants: Iterator[Record]
    lone: bool


class StagingStore:
    """A temporary store of one reading's products and variants.

    Keys are texts: what variants name their product by, and a variant's own id. A record put
    twice is kept once, at its first place, as it was last sent: pages shift while people edit.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.executescript(_TABLES)
        self._db.execute("BEGIN")
        self._any_removed = False

    def close(self) -> None:
        """Forget everything and free the disk."""
        self._db.close()

    def put_product(self, key: str, record: Record, *, shown: bool = True) -> None:
        """Keep a product; `shown` is False if it is only there to say that it is not wanted."""
        self._db.execute(
            "INSERT INTO product (key, shown, body) VALUES (?, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET shown = excluded.shown, body = excluded.body",
            (key, shown, _packed(record)),
        )
        if shown and self._any_removed:
            self._db.execute("DELETE FROM removed WHERE id = ?", (f"products/{record['id']}",))

    def put_variant(self, parent: str, record: Record, *, shown: bool = True) -> None:
        """Keep a variant; `shown` is False if its own status is not wanted."""
        self._db.execute(
            "INSERT INTO variant (key, shown, body, parent) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET shown = excluded.shown, body = excluded.body, "
            "parent = excluded.parent",
            (record["id"], shown, _packed(record), parent),
        )
        if shown and self._any_removed:
            self._db.execute("DELETE FROM removed WHERE id = ?", (f"variants/{record['id']}",))

    def add_texts(self, table: str, key: str, texts: Mapping[str, Mapping[str, str]]) -> None:
        """Add another language's texts to a record that is here already; else do nothing."""
        kind = "product" if table == "products" else "variant"
        row = self._db.execute(f"SELECT body FROM {kind} WHERE key = ?", (key,)).fetchone()  # noqa: S608 - two names of ours
        if row is None:
            return
        record = _record(row[0])
        for name, values in texts.items():
            record["texts"][name] = {**values, **record["texts"].get(name, {})}
        self._db.execute(f"UPDATE {kind} SET body = ? WHERE key = ?", (_packed(record), key))  # noqa: S608 - our own table

    def remove(self, table: str, key: str) -> None:
        """Note a record as deleted or gone from the selection, and drop it."""
        self._db.execute(
            "DELETE FROM product WHERE key = ?"
            if table == "products"
            else "DELETE FROM variant WHERE key = ?",
            (key,),
        )
        self.note_removed(f"{table}/{key}")

    def note_removed(self, identity: str) -> None:
        """Note an id (`products/99`) as gone from the selection."""
        self._db.execute("INSERT OR IGNORE INTO removed VALUES (?)", (identity,))
        self._any_removed = True

    def removed(self) -> list[str]:
        """Ids of what is gone."""
        return [row[0] for row in self._db.execute("SELECT id FROM removed ORDER BY id")]

    def touch(self, key: str) -> None:
        """Mark a family, by its product's key, as one that changed."""
        self._db.execute("INSERT OR IGNORE INTO touched VALUES (?)", (key,))

    def is_touched(self, key: str) -> bool:
        """True if the family was marked."""
        return self._db.execute("SELECT 1 FROM touched WHERE key = ?", (key,)).fetchone() is not None

    def any_touched(self) -> bool:
        """True if any family was marked."""
        return self._db.execute("SELECT 1 FROM touched LIMIT 1").fetchone() is not None

    def touched(self) -> Iterator[str]:
        """Keys of the marked families."""
        yield from (row[0] for row in self._db.execute("SELECT key FROM touched ORDER BY key"))

    def product(self, key: str) -> Record | None:
        """Return the product, or None."""
        row = self._db.execute("SELECT body FROM product WHERE key = ?", (key,)).fetchone()
        return _record(row[0]) if row else None

    def keep_touched(self) -> None:
        """Drop every family that is not marked."""
        self._db.execute("DELETE FROM variant WHERE parent NOT IN (SELECT key FROM touched)")
        self._db.execute("DELETE FROM product WHERE key NOT IN (SELECT key FROM touched)")

    def has_product(self, key: str) -> bool:
        """True if the product is here."""
        return self._db.execute("SELECT 1 FROM product WHERE key = ?", (key,)).fetchone() is not None

    def is_shown(self, key: str) -> bool:
        """True if the product is here and wanted."""
        return (
            self._db.execute("SELECT 1 FROM product WHERE key = ? AND shown", (key,)).fetchone() is not None
        )

    def note_link(self, key: str, value: object) -> None:
        """Remember the JSON value behind a key, to ask for it as the PIM wrote it (101, not "101")."""
        self._db.execute("INSERT OR IGNORE INTO link VALUES (?, ?)", (key, json.dumps(value)))

    def link_value(self, key: str) -> object:
        """Return the JSON value behind a key."""
        row = self._db.execute("SELECT value FROM link WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else key

    def note_place(self, key: str, place: str) -> str | None:
        """Remember where a record stands in its file; return where one of its id stands already."""
        if self._db.execute("INSERT OR IGNORE INTO place VALUES (?, ?)", (key, place)).rowcount:
            return None
        row = self._db.execute("SELECT place FROM place WHERE key = ?", (key,)).fetchone()
        return str(row[0])

    def has_variants(self, key: str) -> bool:
        """True if a variant of this product is here, wanted or not."""
        return (
            self._db.execute("SELECT 1 FROM variant WHERE parent = ? LIMIT 1", (key,)).fetchone() is not None
        )

    def parents_missing(self) -> Iterator[str]:
        """Keys that variants name their product by, where no such product is here."""
        yield from (
            row[0]
            for row in self._db.execute(
                "SELECT DISTINCT parent FROM variant LEFT JOIN product ON product.key = parent "
                "WHERE product.key IS NULL ORDER BY parent"
            )
        )

    def orphans(self) -> Iterator[tuple[str, Record]]:
        """Wanted variants whose product is not here, each with the key it names it by."""
        for parent, body in self._db.execute(
            "SELECT parent, variant.body FROM variant LEFT JOIN product ON product.key = parent "
            "WHERE product.key IS NULL AND variant.shown ORDER BY variant.seq"
        ):
            yield parent, _record(body)

    def forget_records(self) -> None:
        """Drop products and variants, keep what was marked and what is gone."""
        self._db.execute("DELETE FROM product")
        self._db.execute("DELETE FROM variant")

    def forget_variants(self) -> None:
        """Drop variants, to read them again with their siblings in the PIM's order."""
        self._db.execute("DELETE FROM variant")

    def families(self) -> Iterator[Family]:
        """Yield every wanted product, in the PIM's order, with its variants."""
        alone = self._db.execute("SELECT 1 FROM variant LIMIT 1").fetchone() is None
        for key, body in self._db.execute("SELECT key, body FROM product WHERE shown ORDER BY seq"):
            yield Family(_record(body), self._variants(key), lone=alone or not self.has_variants(key))

    def _variants(self, key: str) -> Iterator[Record]:
        rows = self._db.execute("SELECT body FROM variant WHERE parent = ? AND shown ORDER BY seq", (key,))
        for (body,) in rows:
            yield _record(body)


def _packed(record: Record) -> bytes:
    """Return a record in the form in which the store keeps it, several times as fast as JSON."""
    try:
        return marshal.dumps(cast("dict[str, Any]", record))
    except ValueError:
        # A source of another distribution may use types of its own, such as an enumeration of texts.
        return marshal.dumps(json.loads(json.dumps(record)))


def _record(body: bytes) -> Record:
    return cast("Record", marshal.loads(body))  # noqa: S302 - this process alone writes the temporary database
