"""The DAG of approvals: shows what waits in Airflow's Required Actions, one task per question.

A task is parked without a worker until a person answers, or its time is over and it looks whether the
question is still open. The answer is a row in the ledger like any other; that a task is a success says
nothing, because people may mark it so.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import DAG, CronTriggerTimetable, Param, task
from airflow.sdk.execution_time.hitl import HITLUser

from amazon_listings.airflow_adapter.configured import connector_named
from amazon_listings.airflow_adapter.dag_factory import FIRST_DAY
from amazon_listings.airflow_adapter.failures import explained, task_defaults
from amazon_listings.errors import AmazonListingsError
from amazon_listings.messages import catalogue, log_line
from amazon_listings.settings import settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.approvals.open_questions import Question

log = logging.getLogger(__name__)

DAG_ID = "amazon_approvals"
#: How often the DAG looks for new questions, and a parked task whether its question is still open.
EVERY = timedelta(minutes=5)
#: After this time without a sign of life another task shows the question.
ALIVE = 4 * EVERY
APPROVE, REFUSE, LATER = "Approve", "Refuse", "Later"
#: Runs that may be parked at once.
RUNS = 1000


def approvals_dag() -> DAG:
    """Return the DAG `amazon_approvals`."""
    say = catalogue(settings().language).phrase
    with DAG(
        dag_id=DAG_ID,
        dag_display_name=say("approvals_dag.title"),
        description=say("approvals_dag.description"),
        doc_md=f"### {say('approvals_dag.title')}\n\n{say('approvals_dag.doc')}\n",
        schedule=CronTriggerTimetable("*/5 * * * *", timezone="UTC"),
        start_date=FIRST_DAY,
        catchup=False,
        max_active_runs=RUNS,
        max_active_tasks=RUNS,
        is_paused_upon_creation=False,
        tags={"amazon-listings", "approvals"},
        default_args=task_defaults("amazon_listings"),
    ) as dag:
        found = task(task_id="waiting", multiple_outputs=False)(waiting)()
        AskOperator.partial(
            task_id="ask",
            map_index_template="{{ task.connector_id }}",
            subject="…",
            options=[APPROVE, REFUSE, LATER],
            defaults=LATER,
            response_timeout=EVERY,
            params={
                "skus_to_leave_out": Param(
                    "",
                    type=["string", "null"],
                    title=say("approvals_dag.skus"),
                    description=say("approvals_dag.skus_help"),
                )
            },
        ).expand_kwargs(found)
    return dag


@explained
def waiting() -> list[dict[str, Any]]:
    """Return the open questions that no other task shows, each with its connector."""
    from amazon_listings.airflow_adapter import connections
    from amazon_listings.ledger.approvals.open_questions import open_questions

    now = datetime.now(UTC)
    found = [
        {"connector_id": question.connector_id, "question": question.number}
        for question in open_questions(connections.ledger(), now=now)
        if question.shown_until is None or question.shown_until <= now
    ]
    log.info("%s", log_line("log.questions_to_show", number=len(found)))
    return found


class AskOperator(HITLOperator):
    """Shows a question in Required Actions, and enters the answer in the ledger.

    Args:
        connector_id: Whose question.
        question: Its number in the ledger.
    """

    template_fields: ClassVar[Sequence[str]] = ("connector_id", "question")

    def __init__(self, *, connector_id: Any, question: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.connector_id = connector_id
        self.question = question

    def execute(self, context: Context) -> Any:
        """Park until a person answers; ends at once if the question is not open any more."""
        from amazon_listings.airflow_adapter import connections
        from amazon_listings.approvals.wording import body, subject
        from amazon_listings.connectors.languages import language_of
        from amazon_listings.ledger.approvals.open_questions import show_question
        from amazon_listings.writes.foreseen import forecast_of_approval

        ledger = connections.ledger()
        found = _open(int(self.question))
        if found is None:
            log.info("%s", log_line("log.question_not_open", question=int(self.question)))
            return None
        now = datetime.now(UTC)
        ti = context["ti"]
        shown_in = f"{ti.run_id}/{ti.map_index}"
        if not show_question(ledger, found.number, shown_in, until=now + ALIVE, now=now):
            log.info("%s", log_line("log.question_shown_elsewhere", question=found.number))
            return None
        connector = _connector(self.connector_id)
        messages = catalogue(language_of(connector) if connector is not None else "en")
        self.subject = subject(found, messages)
        cost = ""
        if connector is not None:
            foreseen = forecast_of_approval(connector, ledger, found.connector_key, found.counts)
            cost = foreseen.worded(messages)
        self.body = body(ledger, found, messages, cost=cost)
        if connector is not None and connector.approval.approvers:
            self.assigned_users = [HITLUser(id=one, name=one) for one in connector.approval.approvers]
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Enter the answer; without one, look whether the question is still open, and wait on."""
        from amazon_listings.airflow_adapter import connections
        from amazon_listings.ledger.approvals.open_questions import show_question

        if "error" in event:
            return super().execute_complete(context, event)
        answered = super().execute_complete(context, event)
        by = answered.get("responded_by_user")
        chosen = answered["chosen_options"]
        if by is None or LATER in chosen:
            # There was no answer, or the person wants to be asked later.
            return self.execute(context)
        now = datetime.now(UTC)
        ti = context["ti"]
        left_out = str((answered.get("params_input") or {}).get("skus_to_leave_out") or "").split()
        done = answer(int(self.question), approved=APPROVE in chosen, by=str(by["name"]), without=left_out)
        # What was left out is shown again by the DAG's next run.
        show_question(
            connections.ledger(), int(self.question), f"{ti.run_id}/{ti.map_index}", until=now, now=now
        )
        return done


@explained
def answer(question: int, *, approved: bool, by: str, without: Sequence[str] = ()) -> dict[str, Any]:
    """Enter a person's answer to what is still open of a question; who answered, and for how many items."""
    from amazon_listings.airflow_adapter import connections
    from amazon_listings.approvals.answers import answer_items
    from amazon_listings.ledger.approvals.progress import ApprovalFilter

    where = ApprovalFilter(questions=(question,), without=tuple(without))
    rows = answer_items(connections.ledger(), where, approved=approved, by=by)
    code = "log.approved_by" if approved else "log.refused_by"
    log.info("%s", log_line(code, count=len(rows), by=by))
    return {"approved": approved, "by": by, "items": len(rows)}


def _open(number: int) -> Question | None:
    from amazon_listings.airflow_adapter import connections
    from amazon_listings.ledger.approvals.open_questions import open_questions

    return next((one for one in open_questions(connections.ledger()) if one.number == number), None)


def _connector(connector_id: str) -> Connector | None:
    try:
        return connector_named(connector_id)
    except AmazonListingsError:
        return None
