"""Connectors as the ledger knows them: a key that never changes, the id of today, and former ids.

The key of a connector is the id under which it ran first. A document that names its old ids (`was`) goes
on with their key, so a renamed connector keeps its memory of what was sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from amazon_listings.errors import ActionRequiredError
from amazon_listings.ledger.connectors.absorption import absorb
from amazon_listings.ledger.database import CHUNK, chunks, insert_into, reading
from amazon_listings.ledger.tables import connector_ids, connectors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Engine, Table

    from amazon_listings.connectors.model import Connector


class OldIdLives(ActionRequiredError):
    """An id that a connector had before is used by another connector."""


class OldIdClaimedTwice(ActionRequiredError):
    """Two connectors say that they had the same id before."""


@dataclass(frozen=True)
class KnownConnector:
    """A connector that ran. `former_ids` are in the order in which they were entered."""

    key: str
    current_id: str
    former_ids: tuple[str, ...]
    first_seen: datetime
    renamed_at: datetime | None


def current_id(table: Table) -> ColumnElement[str]:
    """Return the id that the connector of a row has today, in a statement joined with `connectors`."""
    return func.coalesce(connectors.c.current_id, table.c.connector_key).label("connector_id")


def keyed(ledger: Engine, connector: Connector) -> Connector:
    """Return the connector with its key, as all that asks the ledger about it needs it.

    Raises:
        OldIdLives: its id is a former id of another connector.
        OldIdClaimedTwice: an id that it had before is that of another connector.
    """
    return replace(connector, resolved_key=resolve_key(ledger, connector.id, connector.was))


def resolve_key(ledger: Engine, connector_id: str, was: Sequence[str] = ()) -> str:
    """Return the key of a connector, and enter it, its new id or what it takes over if that is not known yet.

    Args:
        ledger: The open ledger.
        connector_id: The connector's id as its document says it.
        was: The ids that it had before. Several that ran become one: the first keeps its key.

    Raises:
        OldIdLives: the id is a former id of another connector.
        OldIdClaimedTwice: an id that it had before is that of another connector.
    """
    with reading(ledger) as connection:
        settled = _settled(connection, connector_id, was)
    if settled is not None:
        return settled
    with ledger.begin() as connection:
        return _resolved(connection, connector_id, was)


def find_key(ledger: Engine, connector_id: str, was: Sequence[str] = ()) -> str | None:
    """Return the key of the connector that has, or had, an id; None if no such connector ran.

    Nothing is entered: for what only reads, such as a command.
    """
    return find_keys(ledger, {connector_id: was}).get(connector_id)


def find_keys(ledger: Engine, ids: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the keys of connectors by id, as `find_key` does of one; those that never ran are left out.

    Args:
        ledger: The open ledger.
        ids: The former ids of each, by its id.
    """
    known: dict[str, tuple[str, str]] = {}
    with reading(ledger) as connection:
        for some in chunks({name for one, was in ids.items() for name in (one, *was)}, CHUNK):
            known |= _keys(connection, some)
    found: dict[str, str] = {}
    for one, was in ids.items():
        first = next((known[name] for name in (one, *was) if name in known), None)
        if first is not None:
            found[one] = first[0]
    return found


def folder_key(ledger: Engine, connector_id: str) -> str:
    """Return the key under which a connector's files lie; the id of one that never ran is its key."""
    return find_key(ledger, connector_id) or connector_id


def known_connectors(ledger: Engine) -> list[KnownConnector]:
    """Return the connectors that ever ran, by their id of today."""
    with reading(ledger) as connection:
        ids: dict[str, list[str]] = {}
        for one, key in connection.execute(
            select(connector_ids.c.connector_id, connector_ids.c.connector_key).order_by(
                connector_ids.c.since, connector_ids.c.connector_id
            )
        ):
            ids.setdefault(key, []).append(one)
        rows = connection.execute(select(connectors).order_by(connectors.c.current_id)).all()
    return [
        KnownConnector(
            row.key,
            row.current_id,
            tuple(one for one in ids.get(row.key, ()) if one != row.current_id),
            row.first_seen,
            row.renamed_at,
        )
        for row in rows
    ]


def _keys(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return the key and the current id behind each id that is known."""
    rows = connection.execute(
        select(connector_ids.c.connector_id, connectors.c.key, connectors.c.current_id)
        .join(connectors, connectors.c.key == connector_ids.c.connector_key)
        .where(connector_ids.c.connector_id.in_(ids))
    )
    return {connector_id: (key, current) for connector_id, key, current in rows}


def _settled(connection: Connection, connector_id: str, was: Sequence[str]) -> str | None:
    """Return the key, if nothing has to be entered."""
    known = _keys(connection, [connector_id, *was])
    own = known.get(connector_id)
    if own is None or own[1] != connector_id:
        return None
    return own[0] if all(known.get(old, ("",))[0] == own[0] for old in was) else None


def _resolved(connection: Connection, connector_id: str, was: Sequence[str]) -> str:
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    known = _keys(connection, [connector_id, *was])
    _refuse_foreign(connector_id, was, known)
    keys = list(dict.fromkeys(known[one][0] for one in (connector_id, *was) if one in known))
    now = datetime.now(UTC)
    if not keys:
        connection.execute(
            insert_into(connection, connectors).values(
                key=connector_id, current_id=connector_id, first_seen=now
            )
        )
        keys = [connector_id]
    key, *absorbed = keys
    for other in absorbed:
        absorb(connection, other, key)
    new = [one for one in (connector_id, *was) if one not in known]
    if new:
        connection.execute(
            insert_into(connection, connector_ids),
            [{"connector_id": one, "connector_key": key, "since": now} for one in dict.fromkeys(new)],
        )
    connection.execute(
        update(connectors)
        .where(connectors.c.key == key, connectors.c.current_id != connector_id)
        .values(current_id=connector_id, renamed_at=now)
    )
    return key


def _refuse_foreign(connector_id: str, was: Sequence[str], known: dict[str, tuple[str, str]]) -> None:
    mine = {connector_id, *was}
    _, current = known.get(connector_id, ("", connector_id))
    if current not in mine:
        raise OldIdLives("connector.id_was_used", connector=connector_id, other=current)
    for old in was:
        _, holder = known.get(old, ("", old))
        if holder not in mine:
            raise OldIdClaimedTwice("connector.was_claimed", connector=connector_id, other=holder, old=old)


#: Any number will do for PostgreSQL's advisory lock, as long as all use the same.
_LOCK = 74_219_002
