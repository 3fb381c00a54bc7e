"""Command: what a run would cost."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from amazon_listings.cli.inputs.configured import Folder, Variables, connector_of
from amazon_listings.cli.inputs.ledger_access import LedgerUrl, opened_ledger
from amazon_listings.cli.output.refusals import messages, plain_errors, refuse, say, speak

if TYPE_CHECKING:
    from sqlalchemy import Engine


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.command("forecast")(forecast)


def forecast(
    connector_id: Annotated[str, typer.Argument(metavar="CONNECTOR", help="The connector's id.")],
    *,
    items: Annotated[
        int | None,
        typer.Option(help="As if so many items changed; all that are known by default.", min=1),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    folder: Folder = None,
    variables: Variables = None,
    ledger: LedgerUrl = None,
) -> None:
    """Say what the next run of a connector costs: calls, by feeds or one by one, and minutes of quota.

    Twice: for what is due as far as the ledger knows, and as if all items changed.
    """
    from amazon_listings.ledger.connectors.keys import find_key
    from amazon_listings.writes.foreseen import forecast_of_changes, forecast_of_due

    with plain_errors():
        connector = connector_of(connector_id, folder, variables)
        speak(connector=connector)
        engine = _ledger(ledger)
        key = find_key(engine, connector_id) if engine is not None else None
        connector = replace(connector, resolved_key=key or connector_id)
        known = engine if key is not None else None
        due = forecast_of_due(connector, known) if known is not None else None
        changes = forecast_of_changes(connector, known, items)
    if not changes.items:
        refuse("cli.forecast_unknown", connector=connector_id)
    if as_json:
        numbers = {"due": due and due.as_json(), "changed": changes.as_json()}
        typer.echo(json.dumps({"connector": connector_id, **numbers}))
        return
    if due is not None:
        code = "cli.forecast_due" if due.items else "cli.forecast_nothing"
        say(code, items=due.items, cost=due.worded(messages()))
    say("cli.forecast_changes", items=changes.items, cost=changes.worded(messages()))


def _ledger(url: str | None) -> Engine | None:
    """Return the ledger; None if the connectors have none yet."""
    from amazon_listings.errors import ActionRequiredError

    try:
        return opened_ledger(url)
    except ActionRequiredError as error:
        if error.code != "cli.no_ledger":
            raise
        return None
