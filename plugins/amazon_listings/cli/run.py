"""Commands: run."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from amazon_listings.cli.output.refusals import LANGUAGE, Language, messages, say, speak
from amazon_listings.runs.listings.value_text import value_text

if TYPE_CHECKING:
    from amazon_listings.connectors.model import Connector
    from amazon_listings.local_run import Decision
    from amazon_listings.pipeline import Installation
    from amazon_listings.runs.context import RunContext
    from amazon_listings.runs.plan import Plan
    from amazon_product_types.validation.issue import Issue

#: Items and changes of a plan that are shown before it is asked about; the rest are counted.
SHOWN_ITEMS, SHOWN_CHANGES = 20, 6
MISUSE = 2
SANDBOX = "sandbox"


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.command("run")(run)


def run(
    connector_id: Annotated[str, typer.Argument(metavar="CONNECTOR", help="The connector's id.")],
    *,
    operation: Annotated[
        str, typer.Option(help="test: check everything, change nothing; live: submit what passes.")
    ] = "test",
    everything: Annotated[
        bool, typer.Option("--everything", help="All items, not only what changed since the last run.")
    ] = False,
    affected: Annotated[
        bool,
        typer.Option("--affected", help="Only items that a new mapping, definition or rule touches."),
    ] = False,
    sku: Annotated[list[str] | None, typer.Option(help="Only this SKU; may be repeated.")] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Unchanged items too; in a test, Amazon previews each, however many."),
    ] = False,
    approve: Annotated[
        str | None,
        typer.Option(
            metavar="HASH|sandbox",
            help="Send without asking: the plan of this hash, which a test run printed, or what was approved "
            "of the plan that `plan --keep` printed; `sandbox`: whatever passes, where Amazon is a sandbox "
            "on this machine.",
            show_default=False,
        ),
    ] = None,
    language: Language = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line for each item.")] = False,
) -> None:
    """Run a connector in this process, without Airflow's scheduler: the same steps, up to the report.

    Connections and Variables come from the environment (AIRFLOW_CONN_…, AIRFLOW_VAR_…), or from the
    Airflow whose shell.sh was sourced. Exit code 0 if the run came to its end, whatever became of its
    items; 1 if it did not; 2 for misuse.
    """
    from amazon_listings.errors import AmazonListingsError
    from amazon_product_types.errors import ProductTypeError

    if operation not in {"test", "live"}:
        _misuse("run.operation_unknown", operation=operation)
    if approve is not None and operation == "test":
        _misuse("run.approve_without_live")
    if not all(one.strip() for one in sku or ()):
        _misuse("run.sku_empty")
    if everything and affected:
        _misuse("run.two_selections")
    if operation == "live" and approve is None and not _is_terminal():
        _misuse("run.no_terminal")
    try:
        connector, installation = _opened(connector_id, language or LANGUAGE.get())
        _refuse_other_than_sandbox(connector, installation, approve)
        of_configuration = approve is not None and _is_of_configuration(connector, installation, approve)
        params = {
            "operation": operation,
            "selection": "everything" if everything else "affected" if affected else "changed",
            "skus": sku or [],
            "force": force,
        }
        ended = _carried_out(
            connector, installation, params, approve, of_configuration=of_configuration, as_json=as_json
        )
    except (AmazonListingsError, ProductTypeError) as error:
        typer.echo(error.worded(messages()), err=True)
        raise typer.Exit(1) from None
    raise typer.Exit(0 if ended else 1)


def _opened(connector_id: str, language: str | None) -> tuple[Connector, Installation]:
    """Return the connector, with its key and the report's language, and what the run works with.

    A language that was asked for, of the run or of the whole command line, is that of all that is said.
    """
    from dataclasses import replace

    from amazon_listings.airflow_adapter.configured import connector_named, unambiguous
    from amazon_listings.airflow_adapter.installation import AirflowInstallation
    from amazon_listings.ledger.connectors.keys import keyed

    installation = AirflowInstallation()
    connector = keyed(installation.ledger, unambiguous(connector_named(connector_id)))
    connector = replace(connector, report_language=language)
    speak(language, connector=connector)
    return connector, installation


def _refuse_other_than_sandbox(connector: Connector, installation: Installation, approve: str | None) -> None:
    from amazon_listings.local_run import is_sandbox_here

    if approve == SANDBOX and not is_sandbox_here(installation.account(connector)):
        _misuse("run.not_a_sandbox", connection=connector.amazon.connection)


def _is_of_configuration(connector: Connector, installation: Installation, approve: str) -> bool:
    """Return whether a hash is that of a plan of the configuration; one that was not approved is refused."""
    from amazon_listings.cli.inputs.definitions import run_storage
    from amazon_listings.cli.output.refusals import refuse
    from amazon_listings.fleet.plan_approval import is_approved, is_kept

    if not is_kept(run_storage(), approve):
        return False
    if not is_approved(run_storage(), approve, installation.ledger, connector.key):
        refuse("run.plan_not_approved", plan=approve, connector=connector.id)
    return True


def _carried_out(
    connector: Connector,
    installation: Installation,
    params: dict[str, Any],
    approve: str | None,
    *,
    of_configuration: bool,
    as_json: bool,
) -> bool:
    """Run the connector and print what became of its items; return whether the run came to its end."""
    from amazon_listings.local_run import Decision, due_items, plan_hash, removals_due, run_connector
    from amazon_listings.remarks import worded
    from amazon_listings.runs.notes import StopNote

    decisions: list[Decision] = []

    def decide(run: RunContext, plan: str) -> Decision:
        known = Decision.SEND_APPROVED if of_configuration else None
        decisions.append(known or _decision(run, plan, approve))
        return decisions[-1]

    context, summary = run_connector(connector, installation, params, decide=decide, progress=_progress)
    if as_json:
        _print_items(context)
    else:
        from amazon_listings.cli.output.outcome_table import print_outcomes

        print_outcomes({connector.id: summary})
    for warning in summary["warnings"]:
        typer.echo(warning, err=as_json)
    if (stop := context.folder.noted(StopNote)) is not None:
        typer.echo(worded(stop.why, messages()), err=True)
    if params["operation"] == "test":
        count = sum(1 for _ in due_items(context)) + removals_due(context)
        say("run.plan", err=as_json, plan=plan_hash(context), count=count)
    if summary["failure"]:
        say("run.not_ended", err=True, failure=summary["failure"])
        return False
    return Decision.WAIT not in decisions


def _decision(run: RunContext, plan: str, approve: str | None) -> Decision:
    """Decide about a plan: by what was approved, or by asking."""
    from amazon_listings.local_run import Decision, due_items, due_plans, removals_due

    count = sum(1 for _ in due_items(run))
    left = removals_due(run)
    if not count and not left:
        return Decision.SEND
    if approve in {SANDBOX, plan}:
        return Decision.SEND
    if approve is not None:
        say("run.other_plan", err=True, plan=plan, approved=approve)
        return Decision.WAIT
    _show_plan(due_plans(run, SHOWN_ITEMS), count, left, run.connector.sync.when_removed)
    return (
        Decision.SEND
        if typer.confirm(messages().phrase("run.send", plan=plan), err=True)
        else Decision.REFUSE
    )


def _show_plan(plans: list[tuple[str, Plan | None]], items: int, left: int, when_removed: str) -> None:
    """Show what would be sent: the plans of the first items."""
    for sku, plan in plans:
        changes = plan.changes if plan is not None else ()
        method = plan.method if plan is not None else messages().phrase("run.as_before")
        count = messages().phrase("run.changes", count=len(changes))
        typer.echo(f"{sku}  {method}  {count}", err=True)
        for change in changes[:SHOWN_CHANGES]:
            path = "/".join(str(step) for step in (change.leaf.attribute, *change.leaf.path))
            before, after = (value_text(one, messages()) for one in (change.before, change.after))
            typer.echo(f"    {path}: {before} → {after}", err=True)
        if len(changes) > SHOWN_CHANGES:
            more = messages().phrase("run.more_changes", count=len(changes) - SHOWN_CHANGES)
            typer.echo(f"    {more}", err=True)
    if items > len(plans):
        say("run.more_items", err=True, count=items - len(plans))
    if left:
        say(f"run.left_{when_removed}", err=True, count=left)


def _print_items(run: RunContext) -> None:
    """Print one line of JSON for each item of the run."""
    from amazon_listings.remarks import worded
    from amazon_listings.runs.finish.issue_history import resolved

    for item in resolved(run.folder):
        line = {
            "sku": item.sku or "",
            "outcome": str(item.outcome),
            "note": worded(item.note, messages()),
            "asin": item.asin,
            "issues": [_issue(issue) for issue in item.issues],
        }
        # Half a surrogate pair in a product's text must not end the stream.
        sys.stdout.buffer.write(
            json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
        )
    sys.stdout.buffer.flush()


def _issue(issue: Issue) -> dict[str, str]:
    names = ("code", "severity", "attribute", "path", "message", "action")
    return {name: str(getattr(issue, name)) for name in names}


def _progress(step: str, text: str) -> None:
    """Say on a terminal how far the run is."""
    if sys.stderr.isatty():
        typer.echo(f"{step:<20} {text}", err=True)


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _misuse(code: str, **facts: object) -> NoReturn:
    say(code, err=True, **facts)
    raise typer.Exit(MISUSE)
