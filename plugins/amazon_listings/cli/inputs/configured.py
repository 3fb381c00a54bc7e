"""The connectors of a command: files of a folder, with an export of Airflow's Variables over them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from amazon_listings.cli.output.refusals import end, refuse
from amazon_listings.messages import message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amazon_listings.connectors import Connector, Loaded
    from amazon_listings.connectors.declaration import Declaration
    from amazon_listings.messages import Message


#: The beginning of a line with an error of a database, as drivers and SQLAlchemy name them.
_DATABASE_ERROR = re.compile(
    r"^[\w.]*(?:Operational|Programming|Interface|Database)Error:?\s*(?:\([\w.]+\))?"
)
_NO_TABLE = re.compile(r"no such table|relation .* does not exist|Table .* doesn't exist|UndefinedTable")
#: Seconds in which Airflow's command writes its Variables.
_PATIENCE = 120
#: The last line of a traceback: the class of an exception, and what it says.
_RAISED = re.compile(r"[\w.]*(?:Error|Exception|Exit|Interrupt)\b.*: ")
_MOST_SAID = 300

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

FromAirflow = Annotated[
    bool,
    typer.Option(
        "--airflow",
        help="Lay the Variables of the Airflow that is configured here over the files, and look at its "
        "connections.",
    ),
]

Select = Annotated[
    list[str] | None,
    typer.Option(
        help="Connectors: an id, fr_*, tag:…, country:…, product_type:…, layer:…, owner:…, "
        "and for plans state:modified; may be repeated, and joined by commas where all must fit.",
        show_default=False,
    ),
]


def connectors_in(
    folder: Path | None, variables: dict[str, str], *, only: str | None = None, most: int | None = None
) -> Loaded:
    """Return the connectors of a folder (the installation's own if None) and of Variables.

    Args:
        folder: The folder.
        variables: The Variables.
        only: The id of the one connector wanted.
        most: How many problems of one document are put into words; by default what a screen shows.

    Raises:
        ActionRequiredError: the folder cannot be read.
    """
    from amazon_listings.connectors import load_connectors

    bounds = {} if most is None else {"most": most}
    return load_connectors(_folder(folder), variables, only=only, **bounds)


def declarations_in(folder: Path | None, variables: dict[str, str]) -> dict[str, Declaration]:
    """Return what the connectors of a folder (the installation's own if None) are loaded from, by id.

    Raises:
        ActionRequiredError: the folder cannot be read.
    """
    from amazon_listings.connectors.loader import declarations

    return declarations(_folder(folder), variables)


def _folder(folder: Path | None) -> Path:
    """Return the folder of connectors as a message shows it.

    A relative path is shorter to read, and a link in most terminals.
    """
    from amazon_listings.settings import settings

    folder = folder or settings().connectors
    return (
        folder.relative_to(Path.cwd())
        if folder.is_absolute() and folder.is_relative_to(Path.cwd())
        else folder
    )


def connector_of(connector_id: str, folder: Path | None, variables: Path | None = None) -> Connector:
    """Return the connector of that id.

    Raises:
        ActionRequiredError: the folder cannot be read.
    """
    texts = exported(variables)
    loaded = connectors_in(folder, texts, only=connector_id)
    if loaded.broken:
        end(loaded.broken[0].text)
    if not loaded.connectors:
        refuse_unknown([connector_id], connectors_in(folder, texts))
    return loaded.connectors[0]


def refuse_unknown(wanted: Iterable[str], loaded: Loaded) -> None:
    """End the command if an id is not among what was loaded."""
    from amazon_listings.connectors.problems import nearest

    known = [*(found.id for found in loaded.connectors), *(found.id for found in loaded.broken)]
    for name in sorted(set(wanted).difference(known)):
        close = nearest(name, known)
        code = "cli.no_connector_near" if close else "cli.no_connector" if known else "cli.no_connectors"
        refuse(code, name=name, near=close, known=sorted(known))


def exported(path: Path | None, *, airflow: bool = False) -> dict[str, str]:
    """Return the Variables of an export as text, as DAGs get them, and those of the environment.

    A Variable of the environment counts before one of the same name elsewhere, as Airflow has it.

    Args:
        path: A file that `airflow variables export` wrote.
        airflow: Without a file, let the Airflow that is configured here write one.
    """
    from amazon_listings.connectors.texts import environment_variables

    if path is None and airflow:
        with _export() as written:
            return exported(written)
    if path is None:
        return environment_variables()
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        refuse("cli.file_unreadable", path=path, reason=error.strerror)
    except ValueError as error:
        refuse("cli.variables_not_json", path=path, reason=error)
    if not isinstance(found, dict):
        refuse("cli.variables_not_exported", path=path)
    return {name: _as_text(value) for name, value in found.items()} | environment_variables()


def error_said(output: str) -> str:
    """Return the line of a command's output that says what failed: of a traceback the exception.

    Behind an exception its library may print a query and a link, which say less.
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    raised = [line for line in lines if _RAISED.match(line)]
    return (raised or lines or [""])[-1][:_MOST_SAID]


@contextmanager
def _export() -> Iterator[Path]:
    """Let Airflow write its Variables to a file that only this process can read; it is deleted afterwards."""
    command = Path(sys.executable).with_name("airflow")
    with TemporaryDirectory() as private:
        file = Path(private) / "variables.json"
        try:
            done = subprocess.run(
                [command if command.exists() else "airflow", "variables", "export", file],
                check=False,
                capture_output=True,
                text=True,
                timeout=_PATIENCE,
            )
        except subprocess.TimeoutExpired:
            refuse("cli.airflow_unreached", reason=message("cli.airflow_slow", seconds=_PATIENCE))
        except OSError as error:
            refuse("cli.airflow_unreached", reason=message("cli.airflow_none", reason=error.strerror))
        if done.returncode or not file.exists():
            reason = _reason(done.stderr or done.stdout, done.returncode)
            refuse("cli.airflow_unreached", reason=reason)
        yield file


def _reason(output: str, code: int) -> Message:
    """Return why Airflow's command failed.

    Args:
        output: What it printed.
        code: Its exit code.
    """
    said = error_said(output).rstrip(".")
    if _NO_TABLE.search(said):
        return message("cli.airflow_no_tables", reason=_DATABASE_ERROR.sub("", said).strip())
    if _DATABASE_ERROR.match(said):
        return message("cli.airflow_database", reason=_DATABASE_ERROR.sub("", said).strip())
    return message("cli.airflow_failed", code=code, reason=said)


def _as_text(value: object) -> str:
    if isinstance(value, dict) and "value" in value:  # how Airflow writes a Variable with a description
        value = value["value"]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
