"""What one run covers: everything, what changed, an interval, or named SKUs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from amazon_listings.errors import RunRefused
from amazon_listings.sync.run_folder import RunFilesGone

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.runs import LastRun

Operation = Literal["test", "live"]
Kind = Literal["everything", "changed", "interval", "skus"]


@dataclass(frozen=True)
class Scope:
    """What a run reads and how far it goes.

    Args:
        operation: `test` ends after the test sync, `live` submits.
        kind: Why these items.
        since: Only what the PIM changed at or after this moment; None: no lower bound.
        until: Only what the PIM changed before this moment; None: no upper bound.
        skus: Only these; empty: all.
        force: Send even what is unchanged.
        reason: The same in words, for the log.
    """

    operation: Operation
    kind: Kind
    since: datetime | None
    until: datetime | None
    skus: frozenset[str]
    force: bool
    reason: str

    @property
    def moves_cursor(self) -> bool:
        """Whether the next run may start where this one stopped reading."""
        return self.kind in {"everything", "changed"}

    def to_json(self) -> dict[str, Any]:
        """The scope as the run's folder keeps it."""
        return {
            "operation": self.operation,
            "kind": self.kind,
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "skus": sorted(self.skus),
            "force": self.force,
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Scope:
        """The scope that `to_json` wrote.

        Raises:
            RunFilesGone: the document is empty, because the run's folder has none.
        """
        if not document:
            raise RunFilesGone
        return cls(
            operation=document["operation"],
            kind=document["kind"],
            since=_moment(document["since"]),
            until=_moment(document["until"]),
            skus=frozenset(document["skus"]),
            force=document["force"],
            reason=document["reason"],
        )


def decide(
    connector: Connector,
    *,
    params: Mapping[str, Any],
    interval: tuple[datetime, datetime] | None,
    last: LastRun | None,
    definition: str,
) -> Scope:
    """The scope of a run.

    Args:
        connector: The connector that runs.
        params: What the trigger form asked for: `operation`, `selection` (`changed` or `everything`),
            `skus`, `force`.
        interval: The interval of a backfill run; None for every other run.
        last: The last run of this operation that moved the cursor.
        definition: Checksum of the definition of today.

    Raises:
        RunRefused: the parameters contradict each other.
    """
    operation: Operation = params["operation"]
    skus = frozenset(sku.strip() for sku in params["skus"] or () if sku.strip())
    force = bool(params["force"])
    whole = params["selection"] == "everything"

    def scope(kind: Kind, reason: str, since: datetime | None = None, until: datetime | None = None) -> Scope:
        return Scope(operation, kind, since, until, skus, force, reason)

    if skus:
        if interval:
            raise RunRefused(
                "A backfill reprocesses what changed in its intervals; it takes no list of SKUs.",
                hint="Trigger the DAG with the SKUs instead.",
            )
        return scope("skus", f"The {len(skus)} SKUs that were named.")
    if interval:
        since, until = interval
        return scope(
            "interval",
            f"Backfill: what changed from {since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M}.",
            *interval,
        )
    if whole:
        return scope("everything", "Everything, as asked for.")
    cause = _cause_for_everything(connector, last, definition)
    if last is None or cause:
        return scope("everything", f"Everything: {cause}.")
    return scope("changed", f"What changed since {last.cursor}.", _moment(last.cursor))


def _cause_for_everything(connector: Connector, last: LastRun | None, definition: str) -> str:
    """Why a run that asks for changes must read everything; empty if it need not."""
    if last is None or last.cursor is None:
        return "there is no earlier run to continue from"
    if last.fingerprint != connector.fingerprint:
        return "the connector changed since the last run"
    if last.definition != definition:
        return "Amazon changed the product type since the last run"
    return ""


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
