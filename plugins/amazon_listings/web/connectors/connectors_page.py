"""The page of connectors: how each stands, and which need attention."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from amazon_listings.airflow_adapter import connections
from amazon_listings.airflow_adapter.api_server import DagState, dag_states
from amazon_listings.connectors.model import BrokenConnector, Connector
from amazon_listings.errors import AmazonListingsError
from amazon_listings.ledger.approvals.open_questions import open_questions
from amazon_listings.ledger.connectors.new import NewConnector, new_connectors_by
from amazon_listings.ledger.connectors.stops import ALL, all_stops
from amazon_listings.ledger.items.causes import changes_since, errors_after, items_with_errors
from amazon_listings.ledger.runs.overview import last_runs, open_issues_by_connector, states_by_connector
from amazon_listings.messages import catalogue
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.selling_partner.account import SECRET_LIFE, secret_days_left
from amazon_listings.web.access import AnyUser, Visitor, dag_id_of
from amazon_listings.web.configured import every_connector, keys_of, problem_of
from amazon_listings.web.connectors.attention import unanswered
from amazon_listings.web.described import has_changed
from amazon_listings.web.ended_runs import end_abandoned_runs
from amazon_listings.web.rendering import render, wording
from amazon_listings.web.worded_runs import WordedRun, worded_run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Engine

    from amazon_listings.ledger.runs.history import RunLine

router = APIRouter()

State = Literal["broken", "paused", "waiting", "live", "test"]
#: Runs in the trend of blocked items.
TREND = 14
#: Reasons shown for which items of a connector wait.
REASONS = 2
#: Outcomes that stop an item.
STOPPED = (Outcome.BLOCKED, Outcome.REJECTED)
#: Days before a client secret ends from which the page says so.
WARN_SECRET = 30
#: The trends of connectors: what was open after a run that ended does not change.
_TRENDS: dict[tuple[str, str], tuple[tuple[int, ...], list[int]]] = {}
_LOCK = threading.Lock()
_WORST_FIRST: tuple[State, ...] = ("broken", "waiting", "live", "test", "paused")


@dataclass(frozen=True)
class ConnectorLine:
    """A connector and how it stands.

    `items` are its items by present outcome, `open_issues` by severity; `trend` is how many items had an
    error after each of its last runs, the oldest first; `change` is how many items more than a day ago have
    an error, None if it did not run then; `asked` are the most frequent reasons for which items wait;
    `secret_age` is how many days ago the client secret of its account was created, and `secret_days` how many
    it still lives.
    `definition_changed`: Amazon has changed its product type since the last run; `stopped`: a person has
    stopped it from sending.
    """

    id: str
    dag_id: str
    title: str
    state: State
    problem: str
    country: str
    country_name: str
    product_type: str
    owner: str
    timezone: str
    last_run: WordedRun | None
    blocked: int
    waiting: int
    asked: dict[str, int]
    items: dict[str, int]
    open_issues: dict[str, int]
    trend: list[int]
    change: int | None
    next_run: datetime | None
    secret_age: int | None
    secret_days: int | None
    definition_changed: bool
    stopped: bool

    @property
    def dealt_with(self) -> int:
        """Return how many items the last run dealt with."""
        counts = self.last_run.counts if self.last_run else {}
        return sum(count for outcome, count in counts.items() if outcome != Outcome.OUT_OF_SCOPE)


class Choice(BaseModel, frozen=True):
    """What the list is narrowed to."""

    q: str = ""
    country: str = ""
    product_type: str = ""
    state: str = ""
    owner: str = ""
    sort: str = ""


def lines(visitor: AnyUser, language: str) -> list[ConnectorLine]:
    """Return the connectors that the user may read, by how urgent they are."""
    ledger = connections.ledger()
    keys, dags = keys_of(ledger), dag_states()
    known = visitor.readable(every_connector())
    end_abandoned_runs(
        ledger, {keys[one.id]: one for one in known if isinstance(one, Connector) and one.id in keys}
    )
    runs, counts = last_runs(ledger, TREND), states_by_connector(ledger)
    issues, secrets = open_issues_by_connector(ledger), _Secrets()
    stopped = {one.connector_key for one in all_stops(ledger)}
    mine = [keys[one.id] for one in known if one.id in keys]
    errors = dict.fromkeys(mine, 0) | items_with_errors(ledger, mine)
    changes = changes_since(ledger, errors, datetime.now(UTC) - timedelta(days=1))
    waiting = unanswered({key: counts[key] for key in mine if key in counts}, ledger)
    reasons = _reasons(ledger) if any(waiting.values()) else {}
    found = []
    for one in known:
        key = keys.get(one.id, one.id)
        found.append(
            _line(
                one,
                dag=dags.get(dag_id_of(one.id)),
                runs=runs.get(key, []),
                counts=counts.get(key, {}),
                waiting=waiting.get(key, 0),
                issues=issues.get(key, {}),
                change=changes.get(key),
                asked=dict(reasons.get(key, Counter()).most_common(REASONS)),
                secrets=secrets,
                language=language,
                trend=_trend(ledger, key, runs.get(key, [])),
                stopped=not stopped.isdisjoint({key, ALL}),
                definition_changed=not isinstance(one, BrokenConnector)
                and has_changed(one, key, runs.get(key, [])),
            )
        )
    return sorted(found, key=lambda one: (_WORST_FIRST.index(one.state), -one.blocked, one.id))


def _trend(ledger: Engine, key: str, last: list[RunLine]) -> list[int]:
    """Return how many items had an error after each of the last runs that came to their end."""
    numbers = tuple(run.number for run in reversed(last) if run.state == "settled")
    with _LOCK:
        known = _TRENDS.get((str(ledger.url), key))
    if known is None or known[0] != numbers:
        found = errors_after(ledger, numbers) if numbers else {}
        known = numbers, [found[number] for number in numbers]
        with _LOCK:
            _TRENDS[str(ledger.url), key] = known
    return known[1]


def _reasons(ledger: Engine) -> dict[str, Counter[str]]:
    """Return for which reasons how many items wait, by the key of their connector."""
    found: dict[str, Counter[str]] = {}
    for question in open_questions(ledger):
        found.setdefault(question.connector_key, Counter()).update(question.reasons)
    return found


def narrowed(found: Iterable[ConnectorLine], choice: Choice) -> list[ConnectorLine]:
    """Return the lines that a choice leaves, in the order that it wants."""
    text = choice.q.casefold().strip()
    kept = [
        one
        for one in found
        if (not text or text in f"{one.id} {one.title} {one.product_type} {one.owner}".casefold())
        and choice.country in {"", one.country}
        and choice.product_type in {"", one.product_type}
        and choice.state in {"", one.state}
        and choice.owner in {"", one.owner}
    ]
    if choice.sort == "name":
        kept.sort(key=lambda one: one.title.casefold())
    elif choice.sort == "blocked":
        kept.sort(key=lambda one: (-one.blocked, one.id))
    elif choice.sort == "run":
        never = datetime.min.replace(tzinfo=UTC)
        kept.sort(key=lambda one: one.last_run.started_at if one.last_run else never, reverse=True)
    return kept


@router.get("/", response_class=HTMLResponse)
def page(request: Request, visitor: AnyUser, choice: Annotated[Choice, Query()]) -> HTMLResponse:
    """Show the connectors."""
    words = wording(request)
    found = lines(visitor, words.messages.language)
    return render(
        request,
        "connectors.html",
        words=words,
        page="connectors",
        visitor=visitor,
        shown=narrowed(found, choice),
        known=found,
        total=sum(sum(one.items.values()) for one in found),
        choice=choice,
        bar=bar,
        spark=spark,
        warn_secret=WARN_SECRET,
        making=being_made(visitor),
        reason=lambda name: words.messages.message(f"approval.reason_{name}") or name,
    )


def being_made(visitor: Visitor) -> list[NewConnector]:
    """Return the connectors that are being made and that the user may see."""
    known = {one.id for one in every_connector()}
    maker = None if visitor.may_create_variables() else visitor.id
    found = new_connectors_by(connections.ledger(), maker)
    return [one for one in found if one.connector_id not in known]


@router.get("/api/connectors")
def connectors(request: Request, visitor: AnyUser, choice: Annotated[Choice, Query()]) -> list[ConnectorLine]:
    """Return the connectors that the user may read, and how each stands."""
    return narrowed(lines(visitor, wording(request).messages.language), choice)


@dataclass(frozen=True)
class Piece:
    """A piece of a stacked bar, in percent of its width."""

    outcome: str
    mood: str
    count: int
    start: float
    width: float


def bar(counts: dict[str, int]) -> list[Piece]:
    """Return the pieces of a bar of outcomes, in the order of an item's life."""
    known = [(outcome, counts[outcome]) for outcome in Outcome if counts.get(outcome)]
    known = [(outcome, count) for outcome, count in known if outcome is not Outcome.OUT_OF_SCOPE]
    total = sum(count for _, count in known)
    pieces, start = [], 0.0
    for outcome, count in known:
        width = 100 * count / total
        pieces.append(Piece(str(outcome), outcome.mood or "none", count, round(start, 3), round(width, 3)))
        start += width
    return pieces


def spark(trend: list[int]) -> str:
    """Return the points of a trend's line, in a box of 84 by 22."""
    most = max([*trend, 1])
    step = 84 / max(len(trend) - 1, 1)
    points = [(round(index * step, 1), round(20 - 18 * count / most, 1)) for index, count in enumerate(trend)]
    if len(points) == 1:
        points = [(0.0, points[0][1]), (84.0, points[0][1])]
    return " ".join(f"{x},{y}" for x, y in points)


class _Secrets:
    """The days that the client secrets of connections still live; each connection is read once."""

    def __init__(self) -> None:
        self._known: dict[str, int | None] = {}

    def days(self, connector: Connector) -> int | None:
        name = connector.amazon.connection
        if name not in self._known:
            try:
                account = connections.account(name, connector.amazon.country)
                self._known[name] = secret_days_left(account, datetime.now(UTC).date())
            except AmazonListingsError:
                self._known[name] = None
        return self._known[name]


def _line(
    one: Connector | BrokenConnector,
    *,
    dag: DagState | None,
    runs: list[RunLine],
    counts: dict[str, int],
    waiting: int,
    issues: dict[str, int],
    change: int | None,
    asked: dict[str, int],
    secrets: _Secrets,
    definition_changed: bool,
    stopped: bool,
    trend: list[int],
    language: str,
) -> ConnectorLine:
    last = runs[0] if runs else None
    broken = isinstance(one, BrokenConnector)
    days = None if isinstance(one, BrokenConnector) else secrets.days(one)
    return ConnectorLine(
        id=one.id,
        dag_id=dag_id_of(one.id),
        title=one.id if isinstance(one, BrokenConnector) else one.title,
        state=_state(one, dag, waiting),
        problem=problem_of(one, language) if isinstance(one, BrokenConnector) else "",
        country="" if isinstance(one, BrokenConnector) else one.marketplace.country,
        country_name="" if isinstance(one, BrokenConnector) else one.marketplace.name,
        product_type="" if isinstance(one, BrokenConnector) else one.amazon.product_type,
        owner="" if isinstance(one, BrokenConnector) else one.owner,
        timezone="UTC" if isinstance(one, BrokenConnector) else one.sync.timezone,
        last_run=worded_run(last, catalogue(language)) if last else None,
        blocked=sum(counts.get(outcome, 0) for outcome in STOPPED),
        waiting=waiting,
        asked=asked,
        items=counts,
        open_issues=issues,
        trend=trend,
        change=change,
        next_run=None if broken or dag is None or dag.paused else dag.next_run,
        secret_age=None if days is None else SECRET_LIFE.days - days,
        secret_days=days,
        definition_changed=definition_changed,
        stopped=stopped,
    )


def _state(one: Connector | BrokenConnector, dag: DagState | None, waiting: int) -> State:
    if isinstance(one, BrokenConnector):
        return "broken"
    if waiting:
        return "waiting"
    if not one.enabled or dag is None or dag.paused:
        return "paused"
    return "live" if one.sync.operation == "live" else "test"
