"""What of a connector's payloads Amazon's preview has passed, and what it refused, by definition and account.

A shape is a part of payloads: an attribute, a value or a kind of value in it, a branch of a condition. The
ledger knows it by a digest, with how often in a row it passed, or why it was refused last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, select

from amazon_listings.ledger.database import CHUNK, chunks, insert_into, reading
from amazon_listings.ledger.tables import preview_shapes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Engine


class Seen(NamedTuple):
    """What became of a shape.

    Args:
        passes: How often it passed since it was refused last, if ever.
        refused: Amazon's sentence, if it was refused and has not passed since.
    """

    passes: int = 0
    refused: str | None = None


def find_shapes(ledger: Engine, connector_key: str, judge: str) -> dict[int, Seen]:
    """Return the shapes of a connector that were previewed by a judge: by a definition, for an account."""
    table = preview_shapes.c
    with reading(ledger) as connection:
        rows = connection.execute(
            select(table.shape, table.passes, table.refused).where(
                table.connector_key == connector_key, table.definition == judge
            )
        )
        return {row.shape: Seen(row.passes, row.refused) for row in rows}


def record_shapes(ledger: Engine, connector_key: str, judge: str, shapes: Mapping[int, Seen]) -> None:
    """Enter what became of shapes; those of other judges are forgotten."""
    if not shapes:
        return
    table = preview_shapes.c
    with ledger.begin() as connection:
        connection.execute(
            delete(preview_shapes).where(table.connector_key == connector_key, table.definition != judge)
        )
        for chunk in chunks(shapes.items(), CHUNK):
            statement = insert_into(connection, preview_shapes)
            new = statement.excluded
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["connector_key", "definition", "shape"],
                    set_={"passes": new.passes, "refused": new.refused},
                ),
                [
                    {
                        "connector_key": connector_key,
                        "definition": judge,
                        "shape": shape,
                        "passes": seen.passes,
                        "refused": seen.refused,
                    }
                    for shape, seen in chunk
                ],
            )
