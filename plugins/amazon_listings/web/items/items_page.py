"""Items across runs: of one connector, or of all that the user may read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from pydantic import BaseModel, BeforeValidator

from amazon_listings.airflow_adapter import connections
from amazon_listings.connectors.model import Connector
from amazon_listings.ledger.items.causes import issues_of_causes
from amazon_listings.ledger.items.lists import (
    ItemLine,
    ItemQuery,
    Period,
    attributes_with_issues,
    count_items,
    list_items,
)
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.report.tables import csv_line
from amazon_listings.web.access import AnyUser, Reader, Visitor
from amazon_listings.web.configured import connector_of, every_connector, keys_of
from amazon_listings.web.references import references_of
from amazon_listings.web.rendering import base_of, render, time_zone, wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from amazon_listings.web.rendering import Wording

router = APIRouter()

#: Items on a page, and in a batch of an export.
SHOWN, BATCH = 50, 1000
#: Every export column, in order.
COLUMNS = (
    *("connector", "sku", "pim_id", "name", "outcome", "state", "asin", "errors", "warnings", "read_at"),
    "changed_at",
)
#: A day, or none as an empty form sends it.
Day = Annotated[date | None, BeforeValidator(lambda text: text or None)]


class Wanted(BaseModel, frozen=True):
    """What a list of items is narrowed to, and where its page begins.

    Attributes:
        q: Part of a name, a SKU or a PIM identity.
        reference: SKUs or PIM identities as they are written, between commas, spaces or lines.
        skus: SKUs that are chosen.
        chosen: Whether only what is chosen is wanted.
        field: An attribute that has an open issue.
        issue: Causes of open issues, as `cause` of a list of issues has them, with commas between them.
        product_type: The product type of the connectors.
        kind: Products, or the variants below them.
        changed_from: The first day of the last change at Amazon, in the connector's time zone.
        changed_to: The last such day.
    """

    q: str = ""
    reference: str = ""
    skus: list[str] = []
    chosen: bool = False
    field: str = ""
    product_type: str = ""
    kind: Literal["", "product", "variant"] = ""
    changed_from: Day = None
    changed_to: Day = None
    outcome: str = ""
    state: str = ""
    issue: str = ""
    family: str = ""
    removed: bool = False
    after_key: str = ""
    after_id: str = ""

    @property
    def references(self) -> list[str]:
        """Return the references that are wanted."""
        return [*self.skus, *references_of(self.reference)]

    @property
    def causes(self) -> list[str]:
        """Return the digests of the causes that are wanted."""
        return self.issue.split(",") if self.issue else []

    @property
    def has_more(self) -> bool:
        """Return whether one of the filters is set that a page shows folded."""
        chosen = (self.reference, self.field, self.product_type, self.kind)
        return any(chosen) or self.changed_from is not None or self.changed_to is not None


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
    changed_at: datetime | None
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
    """Return all items of a connector that the filters leave, or those that are chosen, as CSV."""
    if wanted.chosen and not wanted.skus:
        raise HTTPException(422, "web.approve.nothing_chosen")
    return _export([connector_of(dag_id)], wanted)


def readable_connectors(visitor: Visitor) -> list[Connector]:
    """Return the connectors that work and that the user may read."""
    return [one for one in visitor.readable(every_connector()) if isinstance(one, Connector)]


def find(ledger: Engine, known: list[Connector], wanted: Wanted, most: int = SHOWN) -> ItemPage:
    """Return a page of the items of some connectors."""
    by_key = _by_key(ledger, known, wanted)
    query = _query(by_key, wanted)
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
    ledger = connections.ledger()
    found = find(ledger, known, wanted)
    words, by_key = wording(request), _by_key(ledger, known)
    fields = attributes_with_issues(ledger, list(by_key))
    if wanted.field:
        fields.setdefault(wanted.field, wanted.field)
    return render(
        request,
        "items.html",
        words=words,
        page="items",
        visitor=visitor,
        connector=known[0] if dag_id else None,
        dag_id=dag_id,
        wanted=wanted,
        issue=_named(ledger, list(by_key), wanted, words),
        found=found,
        outcomes=[one for one in Outcome if one in found.outcomes or one == wanted.outcome],
        fields=sorted(fields.items(), key=lambda one: (one[1].casefold(), one[0])),
        product_types=sorted({one.amazon.product_type for one in known}),
        total=sum(found.outcomes.values()),
        may_start=bool(dag_id) and visitor.may_edit(dag_id),
        tab="items",
    )


def _named(ledger: Engine, keys: list[str], wanted: Wanted, words: Wording) -> str:
    """Return what the issues are called that items are narrowed to; empty where they are not."""
    if not wanted.causes:
        return ""
    found = issues_of_causes(ledger, keys, wanted.causes)
    if not found:
        return words.t("items.issue_gone")
    first = words.issue(found[0]).message
    return first if len(found) == 1 else words.t("items.issue_and_more", issue=first, count=len(found) - 1)


def _query(by_key: dict[str, Connector], wanted: Wanted) -> ItemQuery:
    return ItemQuery(
        list(by_key),
        text=wanted.q,
        outcomes=[wanted.outcome] if wanted.outcome else (),
        states=[wanted.state] if wanted.state else (),
        references=wanted.references,
        causes=wanted.causes,
        attribute=wanted.field,
        family=wanted.family,
        kind=wanted.kind or None,
        changed=_periods(by_key, wanted),
        removed=wanted.removed,
    )


def _periods(by_key: dict[str, Connector], wanted: Wanted) -> list[Period]:
    """Return the time between the days that are wanted, for the connectors of each time zone."""
    first, last = wanted.changed_from, wanted.changed_to
    if first is None and last is None:
        return []
    zones: dict[str, list[str]] = {}
    for key, one in by_key.items():
        zones.setdefault(one.sync.timezone, []).append(key)
    return [
        Period(
            keys,
            _midnight(first, name) if first else None,
            _midnight(last + timedelta(days=1), name) if last and last < date.max else None,
        )
        for name, keys in zones.items()
    ]


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), time_zone(zone))


def _by_key(ledger: Engine, known: list[Connector], wanted: Wanted | None = None) -> dict[str, Connector]:
    keys = keys_of(ledger)
    return {
        keys[one.id]: one
        for one in known
        if one.id in keys and (wanted is None or wanted.product_type in {"", one.amazon.product_type})
    }


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
        changed_at=line.accepted_at,
        timezone=one.sync.timezone,
    )


def _export(known: list[Connector], wanted: Wanted) -> StreamingResponse:
    ledger = connections.ledger()
    by_key = _by_key(ledger, known, wanted)
    query = _query(by_key, wanted)

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
                    line.accepted_at.isoformat() if line.accepted_at else None,
                )
                yield csv_line(values)
            if len(lines) < BATCH:
                return
            after = (lines[-1].connector_key, lines[-1].pim_id)

    headers = {"Content-Disposition": 'attachment; filename="items.csv"'}
    return StreamingResponse(rows(), media_type="text/csv; charset=utf-8", headers=headers)
