"""The `amazon-listings` command. One module per group of commands."""

from __future__ import annotations

import os

import typer

from amazon_listings.cli import (
    connectors,
    connectors_coverage,
    connectors_new,
    definition_changes,
    fields,
    ledger,
    local,
    mapping,
    product_types,
    relabel,
    rollback,
    sandbox,
    validate,
)

app = typer.Typer(
    name="amazon-listings",
    help="Publish products from a PIM as Amazon listings.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
for module in (
    connectors,
    connectors_coverage,
    connectors_new,
    definition_changes,
    fields,
    ledger,
    local,
    mapping,
    product_types,
    relabel,
    rollback,
    sandbox,
    validate,
):
    module.register(app)


def main() -> None:
    """Entry point of the console script."""
    # As Airflow's own commands say it: connections may come from Airflow's database too.
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    # Airflow logs to stdout, among a command's own output: of each short value in a connection, say, or
    # with a traceback of a database that is not there. What matters a command says itself.
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "CRITICAL")
    app()
