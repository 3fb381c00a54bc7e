"""How the columns of each connector's source are written, as far as their values showed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from amazon_listings.ledger.database import reading
from amazon_listings.ledger.tables import column_notations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Engine

#: Examples that show a decimal comma, a decimal point, the day first, the month first (`""` for none), and
#: how often the column turned to be read otherwise.
Examples = tuple[str, str, str, str, int]


def find_notations(ledger: Engine, connector_key: str) -> dict[str, Examples] | None:
    """Return the examples by column; None if nothing was ever remembered of the connector."""
    table = column_notations.c
    with reading(ledger) as connection:
        rows = connection.execute(
            select(table.examples).where(table.connector_key == connector_key)
        ).scalar_one_or_none()
    return None if rows is None else {name: tuple(found) for name, found in rows.items()}


def keep_notations(ledger: Engine, connector_key: str, columns: Mapping[str, Examples]) -> None:
    """Remember the examples of all columns of a connector, in the place of those before."""
    table = column_notations
    with ledger.begin() as connection:
        connection.execute(delete(table).where(table.c.connector_key == connector_key))
        connection.execute(
            insert(table).values(
                connector_key=connector_key,
                examples={name: list(found) for name, found in columns.items()},
            )
        )
