"""Listings that were there and are not: nothing is created again on one reading, or unasked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from amazon_listings.ledger.items.known import KnownItem

Note = Literal["", "note.missed_once", "note.vanished"]


def missing_note(known: KnownItem | None, *, exists: bool | None, recreates: bool) -> Note:
    """Return the code of the remark on a listing that is not sent because it vanished; empty if it may be.

    Args:
        known: What the ledger knew of the listing before it was read.
        exists: Whether Amazon has it, as far as is known now.
        recreates: Whether the connector creates again what was deleted by hand.
    """
    if known is None or exists is not False:
        return ""
    if known.state == "gone":
        return "" if recreates else "note.vanished"
    if not known.listed or known.seen_at is None:
        return ""
    if not known.is_missed_again(datetime.now(UTC)):
        return "note.missed_once"
    return "" if recreates else "note.vanished"
