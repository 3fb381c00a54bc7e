"""One item: what the PIM says, what we send, what Amazon holds, what is wrong, and what happened."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from amazon_listings.airflow_adapter import connections
from amazon_listings.airflow_adapter.hooks import SellingPartnerHook
from amazon_listings.errors import AmazonListingsError
from amazon_listings.ledger.approvals.progress import ApprovalFilter, find_approvals
from amazon_listings.ledger.content import unpacked
from amazon_listings.ledger.database import reading
from amazon_listings.ledger.items.issues import issue_lives
from amazon_listings.ledger.items.states import StateFilter, find_states
from amazon_listings.ledger.runs.answers import contents_of, writes_to
from amazon_listings.ledger.tables import items
from amazon_listings.ledger.writes.before_images import Step
from amazon_listings.mapping.faults import MappingErrors
from amazon_listings.marketplaces import SHOPS
from amazon_listings.remarks import worded
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.plan import changes_between
from amazon_listings.selling_partner import listings
from amazon_listings.selling_partner.content.leaves import amazon_defaults
from amazon_listings.web.access import Reader
from amazon_listings.web.configured import connector_of, keys_of
from amazon_listings.web.described import mapping_of, stored_definitions_of
from amazon_listings.web.items.issues_page import turn_of, urgency
from amazon_listings.web.rendering import render, wording
from amazon_listings.web.shopper import Shopper, shopper_of, shown
from amazon_listings.web.waiting import within
from amazon_listings.writes.rollback.effect import left_by
from amazon_product_types.definition import ENGINE_MEMBERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item
    from amazon_listings.ledger.items.states import ItemState
    from amazon_listings.ledger.runs.answers import PastWrite, WriteContent
    from amazon_listings.mapping.plan.evaluation import Made
    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.selling_partner.listing_answers import Listing
    from amazon_listings.web.rendering import Wording
    from amazon_product_types.validation.issue import Issue

router = APIRouter()

#: How a value of an item stands.
Verdict = Literal["blocked", "same", "differs", "new", "not_sent", ""]
#: Writes and gone issues shown.
_HISTORY = 50


@dataclass(frozen=True)
class FieldLine:
    """A value of the item: in the PIM, as we send it, and as Amazon accepted it last.

    `rule` says what the mapping did to the value; `verdict` is `blocked` where an error of its attribute is
    open, else it compares what we send with what was accepted; empty if there is neither.
    """

    path: str
    attribute: str
    label: str
    pim_field: str
    pim_value: str
    sent: str
    accepted: str
    key: str
    line: int | None
    rule: str
    verdict: Verdict


@dataclass(frozen=True)
class ItemIssue:
    """An issue of the item, open or gone."""

    severity: str
    label: str
    message: str
    why: str
    action: str
    turn: str
    attribute: str
    open: bool


@dataclass(frozen=True)
class ItemWrite:
    """A write to the item's listing; `asked_by` is who started its run.

    `changes` are label, value before and value after; empty if it is not known what was before.
    """

    number: int
    run: int
    run_id: str
    sent_at: datetime
    method: str
    status: str
    can_be_undone: bool
    undoes: int | None
    asked_by: str | None
    wrote: list[str]
    changes: list[tuple[str, str, str]]


@dataclass(frozen=True)
class ItemApproval:
    """What was asked of people about the item last, and what they answered.

    `state` is `asked`, `lapsed`, `approved` or `refused`; `at` is when it was asked, or answered, by `by`.
    """

    state: Literal["asked", "lapsed", "approved", "refused"]
    kind: str
    at: datetime
    by: str | None
    reasons: list[str]


@dataclass(frozen=True)
class ItemView:
    """One item of a connector."""

    dag_id: str
    connector: str
    pim_id: str
    sku: str | None
    name: str | None
    family: str
    outcome: str
    note: str
    operation: str
    read_at: datetime
    removed: bool
    asin: str | None
    state: str | None
    pim_address: str | None
    shopper: Shopper | None
    fields: list[FieldLine]
    issues: list[ItemIssue]
    writes: list[ItemWrite]
    approvals: list[ItemApproval]


@dataclass(frozen=True)
class _Listing:
    """What the ledger knows of the item's listing."""

    asin: str | None = None
    state: str | None = None
    accepted: dict[str, Any] | None = None


@router.get("/dags/{dag_id}/item", response_class=HTMLResponse)
def page(request: Request, dag_id: str, id: str, visitor: Reader) -> HTMLResponse:  # noqa: A002 - the PIM's word
    """Show an item."""
    one = connector_of(dag_id)
    words = wording(request)
    found = item_view(one, id, words)
    return render(
        request,
        "item.html",
        words=words,
        page="items",
        visitor=visitor,
        connector=one,
        dag_id=dag_id,
        item=found,
        mood=next((one.mood for one in Outcome if one == found.outcome), ""),
        may_ask=bool(found.sku) and visitor.may_use_connection(one.amazon.connection),
        may_start=bool(found.sku) and visitor.may_edit(dag_id),
        shop=SHOPS[one.marketplace.country],
        seller=_is_seller(one),
        reason=lambda name: words.messages.message(f"approval.reason_{name}") or name,
    )


@router.get("/api/dags/{dag_id}/item")
def item(request: Request, dag_id: str, id: str, visitor: Reader) -> ItemView:  # noqa: A002 - the PIM's word
    """Return an item."""
    return item_view(connector_of(dag_id), id, wording(request))


@router.get("/dags/{dag_id}/item/amazon", response_class=HTMLResponse)
def at_amazon(request: Request, dag_id: str, id: str, visitor: Reader) -> HTMLResponse:  # noqa: A002 - the PIM's word
    """Show what Amazon holds of an item now, as a fragment of its page."""
    one = connector_of(dag_id)
    if not visitor.may_use_connection(one.amazon.connection):
        raise HTTPException(403, "web.connection_not_allowed")
    words = wording(request)
    ledger, key = _ledger_and_key(one)
    state = _state(ledger, key, id)
    sku = state.sku
    if sku is None:
        raise HTTPException(404, "web.no_such_item")
    problem, held = "", None
    try:
        held = within(lambda: held_at_amazon(one, sku))
    except AmazonListingsError as error:
        problem = error.worded(words.messages)
    known = stored_definitions_of(one, ledger, key)
    ours = dict(_leaves(state.attributes or {}))
    rows = []
    for path, value in _leaves(held.attributes if held else {}):
        sent = ours.get(path)
        same = sent is not None and sent == value
        texts = (shown(one, words.messages) if one is not None else None for one in (value, sent))
        rows.append((label_of(known, path), path, *texts, same))
    return render(
        request,
        "item_amazon.html",
        words=words,
        problem=problem,
        held=held,
        summary=(held.summaries or [{}])[0] if held else {},
        rows=sorted(rows, key=lambda row: (row[4], row[3] is None)),
        missing=[
            (label_of(known, path), path, shown(value, words.messages))
            for path, value in ours.items()
            if held is not None and path not in dict(_leaves(held.attributes))
        ],
    )


def held_at_amazon(one: Connector, sku: str) -> Listing | None:
    """Return what Amazon has of a listing now; None if it has none."""
    client = SellingPartnerHook(one.amazon.connection, one.amazon.country).get_conn()
    return listings.get(client, sku, [one.marketplace.id], issue_locale=one.marketplace.languages[0])


def item_view(one: Connector, pim_id: str, words: Wording) -> ItemView:
    """Return an item of a connector, from the ledger.

    Raises:
        HTTPException: 404, the connector has no such item.
    """
    ledger, key = _ledger_and_key(one)
    state = _state(ledger, key, pim_id)
    listing = _listing(ledger, key, state)
    writes = list(writes_to(ledger, state.sku, key))[-_HISTORY:] if state.sku else []
    known = stored_definitions_of(one, ledger, key)
    issues = list(_issues(ledger, key, state, words))
    errors = {issue.attribute: issue.label for issue in issues if issue.open and issue.severity == "ERROR"}
    return ItemView(
        dag_id=one.dag_id,
        connector=one.id,
        pim_id=state.pim_id,
        sku=state.sku,
        name=state.name,
        family=state.family,
        outcome=state.outcome,
        note=worded(state.note, words.messages),
        operation=state.operation,
        read_at=state.read_at,
        removed=state.removed,
        asin=listing.asin,
        state=listing.state,
        pim_address=_pim_address(one, state),
        shopper=shopper_of(state.attributes, words.messages) if state.attributes else None,
        fields=list(
            _fields(
                _traces(one, known, ledger, key, state),
                known,
                dict(_leaves(state.attributes or {})),
                dict(_leaves(listing.accepted or {})),
                errors,
                messages=words.messages,
            )
        ),
        issues=issues,
        writes=list(
            _writes(
                one, known, reversed(writes), contents_of(ledger, [each.number for each in writes]), words
            )
        ),
        approvals=list(_approvals(ledger, key, state)),
    )


def _approvals(ledger: Engine, key: str, state: ItemState) -> Iterator[ItemApproval]:
    """Yield what was asked about an item last, of each account that its connector had."""
    if state.sku is None:
        return
    now = datetime.now(UTC)
    for row in find_approvals(ledger, ApprovalFilter(connectors=(key,), skus=(state.sku,))):
        about = (list(row.reasons),)
        if row.state == "asked":
            yield ItemApproval("lapsed" if row.lapsed(now) else "asked", row.kind, row.asked_at, None, *about)
        else:
            answer: Literal["refused", "approved"] = "refused" if row.state == "refused" else "approved"
            yield ItemApproval(answer, row.kind, row.answered_at or row.asked_at, row.answered_by, *about)


def _writes(
    one: Connector,
    known: Definitions | None,
    writes: Iterator[PastWrite],
    contents: Mapping[int, WriteContent],
    words: Wording,
) -> Iterator[ItemWrite]:
    for write in writes:
        yield ItemWrite(
            write.number,
            write.run,
            write.run_id,
            write.sent_at,
            write.method,
            write.status,
            write.can_be_undone,
            write.undoes,
            write.asked_by,
            write.wrote,
            list(_changes(one, known, write.method, contents.get(write.number), words)),
        )


def _changes(
    one: Connector, known: Definitions | None, method: str, content: WriteContent | None, words: Wording
) -> Iterator[tuple[str, str, str]]:
    """Yield label, value before and value after of each change; nothing where none is known before."""
    if known is None or content is None or content.before is None:
        return
    layout, defaults = known.layout, amazon_defaults(one.marketplace)
    after = left_by([Step(method, content.body)], content.before, layout, defaults)
    for change in changes_between(content.before, after, layout=layout, defaults=defaults):
        name = change.leaf.attribute
        before, now = (shown(value, words.messages) for value in (change.before, change.after))
        yield known.labels.get(name, name), before, now


def _issues(ledger: Engine, key: str, state: ItemState, words: Wording) -> Iterator[ItemIssue]:
    """Yield the item's issues: open ones first, of these the urgent ones, then errors."""
    lives = sorted(
        issue_lives(ledger, state.sku or state.pim_id, key),
        key=lambda life: (
            life.resolved_run is not None,
            urgency(life.issue.code),
            life.issue.severity != "ERROR",
        ),
    )
    for life in lives[:_HISTORY]:
        yield _issue(words.issue(life.issue), is_open=life.resolved_run is None)


def _issue(issue: Issue, *, is_open: bool) -> ItemIssue:
    return ItemIssue(
        issue.severity,
        issue.label,
        issue.message,
        issue.why,
        issue.action,
        turn_of(issue),
        issue.attribute,
        is_open,
    )


def label_of(known: Definitions | None, path: str) -> str:
    """Return what a place of a payload is called: the attribute's label, and that of the leaf below it."""
    names = [part for part in path.split("/") if not part.isdigit()]
    if known is None:
        return ".".join(names)
    attribute = known.labels.get(names[0], names[0])
    leaf = next((one for one in known.index.fields if one.path == ".".join(names)), None)
    if leaf is None or leaf.label == attribute or leaf.levels[-1].name in {"value", "media_location"}:
        return attribute
    return f"{attribute} > {leaf.label}"


def _pim_address(one: Connector, state: ItemState) -> str | None:
    """Return the address of an item in the PIM; None where the source states none, or the mapping made it."""
    template, row = one.source.item_url, cast("Item | None", state.row)
    if template is None or row is None:
        return None
    record = row["variant"] or row["product"]
    values = {"id": record["id"], "reference": record["ref"]}
    return re.sub(r"\{(id|reference)\}", lambda found: quote(str(values[found[1]]), safe=""), template)


def _is_seller(one: Connector) -> bool:
    """Return whether the connector's account is known as a seller's; a vendor has no Seller Central."""
    try:
        return not connections.account(one.amazon.connection, one.amazon.country).vendor
    except AmazonListingsError:
        return False


def _ledger_and_key(one: Connector) -> tuple[Engine, str]:
    ledger = connections.ledger()
    key = keys_of(ledger).get(one.id)
    if key is None:
        raise HTTPException(404, "web.no_such_item")
    return ledger, key


def _state(ledger: Engine, key: str, pim_id: str) -> ItemState:
    state = next(find_states(ledger, key, StateFilter(pim_ids=[pim_id], removed=None)), None)
    if state is None:
        raise HTTPException(404, "web.no_such_item")
    return state


def _listing(ledger: Engine, key: str, state: ItemState) -> _Listing:
    if state.sku is None:
        return _Listing()
    with reading(ledger) as connection:
        row = connection.execute(
            select(items.c.asin, items.c.state, items.c.accepted_content).where(
                items.c.sku == state.sku, items.c.connector_key == key
            )
        ).first()
    return _Listing() if row is None else _Listing(row.asin, row.state, unpacked(row.accepted_content))


def _fields(
    traces: list[Made],
    known: Definitions | None,
    sent: Mapping[str, Any],
    accepted: Mapping[str, Any],
    errors: Mapping[str, str],
    *,
    messages: Catalogue,
) -> Iterator[FieldLine]:
    """Yield the values of an item; first the attributes with an error of which there is no value."""
    made = {trace.path: trace for trace in traces}
    paths = dict.fromkeys([*sent, *made, *accepted])
    there = {path.partition("/")[0] for path in paths}
    for name in errors:
        if name and name not in there:
            yield FieldLine(name, name, errors[name] or name, "", "", "", "", "", None, "", "blocked")
    for path in paths:
        names = [part for part in path.split("/") if not part.isdigit()]
        if names[-1] in ENGINE_MEMBERS:
            continue
        trace = made.get(path)
        yield FieldLine(
            path=path,
            attribute=names[0],
            label=label_of(known, path),
            pim_field=trace.origin.field if trace else "",
            pim_value=shown(trace.source, messages) if trace and trace.origin.field else "",
            sent=shown(sent.get(path), messages),
            accepted=shown(accepted.get(path), messages),
            key=trace.origin.key if trace else "",
            line=trace.origin.line if trace else None,
            rule=trace.rule if trace else "",
            verdict="blocked" if names[0] in errors else _verdict(sent.get(path), accepted.get(path)),
        )


def _verdict(sent: Any, accepted: Any) -> Verdict:
    if sent is None:
        return "" if accepted is None else "not_sent"
    if accepted is None:
        return "new"
    return "same" if str(sent) == str(accepted) else "differs"


def _traces(
    one: Connector, known: Definitions | None, ledger: Engine, key: str, state: ItemState
) -> list[Made]:
    if known is None or state.row is None:
        return []
    row = cast("Item", state.row)
    family = [
        cast("Item", other.row)
        for other in find_states(ledger, key, StateFilter(families=[state.family]))
        if other.row is not None
    ]
    try:
        mapping = mapping_of(one, known)
        return mapping.explain(row, siblings=[each["variant"] for each in family if each["variant"]])
    except (MappingErrors, AmazonListingsError):
        return []


def _leaves(value: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value of a payload with its path; what only selects an element is left out."""
    if isinstance(value, dict):
        for name, below in value.items():
            if name not in ENGINE_MEMBERS:
                yield from _leaves(below, f"{above}/{name}" if above else name)
    elif isinstance(value, list):
        for position, below in enumerate(value):
            yield from _leaves(below, f"{above}/{position}")
    elif above:
        yield above, value
