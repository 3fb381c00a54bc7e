"""Commands: connectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from amazon_listings.cli.configured import (
    Folder,
    Variables,
    connector_of,
    connectors_in,
    declarations_in,
    exported,
    refuse_unknown,
)
from amazon_listings.cli.definitions import stored_definition
from amazon_listings.cli.refusals import plain_errors, refuse, say

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
        declared = declarations_in(folder, texts)
    wanted = set(ids or ())
    refuse_unknown(wanted, loaded)
    good, broken = [], [found for found in loaded.broken if not wanted or found.id in wanted]
    for connector in loaded.connectors:
        if not wanted or connector.id in wanted:
            wrong = mapping_syntax(connector, declared[connector.id])
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
def explain(
    connector_id: Annotated[str, typer.Argument(metavar="ID", help="The connector.")],
    field: Annotated[
        str | None, typer.Option(help="Only this place, such as sync.operation, or this Amazon field.")
    ] = None,
    folder: Folder = None,
    variables: Variables = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print data.")] = False,
) -> None:
    """Show the effective document of a connector, each line with where it comes from."""
    import json

    import msgspec

    from amazon_listings.fleet.explain import about, explained

    texts = exported(variables)
    with plain_errors():
        connector = connector_of(connector_id, folder, variables)
        definition = stored_definition(connector)
        lines = explained(declarations_in(folder, texts)[connector.id], connector, definition)
    wanted = about(lines, field) if field else lines
    if as_json:
        about_it = {"id": connector.id, "mapping_by": "field" if definition else "text"}
        print(json.dumps({**about_it, "lines": msgspec.to_builtins(wanted)}, ensure_ascii=False, indent=2))
        return
    if not wanted:
        refuse("cli.no_such_place", place=field, connector=connector.id)
    if definition is None:
        say("cli.merged_by_text", err=True, connector=connector.id)
    width = min(max((len(line.place) for line in wanted), default=0), 50)
    for line in wanted:
        value = json.dumps(line.value, ensure_ascii=False)
        print(f"{line.place:<{width}}  {value}")
        print(f"{'':<{width}}  # {line.origin}" + (f", “{line.key}”" if line.key else ""))


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
