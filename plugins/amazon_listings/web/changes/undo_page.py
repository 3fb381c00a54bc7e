"""Take back what a run wrote, or one write of it: what would be restored first, then the button."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillGoing
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from amazon_listings.airflow_adapter import connections
from amazon_listings.airflow_adapter.rollbacks import rollback_of
from amazon_listings.errors import AmazonListingsError
from amazon_listings.ledger.runs.history import find_run
from amazon_listings.ledger.writes.before_images import count_written, writes_of
from amazon_listings.messages import log_line
from amazon_listings.runs.plan import Method
from amazon_listings.web.access import Editor, Reader, Visitor
from amazon_listings.web.changes.approvals_page import may_answer
from amazon_listings.web.configured import connector_of, keys_of
from amazon_listings.web.described import stored_definitions_of
from amazon_listings.web.references import Number
from amazon_listings.web.rendering import base_of, render, wording
from amazon_listings.web.shopper import shown
from amazon_listings.web.told import Told
from amazon_listings.web.waiting import within

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.runs.history import Run
    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.plan import Change
    from amazon_listings.web.rendering import Wording
    from amazon_listings.writes.rollback.restoration import Restoration

log = logging.getLogger(__name__)
router = APIRouter()

#: Listings of which the difference is shown: Amazon lets five be read in a second.
SHOWN = 20
#: Seconds in which a rollback that cannot start has failed.
STARTED = 3.0
_UNDOING = ThreadPoolExecutor(2, thread_name_prefix="amazon-listings-undoing")


class Which(BaseModel, frozen=True):
    """What is taken back: a run, by its number in the ledger, or its write to one SKU."""

    run: Number
    sku: str = ""

    @property
    def skus(self) -> tuple[str, ...]:
        """Return the SKUs; none stands for all of the run."""
        return (self.sku,) if self.sku else ()


@dataclass(frozen=True)
class Restoring:
    """What becomes of a listing: values that come back, and those of others, which stay."""

    sku: str
    kind: str
    remark: str
    changes: list[tuple[str, str, str]]
    kept: list[tuple[str, str]]


@router.get("/dags/{dag_id}/undo", response_class=HTMLResponse)
def page(request: Request, dag_id: str, visitor: Reader, which: Annotated[Which, Query()]) -> HTMLResponse:
    """Show what taking back a run means; the difference is read from Amazon behind it."""
    one, ledger = connector_of(dag_id), connections.ledger()
    run = _run_of(one, ledger, which)
    return render(
        request,
        "undo.html",
        words=wording(request),
        page="activity",
        visitor=visitor,
        connector=one,
        dag_id=dag_id,
        run=run,
        which=which,
        count=count_written(ledger, run.number, skus=which.skus),
        most=SHOWN,
        may_undo=_may_undo(one, visitor),
    )


@router.get("/dags/{dag_id}/undo/difference", response_class=HTMLResponse)
def difference(
    request: Request, dag_id: str, visitor: Reader, which: Annotated[Which, Query()]
) -> HTMLResponse:
    """Show what would be restored, against what Amazon holds now; a fragment of the page."""
    one, ledger, words = connector_of(dag_id), connections.ledger(), wording(request)
    if not visitor.may_use_connection(one.amazon.connection):
        raise HTTPException(403, "web.connection_not_allowed")
    run = _run_of(one, ledger, which)
    known = stored_definitions_of(one, ledger, keys_of(ledger).get(one.id, one.id))
    labels = known.labels if known else {}
    problem, found = "", []
    try:
        planned = within(lambda: _planned(one, ledger, run, which))
        found = [_restoring(each, labels, words) for each in planned]
    except AmazonListingsError as error:
        problem = error.worded(words.messages)
    return render(request, "undo_difference.html", words=words, problem=problem, found=found)


@router.post("/dags/{dag_id}/undo")
def undo(request: Request, dag_id: str, visitor: Editor, which: Which) -> Told:
    """Start taking back: it goes on behind the page, as a run of its own in the list of runs.

    What was restored is in the ledger listing by listing, so one that ended early is simply started again.
    """
    one, ledger, words = connector_of(dag_id), connections.ledger(), wording(request)
    if not _may_undo(one, visitor):
        raise HTTPException(403, "web.undo.not_allowed")
    run = _run_of(one, ledger, which)
    if not count_written(ledger, run.number, skus=which.skus):
        raise HTTPException(422, words.messages.phrase("rollback.nothing_written", number=run.number))
    facts = {"who": visitor.name, "run": run.number, "connector": one.id}
    log.info(
        log_line("log.undo_write", sku=which.sku, **facts) if which.sku else log_line("log.undo_run", **facts)
    )
    done = _UNDOING.submit(_carried_out, one, ledger, run, which, visitor.name)
    _refuse_failed(done, words)
    return Told(words.t("undo.started"), f"{base_of(request)}/activity?dag={quote(dag_id, safe='')}")


def _refuse_failed(done: Future[None], words: Wording) -> None:
    """Say why a rollback could not start.

    Raises:
        HTTPException: 409, it failed within some seconds.
    """
    try:
        done.result(timeout=STARTED)
    except StillGoing:
        return
    except AmazonListingsError as error:
        raise HTTPException(409, error.worded(words.messages)) from None


def _carried_out(one: Connector, ledger: Engine, run: Run, which: Which, by: str) -> None:
    for _ in rollback_of(one, ledger, run, which.skus, by).carry_out():
        pass


def _planned(one: Connector, ledger: Engine, run: Run, which: Which) -> list[Restoration]:
    skus = [write.sku for write in islice(writes_of(ledger, run.number, skus=which.skus), SHOWN)]
    if not skus:
        return []
    return [each for some in rollback_of(one, ledger, run, skus).plan() for each in some]


def _may_undo(one: Connector, visitor: Visitor) -> bool:
    """Return whether a user may send to Amazon what was there before."""
    return may_answer(one, visitor) and visitor.may_use_connection(one.amazon.connection)


def _run_of(one: Connector, ledger: Engine, which: Which) -> Run:
    try:
        return find_run(ledger, str(which.run), one.id)
    except AmazonListingsError:
        raise HTTPException(404, "web.no_such_run") from None


def _restoring(one: Restoration, labels: dict[str, str], words: Wording) -> Restoring:
    kinds = {Method.NOTHING: "leave", Method.DELETE: "delete", Method.PUT: "put"}
    return Restoring(
        sku=one.write.sku,
        kind=kinds.get(one.method, "patch"),
        remark=words.messages.value(one.remark) if one.remark else "",
        changes=[
            (label, before, after)
            for label, before, after in _values(one.plan.changes, labels, words.messages)
            if before != after
        ],
        kept=[(label, now) for label, _, now in _values(one.changed, labels, words.messages)],
    )


def _values(
    changes: Iterable[Change], labels: dict[str, str], messages: Catalogue
) -> list[tuple[str, str, str]]:
    return [
        (
            labels.get(one.leaf.attribute, one.leaf.attribute),
            shown(one.before, messages),
            shown(one.after, messages),
        )
        for one in changes
    ]
