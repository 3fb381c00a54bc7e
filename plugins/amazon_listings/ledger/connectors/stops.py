"""Stops: connectors of which nothing may be sent until they are resumed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, select

from amazon_listings.ledger.database import insert_into, reading
from amazon_listings.ledger.tables import stops

if TYPE_CHECKING:
    from sqlalchemy import Engine

#: Stands for every connector.
ALL = ""


class Stop(NamedTuple):
    """That nothing may be sent, since when, and who said so; `connector_key` is empty for all connectors."""

    connector_key: str
    stopped_at: datetime
    stopped_by: str | None


def stop(ledger: Engine, connector_key: str = ALL, *, by: str | None = None) -> bool:
    """Stop a connector, or all; False if it was stopped already."""
    values = {"connector_key": connector_key, "stopped_at": datetime.now(UTC), "stopped_by": by}
    with ledger.begin() as connection:
        statement = insert_into(connection, stops).values(**values).on_conflict_do_nothing()
        return bool(connection.execute(statement).rowcount)


def resume(ledger: Engine, connector_key: str = ALL) -> bool:
    """Take back the stop of a connector, or that of all; False if there was none."""
    with ledger.begin() as connection:
        return bool(connection.execute(delete(stops).where(stops.c.connector_key == connector_key)).rowcount)


def stop_of(ledger: Engine, connector_key: str) -> Stop | None:
    """Return what stops a connector: its own stop, or that of all."""
    with reading(ledger) as connection:
        row = connection.execute(
            select(stops)
            .where(stops.c.connector_key.in_((connector_key, ALL)))
            .order_by(stops.c.connector_key.desc())
        ).first()
    return None if row is None else Stop(row.connector_key, row.stopped_at, row.stopped_by)


def all_stops(ledger: Engine) -> list[Stop]:
    """Return every stop."""
    with reading(ledger) as connection:
        rows = connection.execute(select(stops).order_by(stops.c.connector_key)).all()
    return [Stop(row.connector_key, row.stopped_at, row.stopped_by) for row in rows]
