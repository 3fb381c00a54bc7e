"""Every effective version of a connector that runs used, with what it came from."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from amazon_listings.ledger.runs import recent_runs
from amazon_listings.runs.context import RunNote
from amazon_listings.runs.damage import DamagedFile, OtherFormat
from amazon_listings.runs.folder import RunFolder

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

    from amazon_listings.ledger.runs import Run

#: Runs that are looked at.
_MOST_RUNS = 1_000


class UsedBy(msgspec.Struct, frozen=True):
    """A run that used a version.

    Attributes:
        run_id: Its id.
        attempt: Which pass through the run.
        operation: `test` or `live`.
        started_at: When it began, as ISO 8601.
    """

    run_id: str
    attempt: int
    operation: str
    started_at: str


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """An effective version of a connector.

    Attributes:
        hash: Stands for the document, its mapping lines by layer, and the software; of a run whose folder
            is gone, for what its payloads depended on.
        kept: Whether the document is still kept, in the folder of a run.
        software: The version of this software.
        definition: Checksum of Amazon's definition.
        files: The files that it was merged from.
        variable: Its Airflow Variable, if it had one.
        runs: The runs that used it, the newest first.
    """

    hash: str
    kept: bool
    software: str
    definition: str
    files: tuple[str, ...]
    variable: str | None
    runs: tuple[UsedBy, ...]


def history(ledger: Engine, connector_key: str, storage: Path) -> list[Version]:
    """Return the versions of a connector that runs used, the newest first.

    Args:
        ledger: The open ledger.
        connector_key: The connector's key.
        storage: Where runs keep their files.
    """
    found: dict[tuple[str, str], Version] = {}
    for run in recent_runs(ledger, connector_key, _MOST_RUNS):
        version = _version(run, storage, connector_key)
        key = (version.hash, version.definition)
        known = found.get(key)
        found[key] = (
            version if known is None else msgspec.structs.replace(known, runs=(*known.runs, *version.runs))
        )
    return list(found.values())


def document_hash(note: RunNote) -> str:
    """Return what stands for the document that a run used: SHA-256, in hex."""
    content = msgspec.json.encode(
        [
            note.document,
            [[part.locale, part.optional, list(part.lines.items())] for part in note.parts],
            note.software,
        ],
        order="deterministic",
    )
    return hashlib.sha256(content).hexdigest()


def _version(run: Run, storage: Path, connector_key: str) -> Version:
    used = UsedBy(run.run_id, run.attempt, run.operation, run.started_at.isoformat(timespec="seconds"))
    try:
        note = RunFolder.of(storage, connector_key, run.run_id, run.attempt).noted(RunNote)
    except (DamagedFile, OtherFormat):
        note = None
    if note is None:
        return Version(
            hash=run.fingerprint,
            kept=False,
            software="",
            definition=run.definition,
            files=(),
            variable=None,
            runs=(used,),
        )
    files = dict.fromkeys([*([note.path] if note.path else []), *note.files.values()])
    return Version(
        hash=document_hash(note),
        kept=True,
        software=note.software,
        definition=run.definition,
        files=tuple(files),
        variable=note.variable,
        runs=(used,),
    )
