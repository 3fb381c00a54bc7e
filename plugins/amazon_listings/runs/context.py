"""The context of a run: what every step of one attempt works with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import msgspec

from amazon_listings.connectors.languages import language_of
from amazon_listings.connectors.loader import connector_from
from amazon_listings.connectors.model import MappingPart, Where
from amazon_listings.messages import write_log_in
from amazon_listings.runs.damage import OtherFormat, RunFilesGone
from amazon_listings.runs.folder import RunFolder
from amazon_listings.runs.notes import DefinitionsNote, Note
from amazon_listings.runs.records import FORMAT
from amazon_listings.runs.scope import Scope

if TYPE_CHECKING:
    from amazon_listings.connectors.model import Connector


Noted = TypeVar("Noted", bound=Note)


class RunNote(Note, frozen=True, kw_only=True):
    """The connector as the run began with it, so that every step works with the same one.

    Attributes:
        document: The connector's document.
        path: Its file, if it has one.
        variable: Its Variable, if it has one.
        lines: The line of each place in its file, by JSON pointer.
        files: The file of places that are in a layer.
        parts: The mapping's lines by layer, where there are several.
        key: The connector's key in the ledger.
        language: The language of the report, if one was asked for.
        software: The version of this software that began the run.
        hash: Stands for all that the run began with; empty of a run that an earlier version began.
    """

    file: ClassVar[str] = "run"
    task: ClassVar[str] = "refresh_definition"

    document: dict[str, Any]
    path: str | None = None
    variable: str | None = None
    lines: dict[str, int]
    files: dict[str, str] = {}  # noqa: RUF012 - msgspec copies it
    parts: tuple[MappingPart, ...] = ()
    key: str
    language: str | None = None
    software: str = ""
    hash: str = ""

    @property
    def content(self) -> Any:
        """The document, its lines by layer with their places, and the software, as JSON data."""
        said = msgspec.to_builtins(self, order="deterministic")
        return {name: said[name] for name in _CONTENT}

    def hashed(self) -> RunNote:
        """Return the note with the hash of its content: SHA-256, in hex."""
        content = msgspec.json.encode(self.content, order="deterministic")
        return msgspec.structs.replace(self, hash=hashlib.sha256(content).hexdigest())


#: What a version of a connector is; key and language are those of the run.
_CONTENT = ("document", "path", "variable", "lines", "files", "parts", "software")


@dataclass(frozen=True)
class RunContext:
    """One attempt of a run.

    Attributes:
        connector: The connector, as it was when the attempt began.
        run_id: Airflow's DAG run id, or that of a run without Airflow.
        attempt: Which pass through the run this is, from 0.
        storage: Where runs and definitions are kept.
        folder: Where this attempt keeps its files.
    """

    connector: Connector
    run_id: str
    attempt: int
    storage: Path
    folder: RunFolder

    @property
    def began_with(self) -> RunNote:
        """What the run began with.

        Raises:
            RunFilesGone: it is not in the run's folder.
        """
        return self._noted(RunNote)

    @property
    def scope(self) -> Scope:
        """What the run covers.

        Raises:
            RunFilesGone: it is not in the run's folder.
        """
        return self._noted(Scope)

    @property
    def definitions(self) -> DefinitionsNote:
        """What the run's definitions are loaded by.

        Raises:
            RunFilesGone: it is not in the run's folder.
        """
        return self._noted(DefinitionsNote)

    def _noted(self, kind: type[Noted]) -> Noted:
        note = self.folder.noted(kind)
        if note is None:
            raise RunFilesGone
        return note


def begin_run(connector: Connector, run_id: str, attempt: int, storage: Path) -> RunContext:
    """Return the context of an attempt that begins: its folder is empty but for the connector."""
    folder = RunFolder.of(storage, connector.key, run_id, attempt)
    folder.clear_all()
    where = connector.where
    folder.note(
        RunNote(
            document=connector.document,
            path=str(where.path) if where.path else None,
            variable=where.variable,
            lines=where.lines,
            files=where.files,
            parts=connector.parts if connector.is_merged else (),
            key=connector.key,
            language=connector.report_language,
            software=version("airflow-provider-amazon-listings"),
        ).hashed()
    )
    write_log_in(language_of(connector))
    return RunContext(connector, run_id, attempt, storage, folder)


def language_of_run(folder: RunFolder) -> str | None:
    """Return the language of the report of a run that has begun, else None."""
    note = folder.noted(RunNote)
    if note is None:
        return None
    return note.language or language_of(connector_from(note.document))


def resume_run(connector_key: str, run_id: str, attempt: int, storage: Path) -> RunContext:
    """Return the context of an attempt that has begun.

    Raises:
        OtherFormat: another version of this software began it.
        RunFilesGone: its folder is gone.
        DamagedFile: what it began with cannot be read.
    """
    folder = RunFolder.of(storage, connector_key, run_id, attempt)
    note = folder.noted(RunNote)
    if note is None:
        before = folder.root.parent / "scope.json"  # where runs kept their files before there were attempts
        if before.exists():
            raise OtherFormat(before, 0, FORMAT)
        raise RunFilesGone
    where = Where(Path(note.path) if note.path else None, note.variable, note.lines, note.files)
    connector = replace(
        connector_from(note.document, where, note.parts), resolved_key=note.key, report_language=note.language
    )
    write_log_in(language_of(connector))
    return RunContext(connector, run_id, attempt, storage, folder)
