"""What ran: runs of all connectors that the user may read, and each with its outcomes, calls and files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from amazon_listings.airflow_adapter import connections
from amazon_listings.airflow_adapter.api_server import dag_states, runs_at_work
from amazon_listings.errors import AmazonListingsError
from amazon_listings.ledger.approvals.progress import count_approved
from amazon_listings.ledger.connectors.stops import Stop, resume, stop, stop_of
from amazon_listings.ledger.items.issues import count_issues
from amazon_listings.ledger.runs.answers import answers_of
from amazon_listings.ledger.runs.history import attempts_of, find_run
from amazon_listings.ledger.runs.overview import runs_of
from amazon_listings.ledger.runs.rollbacks import end_abandoned
from amazon_listings.ledger.writes.before_images import count_written
from amazon_listings.runs.folder import RunFolder
from amazon_listings.selling_partner.forecast import duration
from amazon_listings.web.access import AnyUser, Editor, Reader
from amazon_listings.web.activity.progress import Progress, progress_of
from amazon_listings.web.configured import connector_of, keys_of
from amazon_listings.web.connectors.connectors_page import bar
from amazon_listings.web.ended_runs import end_abandoned_runs
from amazon_listings.web.items.items_page import readable_connectors
from amazon_listings.web.references import Number
from amazon_listings.web.rendering import render, wording
from amazon_listings.web.told import Told
from amazon_listings.web.worded_runs import WordedRun, facts_of
from amazon_listings.writes.foreseen import RunForecast, forecast_of_changes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amazon_listings.airflow_adapter.api_server import DagState
    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.runs.history import RunLine
    from amazon_listings.messages import Catalogue

router = APIRouter()

#: Runs on a page, and runs to come.
SHOWN, UPCOMING = 50, 5
#: The files of a report that can be downloaded.
FILES = ("report.html", "items.csv", "issues.csv", "report.json")


class Choice(BaseModel, frozen=True):
    """Which runs are wanted, and before which one the page begins."""

    dag: str = ""
    before: Number | None = None


class Switch(BaseModel, frozen=True):
    """Whether a connector may send."""

    send: Literal["yes", "no"]


@dataclass(frozen=True)
class ListedRun(WordedRun):
    """A run in a list, with what its reader knows its connector by; `progress` of one that is going on."""

    dag_id: str
    connector: str
    connector_title: str
    timezone: str
    progress: Progress | None = None


@dataclass(frozen=True)
class Upcoming:
    """When a connector runs next by its schedule."""

    dag_id: str
    connector_title: str
    timezone: str
    at: datetime


@dataclass(frozen=True)
class RunView:
    """A run: what became of its items, which calls it made, what Amazon answered, its files.

    `issues` are counted as `new`, `still there` and `gone`; `attempts` are all of the run, the newest first;
    `written` are the listings that it wrote to.
    """

    run: ListedRun
    calls: dict[str, int]
    answers: dict[str, int]
    issues: dict[str, int]
    files: list[str]
    attempts: list[ListedRun]
    written: int


@router.get("/activity", response_class=HTMLResponse)
def page(request: Request, visitor: AnyUser, choice: Annotated[Choice, Query()]) -> HTMLResponse:
    """Show the runs of every connector that the user may read."""
    known = readable_connectors(visitor)
    words, dags = wording(request), dag_states()
    found = listed(known, choice, words.messages)
    chosen = next((one for one in known if one.dag_id == choice.dag), None)
    return render(
        request,
        "activity.html",
        words=words,
        page="activity",
        visitor=visitor,
        known=known,
        choice=choice,
        runs=found[:SHOWN],
        following=found[SHOWN - 1].number if len(found) > SHOWN else None,
        bar=bar,
        chosen=chosen,
        stopped=stopped_by(chosen) if chosen else None,
        may_edit=chosen is not None and visitor.may_edit(chosen.dag_id),
        dag=dags.get(chosen.dag_id) if chosen else None,
        is_running=any(one.ended_at is None for one in found[:SHOWN]),
        starting=0 if choice.before else starting([chosen] if chosen else known, found),
        upcoming=upcoming([chosen] if chosen else known, dags)[:UPCOMING] if not choice.before else [],
        duration=duration,
        approved=approved_items(chosen) if chosen else 0,
        cost=forecast_of(chosen).worded(words.messages) if chosen else "",
    )


@router.post("/dags/{dag_id}/sending")
def switch(request: Request, dag_id: str, visitor: Editor, wanted: Switch) -> Told:
    """Stop a connector, or let it send again; a run that is sending stops within a batch."""
    words, one = wording(request), connector_of(dag_id)
    ledger = connections.ledger()
    key = keys_of(ledger).get(one.id, one.id)
    if wanted.send == "no":
        stop(ledger, key, by=visitor.name)
        return Told(words.t("stop.stopped"))
    resume(ledger, key)
    return Told(words.t("stop.resumed"))


def forecast_of(one: Connector) -> RunForecast:
    """Return what a run costs in which all items change that are known now."""
    ledger = connections.ledger()
    return forecast_of_changes(replace(one, resolved_key=keys_of(ledger).get(one.id, one.id)), ledger)


def approved_items(one: Connector) -> int:
    """Return how many items of a connector are approved and not sent yet."""
    ledger = connections.ledger()
    key = keys_of(ledger).get(one.id)
    return count_approved(ledger, key) if key else 0


def stopped_by(one: Connector) -> Stop | None:
    """Return what stops a connector: its own stop, or that of all connectors."""
    ledger = connections.ledger()
    return stop_of(ledger, keys_of(ledger).get(one.id, one.id))


@router.get("/api/runs")
def runs(request: Request, visitor: AnyUser, choice: Annotated[Choice, Query()]) -> list[ListedRun]:
    """Return runs, the newest first; the last one's number is where the next page begins."""
    return listed(readable_connectors(visitor), choice, wording(request).messages)[:SHOWN]


@router.get("/dags/{dag_id}/runs/{run_id}", response_class=HTMLResponse)
def run_page(
    request: Request, dag_id: str, run_id: str, visitor: Reader, attempt: Number | None = None
) -> HTMLResponse:
    """Show an attempt of a run, the latest if none is named, and the way to the others."""
    one, words = connector_of(dag_id), wording(request)
    found = run_view(one, run_id, attempt, words.messages)
    return render(
        request,
        "run.html",
        words=words,
        page="activity",
        visitor=visitor,
        connector=one,
        dag_id=dag_id,
        view=found,
        bar=bar,
        duration=duration,
    )


@router.get("/api/dags/{dag_id}/runs/{run_id}")
def run(
    request: Request, dag_id: str, run_id: str, visitor: Reader, attempt: Number | None = None
) -> RunView:
    """Return an attempt of a run, the latest if none is named."""
    return run_view(connector_of(dag_id), run_id, attempt, wording(request).messages)


def listed(known: list[Connector], choice: Choice, messages: Catalogue) -> list[ListedRun]:
    """Return one run more than a page shows."""
    ledger = connections.ledger()
    keys = keys_of(ledger)
    by_key = {keys[one.id]: one for one in known if one.id in keys and choice.dag in {"", one.dag_id}}
    end_abandoned(ledger, list(by_key))
    end_abandoned_runs(ledger, by_key)
    found = runs_of(ledger, list(by_key), before=choice.before, most=SHOWN + 1)
    return [
        _with_progress(_listed(line, by_key[line.connector_key], messages), by_key[line.connector_key])
        for line in found
    ]


def starting(known: list[Connector], listed: list[ListedRun]) -> int:
    """Return how many runs Airflow has made of which none of the listed is one yet."""
    told = {(one.dag_id, one.run_id) for one in listed}
    return len(runs_at_work(one.dag_id for one in known) - told)


def upcoming(known: list[Connector], dags: Mapping[str, DagState]) -> list[Upcoming]:
    """Return when connectors run next by their schedules, the soonest first."""
    found = [
        Upcoming(one.dag_id, one.title, one.sync.timezone, state.next_run)
        for one in known
        if (state := dags.get(one.dag_id)) and state.next_run and not state.paused
    ]
    return sorted(found, key=lambda each: each.at)


def run_view(one: Connector, run_id: str, attempt: int | None, messages: Catalogue) -> RunView:
    """Return an attempt of a run of a connector, the latest if none is named.

    Raises:
        HTTPException: 404, the ledger has no such run.
    """
    ledger = connections.ledger()
    key = keys_of(ledger).get(one.id, one.id)
    end_abandoned(ledger, [key])
    end_abandoned_runs(ledger, {key: one})
    try:
        found = find_run(ledger, run_id, one.id, attempt)
    except AmazonListingsError:
        raise HTTPException(404, "web.no_such_run") from None
    folder = (
        RunFolder.of(connections.storage(), found.connector_key, found.run_id, found.attempt).root / "report"
    )
    return RunView(
        _with_progress(_listed(found, one, messages), one),
        found.calls,
        answers_of(ledger, found.number),
        count_issues(ledger, found.connector_key, found.number),
        [name for name in FILES if (folder / name).exists()],
        [_listed(other, one, messages) for other in attempts_of(ledger, found)],
        count_written(ledger, found.number),
    )


def _with_progress(run: ListedRun, one: Connector) -> ListedRun:
    return replace(run, progress=progress_of(one, run, connections.ledger(), connections.storage()))


def _listed(line: RunLine, one: Connector, messages: Catalogue) -> ListedRun:
    return ListedRun(
        **facts_of(line),
        failure=line.failure_in(messages),
        dag_id=one.dag_id,
        connector=one.id,
        connector_title=one.title,
        timezone=one.sync.timezone,
    )
