"""Commands: connectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from amazon_listings.connectors import Connector, Loaded

connectors_app = typer.Typer(
    name="connectors", help="The connectors of this installation.", no_args_is_help=True
)

Folder = Annotated[
    Path | None,
    typer.Option(help="Folder of connector files; the installation's own by default.", show_default=False),
]
Variables = Annotated[
    Path | None,
    typer.Option(
        help="File written by `airflow variables export`: its amazon_connector_<id> are laid over the files.",
        show_default=False,
    ),
]


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

    exported = _exported(variables)
    loaded = _load(folder, exported)
    wanted = set(ids or ())
    _refuse_unknown(wanted, loaded)
    good, broken = [], [found for found in loaded.broken if not wanted or found.id in wanted]
    for connector in loaded.connectors:
        if not wanted or connector.id in wanted:
            wrong = mapping_syntax(connector, exported)
            broken += [wrong] if wrong else []
            good += [] if wrong else [connector]
    for connector in good:
        print("ok ", _line(connector))
    for found in sorted(broken, key=lambda one: one.id):
        print(f"\n{found.text}", end="")
    print(f"\n{_count(len(good), 'connector')} right, {len(broken)} broken.")
    if broken:
        raise typer.Exit(1)


@connectors_app.command(name="list")
def list_(folder: Folder = None, variables: Variables = None) -> None:
    """List connectors, one a line; a broken one with where it is declared."""
    loaded = _load(folder, _exported(variables))
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


def _load(folder: Path | None, variables: dict[str, str]) -> Loaded:
    from amazon_listings.connectors import load_connectors
    from amazon_listings.errors import PersonMustAct
    from amazon_listings.settings import settings

    folder = folder or settings().connectors
    if folder.is_absolute() and folder.is_relative_to(Path.cwd()):
        folder = folder.relative_to(Path.cwd())  # shorter to read, and a link in most terminals
    try:
        return load_connectors(folder, variables)
    except PersonMustAct as error:
        _refuse(str(error))


def _exported(path: Path | None) -> dict[str, str]:
    """The Variables of an export as text, as Airflow hands them to a DAG."""
    if path is None:
        return {}
    try:
        exported = json.loads(path.read_bytes())
    except OSError as error:
        _refuse(f"{path} cannot be read: {error.strerror}.")
    except ValueError as error:
        _refuse(f"{path} is not JSON: {error}. Write it with `airflow variables export {path}`.")
    if not isinstance(exported, dict):
        _refuse(f"{path} is not an export of Airflow Variables, which is a JSON object of names and values.")
    return {name: _as_text(value) for name, value in exported.items()}


def _as_text(value: Any) -> str:
    if isinstance(value, dict) and "value" in value:  # how Airflow writes a Variable with a description
        value = value["value"]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _refuse_unknown(wanted: set[str], loaded: Loaded) -> None:
    from amazon_listings.connectors.problems import nearest

    known = [*(found.id for found in loaded.connectors), *(found.id for found in loaded.broken)]
    for name in sorted(wanted.difference(known)):
        close = nearest(name, known)
        _refuse(f"There is no connector {name!r}." + (f" Did you mean {close!r}?" if close else ""))


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
