"""Commands: approvals list, show, approve, refuse; stop, resume."""

from __future__ import annotations

import getpass
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amazon_listings.cli.inputs.ledger_access import LedgerUrl, opened_ledger
from amazon_listings.cli.output.refusals import messages, plain_errors, refuse, say
from amazon_listings.cli.output.tables import clean
from amazon_listings.runs.listings.value_text import value_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Engine

    from amazon_listings.ledger.approvals import open_questions as stored
    from amazon_listings.ledger.approvals.progress import Approval, ApprovalFilter
    from amazon_listings.writes.foreseen import RunForecast

#: Exit code of `list --exit-code` where something waits.
WAITS = 3
#: Items and changes that `show` prints without --all, and the longest value.
SHOWN_ITEMS, SHOWN_CHANGES, LONGEST = 20, 12, 80

app = typer.Typer(
    name="approvals", help="What waits for a person before it goes to Amazon.", no_args_is_help=True
)

Connectors = Annotated[
    list[str] | None, typer.Argument(metavar="[CONNECTOR]...", help="Only these connectors; none: all.")
]
Skus = Annotated[list[str] | None, typer.Option("--sku", help="Only this SKU; may be repeated.")]
Question = Annotated[
    list[int] | None, typer.Option("--question", help="Only this question; may be repeated.")
]
Without = Annotated[
    list[str] | None, typer.Option("--except", help="Not this SKU: it goes on waiting; may be repeated.")
]
Person = Annotated[str | None, typer.Option("--by", help="Who answers; the user of this machine by default.")]


def register(parent: typer.Typer) -> None:
    """Add this module's commands to `parent`."""
    parent.add_typer(app)
    parent.command("stop")(stop)
    parent.command("resume")(resume)


@app.command("list")
def list_open(
    connectors: Connectors = None,
    *,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help=f"End with exit code {WAITS} where something waits.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line for each question.")
    ] = False,
    ledger: LedgerUrl = None,
) -> None:
    """List the questions that are open."""
    from amazon_listings.ledger.approvals.open_questions import open_questions

    with plain_errors():
        engine = opened_ledger(ledger)
        keys = _keys(engine, connectors or [])
        found = [one for one in open_questions(engine) if not keys or one.connector_key in keys]
    for one in found:
        if as_json:
            line = {
                "question": one.number,
                "connector": one.connector_id,
                "run": one.run,
                "asked_at": one.asked_at.isoformat(),
                "lapses_at": one.lapses_at.isoformat(),
                "items": dict(one.counts),
                "reasons": dict(one.reasons),
                "forecast": _numbers(engine, one),
            }
            typer.echo(json.dumps(line))
            continue
        say(
            "cli.question",
            number=one.number,
            connector=one.connector_id,
            count=one.items,
            kinds=_kinds(one.counts),
            asked=one.asked_at,
            lapses=one.lapses_at,
        )
        for reason, count in sorted(one.reasons.items(), key=lambda pair: -pair[1]):
            say("cli.question_reason", count=count, reason=messages().phrase(f"approval.reason_{reason}"))
        _say_cost(engine, one)
    if not found and not as_json:
        say("cli.nothing_waits")
    raise typer.Exit(WAITS if found and exit_code else 0)


@app.command()
def show(
    connectors: Connectors = None,
    *,
    sku: Skus = None,
    question: Question = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every item and change, not only the first.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line for each item.")] = False,
    ledger: LedgerUrl = None,
) -> None:
    """Show what would change: each item that waits, leaf by leaf, before and after."""
    from amazon_listings.ledger.approvals.open_questions import open_questions

    with plain_errors():
        engine = opened_ledger(ledger)
        where = replace(_filter(engine, connectors, sku, question, []), open_at=datetime.now(UTC))
        if not _shown(engine, where, everything=everything, as_json=as_json):
            refuse(_none_open(connectors, sku, question))
    for one in open_questions(engine) if not as_json else ():
        if one.connector_key in (where.connectors or {one.connector_key}) and one.number in (
            where.questions or {one.number}
        ):
            _say_cost(engine, one)


@app.command()
def approve(
    connectors: Connectors = None,
    *,
    sku: Skus = None,
    without: Without = None,
    question: Question = None,
    planned: Annotated[
        str | None,
        typer.Option(
            "--plan",
            metavar="HASH",
            help="All that this plan changes, before any run asks: `amazon-listings plan --keep` prints it.",
            show_default=False,
        ),
    ] = None,
    by: Person = None,
    ledger: LedgerUrl = None,
) -> None:
    """Allow what waits: all of it, all but some items, or some items by SKU; or a plan as one.

    Who allows all, or all but some, allows the mapping lines behind it too: later values of these lines go
    without a question. The next run sends it, or at once a run with the items "approved".

    Of a plan, the next live runs send each item whose change is still the one of the plan; what the PIM
    has changed since is asked about.
    """
    if planned is not None:
        if sku or without or question:
            say("cli.plan_and_items", err=True)
            raise typer.Exit(2)
        _approve_plan(planned, connectors or [], by, ledger)
        return
    _answer(connectors, sku, without, question, by, ledger, approved=True)


@app.command("refuse")
def refuse_items(
    connectors: Connectors = None,
    *,
    sku: Skus = None,
    without: Without = None,
    question: Question = None,
    by: Person = None,
    ledger: LedgerUrl = None,
) -> None:
    """Refuse what waits, or was approved and is not sent yet; it is not asked again until it differs."""
    _answer(connectors, sku, without, question, by, ledger, approved=False)


def stop(
    connector: Annotated[str | None, typer.Argument(help="The connector's id; none: all.")] = None,
    *,
    by: Person = None,
    ledger: LedgerUrl = None,
) -> None:
    """Stop sending, of one connector or of all: runs end within one batch, and nothing is lost."""
    from amazon_listings.ledger.connectors.stops import ALL
    from amazon_listings.ledger.connectors.stops import stop as stop_sending

    with plain_errors():
        engine = opened_ledger(ledger)
        key = _key_to_stop(engine, connector) if connector else ALL
        new = stop_sending(engine, key, by=by or getpass.getuser())
        if connector is None:
            say("cli.stopped_all" if new else "cli.stopped_already_all")
            return
        say("cli.stopped" if new else "cli.stopped_already", connector=connector)
        _cancel_feeds(engine, connector, key)


def resume(
    connector: Annotated[str | None, typer.Argument(help="The connector's id; none: all.")] = None,
    *,
    ledger: LedgerUrl = None,
) -> None:
    """Take back a stop: what waits is sent by the next run."""
    from amazon_listings.ledger.connectors.stops import ALL, all_stops
    from amazon_listings.ledger.connectors.stops import resume as resume_sending

    with plain_errors():
        engine = opened_ledger(ledger)
        key = _key(engine, connector) if connector else ALL
        resumed = resume_sending(engine, key)
        if connector is None:
            if not resumed:
                refuse("cli.not_stopped_all")
            say("cli.resumed_all")
        else:
            if not resumed:
                refuse("cli.not_stopped", connector=connector)
            say("cli.resumed", connector=connector)
        left = [one for one in all_stops(engine) if one.connector_key in {key, ALL}]
        if left:
            say("cli.still_stopped")


def _approve_plan(planned: str, connectors: Sequence[str], by: str | None, ledger: str | None) -> None:
    from amazon_listings.cli.inputs.definitions import run_storage
    from amazon_listings.fleet.plan_approval import approve_plan

    with plain_errors():
        engine = opened_ledger(ledger)
        found = approve_plan(
            run_storage(),
            planned,
            engine,
            by=by or getpass.getuser(),
            connectors=_keys(engine, connectors),
        )
        if not found.items:
            refuse("cli.plan_empty", plan=planned)
    names = messages().phrase("cli.connectors_counted", count=len(found.connectors))
    say("cli.plan_approved", count=found.items, connectors=names)
    if found.left:
        say("cli.plan_left", count=found.left)


def _answer(
    connectors: Sequence[str] | None,
    skus: Sequence[str] | None,
    without: Sequence[str] | None,
    question: Sequence[int] | None,
    by: str | None,
    ledger: str | None,
    *,
    approved: bool,
) -> None:
    from amazon_listings.approvals.answers import answer_items

    if skus and without:
        say("cli.sku_and_except", err=True)
        raise typer.Exit(2)
    with plain_errors():
        engine = opened_ledger(ledger)
        where = _filter(engine, connectors, skus, question, without or [])
        rows = answer_items(engine, where, approved=approved, by=by or getpass.getuser())
        missing = sorted(set(skus or ()) - {row.sku for row in rows})
        if missing:
            say("cli.skus_not_open", err=True, skus=missing)
        if not rows:
            refuse(_none_open(connectors, skus, question))
    say("cli.approved" if approved else "cli.refused", count=len(rows))
    if approved:
        for name, count in Counter(row.connector_id for row in rows).items():
            say("cli.send_approved", connector=name, count=count)
    raise typer.Exit(1 if missing else 0)


def _cost(engine: Engine, question: stored.Question) -> RunForecast | None:
    """Return what it costs to send what a question is about; None if its connector is not found here."""
    from amazon_listings.cli.inputs.configured import connectors_in, exported
    from amazon_listings.errors import AmazonListingsError
    from amazon_listings.writes.foreseen import forecast_of_approval

    try:
        loaded = connectors_in(None, exported(None), only=question.connector_id)
    except AmazonListingsError:
        return None
    if not loaded.connectors:
        return None
    return forecast_of_approval(loaded.connectors[0], engine, question.connector_key, question.counts)


def _numbers(engine: Engine, question: stored.Question) -> dict[str, Any] | None:
    cost = _cost(engine, question)
    return None if cost is None else cost.as_json()


def _say_cost(engine: Engine, question: stored.Question) -> None:
    cost = _cost(engine, question)
    if cost is not None:
        say("approval.cost", cost=cost.worded(messages()))


def _filter(
    engine: Engine,
    connectors: Sequence[str] | None,
    skus: Sequence[str] | None,
    question: Sequence[int] | None,
    without: Sequence[str],
) -> ApprovalFilter:
    from amazon_listings.ledger.approvals.progress import ApprovalFilter

    keys = _keys(engine, connectors or [])
    return ApprovalFilter(
        connectors=tuple(keys),
        questions=tuple(question or ()),
        skus=tuple(skus or ()),
        without=tuple(without),
    )


def _none_open(*named: Sequence[object] | None) -> str:
    """Return the code for nothing that waits: at all, or of what was named."""
    return "cli.named_not_open" if any(named) else "cli.nothing_waits"


def _shown(engine: Engine, where: ApprovalFilter, *, everything: bool, as_json: bool) -> int:
    """Print the items, or the first of them; return how many were printed."""
    from amazon_listings.ledger.approvals.progress import count_approvals, find_approvals

    most = None if everything or as_json else SHOWN_ITEMS
    count = 0
    for row in find_approvals(engine, where, changes=True, most=most):
        count += 1
        if as_json:
            typer.echo(json.dumps(_as_json(row), ensure_ascii=True))
        else:
            for line in _lines(row, everything=everything):
                typer.echo(clean(line))
    more = count_approvals(engine, where) - count if count == most else 0
    if more > 0:
        say("cli.more_items", count=more)
    return count


def _lines(row: Approval, *, everything: bool) -> Iterator[str]:
    from amazon_listings.approvals.asked_changes import changes_of

    reasons = ", ".join(messages().phrase(f"approval.reason_{name}") for name in row.reasons)
    kind = messages().phrase(f"cli.kind_{row.kind}", count=1)
    yield f"{row.connector_id}  {row.sku}  {kind}  ({reasons})"
    changes = changes_of(row)
    shown = changes if everything else changes[:SHOWN_CHANGES]
    for change in shown:
        before, after = (value_text(one, messages(), LONGEST) for one in (change.before, change.after))
        yield f"    {change.leaf}: {before} → {after}"
        if change.origin is not None:
            yield f"        {change.origin} {change.origin.key}"
    if len(changes) > len(shown):
        yield "    " + messages().phrase("cli.more_changes", count=len(changes) - len(shown))


def _as_json(row: Approval) -> dict[str, Any]:
    return {
        "connector": row.connector_id,
        "sku": row.sku,
        "pim_id": row.pim_id,
        "question": row.question,
        "kind": row.kind,
        "hash": row.hash,
        "reasons": list(row.reasons),
        "asked_at": row.asked_at.isoformat(),
        "lapses_at": row.lapses_at.isoformat(),
        "changes": row.changes,
    }


def _kinds(counts: Any) -> list[str]:
    return [
        messages().phrase(f"cli.kind_{kind}", count=counts[kind])
        for kind in ("create", "change", "remove")
        if counts.get(kind)
    ]


def _keys(engine: Engine, connectors: Sequence[str]) -> list[str]:
    return [_key(engine, name) for name in connectors]


def _key(engine: Engine, connector: str) -> str:
    from amazon_listings.ledger.connectors.keys import find_key, known_connectors

    key = find_key(engine, connector)
    if key is None:
        known = [one.current_id for one in known_connectors(engine)]
        code = "cli.connector_never_ran" if known else "cli.no_connector_ran"
        refuse(code, connector=connector, known=", ".join(known))
    return key


def _key_to_stop(engine: Engine, connector: str) -> str:
    """Return the key of a connector that ran, or that may run next: a brake is there before the first run."""
    from amazon_listings.cli.inputs.configured import connectors_in, exported
    from amazon_listings.ledger.connectors.keys import find_key, keyed

    if find_key(engine, connector) is None:
        for one in connectors_in(None, exported(None), only=connector).connectors:
            return keyed(engine, one).key
    return _key(engine, connector)


def _cancel_feeds(engine: Engine, connector_id: str, key: str) -> None:
    """Cancel the connector's feeds that Amazon has not begun to process; say which it has."""
    from amazon_listings.airflow_adapter.configured import connector_named
    from amazon_listings.airflow_adapter.installation import AirflowInstallation
    from amazon_listings.ledger.writes.feeds import pending_feeds
    from amazon_listings.selling_partner.feeds import cancel

    feeds = [feed.feed_id for feed in pending_feeds(engine, key) if feed.feed_id]
    if not feeds:
        return
    client = AirflowInstallation().client(connector_named(connector_id))
    for feed_id in feeds:
        say("cli.feed_cancelled" if cancel(client, feed_id) else "cli.feed_goes_on", feed=feed_id)
