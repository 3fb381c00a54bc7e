"""Where listings and feeds survive a restart of the sandbox: an SQLite file, or nowhere."""

from __future__ import annotations

import json
import sqlite3
import threading
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class StateFile:
    """JSON values by kind and key, written through to a file; without a file it keeps nothing.

    Args:
        path: The SQLite file, created if it is not there.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        if path is not None:
            self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=OFF")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS shelf (kind TEXT, key TEXT, value TEXT, PRIMARY KEY (kind, key))"
            )

    def put(self, kind: str, key: str, value: object) -> None:
        """Keep a value: JSON, or a dataclass of it."""
        if self._database is not None:
            with self._lock:
                written = json.dumps(value, default=asdict)
                self._database.execute("INSERT OR REPLACE INTO shelf VALUES (?, ?, ?)", (kind, key, written))

    def drop(self, kind: str, key: str) -> None:
        """Forgets a value."""
        if self._database is not None:
            with self._lock:
                self._database.execute("DELETE FROM shelf WHERE kind = ? AND key = ?", (kind, key))

    def all(self, kind: str) -> Iterator[tuple[str, Any]]:
        """Yield every (key, value) of a kind, sorted by key."""
        if self._database is not None:
            with self._lock:
                rows = self._database.execute(
                    "SELECT key, value FROM shelf WHERE kind = ? ORDER BY key", (kind,)
                ).fetchall()
            for key, value in rows:
                yield key, json.loads(value)

    def clear(self) -> None:
        """Forgets everything."""
        if self._database is not None:
            with self._lock:
                self._database.execute("DELETE FROM shelf")

    def close(self) -> None:
        """Closes the file."""
        if self._database is not None:
            self._database.close()
