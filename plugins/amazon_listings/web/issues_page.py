"""Issues by cause: what to mend first, and whose turn it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from pydantic import BaseModel

from amazon_listings.airflow_adapter import connections
from amazon_listings.ledger.causes import (
    Cause,
    changes_since,
    gone_causes,
    items_with_errors,
    open_causes,
)
from amazon_listings.ledger.overview import states_by_connector
from amazon_listings.runs.report import URGENT
from amazon_listings.runs.report.tables import cell, csv_line
from amazon_listings.web.access import AnyUser, Reader, Visitor
from amazon_listings.web.configured import connector_of, keys_of
from amazon_listings.web.items_page import readable_connectors
from amazon_listings.web.rendering import render, wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amazon_listings.connectors.model import Connector
    from amazon_listings.web.rendering import Wording
    from amazon_product_types.validation.issue import Issue

router = APIRouter()

Turn = Literal["pim", "mapping", "amazon"]
#: Causes on the page; the rest are in the CSV file.
SHOWN = 100
#: How long a cause that is gone is shown, and when "yesterday" was.
LATELY, DAY = timedelta(days=7), timedelta(days=1)
COLUMNS = (
    "connector",
    "items",
    "severity",
    "turn",
    "label",
    "message",
    "found",
    "pim_field",
    "action",
    "since",
    "examples",
)


class Asked(BaseModel, frozen=True):
    """What the causes are narrowed to: those of open issues, or those of issues that are gone."""

    which: Literal["", "gone"] = ""
    turn: str = ""
    severity: str = ""
    q: str = ""


@dataclass(frozen=True)
class CauseLine:
    """A cause: how many items, which share of the connector's, since when (or gone since), and what to do.

    `turn` says who can mend it: `pim`, `mapping` or `amazon`. `first`: it costs money as long as it is open.
    """

    dag_id: str
    connector: str
    connector_title: str
    timezone: str
    identity: str
    code: str
    attribute: str
    label: str
    message: str
    why: str
    action: str
    found: str
    pim_field: str
    mapping_key: str
    mapping_line: int | None
    severity: str
    first: bool
    sources: list[str]
    turn: Turn
    items: int
    share: float | None
    since: datetime | None
    examples: list[str]


def turn_of(issue: Issue) -> Turn:
    """Return whose turn it is: of those who keep the PIM, of those who map, or Amazon's."""
    if issue.source in {"listing", "submission"} and not (issue.origin and issue.origin.field):
        return "amazon"
    if issue.origin is not None and issue.origin.field:
        return "pim"
    if issue.source == "quality":
        return "pim"
    return "mapping" if issue.source in {"mapping", "schema", "preview"} else "amazon"


def urgency(code: str) -> int:
    """Return the place of a code among those that cost money as long as they are open; others come after."""
    return URGENT.index(code) if code in URGENT else len(URGENT)


def causes(known: list[Connector], asked: Asked, words: Wording) -> list[CauseLine]:
    """Return the causes of issues of some connectors: what costs money first, then those of most items."""
    ledger = connections.ledger()
    keys = keys_of(ledger)
    by_key = {keys[one.id]: one for one in known if one.id in keys}
    totals = {key: sum(counts.values()) for key, counts in states_by_connector(ledger).items()}
    severities = [asked.severity] if asked.severity else ["ERROR", "WARNING"]
    if asked.which == "gone":
        found = gone_causes(ledger, list(by_key), severities, after=datetime.now(UTC) - LATELY)
    else:
        found = open_causes(ledger, list(by_key), severities)
    shown = [_line(one, by_key[one.connector_key], totals.get(one.connector_key, 0), words) for one in found]
    text = asked.q.casefold().strip()
    return [
        one
        for one in sorted(shown, key=lambda one: (urgency(one.code), one.severity != "ERROR"))
        if asked.turn in {"", one.turn}
        and (
            not text
            or text in f"{one.message} {one.label} {one.attribute} {one.pim_field} {one.found}".casefold()
        )
    ]


@router.get("/issues", response_class=HTMLResponse)
def page(request: Request, visitor: AnyUser, asked: Annotated[Asked, Query()]) -> HTMLResponse:
    """Show the causes of every connector that the user may read."""
    return _page(request, visitor, readable_connectors(visitor), asked)


@router.get("/dags/{dag_id}/issues", response_class=HTMLResponse)
def page_of_connector(
    request: Request, dag_id: str, visitor: Reader, asked: Annotated[Asked, Query()]
) -> HTMLResponse:
    """Show the causes of one connector."""
    return _page(request, visitor, [connector_of(dag_id)], asked, dag_id=dag_id)


@router.get("/api/issues")
def issues(request: Request, visitor: AnyUser, asked: Annotated[Asked, Query()]) -> list[CauseLine]:
    """Return the causes of every connector that the user may read."""
    return causes(readable_connectors(visitor), asked, wording(request))


@router.get("/api/dags/{dag_id}/issues")
def issues_of_connector(
    request: Request, dag_id: str, visitor: Reader, asked: Annotated[Asked, Query()]
) -> list[CauseLine]:
    """Return the causes of one connector."""
    return causes([connector_of(dag_id)], asked, wording(request))


@router.get("/issues.csv")
def export(request: Request, visitor: AnyUser, asked: Annotated[Asked, Query()]) -> StreamingResponse:
    """Return the causes as CSV: a list of what to do."""
    return _export(causes(readable_connectors(visitor), asked, wording(request)))


@router.get("/dags/{dag_id}/issues.csv")
def export_of_connector(
    request: Request, dag_id: str, visitor: Reader, asked: Annotated[Asked, Query()]
) -> StreamingResponse:
    """Return the causes of one connector as CSV."""
    return _export(causes([connector_of(dag_id)], asked, wording(request)))


def _page(
    request: Request, visitor: Visitor, known: list[Connector], asked: Asked, dag_id: str = ""
) -> HTMLResponse:
    ledger = connections.ledger()
    keys = keys_of(ledger)
    words = wording(request)
    found = causes(known, asked, words)
    mine = [keys[one.id] for one in known if one.id in keys]
    errors = dict.fromkeys(mine, 0) | items_with_errors(ledger, mine)
    return render(
        request,
        "issues.html",
        words=words,
        page="issues",
        visitor=visitor,
        connector=known[0] if dag_id else None,
        dag_id=dag_id,
        asked=asked,
        causes=found[:SHOWN],
        count=len(found),
        blocked=sum(errors.values()),
        change=sum(changes_since(ledger, errors, datetime.now(UTC) - DAY).values()),
        tab="issues",
    )


def _line(cause: Cause, one: Connector, total: int, words: Wording) -> CauseLine:
    issue, origin = words.issue(cause.issue), cause.issue.origin
    return CauseLine(
        dag_id=one.dag_id,
        connector=one.id,
        connector_title=one.title,
        timezone=one.sync.timezone,
        identity=cause.identity,
        code=issue.code,
        attribute=issue.attribute,
        label=issue.label,
        message=issue.message,
        why=issue.why,
        action=issue.action,
        found="" if issue.found is None or issue.measured else _text(issue.found),
        pim_field=origin.field if origin else "",
        mapping_key=origin.key if origin else "",
        mapping_line=origin.line if origin else None,
        severity=issue.severity,
        first=issue.code in URGENT,
        sources=list(issue.sources),
        turn=turn_of(issue),
        items=cause.items,
        share=min(1.0, cause.items / total) if total else None,
        since=cause.since,
        examples=cause.examples,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else cell(value)


def _export(found: Iterable[CauseLine]) -> StreamingResponse:
    def rows() -> Iterator[str]:
        yield "\ufeff" + csv_line(COLUMNS)
        for one in found:
            yield csv_line(
                (
                    one.connector,
                    one.items,
                    one.severity,
                    one.turn,
                    one.label,
                    one.message,
                    one.found,
                    one.pim_field,
                    one.action,
                    one.since.isoformat() if one.since else "",
                    " ".join(one.examples),
                )
            )

    headers = {"Content-Disposition": 'attachment; filename="issues.csv"'}
    return StreamingResponse(rows(), media_type="text/csv; charset=utf-8", headers=headers)
