"""What is compared over all items, on disk, so that memory does not grow with their number."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def repeated(texts: Iterable[str]) -> Counter[str]:
    """Return the texts that occur more than once, with how often they do."""
    with _database() as database:
        database.execute("CREATE TABLE texts (text BLOB)")
        # As bytes: half of a surrogate pair is no text of a database.
        encoded = ((text.encode("utf-8", "surrogatepass"),) for text in texts)
        database.executemany("INSERT INTO texts VALUES (?)", encoded)
        found = database.execute("SELECT text, count(*) FROM texts GROUP BY text HAVING count(*) > 1")
        return Counter({text.decode("utf-8", "surrogatepass"): count for text, count in found})


class StoredRows:
    """Rows of columns, read in batches.

    Attributes:
        count: How many there are.
    """

    def __init__(self, database: sqlite3.Connection, names: Sequence[str], identity: str) -> None:
        self._database = database
        self._places = {name: place for place, name in enumerate(names)}
        self._identity = self._places[identity]
        self.count = 0

    def store(self, rows: Iterable[Sequence[Any]]) -> None:
        """Store rows; their cells are what JSON has, but no lists and objects."""
        self._database.execute("CREATE TABLE stored (place INTEGER PRIMARY KEY, cells TEXT)")
        encoded = ((json.dumps(row),) for row in rows)
        self.count = self._database.executemany("INSERT INTO stored (cells) VALUES (?)", encoded).rowcount

    def batches(self, column: str, size: int) -> Iterator[Iterator[list[Any]]]:
        """Yield the rows in batches of about a size, those with the same value of a column in the same.

        Args:
            column: The column; empty: all rows are one batch.
            size: Rows of a batch.
        """
        number = -(-self.count // size) if column else 1
        for batch in range(number):
            rows = (
                json.loads(cells)
                for (cells,) in self._database.execute("SELECT cells FROM stored ORDER BY place")
            )
            yield (row for row in rows if number == 1 or self._spread(row, column) % number == batch)

    def _spread(self, row: Sequence[Any], column: str) -> int:
        """Return a number that is the same for equal values; rows without one are spread."""
        value = row[self._places[column]]
        return hash(row[self._identity] if value is None else value)


@contextmanager
def stored_rows(names: Sequence[str], rows: Iterable[Sequence[Any]], identity: str) -> Iterator[StoredRows]:
    """Store rows until the block ends.

    Args:
        names: The names of their columns.
        rows: The rows.
        identity: The column that identifies a row.
    """
    with _database() as database:
        stored = StoredRows(database, names, identity)
        stored.store(rows)
        yield stored


@contextmanager
def _database() -> Iterator[sqlite3.Connection]:
    """Open an empty database in a file of its own, which goes when the block ends."""
    with closing(sqlite3.connect("")) as database:
        database.execute("PRAGMA journal_mode = OFF")
        yield database
