"""Check the extract: is it fit to be mapped? A bad item is blocked, a bad extract ends the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_listings.checks.quality.extract import CheckedExtract, ExtractRefused, KnownItems, UnknownColumn
from amazon_listings.runs.notes import QualityNote
from amazon_listings.runs.quality_docs import docs_index, project_folder
from amazon_listings.runs.records import QUALITY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from amazon_listings.checks.quality.former import FormerVerdicts
    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.runs.folder import RunFolder

__all__ = ["ExtractRefused", "KnownItems", "UnknownColumn", "check_quality"]


def check_quality(
    connector: Connector,
    definitions: Definitions,
    folder: RunFolder,
    *,
    storage: Path,
    present: Callable[[], Iterable[Item] | None] | None = None,
    known: KnownItems | None = None,
    former: FormerVerdicts | None = None,
) -> dict[str, int]:
    """Check every part of the extract with Great Expectations, or find that its former verdicts hold.

    Writes the stage `quality`: for each item at fault its issues. Results and Data Docs are kept in the
    connector's project of Great Expectations: its suites are `items`, and `across` and `catalogue` where the
    connector's expectations need them. Great Expectations is imported only where something is checked.

    Args:
        connector: The connector that runs; its `quality` adds expectations.
        definitions: Say which attributes are required, so which PIM fields must not be empty.
        folder: The run's folder.
        storage: Where the connectors' projects of Great Expectations are kept.
        present: Reads the latest row of every item of the connector; it gives None if not all are known.
            A run that read only some items checks expectations about the whole on these; without them it
            leaves such expectations out.
        known: Knows the items that left at the extract, and those that the run did not read; None: there
            are none.
        former: Knows what earlier checks found; None: nothing is known.

    Returns:
        `checked` and `blocked` items.

    Raises:
        ExtractRefused: an expectation about the extract as a whole is not met.
        UnknownExpectation: the connector's `quality` names what Great Expectations does not have, or
            misuses it.
        UnknownColumn: the connector's `quality` looks at a field that the PIM does not send.
    """
    extract = CheckedExtract(connector, definitions, folder, known=known)
    folder.forget(QualityNote)
    folder.clear(QUALITY)
    pages = docs_index(storage, connector.key)
    docs = _from_report(pages, folder, storage)
    if former is not None and pages.exists() and former.hold(extract):
        for part in extract.parts:
            folder.write(QUALITY, part, [])
        note = QualityNote(checked=0, blocked=0, held=extract.count(), docs=docs)
    else:
        from amazon_listings.checks.quality.check import Check  # noqa: PLC0415 - with Great Expectations
        from amazon_listings.checks.quality.project import opened  # noqa: PLC0415

        with opened(project_folder(storage, connector.key)) as project:
            note = Check(extract, project, present=present).run(docs)
    folder.note(note)
    return {"checked": note.checked, "blocked": note.blocked}


def _from_report(place: Path, folder: RunFolder, storage: Path) -> str:
    """Return the relative link from the run's report to a file of the storage."""
    known = len(storage.parts)
    up = len(folder.stage("report").parts) - known
    return "/".join([*[".."] * up, *place.parts[known:]])
