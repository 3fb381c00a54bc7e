"""Rows written by one statement."""

from datetime import UTC, datetime, timedelta, timezone

from sqlalchemy import select

from amazon_listings.ledger.database import insert_into
from amazon_listings.ledger.row_writer import RowWriter
from amazon_listings.ledger.tables import item_states

EAST = timezone(timedelta(hours=9))
STATE = {
    "connector_key": "fr_home",
    "sku": "S" * 90,
    "family": "products/é\0",
    "run": 1,
    "operation": "live",
    "outcome": "100 % accepted",
    "removed": False,
    "read_at": datetime(2026, 11, 23, 21, tzinfo=EAST),
    "next_date": None,
    "name": "50 % off :name ?",
    "payload_hash": None,
    "content": b"\0\xff",
    "dictionary": 1,
    "search": "s",
    "variant": True,
    **{name: -(2**63) for name in item_states.c.keys() if name.startswith("of_")},  # noqa: SIM118 - a column collection
}
ROWS = [STATE | {"pim_id": f"products/{number}", "run": number} for number in range(3)]


def upsert(ledger):
    statement = insert_into(ledger, item_states)
    return statement.on_conflict_do_update(
        index_elements=["connector_key", "pim_id"],
        set_={"run": statement.excluded.run},
        where=item_states.c.read_at < datetime(2026, 11, 23, 13, tzinfo=UTC),
    )


def test_rows_are_those_that_sqlalchemy_writes(ledger):
    found = []
    for write in (RowWriter(ledger.dialect, upsert(ledger), list(ROWS[0])).execute, None):
        with ledger.begin() as connection:
            connection.execute(item_states.delete())
            for rows in (ROWS, [one | {"run": 7} for one in ROWS[1:]]):
                if write is None:
                    connection.execute(upsert(ledger), rows)
                else:
                    write(connection, rows)
            found.append(connection.execute(select(item_states).order_by(item_states.c.pim_id)).all())
    assert found[0] == found[1]
    assert [one.run for one in found[0]] == [0, 7, 7]
    assert found[0][0].read_at == datetime(2026, 11, 23, 12, tzinfo=UTC)
