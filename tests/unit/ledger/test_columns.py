"""Conditions on columns."""

import pytest
from sqlalchemy import event, insert, select, update

from amazon_listings.ledger.columns import SKU, among
from amazon_listings.ledger.database import open_ledger, reading
from amazon_listings.ledger.tables import items, submissions

SKUS = [
    "A'1",
    'B"2',
    "C,3",
    "D\\4",
    "É5",
    "日本-6",
    "F\x007",
    "G\ud8008",
    "H" * 90,
    "{1,NULL}",
    "%s",
    ":p",
    "",
]


def known(ledger, skus):
    with ledger.begin() as connection:
        connection.execute(
            insert(items),
            [
                {
                    "sku": sku,
                    "seller_id": "S",
                    "marketplace_id": "M",
                    "connector_key": "c",
                    "product_type": "LAMP",
                }
                for sku in skus
            ],
        )


def test_values_of_every_kind_are_found(ledger):
    known(ledger, [*SKUS, "other"])
    with reading(ledger) as connection:
        found = connection.scalars(select(items.c.sku).where(among(items.c.sku, SKUS))).all()
        none = connection.scalars(select(items.c.sku).where(among(items.c.sku, []))).all()
        numbers = connection.scalars(
            select(submissions.c.id).where(among(submissions.c.id, [1, 2**40]))
        ).all()
    assert sorted(found) == sorted({items.c.sku.type.fitted(sku) for sku in SKUS})
    assert not none
    assert not numbers


@pytest.mark.parametrize(
    "texts", [[], ["A1", "B2"], ["A1", *SKUS], ["x" * 64], ["x" * 65, "A1"], ["\0"], SKUS]
)
def test_many_names_fit_as_each_does(texts):
    assert SKU.all_fitted(texts) == [SKU.fitted(text) for text in texts]


@pytest.mark.parametrize("count", [1, 400])
def test_all_values_are_one_parameter(ledger, count):
    sent = []
    event.listen(ledger, "before_cursor_execute", lambda *told: sent.append(told[3]))
    with reading(ledger) as connection:
        connection.execute(select(items.c.sku).where(among(items.c.sku, [f"S{n}" for n in range(count)])))
    assert [len(parameters) for parameters in sent if parameters] == [1]


def test_sqlite_finds_rows_by_an_index(tmp_path):
    """Read no row that has another value, in tables that grow without limit."""
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    sent = []
    event.listen(ledger, "before_cursor_execute", lambda *told: sent.append(told[2:4]))
    with ledger.begin() as connection:
        owned = (items.c.seller_id == "S", items.c.marketplace_id == "M")
        connection.execute(select(items.c.sku).where(*owned, among(items.c.sku, SKUS)))
        connection.execute(update(submissions).where(among(submissions.c.id, [1, 2])).values(status="SENT"))
        plans = [
            [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            for statement, parameters in sent
            if statement.startswith(("SELECT", "UPDATE"))
        ]
    assert [plan[0].partition(" USING ")[0] for plan in plans] == ["SEARCH items", "SEARCH submissions"]
    assert "sku=?" in plans[0][0]
    assert "rowid=?" in plans[1][0]
