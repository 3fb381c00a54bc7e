"""The command `init`: the files that an Airflow needs beside the installed distribution."""

from __future__ import annotations

import shlex
from importlib.resources import files
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.command()(init)


def init(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder of the project; by default AIRFLOW_HOME.")
    ] = None,
) -> None:
    """Write the DAG files, an example connector and the folders of a project; existing files are kept."""
    from amazon_listings.settings import airflow_home

    folder = (folder or airflow_home()).absolute()
    for name, content in project_files():
        target = folder / name
        if target.exists():
            same = target.read_bytes() == content
            typer.echo(f"kept     {target}" + ("" if same else ", which differs"))
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        typer.echo(f"written  {target}")
    typer.echo(_next_steps(folder))


def project_files() -> Iterator[tuple[str, bytes]]:
    """Yield the files of a project: path in the project, and content."""
    from amazon_listings.connectors import schema_text

    yield from _below(files("amazon_listings") / "project", "")
    yield "include/schemas/connector.schema.json", schema_text().encode()


def _below(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _below(entry, f"{prefix}{entry.name}/")
        elif entry.is_file():
            yield f"{prefix}{entry.name}", entry.read_bytes()


def _next_steps(folder: Path) -> str:
    from amazon_listings.settings import airflow_home, settings

    steps = []
    if folder != airflow_home():
        steps.append(
            f"Set AIRFLOW__CORE__DAGS_FOLDER={shlex.quote(str(folder / 'dags'))}, or copy dags/ into yours."
        )
    if settings().connectors != folder / "include" / "connectors":
        steps.append(f"Set AMAZON_LISTINGS_CONNECTORS={shlex.quote(str(folder / 'include' / 'connectors'))}.")
    steps += [
        "Create the connections that the connector names (Admin, Connections).",
        "Check the connector: amazon-listings connectors check",
        "Unpause the DAG amazon_fr_lamps and trigger it; as a test it changes nothing at Amazon.",
    ]
    return "\nNext:\n" + "\n".join(f"  {number}. {step}" for number, step in enumerate(steps, 1))
