"""A ledger that something changed: one value of a row, or bytes of the file."""

from __future__ import annotations

import shutil
import sqlite3
import zlib
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from amazon_listings.ledger import database
from amazon_listings.ledger.connectors.keys import resolve_key
from amazon_listings.ledger.items.issues import CheckedItem, open_issues, record_issues
from amazon_listings.ledger.items.known import accepted_contents, contents_of, known_items
from amazon_listings.ledger.items.leavers import removals_owed
from amazon_listings.ledger.items.lists import ItemQuery, list_items
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.items.states import Fingerprint, ItemState, find_states, record_states
from amazon_listings.ledger.runs.history import finish_run, last_run, recent_runs, start_run
from amazon_listings.ledger.writes.before_images import writes_of
from amazon_listings.ledger.writes.confirmations import due_looks
from amazon_listings.ledger.writes.last_writes import last_writes
from amazon_listings.remarks import remark
from amazon_product_types.validation.issue import Issue
from tests.fuzz.mutations import TOKENS, mutated_bytes
from tests.support.ledger_rows import record_accepted

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from sqlalchemy import Engine

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
SKUS = ("S1", "S2", "S3")
ATTRIBUTES = {"item_name": [{"value": "Lamp", "language_tag": "fr_FR"}]}
#: Values that a column of any type may be found to hold: SQLite keeps what it is given.
CELLS: tuple[Any, ...] = (
    None,
    0,
    -1,
    2**63 - 1,
    1.5,
    "",
    "x",
    "null",
    "[]",
    "{}",
    "5",
    "2026-99-01",
    b"",
    b"\x78\x9c",
    b"[1]",
)
#: Levels without end, as text and as contents are packed.
DEEP = ("[" * 100_000, zlib.compress(b'{"a":' * 100_000), zlib.compress(b'{"row":' + b"[" * 100_000))


class Ledgers:
    """A small ledger, mutated and put back.

    Args:
        folder: Where its file is.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ledger.db"
        self._copy = folder / "copy.db"
        self._engine = _opened(self._path)
        self._key = resolve_key(self._engine, "lamps")
        self._listings = ListingScope(self._key, "A1", "A13V1IB3VIYZZH", "LAMP")
        self._run = _filled(self._engine, self._key, self._listings)
        with closing(sqlite3.connect(self._path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._tables = {
                name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})") if row[1] != "id"]
                for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                if connection.execute(f"SELECT COUNT(*) FROM {name}").fetchone() != (0,)  # noqa: S608 - our tables
            }

    def try_one(self, random: Random) -> None:
        """Read everything of a ledger with one thing changed."""
        if random.random() < 0.1:
            self._with_other_bytes(random)
        else:
            self._with_another_cell(random)

    def _with_other_bytes(self, random: Random) -> None:
        shutil.copyfile(self._path, self._copy)
        content = self._copy.read_bytes()
        at = random.randrange(len(content))
        self._copy.write_bytes(
            content[:at] + mutated_bytes(random, content[at : at + 4096]) + content[at + 4096 :]
        )
        engine = None
        try:
            engine = _opened(self._copy)
            self._read(engine)
        finally:
            if engine is not None:
                engine.dispose()
                database._OPEN.remove(engine)
            for one in self._copy.parent.glob("copy.db*"):
                one.unlink()

    def _with_another_cell(self, random: Random) -> None:
        table = random.choice(sorted(self._tables))
        column = random.choice(self._tables[table])
        with closing(sqlite3.connect(self._path, isolation_level=None)) as connection:
            (number,) = random.choice(connection.execute(f"SELECT rowid FROM {table}").fetchall())  # noqa: S608
            where = f"WHERE rowid = {number}"
            (before,) = connection.execute(f"SELECT {column} FROM {table} {where}").fetchone()  # noqa: S608
            try:
                connection.execute(f"UPDATE {table} SET {column} = ? {where}", (_changed(random, before),))  # noqa: S608
            except (sqlite3.Error, UnicodeError):
                return  # the database itself refuses it
            try:
                self._read(self._engine)
            finally:
                connection.execute(f"UPDATE {table} SET {column} = ? {where}", (before,))  # noqa: S608

    def _read(self, engine: Engine) -> None:
        list(find_states(engine, self._key))
        list_items(engine, ItemQuery([self._key]))
        known_items(engine, self._listings, SKUS)
        accepted_contents(engine, self._listings, SKUS)
        list(contents_of(engine, self._key))
        last_writes(engine, self._listings, SKUS)
        list(writes_of(engine, self._run))
        list(open_issues(engine, self._key))
        due_looks(engine, self._key, now=NOON, limit=10)
        removals_owed(engine, self._key, before=NOON)
        last_run(engine, self._key, "live")
        recent_runs(engine, self._key)


def _opened(path: Path) -> Engine:
    return database.open_ledger.__wrapped__(f"sqlite:///{path}")


def _filled(engine: Engine, key: str, listings: ListingScope) -> int:
    run = start_run(engine, connector_key=key, run_id="r", operation="live", scope="everything")
    states = [
        ItemState(
            pim_id=f"products/{sku}", sku=sku, family="products/F", run=run, operation="live", outcome="accepted",
            read_at=NOON, row={"pim_id": sku, "product": {"fields": {"w": 1.5}}}, attributes=ATTRIBUTES,
            payload_hash="h", note=remark("note.vanished"), name="Lamp", picture=None, selected=("w",),
            fingerprint=Fingerprint(row=1, family=2, mapping=3, definition=4, rules=5, quality=6, tables=7),
        )
        for sku in SKUS
    ]  # fmt: skip
    record_states(engine, key, states)
    rows = [{"sku": sku, "pim_id": f"products/{sku}", "hash": "h", "attributes": ATTRIBUTES} for sku in SKUS]
    record_accepted(engine, listings, rows, definition="d", now=datetime(2026, 11, 27, tzinfo=UTC))
    issue = Issue(
        code="90220", severity="ERROR", source="listing", message="No.", attribute="brand", path="brand"
    )  # fmt: skip
    record_issues(engine, key, run, [CheckedItem("S1", [issue], frozenset({"listing"}))])
    finish_run(engine, run, counts={"accepted": 3}, calls={"updates": 3}, cursor=NOON.isoformat(), failure=())
    return run


def _changed(random: Random, before: Any) -> Any:
    if isinstance(before, bytes) and random.random() < 0.6:
        return mutated_bytes(random, before)
    if isinstance(before, str) and random.random() < 0.6:
        return mutated_bytes(random, before.encode()).decode("utf-8", "replace")
    return random.choice((*CELLS, *DEEP, random.choice(TOKENS)))
