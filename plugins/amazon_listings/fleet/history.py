"""Every effective version of a connector that runs used, with what it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from amazon_listings.ledger.runs.documents import find_documents
from amazon_listings.ledger.runs.history import recent_runs

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from amazon_listings.ledger.runs.history import Run

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
        hash: Stands for the document, its mapping lines by layer with their places, and the software; of
            a run that an earlier version of it began, for what its payloads depended on.
        kept: Whether the document is kept.
        software: The version of this software.
        definition: Checksum of Amazon's definition.
        files: The files that it was merged from.
        variable: Its Airflow Variable, if it had one.
        document: The effective document; None if it is not kept.
        runs: The runs that used it, the newest first.
    """

    hash: str
    kept: bool
    software: str
    definition: str
    files: tuple[str, ...]
    variable: str | None
    document: dict[str, Any] | None
    runs: tuple[UsedBy, ...]


def history(ledger: Engine, connector_key: str) -> list[Version]:
    """Return the versions of a connector that runs used, the newest first.

    Args:
        ledger: The open ledger.
        connector_key: The connector's key.
    """
    runs = recent_runs(ledger, connector_key, _MOST_RUNS)
    kept = find_documents(ledger, (run.document for run in runs if run.document))
    found: dict[tuple[str, str], Version] = {}
    for run in runs:
        version = _version(run, kept.get(run.document))
        key = (version.hash, version.definition)
        known = found.get(key)
        found[key] = (
            version if known is None else msgspec.structs.replace(known, runs=(*known.runs, *version.runs))
        )
    return list(found.values())


def _version(run: Run, kept: dict[str, Any] | None) -> Version:
    used = UsedBy(run.run_id, run.attempt, run.operation, run.started_at.isoformat(timespec="seconds"))
    if kept is None:
        return Version(
            hash=run.document or run.fingerprint,
            kept=False,
            software="",
            definition=run.definition,
            files=(),
            variable=None,
            document=None,
            runs=(used,),
        )
    files = dict.fromkeys([*([kept["path"]] if kept["path"] else []), *kept["files"].values()])
    return Version(
        hash=run.document,
        kept=True,
        software=kept["software"],
        definition=run.definition,
        files=tuple(files),
        variable=kept["variable"],
        document=kept["document"],
        runs=(used,),
    )
