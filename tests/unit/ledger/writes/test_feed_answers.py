from sqlalchemy import event

from amazon_listings.ledger.database import open_ledger
from amazon_listings.ledger.writes.feed_messages import feed_answers


def test_answers_of_many_messages_are_found_by_an_index(tmp_path):
    """Read the messages of the SKUs that are asked for, and not all of a run's for each batch."""
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger.db")
    sent = []
    event.listen(ledger, "before_cursor_execute", lambda *told: sent.append(told[2:4]))
    assert not feed_answers(ledger, 1, ["A", "B"])
    (statement, parameters) = next(one for one in sent if one[0].startswith("SELECT"))
    with ledger.begin() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    assert "SEARCH submissions USING INDEX ix_submissions_run_sku (run=? AND sku=?)" in [
        row[3] for row in plan
    ]
