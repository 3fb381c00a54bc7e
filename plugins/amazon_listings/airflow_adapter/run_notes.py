"""A listener of Airflow's: the note of a connector's run says what became of its items.

A task cannot write it; the scheduler, which calls this, can.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.listeners import hookimpl

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun

#: How the line begins that is ours.
_OURS = "Amazon: "


@hookimpl
def on_dag_run_success(dag_run: DagRun, msg: str) -> None:  # noqa: ARG001 - Airflow's signature
    """Note the counts that the task `report` returned."""
    _note_counts(dag_run)


@hookimpl
def on_dag_run_failed(dag_run: DagRun, msg: str) -> None:  # noqa: ARG001 - Airflow's signature
    """Note the counts of a failed run too: some of its items may be at Amazon."""
    _note_counts(dag_run)


def _note_counts(dag_run: DagRun) -> None:
    from airflow.models.xcom import XComModel  # noqa: PLC0415 - tasks, which load the plugins too, need it not
    from sqlalchemy.orm import object_session  # noqa: PLC0415 - as above

    session = object_session(dag_run)
    if session is None or not dag_run.dag_id.startswith("amazon_"):
        return
    wanted = XComModel.get_many(
        run_id=dag_run.run_id, key="return_value", task_ids="report", dag_ids=dag_run.dag_id, limit=1
    )
    row = session.execute(wanted.with_only_columns(XComModel.value)).first()
    returned = XComModel.deserialize_value(row) if row is not None else None
    if isinstance(returned, dict) and (counts := returned.get("note")):
        dag_run.note = noted(dag_run.note, str(counts))


def noted(note: str | None, counts: str) -> str:
    """Return a note with the counts as its last line, instead of those of an earlier attempt.

    What people wrote stays.
    """
    others = [line for line in (note or "").splitlines() if not line.startswith(_OURS)]
    return "\n".join([*others, f"{_OURS}{counts}"])
