"""What can go wrong with the ledger's database, named by what to do next.

SQLite's result codes and PostgreSQL's SQLSTATE classes are those of their manuals.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from amazon_listings.errors import ActionRequiredError, AmazonListingsError, RetryableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import URL

#: Seconds after which a task looks again for a database that was busy or down.
_RETRY_AFTER = 30.0


class LedgerBusy(RetryableError):
    """Others held the ledger longer than anybody waits for it."""


class LedgerDown(RetryableError):
    """The ledger's database does not answer."""


class LedgerFull(RetryableError):
    """The disk under the ledger is full."""


class LedgerClosed(ActionRequiredError):
    """The ledger cannot be opened or written with what we were given."""


class LedgerDamaged(ActionRequiredError):
    """The ledger's file is not, or no longer, a database of this version."""


#: An error, and the code that words it.
_Kind = tuple[type[AmazonListingsError], str]

_BUSY: _Kind = (LedgerBusy, "ledger.busy")
_DOWN: _Kind = (LedgerDown, "ledger.down")
_FULL: _Kind = (LedgerFull, "ledger.full")
_UNREADABLE: _Kind = (LedgerDown, "ledger.unreadable")
_CLOSED: _Kind = (LedgerClosed, "ledger.closed")
_DAMAGED: _Kind = (LedgerDamaged, "ledger.damaged")

_SQLITE: Mapping[int, _Kind] = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _UNREADABLE,
    sqlite3.SQLITE_CANTOPEN: _CLOSED,
    sqlite3.SQLITE_READONLY: _CLOSED,
    sqlite3.SQLITE_PERM: _CLOSED,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}
#: By SQLSTATE, the longest prefix first.
_POSTGRESQL: Mapping[str, _Kind] = {
    "53100": _FULL,
    "55P03": _BUSY,
    "42501": _CLOSED,
    "40": _BUSY,
    "53": _DOWN,
    "57P": _DOWN,
    "58": _DOWN,
    "08": _DOWN,
    "28": _CLOSED,
    "3D": _CLOSED,
    "XX001": _DAMAGED,
    "XX002": _DAMAGED,
}
#: A refused connection has no SQLSTATE, only libpq's words.
_REFUSED = ("authentication failed", "no password supplied", "does not exist", "no pg_hba.conf entry")


def place(url: URL) -> str:
    """Return where the ledger is, without user and password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return f"{url.host or 'localhost'}:{url.port or 5432}/{url.database}"


def explained(fault: BaseException, url: URL) -> AmazonListingsError | None:
    """Return what to raise in the place of a fault of the database driver; None if it is none of these.

    Args:
        fault: The driver's own exception.
        url: The ledger's address; user and password are not repeated.
    """
    kind = _kind(fault)
    if kind is None:
        return None
    error, code = kind
    said = " ".join(str(fault).split())[:200]
    if issubclass(error, RetryableError):
        return error(code, place=place(url), said=said, retry_after=_RETRY_AFTER)
    return error(code, place=place(url), said=said)


def _kind(fault: BaseException) -> _Kind | None:
    if isinstance(fault, UnicodeDecodeError):  # SQLite's message, which quotes the damaged schema
        return _DAMAGED
    if isinstance(fault, sqlite3.Error):
        return _SQLITE.get(getattr(fault, "sqlite_errorcode", -1) & 0xFF)
    state = getattr(fault, "pgcode", None)
    if state:
        return next((kind for prefix, kind in _POSTGRESQL.items() if state.startswith(prefix)), None)
    if type(fault).__name__ in {"OperationalError", "InterfaceError"}:
        return _CLOSED if any(words in str(fault) for words in _REFUSED) else _DOWN
    return None
