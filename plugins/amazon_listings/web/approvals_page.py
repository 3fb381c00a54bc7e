"""What waits for a person: the changes that runs ask about, and the answers to them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from amazon_listings.airflow_adapter import connections
from amazon_listings.airflow_adapter.api_server import call
from amazon_listings.approvals.answers import answer_items
from amazon_listings.approvals.asked_changes import changes_of
from amazon_listings.approvals.wording import PriceChange, largest, price_changes
from amazon_listings.ledger.approvals import ApprovalFilter, find_approvals
from amazon_listings.ledger.database import CHUNK, chunks
from amazon_listings.ledger.item_states import StateFilter, find_states
from amazon_listings.ledger.questions import open_questions
from amazon_listings.web.access import Editor, Reader, Visitor
from amazon_listings.web.activity_page import approved_items
from amazon_listings.web.configured import connector_of, keys_of
from amazon_listings.web.described import stored_definitions_of
from amazon_listings.web.item_page import shown_value
from amazon_listings.web.rendering import render, wording
from amazon_listings.web.told import Told
from amazon_listings.writes.foreseen import RunForecast, forecast_of_approval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.approvals import Approval, State
    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.plan import Change

router = APIRouter()

#: Items shown; an answer to all holds for the others of the same questions too.
SHOWN = 300


@dataclass(frozen=True)
class AskedChange:
    """One value that would change."""

    label: str
    place: str
    before: str
    after: str


@dataclass(frozen=True)
class AskedItem:
    """An item that waits: what becomes of its listing, why it is asked, and what would change.

    `name` is None if the PIM gave none; `prices` are the changes of what a buyer pays.
    """

    sku: str
    pim_id: str | None
    name: str | None
    kind: str
    question: int
    reasons: list[str]
    asked_at: datetime
    lapses_at: datetime
    changes: list[AskedChange]
    prices: list[PriceChange]


class Sought(BaseModel, frozen=True):
    """Which items that wait are shown: those with a part of a SKU or name."""

    q: str = ""


class Answer(BaseModel, frozen=True):
    """A person's answer.

    `which`: all items of the questions, all but the named ones, or the named ones alone.
    """

    approve: Literal["yes", "no"]
    which: Literal["all", "but", "only"]
    questions: str
    sku: list[str] | str = []


@router.get("/dags/{dag_id}/approvals", response_class=HTMLResponse)
def page(request: Request, dag_id: str, visitor: Reader, sought: Annotated[Sought, Query()]) -> HTMLResponse:
    """Show what waits of a connector."""
    one = connector_of(dag_id)
    words = wording(request)
    found = waiting(one, words.messages)
    shown = narrowed(found, sought)
    return render(
        request,
        "approvals.html",
        words=words,
        page="activity",
        visitor=visitor,
        connector=one,
        dag_id=dag_id,
        tab="approvals",
        sought=sought,
        items=shown[:SHOWN],
        count=len(found),
        not_shown=len(shown) - len(shown[:SHOWN]),
        prices=largest(price for item in found for price in item.prices),
        kinds=Counter(item.kind for item in found),
        reasons=Counter(reason for item in found for reason in item.reasons),
        questions=",".join(str(number) for number in sorted({item.question for item in found})),
        cost=cost_of(one, Counter(item.kind for item in found)).worded(words.messages),
        may_answer=may_answer(one, visitor),
        may_edit=visitor.may_edit(dag_id),
        approved=approved_items(one),
        reason=lambda name: words.messages.message(f"approval.reason_{name}") or name,
    )


@router.get("/api/dags/{dag_id}/approvals")
def approvals(
    request: Request, dag_id: str, visitor: Reader, sought: Annotated[Sought, Query()]
) -> list[AskedItem]:
    """Return what waits of a connector."""
    return narrowed(waiting(connector_of(dag_id), wording(request).messages), sought)


@router.post("/dags/{dag_id}/approvals")
async def answer(request: Request, dag_id: str, visitor: Editor, answered: Answer) -> Told:
    """Enter an answer: yes or no, to all, to all but some, or to some; the Required Action is closed."""
    words = wording(request)
    count, closed = await run_in_threadpool(_entered, dag_id, visitor, answered)
    from amazon_listings.airflow_adapter.approvals_dag import DAG_ID, LATER  # noqa: PLC0415 - takes a while

    for shown_in in closed:
        run_id, _, index = shown_in.rpartition("/")
        place = f"/dags/{DAG_ID}/dagRuns/{quote(run_id, safe='')}/taskInstances/ask/{index}/hitlDetails"
        # Where the user may not, the task sees within minutes by itself that nothing is open.
        await call("PATCH", place, request.headers, {"chosen_options": [LATER], "params_input": {}})
    code = "approve.approved" if answered.approve == "yes" else "approve.refused"
    return Told(words.t(code, count=count))


def _entered(dag_id: str, visitor: Visitor, answered: Answer) -> tuple[int, list[str]]:
    """Enter an answer; how many items it is about, and the tasks that show questions closed by it."""
    one = connector_of(dag_id)
    if not may_answer(one, visitor):
        raise HTTPException(403, "web.not_an_approver")
    named = [answered.sku] if isinstance(answered.sku, str) else answered.sku
    questions = [int(number) for number in answered.questions.split(",") if number.isdigit()]
    if not questions or (answered.which == "only" and not named):
        raise HTTPException(422, "web.approve.nothing_chosen")
    ledger = connections.ledger()
    key = keys_of(ledger).get(one.id, one.id)
    before = {found.number: found for found in open_questions(ledger) if found.connector_key == key}
    rows = answer_items(
        ledger,
        ApprovalFilter(
            connectors=(key,),
            questions=questions,
            skus=named if answered.which == "only" else (),
            without=named if answered.which == "but" else (),
        ),
        approved=answered.approve == "yes",
        by=visitor.name,
    )
    after = {found.number for found in open_questions(ledger)}
    return len(rows), [one.shown_in for number, one in before.items() if one.shown_in and number not in after]


def cost_of(one: Connector, counts: Mapping[str, int]) -> RunForecast:
    """Return what it costs to send so many items that wait, by kind."""
    ledger = connections.ledger()
    return forecast_of_approval(one, ledger, keys_of(ledger).get(one.id, one.id), counts)


def may_answer(one: Connector, visitor: Visitor) -> bool:
    """Return whether a user may edit the connector and is among its approvers, if it names any."""
    approvers = one.approval.approvers
    allowed = not approvers or bool({visitor.id, visitor.name}.intersection(approvers))
    return allowed and visitor.may_edit(one.dag_id)


def waiting(one: Connector, messages: Catalogue) -> list[AskedItem]:
    """Return the items of a connector that are asked about and have not lapsed, by question and SKU."""
    ledger = connections.ledger()
    key = keys_of(ledger).get(one.id)
    if key is None:
        return []
    known = stored_definitions_of(one, ledger, key)
    labels = known.labels if known else {}
    now = datetime.now(UTC)
    asked: tuple[State, ...] = ("asked",)
    where = ApprovalFilter(connectors=(key,), states=asked)
    rows = [row for row in find_approvals(ledger, where, changes=True) if not row.lapsed(now)]
    names = _names(ledger, key, [row.pim_id for row in rows if row.pim_id])
    return [_asked(row, names.get(row.pim_id or ""), labels, messages) for row in rows]


def narrowed(found: list[AskedItem], sought: Sought) -> list[AskedItem]:
    """Return the items whose SKU or name has a text in it."""
    text = sought.q.casefold().strip()
    return [one for one in found if text in f"{one.sku} {one.name or ''}".casefold()]


def _names(ledger: Engine, key: str, pim_ids: Sequence[str]) -> dict[str, str | None]:
    """Return what items are called, by their identity in the PIM."""
    return {
        state.pim_id: state.name
        for some in chunks(pim_ids, CHUNK)
        for state in find_states(ledger, key, StateFilter(pim_ids=some, removed=None), contents=False)
    }


def _asked(row: Approval, name: str | None, labels: dict[str, str], messages: Catalogue) -> AskedItem:
    return AskedItem(
        sku=row.sku,
        pim_id=row.pim_id,
        name=name,
        kind=row.kind,
        question=row.question,
        reasons=list(row.reasons),
        asked_at=row.asked_at,
        lapses_at=row.lapses_at,
        changes=[_change(change, labels, messages) for change in changes_of(row)],
        prices=list(price_changes(row)),
    )


def _change(change: Change, labels: dict[str, str], messages: Catalogue) -> AskedChange:
    name = change.leaf.attribute
    before, after = (shown_value(value, messages) for value in (change.before, change.after))
    return AskedChange(labels.get(name, name), str(change.leaf), before, after)
