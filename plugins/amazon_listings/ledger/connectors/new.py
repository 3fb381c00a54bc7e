"""Connectors that are being made in the workbench and have no DAG yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from amazon_listings.ledger.database import insert_into, reading
from amazon_listings.ledger.tables import new_connectors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Engine


@dataclass(frozen=True)
class NewConnector:
    """A connector that is being made.

    Args:
        connector_id: Its id.
        document: Its document, with a first mapping.
        definition: What loads the definition that was fetched for it.
        items: Products that were looked at.
        made_by_id: Who makes it, as the auth manager knows them.
        made_by: Their name.
        made_at: When it was changed last.
    """

    connector_id: str
    document: dict[str, Any]
    definition: dict[str, Any]
    items: list[dict[str, Any]]
    made_by_id: str
    made_by: str
    made_at: datetime


def keep_new_connector(
    ledger: Engine,
    connector_id: str,
    *,
    document: Mapping[str, Any],
    definition: Mapping[str, Any],
    items: Sequence[Mapping[str, Any]],
    by_id: str,
    by: str,
) -> bool:
    """Keep a connector that is being made, over an earlier state of the same maker.

    Returns:
        False if another user is making a connector of this id; nothing is kept then.
    """
    values = {
        "document": dict(document),
        "definition": dict(definition),
        "items": [dict(one) for one in items],
        "made_by": by,
        "made_at": datetime.now(UTC),
    }
    with ledger.begin() as connection:
        done = connection.execute(
            insert_into(connection, new_connectors)
            .values(connector_id=connector_id, made_by_id=by_id, **values)
            .on_conflict_do_update(
                index_elements=["connector_id"], set_=values, where=new_connectors.c.made_by_id == by_id
            )
        )
    return bool(done.rowcount)


def find_new_connector(ledger: Engine, connector_id: str) -> NewConnector | None:
    """Return a connector that is being made, or None."""
    with reading(ledger) as connection:
        row = connection.execute(
            select(new_connectors).where(new_connectors.c.connector_id == connector_id)
        ).first()
    return None if row is None else NewConnector(*row)


def new_connectors_by(ledger: Engine, maker_id: str | None = None) -> list[NewConnector]:
    """Return the connectors that a user is making, or that anybody is, the newest first."""
    query = select(new_connectors).order_by(new_connectors.c.made_at.desc())
    if maker_id is not None:
        query = query.where(new_connectors.c.made_by_id == maker_id)
    with reading(ledger) as connection:
        return [NewConnector(*row) for row in connection.execute(query)]


def drop_new_connector(ledger: Engine, connector_id: str) -> None:
    """Forget a connector that was being made."""
    with ledger.begin() as connection:
        connection.execute(delete(new_connectors).where(new_connectors.c.connector_id == connector_id))
