"""Confirmations: when to look at a listing again after Amazon accepted a write.

ACCEPTED is not live: a listing is read 1, 5, 15 and 60 minutes, 6 and 24 hours after the acceptance,
until it is known what became of it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, case, func, select, update

from amazon_listings.ledger.database import CHUNK, chunks, reading
from amazon_listings.ledger.items.payloads import FIRST_LOOK
from amazon_listings.ledger.tables import items

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Engine

    from amazon_listings.ledger.items.payloads import ListingScope, Removal

#: Seconds after the acceptance.
LADDER = (FIRST_LOOK, 300, 900, 3_600, 21_600, 86_400)


class DueLook(NamedTuple):
    """A listing to be read now.

    `removing`: how it was taken off sale, if it was, and `removing_run` by which run. `last`: if it is not
    decided by this look, it is not applied.
    """

    sku: str
    seller_id: str
    marketplace_id: str
    accepted_hash: str
    accepted_at: datetime
    looks: int
    removing: Removal | None
    removing_run: int | None
    last: bool


class SeenLook(NamedTuple):
    """What came of a look.

    `state`: `accepted` is not decided, and looked at again. `seen`: True if a reading showed the listing,
    False if one did not, None without a reading.
    """

    look: DueLook
    state: str
    asin: str | None = None
    seen: bool | None = None


def next_look(accepted_at: datetime, now: datetime) -> datetime | None:
    """Return the next moment of the schedule, or None after its end.

    A late check does not make others pile up.
    """
    moments = (accepted_at + timedelta(seconds=step) for step in LADDER)
    return next((moment for moment in moments if moment > now), None)


def due_looks(
    ledger: Engine, connector_key: str, *, now: datetime | None = None, limit: int = CHUNK
) -> list[DueLook]:
    """Return the listings of a connector that are to be read now, those that wait longest first.

    A listing that was read must be entered with `record_looks`; else it is returned again.
    """
    now = now or datetime.now(UTC)
    columns = (
        items.c.sku,
        items.c.seller_id,
        items.c.marketplace_id,
        items.c.accepted_hash,
        items.c.accepted_at,
        items.c.looks,
        items.c.removing,
        items.c.removing_run,
    )
    with reading(ledger) as connection:
        rows = connection.execute(
            select(*columns)
            .where(items.c.connector_key == connector_key, items.c.look_at <= now)
            .order_by(items.c.look_at, items.c.sku)
            .limit(limit)
        ).all()
    return [DueLook(*row, last=next_look(row.accepted_at, now) is None) for row in rows]


def next_due(ledger: Engine, connector_key: str) -> datetime | None:
    """When the next listing of a connector is to be read; None if all are decided."""
    with reading(ledger) as connection:
        moment: datetime | None = connection.scalar(
            select(func.min(items.c.look_at)).where(
                items.c.connector_key == connector_key, items.c.look_at.is_not(None)
            )
        )
    return moment


def record_looks(
    ledger: Engine, listings: ListingScope, looks: Iterable[SeenLook], *, now: datetime | None = None
) -> None:
    """Enter what was seen.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        looks: What came of them. A listing that was written to since is left alone; its own looks follow.
        now: When they were read; this moment, if None.
    """
    now = now or datetime.now(UTC)
    # What was not applied is not what the listing holds: the next run sends it again. It stays ours, and a
    # removal is repeated from what the ledger holds of it.
    lost = (bindparam("new_state") == "not_applied") & items.c.removing.is_(None)
    done = (bindparam("new_state") == "deleted") | (bindparam("new_state") == "off_sale")
    shown = bindparam("new_seen", type_=items.c.seen_at.type)
    statement = (
        update(items)
        .where(
            items.c.sku == bindparam("of_sku"),
            items.c.seller_id == listings.seller_id,
            items.c.marketplace_id == listings.marketplace_id,
            items.c.connector_key == listings.connector_key,
            items.c.accepted_hash == bindparam("of_hash"),
            items.c.accepted_at == bindparam("of_moment", type_=items.c.accepted_at.type),
        )
        .values(
            state=bindparam("new_state"),
            asin=func.coalesce(bindparam("new_asin", type_=items.c.asin.type), items.c.asin),
            listed=bindparam("new_listed", type_=items.c.listed.type),
            look_at=bindparam("new_look_at", type_=items.c.look_at.type),
            looks=items.c.looks + 1,
            accepted_hash=case(
                (lost | (bindparam("new_state") == "deleted"), None), else_=items.c.accepted_hash
            ),
            removing=case((done, None), else_=items.c.removing),
            removing_run=case((done, None), else_=items.c.removing_run),
            seen_at=func.coalesce(shown, items.c.seen_at),
            missed_at=case((bindparam("is_seen", type_=items.c.listed.type), None), else_=items.c.missed_at),
        )
    )
    for chunk in chunks(looks, CHUNK):
        with ledger.begin() as connection:
            connection.execute(statement, [_entry(one, now) for one in chunk])


def _entry(seen: SeenLook, now: datetime) -> dict[str, Any]:
    look = seen.look
    waits = seen.state == "accepted"
    return {
        "of_sku": look.sku,
        "of_hash": look.accepted_hash,
        "of_moment": look.accepted_at,
        "new_state": seen.state,
        "new_asin": seen.asin or None,
        "new_listed": _listed(seen.state, look),
        "new_seen": now if seen.seen else None,
        "is_seen": bool(seen.seen),
        "new_look_at": next_look(look.accepted_at, now) if waits else None,
    }


def _listed(state: str, look: DueLook) -> bool | None:
    """Return whether there is a listing; None if that has to be asked before the next write."""
    if state == "deleted":
        return False
    deleting = look.removing == "delete"
    return None if state == "not_applied" or deleting else True
