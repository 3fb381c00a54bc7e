"""How far a run has got that is going on, and how long Amazon's quotas let it take yet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from amazon_listings.errors import AmazonListingsError
from amazon_listings.ledger.runs.due import count_tested
from amazon_listings.ledger.writes.before_images import count_written
from amazon_listings.runs.folder import RunFolder
from amazon_listings.runs.notes import ApprovalNote, ExtractNote, LiveNote, QualityNote, TestedNote
from amazon_listings.runs.records import MAPPED
from amazon_listings.writes.feeds.submit import awaited_feeds
from amazon_listings.writes.foreseen import forecast_of_changes

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.runs.history import RunFacts

Step = Literal["extract", "quality", "map", "test", "approve", "send", "feeds", "report"]
#: The steps of a run in their order; a test has no others.
STEPS: dict[str, tuple[Step, ...]] = {
    "test": ("extract", "quality", "map", "test", "report"),
    "live": ("extract", "quality", "map", "test", "approve", "send", "feeds", "report"),
}


@dataclass(frozen=True)
class Progress:
    """The step that a run is at.

    `number` is its place among `of` steps; `done` of `total` items are through it, both None where that is
    not known; `seconds` is how long the calls to come take when Amazon's quotas are all that counts, None
    before the items are known.
    """

    step: Step
    number: int
    of: int
    done: int | None = None
    total: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class _At:
    step: Step
    done: int | None = None
    total: int | None = None
    seconds: float | None = None


def progress_of(one: Connector, run: RunFacts, ledger: Engine, storage: Path) -> Progress | None:
    """Return how far a run of a connector has got; None if it ended, or its files cannot be read."""
    steps = STEPS.get(run.operation)
    if run.ended_at is not None or steps is None:
        return None
    folder = RunFolder.of(storage, run.connector_key, run.run_id, run.attempt)
    try:
        at = _at(replace(one, resolved_key=run.connector_key), run, ledger, folder)
    except AmazonListingsError:
        return None
    return Progress(at.step, steps.index(at.step) + 1, len(steps), at.done, at.total, at.seconds)


def _at(one: Connector, run: RunFacts, ledger: Engine, folder: RunFolder) -> _At:
    extract, quality = folder.noted(ExtractNote), folder.noted(QualityNote)
    if extract is None:
        return _At("extract")
    items = extract.extracted - extract.unreadable - extract.unchanged
    if quality is None:
        return _At("quality", seconds=_seconds(one, ledger, items, run.operation))
    items -= quality.blocked
    mapped = len(folder.parts(MAPPED))
    if mapped < len(extract.parts):
        done = items * mapped // len(extract.parts)
        return _At("map", done, items, _seconds(one, ledger, items, run.operation))
    if folder.noted(TestedNote) is None:
        return _tested(one, run, ledger, items)
    return _At("report") if run.operation == "test" else _sent(one, run, ledger, folder)


def _tested(one: Connector, run: RunFacts, ledger: Engine, items: int) -> _At:
    """Return how many previews passed of those that are made at most; some items were blocked before."""
    total = forecast_of_changes(one, ledger, items).previews.calls
    done = min(total, count_tested(ledger, one.key, since=run.started_at))
    left = _seconds(one, ledger, items - done, run.operation)
    return _At("test", done, total, left) if total else _At("test", seconds=left)


def _sent(one: Connector, run: RunFacts, ledger: Engine, folder: RunFolder) -> _At:
    approval = folder.noted(ApprovalNote)
    if approval is None:
        return _At("approve")
    if folder.noted(LiveNote) is None:
        done = min(approval.ready, count_written(ledger, run.number))
        sending = forecast_of_changes(one, ledger, approval.ready - done).sending
        return _At("send", done, approval.ready, sending.seconds)
    if awaited_feeds(ledger, one.key, run.number, now=datetime.now(UTC)):
        return _At("feeds")
    return _At("report")


def _seconds(one: Connector, ledger: Engine, items: int, operation: str) -> float:
    foreseen = forecast_of_changes(one, ledger, items)
    asking = foreseen.searches.seconds + foreseen.previews.seconds
    return asking + foreseen.sending.seconds if operation == "live" else asking
