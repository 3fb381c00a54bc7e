"""Commands: status, history, and the ledger's upkeep."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amazon_listings.cli.inputs.ledger_access import LedgerUrl, opened_ledger
from amazon_listings.cli.output.refusals import messages, plain_errors, say
from amazon_listings.cli.output.tables import ISSUES, clean, listed, print_facts, print_table, when

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from amazon_listings.ledger.items.issues import KnownIssue
    from amazon_listings.ledger.runs.answers import FrequentIssue
    from amazon_listings.ledger.runs.history import Run

ledger_app = typer.Typer(name="ledger", help="Upkeep of the ledger.", no_args_is_help=True)

#: What only programs read; `--json` has it.
UNREADABLE = frozenset(
    {
        "accepted_definition",
        "accepted_hash",
        "definition",
        "document",
        "fingerprint",
        "issue",
        "marketplace_id",
        "payload_hash",
        "request_id",
        "seller_id",
        "sku",
        "tested_definition",
    }
)

#: Attributes of a write that a table names; of more, their number.
MOST_NAMED = 5

ConnectorId = Annotated[str | None, typer.Option("--connector", help="Id of the connector.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.add_typer(ledger_app)
    app.command()(status)
    app.command()(history)


def status(
    connector: ConnectorId = None,
    sku: Annotated[str | None, typer.Option(help="One listing.")] = None,
    run: Annotated[str | None, typer.Option(help="One run: its number, or Airflow's DAG run id.")] = None,
    attempt: Annotated[
        int | None, typer.Option(help="Which attempt of a cleared run; the latest without it.", min=0)
    ] = None,
    ledger: LedgerUrl = None,
    as_json: AsJson = False,
) -> None:
    """How a connector, a run or a listing stands."""
    from amazon_listings.ledger.runs.history import find_run

    with plain_errors():
        engine = opened_ledger(ledger)
        if run is not None:
            found = find_run(engine, run, connector, attempt)
            answer = _of_run(engine, found) | (_of_sku(engine, sku, found.connector_key) if sku else {})
        elif sku is not None:
            answer = _of_sku(engine, sku, _key(engine, connector))
        elif connector is not None:
            answer = _of_connector(engine, connector)
        else:
            answer = _of_all(engine)
    _show(answer, as_json=as_json)


def history(
    sku: Annotated[str, typer.Argument(help="The SKU.")],
    connector: ConnectorId = None,
    ledger: LedgerUrl = None,
    as_json: AsJson = False,
) -> None:
    """Everything that was written to a SKU, and the life of each of its issues."""
    from amazon_listings.ledger.items.issues import issue_lives
    from amazon_listings.ledger.runs.answers import item_standings, writes_to

    with plain_errors():
        engine = opened_ledger(ledger)
        key = _key(engine, connector)
        answer = {
            "listings": [dataclasses.asdict(one) for one in item_standings(engine, sku, key)],
            "writes": [dataclasses.asdict(one) for one in writes_to(engine, sku, key)],
            "issues": [_issue(one) for one in issue_lives(engine, sku, key)],
        }
        if not any(answer.values()):
            raise _nothing("cli.sku_unknown", sku=sku)
    if not as_json:
        for write in answer["writes"]:
            write["wrote"] = _few(write["wrote"])
    _show(answer, as_json=as_json)


@ledger_app.command()
def prune(
    days: Annotated[
        int | None,
        typer.Option(help="Keep what is younger; AMAZON_LISTINGS_RETENTION_DAYS by default.", min=1),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    ledger: LedgerUrl = None,
) -> None:
    """Forget old runs with their submissions, before-images and resolved issues."""
    from amazon_listings.ledger.runs.retention import prune as remove
    from amazon_listings.settings import settings

    with plain_errors():
        age = days or settings().retention_days
        pruned = remove(opened_ledger(ledger), days=age, remove=not dry_run)
    counts = [
        messages().phrase(f"cli.pruned_{name}", count=count)
        for name, count in dataclasses.asdict(pruned).items()
    ]
    say("cli.would_prune" if dry_run else "cli.pruned", days=age, counts=", ".join(counts))


def _of_all(engine: Engine) -> dict[str, Any]:
    from amazon_listings.ledger.connectors.keys import known_connectors
    from amazon_listings.ledger.runs.history import recent_runs

    return {
        "connectors": [
            _run_line(run)
            for one in known_connectors(engine)
            for run in recent_runs(engine, one.key, limit=1)
        ]
    }


def _key(engine: Engine, connector_id: str | None) -> str | None:
    """Return the key of the connector that a person names; what never ran has none, and nothing is found."""
    from amazon_listings.ledger.connectors.keys import find_key

    return None if connector_id is None else find_key(engine, connector_id) or connector_id


def _of_connector(engine: Engine, connector_id: str) -> dict[str, Any]:
    from amazon_listings.ledger.connectors.keys import known_connectors
    from amazon_listings.ledger.runs.answers import connector_standing
    from amazon_listings.ledger.runs.history import recent_runs
    from amazon_listings.ledger.writes.confirmations import next_due
    from amazon_listings.ledger.writes.feeds import pending_feeds

    key = _key(engine, connector_id) or connector_id
    runs = recent_runs(engine, key)
    if not runs:
        known = [one.current_id for one in known_connectors(engine)]
        code = "cli.connector_never_ran" if known else "cli.no_connector_ran"
        raise _nothing(code, connector=connector_id, known=", ".join(known))
    standing = connector_standing(engine, key)
    return {
        "connector": runs[0].connector_id,
        "runs": [_run_line(run) for run in runs],
        "listings": standing.listings,
        "open issues": standing.open_issues,
        "most frequent issues": [
            {
                "issue": one.identity.replace("|", " "),
                "severity": one.severity,
                "items": one.items,
                "message": _said(one),
            }
            for one in standing.worst
        ],
        "pending feeds": [
            {
                "feed": feed.feed_id or "not known yet",
                "run": feed.run,
                "state": feed.state,
                "items": feed.messages,
                "made": feed.created_at,
            }
            for feed in pending_feeds(engine, key)
        ],
        "next confirmation": next_due(engine, key),
    }


def _of_run(engine: Engine, run: Run) -> dict[str, Any]:
    from amazon_listings.ledger.items.issues import count_issues
    from amazon_listings.ledger.runs.answers import answers_of

    return {
        "run": dataclasses.asdict(run) | {"failure": run.failure_in(messages())},
        "answers": answers_of(engine, run.number),
        "issues of the run": count_issues(engine, run.connector_key, run.number),
    }


def _of_sku(engine: Engine, sku: str, connector_key: str | None) -> dict[str, Any]:
    from amazon_listings.ledger.items.issues import issue_lives
    from amazon_listings.ledger.runs.answers import item_standings

    standings = [dataclasses.asdict(one) for one in item_standings(engine, sku, connector_key)]
    lives = [_issue(one) for one in issue_lives(engine, sku, connector_key) if one.resolved_run is None]
    if not standings and not lives:
        raise _nothing("cli.sku_unknown", sku=sku)
    return {"listings": standings, "open issues": lives}


def _run_line(run: Run) -> dict[str, Any]:
    return {
        "number": run.number,
        "connector": run.connector_id,
        "run": run.run_id,
        "attempt": run.attempt,
        "operation": run.operation,
        "scope": run.scope,
        "state": run.state,
        "started": run.started_at,
        "ended": run.ended_at,
        "asked_by": run.asked_by,
        "counts": run.counts,
        "failure": run.failure_in(messages()),
    }


def _said(one: FrequentIssue) -> str:
    """Return what a frequent issue says; of one that varies, an example."""
    said = one.example.in_language(messages()).message
    return messages().phrase("report.for_example", message=said) if one.varies else said


def _issue(one: KnownIssue) -> dict[str, Any]:
    issue = one.issue.in_language(messages())
    return {
        "severity": issue.severity,
        "code": issue.code,
        "attribute": issue.attribute,
        "message": issue.message,
        "sources": list(issue.sources),
        "opened_run": one.opened_run,
        "seen_run": one.seen_run,
        "resolved_run": one.resolved_run,
    }


def _show(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(answer, ensure_ascii=False, indent=2, default=_iso))
        return
    for name, content in answer.items():
        heading = messages().phrase(f"status.{name.replace(' ', '_')}")
        if name == "listings" and isinstance(content, list):
            for one in content:
                title = messages().phrase("status.listing", sku=clean(one["sku"]), country=_country(one))
                print_facts(title, one, without=UNREADABLE)
        elif name == "run":
            print_facts(heading, content, without=UNREADABLE)
        elif isinstance(content, list):
            print_table(heading, content, without=UNREADABLE)
        elif isinstance(content, dict):
            said = listed(content, ISSUES) if name == "issues of the run" else listed(content)
            say("said_of", about=heading, said=said)
        else:
            say("said_of", about=heading, said=clean(when(content)))
    say("status.utc")


def _few(names: list[str]) -> str:
    if len(names) <= MOST_NAMED:
        return ", ".join(names)
    return messages().phrase("cli.attributes", count=len(names))


def _iso(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _country(listing: dict[str, Any]) -> str:
    from amazon_listings.marketplaces import MARKETPLACES

    known = {one.id: one.country for one in MARKETPLACES.values()}
    return known.get(listing["marketplace_id"], clean(listing["marketplace_id"]))


def _nothing(code: str, **facts: str) -> Exception:
    from amazon_listings.errors import ActionRequiredError

    return ActionRequiredError(code, **facts)
