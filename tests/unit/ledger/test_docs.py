"""The SQL that docs/ledger.md offers runs in both databases."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "ledger.md"
QUERIES = [
    query.strip()
    for block in re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for query in block.split(";")
    if query.strip()
]


@pytest.mark.parametrize("query", QUERIES)
def test_the_query_runs(engine, query):
    with engine.connect() as connection:
        connection.exec_driver_sql(query).all()


def test_there_are_queries_and_every_table_is_described(engine):
    assert len(QUERIES) >= 5
    described = set(re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    with engine.connect() as connection:
        assert set(engine.dialect.get_table_names(connection)) <= described
