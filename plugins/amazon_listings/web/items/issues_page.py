"""Issues by cause: what to mend first, and whose turn it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from pydantic import BaseModel

from amazon_listings.airflow_adapter import connections
from amazon_listings.ledger.items.causes import (
    Cause,
    changes_since,
    gone_causes,
    items_of_causes,
    items_with_errors,
    open_causes,
)
from amazon_listings.ledger.runs.overview import states_by_connector
from amazon_listings.runs.report import URGENT
from amazon_listings.runs.report.tables import csv_line
from amazon_listings.web.access import AnyUser, Reader, Visitor
from amazon_listings.web.configured import connector_of, keys_of
from amazon_listings.web.items.items_page import readable_connectors
from amazon_listings.web.rendering import render, wording
from amazon_listings.web.shopper import shown, values_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amazon_listings.connectors.model import Connector
    from amazon_listings.messages import Catalogue
    from amazon_listings.web.rendering import Wording
    from amazon_product_types.validation.issue import Issue

router = APIRouter()

Turn = Literal["pim", "mapping", "amazon"]
#: Who finds issues, as people tell them apart, with the sources of each.
FOUND_BY = {
    "check": frozenset(("quality", "mapping", "schema", "sending", "ownership")),
    "preview": frozenset(("preview",)),
    "amazon": frozenset(("submission", "listing")),
}
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
    """What the causes are narrowed to: those of open issues, or those of issues that are gone.

    `severity`: `ERROR` is what stops an item or costs money, `WARNING` the rest. `found_by` is one of
    `FOUND_BY`.
    """

    which: Literal["", "gone"] = ""
    turn: str = ""
    severity: str = ""
    found_by: str = ""
    q: str = ""


@dataclass(frozen=True)
class CauseLine:
    """A cause: how many items, which share of the connector's, since when (or gone since), and what to do.

    `cause` is what items are narrowed by to those that have it.
    `turn` says who can mend it: `pim`, `mapping` or `amazon`. `first`: it costs money as long as it is open.
    `unmapped`: a required field that no line fills.
    """

    dag_id: str
    connector: str
    connector_title: str
    timezone: str
    identity: str
    cause: str
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
    unmapped: bool


@dataclass(frozen=True)
class UnmappedLine:
    """The required fields of a connector that no line fills, as one row: one page mends them all.

    `fields` has the label and the identity of each; `items` is how many lack one of them, and `causes` what
    they are narrowed by.
    """

    dag_id: str
    connector_title: str
    timezone: str
    fields: list[tuple[str, str]]
    causes: str
    items: int
    share: float | None
    since: datetime | None
    examples: list[str]


@dataclass(frozen=True)
class _Found:
    """A cause with its connector, and how many items that has."""

    cause: Cause
    connector: Connector
    total: int

    @property
    def stops(self) -> bool:
        """Whether it stops an item or costs money."""
        return self.cause.issue.severity == "ERROR" or self.cause.issue.code in URGENT


def turn_of(issue: Issue) -> Turn:
    """Return whose turn it is: of those who keep the PIM, of those who map, or Amazon's."""
    if issue.source in {"listing", "submission"} and not (issue.origin and issue.origin.field):
        return "amazon"
    if issue.origin is not None and issue.origin.field:
        return "pim"
    if issue.source == "quality":
        return "pim"
    return "mapping" if issue.source in {"mapping", "schema", "sending", "ownership", "preview"} else "amazon"


def urgency(code: str) -> int:
    """Return the place of a code among those that cost money as long as they are open; others come after."""
    return URGENT.index(code) if code in URGENT else len(URGENT)


def causes(known: list[Connector], asked: Asked, words: Wording) -> list[CauseLine]:
    """Return the causes of issues of some connectors: what costs money first, then those of most items."""
    return [_line(one, words) for one in _found(known, asked, words)]


def _found(known: list[Connector], asked: Asked, words: Wording) -> list[_Found]:
    ledger = connections.ledger()
    keys = keys_of(ledger)
    by_key = {keys[one.id]: one for one in known if one.id in keys}
    totals = {key: sum(counts.values()) for key, counts in states_by_connector(ledger).items()}
    severities = ["ERROR", "WARNING"]
    if asked.which == "gone":
        some = gone_causes(ledger, list(by_key), severities, after=datetime.now(UTC) - LATELY)
    else:
        some = open_causes(ledger, list(by_key), severities)
    found = [_Found(one, by_key[one.connector_key], totals.get(one.connector_key, 0)) for one in some]
    found.sort(key=lambda one: (urgency(one.cause.issue.code), one.cause.issue.severity != "ERROR"))
    return [one for one in found if _is_asked(one, asked, words)]


def _is_asked(one: _Found, asked: Asked, words: Wording) -> bool:
    issue = one.cause.issue
    if asked.turn not in {"", turn_of(issue)} or asked.severity not in {"", *_severity(one)}:
        return False
    if asked.found_by and not FOUND_BY.get(asked.found_by, frozenset()).intersection(issue.sources):
        return False
    text = asked.q.casefold().strip()
    if not text:  # words take their time, and few of many causes are shown
        return True
    line = _line(one, words)
    return text in f"{line.message} {line.label} {line.attribute} {line.pim_field} {line.found}".casefold()


def _severity(one: _Found) -> tuple[str, ...]:
    return ("ERROR",) if one.stops else ("WARNING",)


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
    found = _found(known, asked, words)
    rows, more = _rows(found, words, asked)
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
        rows=rows,
        found_by=FOUND_BY,
        count=len(found),
        more=more,
        blocked=sum(errors.values()),
        change=sum(changes_since(ledger, errors, datetime.now(UTC) - DAY).values()),
        tab="issues",
    )


def _rows(found: list[_Found], words: Wording, asked: Asked) -> tuple[list[CauseLine | UnmappedLine], int]:
    """Return the rows of the page and how many there are more; unmapped fields of a connector are one."""
    unmapped: dict[str, list[_Found]] = {}
    for one in found:
        if _is_unmapped(one.cause.issue):
            unmapped.setdefault(one.connector.id, []).append(one)
    together = [
        unmapped[one.connector.id] if asked.which != "gone" and _is_unmapped(one.cause.issue) else [one]
        for one in found
    ]
    rows = [some for one, some in zip(found, together, strict=True) if some[0] is one]
    lacking = items_of_causes(
        connections.ledger(),
        {
            some[0].cause.connector_key: [one.cause.digest for one in some]
            for some in rows[:SHOWN]
            if len(some) > 1
        },
    )
    shown = [
        _line(some[0], words)
        if len(some) == 1
        else _unmapped_line(some, words, lacking[some[0].cause.connector_key])
        for some in rows[:SHOWN]
    ]
    return shown, len(rows) - len(shown)


def _is_unmapped(issue: Issue) -> bool:
    """Return whether a required field is missing because no line of the mapping fills it."""
    lacks_line = issue.origin is None or not issue.origin.key
    return (
        issue.severity == "ERROR" and issue.family == "missing" and "schema" in issue.sources and lacks_line
    )


def _unmapped_line(together: list[_Found], words: Wording, items: int) -> UnmappedLine:
    most = max(together, key=lambda one: one.cause.items)
    one = _line(most, words)
    return UnmappedLine(
        dag_id=one.dag_id,
        connector_title=one.connector_title,
        timezone=one.timezone,
        fields=[
            (each.cause.issue.label or each.cause.issue.attribute, each.cause.identity) for each in together
        ],
        causes=",".join(each.cause.digest for each in together),
        items=items,
        share=_share(items, most.total),
        since=min((each.cause.since for each in together if each.cause.since), default=None),
        examples=one.examples,
    )


def _line(found: _Found, words: Wording) -> CauseLine:
    cause, one, total = found.cause, found.connector, found.total
    issue, origin = words.issue(cause.issue), cause.issue.origin
    return CauseLine(
        dag_id=one.dag_id,
        connector=one.id,
        connector_title=one.title,
        timezone=one.sync.timezone,
        identity=cause.identity,
        cause=cause.digest,
        code=issue.code,
        attribute=issue.attribute,
        label=issue.label,
        message=issue.message,
        why=issue.why,
        action=issue.action,
        found=found_text(issue, words.messages),
        pim_field=origin.field if origin else "",
        mapping_key=origin.key if origin else "",
        mapping_line=origin.line if origin else None,
        severity=issue.severity,
        first=issue.code in URGENT,
        sources=list(issue.sources),
        turn=turn_of(issue),
        items=cause.items,
        share=_share(cause.items, total),
        since=cause.since,
        examples=cause.examples,
        unmapped=_is_unmapped(issue),
    )


def _share(items: int, total: int) -> float | None:
    return min(1.0, items / total) if total else None


def found_text(issue: Issue, messages: Catalogue) -> str:
    """Return the value that a cause is about, as a person reads it; empty where every item has another."""
    if issue.found is None or issue.measured:
        return ""
    if isinstance(issue.found, list):
        return " · ".join(values_of(issue.found, messages))
    return shown(issue.found, messages)


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
