"""What waits for a person: the changes that runs ask about, and the answers to them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, StreamingResponse
from pydantic import BaseModel

from amazon_listings.airflow_adapter import connections
from amazon_listings.airflow_adapter.api_server import call
from amazon_listings.approvals.answers import answer_items
from amazon_listings.approvals.asked_changes import changes_of
from amazon_listings.approvals.prices import Price, buyer_prices
from amazon_listings.approvals.touched import PriceChange, price_changes, touched
from amazon_listings.approvals.wording import largest_prices
from amazon_listings.errors import AmazonListingsError
from amazon_listings.ledger.approvals.open_questions import open_questions
from amazon_listings.ledger.approvals.progress import (
    MADE,
    TOUCHED,
    ApprovalFilter,
    Position,
    Touched,
    count_approvals,
    find_approvals,
    tallies,
)
from amazon_listings.ledger.database import CHUNK, chunks
from amazon_listings.ledger.items.states import StateFilter, find_states, item_names
from amazon_listings.mapping.faults import MappingErrors
from amazon_listings.runs.report.tables import csv_line
from amazon_listings.web.access import Editor, Reader, Visitor
from amazon_listings.web.activity.activity_page import approved_items
from amazon_listings.web.configured import connector_of, keys_of
from amazon_listings.web.described import mapping_of, stored_definitions_of
from amazon_listings.web.references import Number
from amazon_listings.web.rendering import render, wording
from amazon_listings.web.shopper import shown
from amazon_listings.web.told import Told
from amazon_listings.writes.foreseen import RunForecast, forecast_of_approval

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item
    from amazon_listings.ledger.approvals.progress import Approval
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.plan import Change

router = APIRouter()

#: What the CSV file has of a value.
COLUMNS = ("sku", "name", "kind", "field", "amazon_has", "we_send", "change", "pim_field", "pim_value")
#: The number of a question.
_NUMBER = re.compile(r"[0-9]{1,9}")
#: Items shown, and in a batch of an export; an answer to all holds for the others of the same questions too.
SHOWN, BATCH = 50, 500


@dataclass(frozen=True)
class AskedChange:
    """One value that would change.

    `path` is its place without selectors; `share` by which share a number or what a buyer pays changes, None
    if neither does. `pim_field` and `pim_value` are what the PIM said last; empty where the mapping alone
    makes the value.
    """

    label: str
    place: str
    path: str
    touched: Touched
    before: str
    after: str
    share: float | None
    pim_field: str = ""
    pim_value: str = ""


@dataclass(frozen=True)
class AskedItem:
    """An item that waits, in words: what becomes of its listing, why it is asked, and what would change.

    `name` is None if the PIM gave none; `prices` are the changes of what a buyer pays; `hash` is that of what
    is asked: nothing else is sent under its approval.
    """

    sku: str
    pim_id: str | None
    name: str | None
    kind: str
    question: int
    hash: str
    reasons: list[str]
    asked_at: datetime
    lapses_at: datetime
    changes: list[AskedChange]
    prices: list[PriceChange]


@dataclass(frozen=True)
class ApprovalPage:
    """A page of items that wait; `count` is how many the filters leave."""

    items: list[AskedItem]
    count: int
    next: dict[str, str] | None


class Sought(BaseModel, frozen=True):
    """Which items that wait are shown: by a part of a SKU or name, and by what changes."""

    q: str = ""
    what: str = ""


class Wanted(Sought, frozen=True):
    """Which items that wait are wanted, and behind which one their page begins."""

    after_question: Number = 0
    after_sku: str = ""


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
    one, ledger = connector_of(dag_id), connections.ledger()
    words = wording(request)
    where, narrowed = waiting(one), waiting(one, sought)
    found = tallies(ledger, where) if where is not None else []
    kinds, reasons, what = Counter[str](), Counter[str](), Counter[str]()
    for tally in found:
        kinds[tally.kind] += tally.count
        reasons.update(dict.fromkeys(tally.reasons, tally.count))
        what.update(dict.fromkeys(tally.touches or (tally.kind,), tally.count))
    count = sum(kinds.values())
    rows = list(find_approvals(ledger, narrowed, changes=True, most=SHOWN)) if narrowed is not None else []
    left = count_approvals(ledger, narrowed) if narrowed is not None and sought != Sought() else count
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
        items=worded(one, rows, words.messages),
        count=count,
        not_shown=left - len(rows),
        what={name: what[name] for name in (*TOUCHED, *MADE) if name in what},
        prices=largest_prices(ledger, where) if where is not None else [],
        kinds=kinds,
        reasons=reasons,
        questions=",".join(str(number) for number in sorted({tally.question for tally in found})),
        cost=cost_of(one, kinds).worded(words.messages),
        may_answer=may_answer(one, visitor),
        may_ask_amazon=visitor.may_use_connection(one.amazon.connection),
        may_edit=visitor.may_edit(dag_id),
        approved=approved_items(one),
        reason=lambda name: words.messages.message(f"approval.reason_{name}") or name,
    )


@router.get("/api/dags/{dag_id}/approvals")
def approvals(
    request: Request, dag_id: str, visitor: Reader, wanted: Annotated[Wanted, Query()]
) -> ApprovalPage:
    """Return a page of what waits of a connector."""
    one, ledger = connector_of(dag_id), connections.ledger()
    where = waiting(one, wanted)
    if where is None:
        return ApprovalPage([], 0, None)
    (key,) = where.connectors
    after = Position(key, wanted.after_question, wanted.after_sku)
    rows = list(find_approvals(ledger, where, changes=True, after=after, most=SHOWN + 1))
    following = None
    if len(rows) > SHOWN:
        rows = rows[:SHOWN]
        following = {"after_question": str(rows[-1].question), "after_sku": rows[-1].sku}
    items = worded(one, rows, wording(request).messages)
    return ApprovalPage(items, count_approvals(ledger, where), following)


@router.get("/dags/{dag_id}/approvals.csv")
def export(
    request: Request, dag_id: str, visitor: Reader, sought: Annotated[Sought, Query()]
) -> StreamingResponse:
    """Return the values that wait as CSV, with the PIM fields behind them: what to correct in the PIM."""
    one = connector_of(dag_id)
    where, messages = waiting(one, sought), wording(request).messages

    def parts() -> Iterator[str]:
        yield "\ufeff" + csv_line(COLUMNS)
        rows = find_approvals(connections.ledger(), where, changes=True) if where is not None else ()
        for some in chunks(rows, BATCH):
            yield "".join(_csv_lines(worded(one, some, messages)))

    headers = {"Content-Disposition": 'attachment; filename="approvals.csv"'}
    return StreamingResponse(parts(), media_type="text/csv; charset=utf-8", headers=headers)


def _csv_lines(items: Iterable[AskedItem]) -> Iterator[str]:
    for item in items:
        for change in item.changes:
            yield csv_line(
                (
                    item.sku,
                    item.name or "",
                    item.kind,
                    change.label,
                    change.before,
                    change.after,
                    "" if change.share is None else round(change.share, 4),
                    change.pim_field,
                    change.pim_value,
                )
            )


@router.post("/dags/{dag_id}/approvals")
async def answer(request: Request, dag_id: str, visitor: Editor, answered: Answer) -> Told:
    """Enter an answer: yes or no, to all, to all but some, or to some; the Required Action is closed."""
    from amazon_listings.airflow_adapter.approvals_dag import DAG_ID, LATER  # noqa: PLC0415 - takes a while

    words = wording(request)
    count, closed = await run_in_threadpool(_entered, dag_id, visitor, answered)
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
    questions = [int(number) for number in answered.questions.split(",") if _NUMBER.fullmatch(number)]
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


def waiting(one: Connector, sought: Sought | None = None) -> ApprovalFilter | None:
    """Return which rows are the items of a connector that wait for an answer; None before it ran."""
    key = keys_of(connections.ledger()).get(one.id)
    if key is None:
        return None
    every = ApprovalFilter(connectors=(key,), open_at=datetime.now(UTC))
    return replace(every, text=sought.q, what=sought.what) if sought is not None else every


def worded(one: Connector, waiting: Sequence[Approval], messages: Catalogue) -> list[AskedItem]:
    """Return items in words, with what the PIM said last of each value where the mapping is not broken."""
    if not waiting:
        return []
    ledger, key = connections.ledger(), waiting[0].connector_key
    known = stored_definitions_of(one, ledger, key)
    labels = known.labels if known else {}
    names = item_names(ledger, key, [row.pim_id for row in waiting if row.pim_id])
    found = [_asked(row, names.get(row.pim_id or ""), labels, messages) for row in waiting]
    if known is None:
        return found
    try:
        mapping = mapping_of(one, known)
    except (MappingErrors, AmazonListingsError):
        return found
    rows = {
        state.pim_id: cast("Item", state.row)
        for some in chunks([item.pim_id for item in found if item.pim_id], CHUNK)
        for state in find_states(ledger, key, StateFilter(pim_ids=some, removed=None))
        if state.row is not None
    }
    return [
        replace(item, changes=[_with_pim_value(change, row, mapping, messages) for change in item.changes])
        if (row := rows.get(item.pim_id or ""))
        else item
        for item in found
    ]


def _with_pim_value(
    change: AskedChange, row: Item, mapping: FieldMapping, messages: Catalogue
) -> AskedChange:
    origin = mapping.origin_of(change.path)
    if origin is None or not origin.field:
        return change
    value = shown(_pim_value(row, origin.field, origin.language), messages)
    return replace(change, pim_field=origin.field, pim_value=value)


def _pim_value(row: Item, field: str, language: str) -> Any:
    """Return what the PIM has in a field of an item: its variant's, or else its product's."""
    for record in (row["variant"], row["product"]):
        texts = record["texts"].get(field, {}) if record else {}
        value: Any = texts.get(language) or next(iter(texts.values()), None)
        value = value or (record["fields"].get(field) if record else None)
        if value is not None:
            return value
    return None


def _asked(row: Approval, name: str | None, labels: dict[str, str], messages: Catalogue) -> AskedItem:
    asked = changes_of(row)
    changes = [_change(change, labels, messages) for change in asked]
    # What a person looks at first: by how much a price moves, another number, then what replaces a value.
    changes.sort(key=lambda change: (change.touched != "price", -abs(change.share or 0), not change.before))
    return AskedItem(
        sku=row.sku,
        pim_id=row.pim_id,
        name=name,
        kind=row.kind,
        question=row.question,
        hash=row.hash,
        reasons=list(row.reasons),
        asked_at=row.asked_at,
        lapses_at=row.lapses_at,
        changes=changes,
        # A listing that is made or taken off sale had no other price.
        prices=list(price_changes(row.sku, asked)) if row.kind == "change" else [],
    )


def _change(change: Change, labels: dict[str, str], messages: Catalogue) -> AskedChange:
    leaf = change.leaf
    name = leaf.attribute
    return AskedChange(
        label=labels.get(name, name),
        place=str(leaf),
        path="/".join([name, *(step for step in leaf.path if isinstance(step, str))]),
        touched=touched(name),
        before=shown(change.before, messages),
        after=shown(change.after, messages),
        share=_share(change),
    )


def _share(change: Change) -> float | None:
    """Return by which share a number, or what a buyer pays, changes; None if neither does."""
    before, after = change.before, change.after
    if _is_number(before) and _is_number(after):
        return Price(before, after).change or None
    if before is None or after is None:
        return None
    prices = buyer_prices({change.leaf: before}, {change.leaf: after}).values()
    return next((price.change for price in prices if price.change), None)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
