"""The `rollback` command."""

from __future__ import annotations

import getpass
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from amazon_listings.cli.inputs.ledger_access import LedgerUrl, opened_ledger
from amazon_listings.cli.output.refusals import messages, plain_errors, say
from amazon_listings.cli.output.tables import clean
from amazon_listings.runs.listings.value_text import value_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from amazon_listings.ledger.runs.history import Run
    from amazon_listings.messages import Catalogue
    from amazon_listings.writes.rollback.restoration import Restoration
    from amazon_listings.writes.rollback.rollback import Restored, Rollback

#: Longest value shown of a patch.
LONGEST = 160


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.command()(rollback)


def rollback(
    run: Annotated[str, typer.Option(help="The run to take back: its number, or Airflow's DAG run id.")],
    sku: Annotated[list[str] | None, typer.Option(help="Only this SKU; may be repeated.")] = None,
    connector: Annotated[
        str | None, typer.Option(help="Whose run, where several have one of that id.")
    ] = None,
    attempt: Annotated[
        int | None, typer.Option(help="Which attempt of a cleared run; the latest without it.", min=0)
    ] = None,
    all_attempts: Annotated[
        bool, typer.Option("--all-attempts", help="Every attempt of a cleared run, the newest first.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Send it. Without, it is only shown.")] = False,
    ledger: LedgerUrl = None,
) -> None:
    """Restore what Amazon held before a run: show the patches, and with --yes send them."""
    from amazon_listings.ledger.runs.history import attempts_of, find_run
    from amazon_listings.ledger.writes.before_images import count_written

    with plain_errors():
        engine = opened_ledger(ledger)
        found = find_run(engine, run, connector, attempt)
        counts: Counter[str] = Counter()
        foreign = False
        for one in attempts_of(engine, found) if all_attempts else [found]:
            more, changed = _carried_out(_of(engine, one, sku or []), one, yes=yes)
            counts, foreign = counts + more, foreign or changed
    if not counts:
        say("rollback.nothing_written", err=True, number=found.number)
        others = [one.attempt for one in attempts_of(engine, found) if count_written(engine, one.number)]
        if others and not all_attempts:
            say("rollback.other_attempts", err=True, attempts=others)
        raise typer.Exit(1)
    words = messages()
    print(", ".join(words.phrase(f"rollback.{name}", count=count) for name, count in counts.items()) + ".")
    if foreign:
        say("rollback.foreign_meaning", mark=words.phrase("rollback.foreign"))
    if not yes:
        say("rollback.only_shown")
        return
    if counts["accepted"]:
        say("rollback.sent_again", connector=found.connector_id)
    if counts["failed"] or counts["invalid"] or counts["kept"]:
        raise typer.Exit(1)


def _of(engine: Engine, run: Run, skus: list[str]) -> Rollback:
    """Return what the rollback of a run needs: the connector as it is now, its account and definition."""
    from amazon_listings.airflow_adapter.configured import connector_named
    from amazon_listings.airflow_adapter.rollbacks import rollback_of

    return rollback_of(connector_named(run.connector_id), engine, run, skus, getpass.getuser())


def _carried_out(rollback: Rollback, run: Run, *, yes: bool) -> tuple[Counter[str], bool]:
    """Show, and with `yes` send; the listings by what becomes of them, and whether others changed any."""
    from amazon_listings.writes.rollback.rollback import Restored

    counts: Counter[str] = Counter()
    foreign = False
    say(
        "rollback.of_run",
        number=run.number,
        connector=run.connector_id,
        started=run.started_at,
        cost=rollback.cost(),
    )
    for some in rollback.carry_out() if yes else rollback.plan():
        for one in some:
            if isinstance(one, Restored):
                counts[one.status.lower()] += 1
                _say(_result(one))
            else:
                foreign |= bool(one.changed)
                if not yes:
                    counts["to_restore" if one.method != "NOTHING" else "to_leave"] += 1
                _say(lines_of(one, messages()))
    return counts, foreign


def lines_of(one: Restoration, words: Catalogue) -> Iterator[str]:
    """Yield what would be sent, with what Amazon has now beside it."""
    remark = f"({words.value(one.remark)})" if one.remark is not None else ""
    yield " ".join(filter(None, (one.method, one.write.sku, remark)))
    for change in one.plan.changes:
        yield f"    {change.leaf}: {value_text(change.after, words, LONGEST)}"
        if one.method == "PATCH":
            yield f"        {words.phrase('rollback.now', value=value_text(change.before, words, LONGEST))}"
    for change in one.changed:
        stays = words.phrase("rollback.stays", value=value_text(change.after, words, LONGEST))
        yield f"    {words.phrase('rollback.foreign')} {change.leaf}: {stays}"


def _result(one: Restored) -> Iterator[str]:
    said = messages().value(one.remark) if one.remark else ""
    yield f"{one.status} {one.restoration.write.sku}" + (f": {said}" if said else "")


def _say(lines: Iterator[str]) -> None:
    for line in lines:
        print(clean(line))
