"""The `amazon-listings` command. One module per group of commands."""

from __future__ import annotations

import logging
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from amazon_listings.cli import (
    adopt,
    approvals,
    forecast,
    init,
    ledger,
    mapping,
    plan,
    rollback,
    run,
    validate,
)
from amazon_listings.cli.connectors import commands as connectors
from amazon_listings.cli.connectors import coverage as connectors_coverage
from amazon_listings.cli.connectors import keep as connectors_keep
from amazon_listings.cli.connectors import new as connectors_new
from amazon_listings.cli.connectors import relabel
from amazon_listings.cli.output.refusals import (
    CONNECTOR_LANGUAGE,
    LANGUAGE,
    choose_language,
    messages,
    speak,
)
from amazon_listings.cli.product_types import commands as product_types
from amazon_listings.cli.product_types import diff as definition_changes
from amazon_listings.cli.product_types import fields
from amazon_listings.runs.heap import collect_seldom
from amazon_product_types.printing import guarded_output

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


class Commands(TyperGroup):
    """The commands of this distribution, and those that others bring (`spapi-sandbox`: `sandbox`).

    What is installed is only asked for when it matters: for a list of all commands, or for one that is not
    ours. Asking takes as long as all the rest of a short command.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands."""
        return [*super().list_commands(ctx), *sorted(one.name for one in _brought())]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command by its name; None if there is none."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        found = next((one for one in _brought() if one.name == cmd_name), None)
        return None if found is None else _as_command(found)


@cache
def _brought() -> tuple[EntryPoint, ...]:
    from importlib.metadata import entry_points

    return tuple(entry_points(group="amazon_listings.commands"))


@cache
def _as_command(found: EntryPoint) -> Any:
    alone = typer.Typer(rich_markup_mode=None)
    alone.command(found.name)(found.load())
    return typer.main.get_command(alone)


app = typer.Typer(
    cls=Commands,
    name="amazon-listings",
    help="Publish products from a PIM as Amazon listings.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)
for module in (
    adopt,
    approvals,
    connectors,
    connectors_coverage,
    connectors_keep,
    connectors_new,
    definition_changes,
    fields,
    forecast,
    init,
    ledger,
    mapping,
    plan,
    product_types,
    relabel,
    rollback,
    run,
    validate,
):
    module.register(app)


@app.callback()
def language(
    language: Annotated[
        str | None,
        typer.Option(
            help="Language of what is printed, such as fr; by default that of the connector, else the "
            "setting AMAZON_LISTINGS_LANGUAGE.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Publish products from a PIM as Amazon listings."""
    LANGUAGE.set(None)
    CONNECTOR_LANGUAGE.set(None)
    choose_language(language)
    speak()


def main() -> None:
    """Run the command; the entry point of the console script."""
    # As Airflow's own commands say it: connections may come from Airflow's database too.
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    # Airflow logs to stdout, among a command's own output: of each short value in a connection, say, or
    # with a traceback of a database that is not there. What matters a command says itself.
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "CRITICAL")
    # Without Airflow, Python itself would write warnings among them.
    logging.getLogger().addHandler(logging.NullHandler())
    _use_connectors_of_this_folder()
    collect_seldom()
    with guarded_output(messages):
        app()


def _use_connectors_of_this_folder() -> None:
    """In the folder of a project, and without an Airflow that is named, take the project's connectors."""
    if not os.environ.get("AIRFLOW_HOME") and Path("include/connectors").is_dir():
        os.environ.setdefault("AMAZON_LISTINGS_CONNECTORS", str(Path("include/connectors").absolute()))
