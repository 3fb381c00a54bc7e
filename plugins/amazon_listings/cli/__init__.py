"""The `amazon-listings` command. One module per group of commands."""

from __future__ import annotations

import os
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer

from amazon_listings.cli import (
    adopt,
    approvals,
    connectors,
    connectors_coverage,
    connectors_new,
    definition_changes,
    fields,
    init,
    ledger,
    mapping,
    plan,
    product_types,
    relabel,
    rollback,
    run,
    validate,
)
from amazon_listings.cli.refusals import LANGUAGE

app = typer.Typer(
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
    connectors_new,
    definition_changes,
    fields,
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

#: Commands of other distributions; `spapi-sandbox` brings `sandbox`.
for command in entry_points(group="amazon_listings.commands"):
    app.command(command.name)(command.load())


@app.callback()
def language(
    language: Annotated[
        str, typer.Option(envvar="AMAZON_LISTINGS_LANGUAGE", help="Language of what is printed: en, fr …")
    ] = "en",
) -> None:
    """Publish products from a PIM as Amazon listings."""
    LANGUAGE.set(language)


def main() -> None:
    """Run the command; the entry point of the console script."""
    # As Airflow's own commands say it: connections may come from Airflow's database too.
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    # Airflow logs to stdout, among a command's own output: of each short value in a connection, say, or
    # with a traceback of a database that is not there. What matters a command says itself.
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "CRITICAL")
    _use_connectors_of_this_folder()
    app()


def _use_connectors_of_this_folder() -> None:
    """In the folder of a project, and without an Airflow that is named, take the project's connectors."""
    if not os.environ.get("AIRFLOW_HOME") and Path("include/connectors").is_dir():
        os.environ.setdefault("AMAZON_LISTINGS_CONNECTORS", str(Path("include/connectors").absolute()))
