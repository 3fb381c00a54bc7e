"""Commands: connectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from amazon_listings.cli.configured import Folder, Variables, connectors_in, exported, refuse_unknown
from amazon_listings.cli.refusals import plain_errors

if TYPE_CHECKING:
    from amazon_listings.connectors import Connector

connectors_app = typer.Typer(
    name="connectors", help="The connectors of this installation.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.add_typer(connectors_app)


@connectors_app.command()
def check(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Connectors; all by default.")
    ] = None,
    folder: Folder = None,
    variables: Variables = None,
) -> None:
    """Check connectors without network; exit code 1 if any cannot be used."""
    from amazon_listings.connectors.mapping_syntax import mapping_syntax

    texts = exported(variables)
    with plain_errors():
        loaded = connectors_in(folder, texts)
    wanted = set(ids or ())
    refuse_unknown(wanted, loaded)
    good, broken = [], [found for found in loaded.broken if not wanted or found.id in wanted]
    for connector in loaded.connectors:
        if not wanted or connector.id in wanted:
            wrong = mapping_syntax(connector, texts)
            broken += [wrong] if wrong else []
            good += [] if wrong else [connector]
    for connector in good:
        print("ok ", _line(connector))
        if connector.was:
            print(
                f"    was {', '.join(connector.was)}: goes on with that history, nothing is sent again. "
                f"Airflow starts {connector.dag_id} as a new DAG; former runs stay under "
                f"{', '.join(f'amazon_{old}' for old in connector.was)}."
            )
    for found in sorted(broken, key=lambda one: one.id):
        print(f"\n{found.text}", end="")
    print(f"\n{_count(len(good), 'connector')} right, {len(broken)} broken.")
    if broken:
        raise typer.Exit(1)


@connectors_app.command(name="list")
def list_(folder: Folder = None, variables: Variables = None) -> None:
    """List connectors, one a line; a broken one with where it is declared."""
    with plain_errors():
        loaded = connectors_in(folder, exported(variables))
    for connector in loaded.connectors:
        print(_line(connector))
    for broken in loaded.broken:
        print(f"{broken.id}  broken: {broken.where}; see `amazon-listings connectors check {broken.id}`")


@connectors_app.command()
def schema() -> None:
    """Print the JSON Schema of a connector document."""
    from amazon_listings.connectors import schema_text

    print(schema_text(), end="")


def _line(connector: Connector) -> str:
    amazon, sync = connector.amazon, connector.sync
    parts = [
        connector.id,
        f"DAG {connector.dag_id}",
        amazon.country,
        amazon.product_type,
        sync.operation,
        sync.schedule or "by hand",
        _count(len(connector.mapping), "mapping line"),
    ]
    return "  ".join(parts if connector.enabled else [*parts, "(not enabled: no DAG)"])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
