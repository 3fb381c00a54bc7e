"""Documents: what runs began with, each kept once, by its hash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from amazon_listings.ledger.content import packed, unpacked
from amazon_listings.ledger.database import CHUNK, chunks, insert_into, reading
from amazon_listings.ledger.tables import documents, runs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Engine


def keep_document(ledger: Engine, hash_: str, content: object) -> None:
    """Keep a document, if it is not kept yet.

    Args:
        ledger: The open ledger.
        hash_: Its hash.
        content: The document as JSON data.
    """
    with ledger.begin() as connection:
        entry = insert_into(connection, documents).values(hash=hash_, content=packed(content))
        connection.execute(entry.on_conflict_do_nothing())


def find_documents(ledger: Engine, hashes: Iterable[str]) -> dict[str, Any]:
    """Return the documents of these hashes that are kept, by their hash.

    Raises:
        LedgerDamaged: one cannot be read.
    """
    found: dict[str, Any] = {}
    for chunk in chunks(dict.fromkeys(hashes), CHUNK):
        with reading(ledger) as connection:
            rows = connection.execute(select(documents).where(documents.c.hash.in_(chunk))).all()
        found |= {row.hash: unpacked(row.content) for row in rows}
    return found


def forget_documents(ledger: Engine) -> None:
    """Delete the documents that no run names any more."""
    with ledger.begin() as connection:
        connection.execute(delete(documents).where(documents.c.hash.not_in(select(runs.c.document))))
