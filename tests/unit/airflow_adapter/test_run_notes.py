"""The note of a run: what became of its items, beside what people wrote."""

from datetime import UTC, datetime

import pytest

from amazon_listings.airflow_adapter.run_notes import noted, on_dag_run_failed, on_dag_run_success

COUNTS = "Amazon: 41 ready · 11 blocked"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, COUNTS),
        ("", COUNTS),
        ("Before the sale", f"Before the sale\n{COUNTS}"),
        ("Before the sale\nAmazon: 3 blocked", f"Before the sale\n{COUNTS}"),
        ("Amazon: 3 blocked\nAsk Marie", f"Ask Marie\n{COUNTS}"),
    ],
)
def test_what_people_wrote_stays_and_an_earlier_attempt_s_counts_go(before, after):
    assert noted(before, COUNTS.removeprefix("Amazon: ")) == after
    assert noted(after, COUNTS.removeprefix("Amazon: ")) == after


@pytest.mark.airflow
@pytest.mark.parametrize("ended", [on_dag_run_success, on_dag_run_failed])
@pytest.mark.parametrize(
    ("dag_id", "task_id", "returned", "note"),
    [
        ("amazon_lamps", "report", {"note": "41 ready"}, "Amazon: 41 ready"),
        ("amazon_lamps", "report", {"counts": {}}, None),
        ("amazon_lamps", "extract_products", {"note": "41 ready"}, None),
        ("others", "report", {"note": "41 ready"}, None),
        ("amazon_lamps", "report", "s3://xcom/1", None),
    ],
)
def test_the_note_is_what_the_report_returned(dag_id, task_id, returned, note, ended):
    from airflow.models.dagrun import DagRun
    from airflow.models.xcom import XComModel
    from airflow.utils.db import initdb
    from airflow.utils.session import create_session
    from airflow.utils.types import DagRunType
    from sqlalchemy import insert, text

    initdb()
    with create_session() as session:
        try:
            run = DagRun(
                dag_id=dag_id,
                run_id="manual__1",
                run_type=DagRunType.MANUAL,
                run_after=datetime(2026, 11, 29, tzinfo=UTC),
            )
            session.add(run)
            session.flush()
            session.execute(text("PRAGMA defer_foreign_keys = ON"))  # there is no instance of the task
            values = {"dag_id": dag_id, "run_id": "manual__1", "task_id": task_id, "map_index": -1}
            session.execute(
                insert(XComModel).values(**values, dag_run_id=run.id, key="return_value", value=returned)
            )
            ended(run, "")
            assert run.note == note
        finally:
            session.rollback()
