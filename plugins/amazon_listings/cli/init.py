"""The command `init`: the files that an Airflow needs beside the installed distribution."""

from __future__ import annotations

import shlex
from importlib.resources import files
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from amazon_listings.cli.output.refusals import messages, plain_errors, say

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
    with plain_errors():
        for name, content in project_files():
            _write(folder / name, content)
    typer.echo("")
    say("init.next")
    for number, step in enumerate(_next_steps(folder), 1):
        typer.echo(f"  {number}. {step}")


def _write(target: Path, content: bytes) -> None:
    if target.exists():
        same = target.read_bytes() == content
        say("init.kept" if same else "init.kept_differs", path=target)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    say("init.written", path=target)


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


def _next_steps(folder: Path) -> Iterator[str]:
    from amazon_listings.settings import airflow_home, settings

    words = messages()
    if folder != airflow_home():
        yield words.phrase("init.dags_folder", folder=shlex.quote(str(folder / "dags")))
    if settings().connectors != folder / "include" / "connectors":
        connectors = shlex.quote(str(folder / "include" / "connectors"))
        yield words.phrase("init.connectors_folder", folder=connectors)
    yield words.phrase("init.connections")
    yield words.phrase("init.check", command="amazon-listings connectors check")
    yield words.phrase("init.unpause")
