"""Items across runs: of one connector, or of all that the user may read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from pydantic import BaseModel

from amazon_listings.airflow_adapter import connections
from amazon_listings.connectors.model import Connector
from amazon_listings.ledger.item_list import ItemLine, ItemQuery, count_items, list_items
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.report.tables import csv_line
from amazon_listings.web.access import AnyUser, Reader, Visitor
from amazon_listings.web.configured import connector_of, every_connector, keys_of
from amazon_listings.web.rendering import base_of, render, wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

router = APIRouter()

#: Items on a page, and in a batch of an export.
SHOWN, BATCH = 50, 1000
#: Every export column, in order.
COLUMNS = ("connector", "sku", "pim_id", "name", "outcome", "state", "asin", "errors", "warnings", "read_at")


class Wanted(BaseModel, frozen=True):
    """What a list of items is narrowed to, and where its page begins."""

    q: str = ""
    outcome: str = ""
    state: str = ""
    issue: str = ""
    family: str = ""
    removed: bool = False
    after_key: str = ""
    after_id: str = ""


@dataclass(frozen=True)
class ListedItem:
    """An item of a list."""

    dag_id: str
    connector: str
    connector_title: str
    pim_id: str
    sku: str | None
    name: str | None
    outcome: str
    state: str | None
    asin: str | None
    errors: int
    warnings: int
    read_at: datetime
    timezone: str


@dataclass(frozen=True)
class ItemPage:
    """A page of items. `outcomes` counts all that the filters leave, whatever their outcome."""

    items: list[ListedItem]
    outcomes: dict[str, int]
    next: dict[str, str] | None
    connectors: list[str] = field(default_factory=list)


@router.get("/dags/{dag_id}", response_class=HTMLResponse)
def connector(request: Request, dag_id: str, visitor: Reader) -> RedirectResponse:
    """Lead to the items of a connector."""
    return RedirectResponse(f"{base_of(request)}/dags/{dag_id}/items")


@router.get("/dags/{dag_id}/items", response_class=HTMLResponse)
def page_of_connector(
    request: Request, dag_id: str, visitor: Reader, wanted: Annotated[Wanted, Query()]
) -> HTMLResponse:
    """Show the items of one connector."""
    return _page(request, visitor, [connector_of(dag_id)], wanted, dag_id=dag_id)


@router.get("/items", response_class=HTMLResponse)
def page(request: Request, visitor: AnyUser, wanted: Annotated[Wanted, Query()]) -> HTMLResponse:
    """Show the items of every connector that the user may read."""
    return _page(request, visitor, readable_connectors(visitor), wanted)


@router.get("/api/dags/{dag_id}/items")
def items_of_connector(dag_id: str, visitor: Reader, wanted: Annotated[Wanted, Query()]) -> ItemPage:
    """Return a page of a connector's items."""
    return find(connections.ledger(), [connector_of(dag_id)], wanted)


@router.get("/api/items")
def items(visitor: AnyUser, wanted: Annotated[Wanted, Query()]) -> ItemPage:
    """Return a page of the items of every connector that the user may read."""
    return find(connections.ledger(), readable_connectors(visitor), wanted)


@router.get("/items.csv")
def export(visitor: AnyUser, wanted: Annotated[Wanted, Query()]) -> StreamingResponse:
    """Return all items that the filters leave, as CSV."""
    return _export(readable_connectors(visitor), wanted)


@router.get("/dags/{dag_id}/items.csv")
def export_of_connector(
    dag_id: str,
    visitor: Reader,
    wanted: Annotated[Wanted, Query()],
) -> StreamingResponse:
    """Return all items of a connector that the filters leave, as CSV."""
    return _export([connector_of(dag_id)], wanted)


def readable_connectors(visitor: Visitor) -> list[Connector]:
    """Return the connectors that work and that the user may read."""
    return [one for one in visitor.readable(every_connector()) if isinstance(one, Connector)]


def find(ledger: Engine, known: list[Connector], wanted: Wanted, most: int = SHOWN) -> ItemPage:
    """Return a page of the items of some connectors."""
    by_key = _by_key(ledger, known)
    query = _query(list(by_key), wanted)
    after = (wanted.after_key, wanted.after_id) if wanted.after_key else None
    lines = list_items(ledger, query, after=after, most=most + 1)
    following = None
    if len(lines) > most:
        lines = lines[:most]
        following = {"after_key": lines[-1].connector_key, "after_id": lines[-1].pim_id}
    return ItemPage(
        [_listed(line, by_key[line.connector_key]) for line in lines],
        count_items(ledger, query),
        following,
        [one.id for one in known],
    )


def _page(
    request: Request, visitor: Visitor, known: list[Connector], wanted: Wanted, dag_id: str = ""
) -> HTMLResponse:
    found = find(connections.ledger(), known, wanted)
    return render(
        request,
        "items.html",
        words=wording(request),
        page="items",
        visitor=visitor,
        connector=known[0] if dag_id else None,
        dag_id=dag_id,
        wanted=wanted,
        found=found,
        outcomes=[one for one in Outcome if one in found.outcomes or one == wanted.outcome],
        total=sum(found.outcomes.values()),
        may_start=bool(dag_id) and visitor.may_edit(dag_id),
        tab="items",
    )


def _query(keys: list[str], wanted: Wanted) -> ItemQuery:
    return ItemQuery(
        keys,
        text=wanted.q,
        outcomes=[wanted.outcome] if wanted.outcome else (),
        states=[wanted.state] if wanted.state else (),
        identity=wanted.issue,
        family=wanted.family,
        removed=wanted.removed,
    )


def _by_key(ledger: Engine, known: list[Connector]) -> dict[str, Connector]:
    keys = keys_of(ledger)
    return {keys[one.id]: one for one in known if one.id in keys}


def _listed(line: ItemLine, one: Connector) -> ListedItem:
    return ListedItem(
        dag_id=one.dag_id,
        connector=one.id,
        connector_title=one.title,
        pim_id=line.pim_id,
        sku=line.sku,
        name=line.name,
        outcome=line.outcome,
        state=line.state,
        asin=line.asin,
        errors=line.errors,
        warnings=line.warnings,
        read_at=line.read_at,
        timezone=one.sync.timezone,
    )


def _export(known: list[Connector], wanted: Wanted) -> StreamingResponse:
    ledger = connections.ledger()
    by_key = _by_key(ledger, known)
    query = _query(list(by_key), wanted)

    def rows() -> Iterator[str]:
        yield "\ufeff" + csv_line(COLUMNS)
        after = None
        while True:
            lines = list_items(ledger, query, after=after, most=BATCH)
            for line in lines:
                one = by_key[line.connector_key]
                values = (
                    one.id,
                    line.sku,
                    line.pim_id,
                    line.name,
                    line.outcome,
                    line.state,
                    line.asin,
                    line.errors,
                    line.warnings,
                    line.read_at.isoformat(),
                )
                yield csv_line(values)
            if len(lines) < BATCH:
                return
            after = (lines[-1].connector_key, lines[-1].pim_id)

    headers = {"Content-Disposition": 'attachment; filename="items.csv"'}
    return StreamingResponse(rows(), media_type="text/csv; charset=utf-8", headers=headers)
