"""What one run covers: everything, what changed and is owed, an interval, named SKUs, or what is affected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Literal

from amazon_listings.errors import RunAbortedError
from amazon_listings.messages import catalogue
from amazon_listings.runs.notes import Note

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.items.states import Member
    from amazon_listings.ledger.runs.history import LastRun

Operation = Literal["test", "live"]
Kind = Literal["everything", "changed", "interval", "skus", "approved", "affected"]
Cause = Literal[
    "asked", "first", "connector", "definition", "skus", "interval", "cursor", "approved", "affected"
]


class Scope(Note, frozen=True):
    """What a run reads and how far it goes; kept as a note of the run.

    Args:
        operation: `test` ends after the test sync, `live` submits.
        kind: Which items.
        cause: Why these.
        since: Only what the PIM changed at or after this moment; None: no lower bound.
        until: Only what the PIM changed before this moment; None: no upper bound.
        skus: Only these; empty: all, but of kind `approved`, where it is none.
        force: Send even what is unchanged.
        families: The PIM's identities of products that are read again: beside the changes those of which
            earlier runs left something over, of the kinds `affected` and `approved` nothing but these. None
            of kind `approved`, which names SKUs: the ledger does not know the products of all.
        whole: Of kind `approved`, the products of which the parent is named: it is made of all its children,
            which are read, and sent only where they are named too.
    """

    file: ClassVar[str] = "scope"
    task: ClassVar[str] = "refresh_definition"

    operation: Operation
    kind: Kind
    cause: Cause
    since: datetime | None
    until: datetime | None
    skus: frozenset[str]
    force: bool
    families: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()

    @property
    def reads_families(self) -> bool:
        """Whether products are named to the source, alone or beside the changes."""
        known = self.kind == "affected" or (self.kind == "approved" and not self.skus)
        return known or bool(self.families)

    @property
    def is_backfill(self) -> bool:
        """Whether only what changed in an interval is read, of kind `affected` those of its products."""
        return self.until is not None

    @property
    def moves_cursor(self) -> bool:
        """Whether the next run may start where this one stopped reading."""
        return self.kind in {"everything", "changed"}

    def in_words(self, language: str) -> str:
        """Return what the run covers and why, for the log and the report."""
        since, until = (moment and moment.astimezone(UTC) for moment in (self.since, self.until))
        messages = catalogue(language)
        code = "cursor_owed" if self.cause == "cursor" and self.families else self.cause
        count = len(self.skus or self.families)
        return messages.phrase(f"scope.{code}", count=count, since=since, until=until)


def decide(
    connector: Connector,
    *,
    params: Mapping[str, Any],
    interval: tuple[datetime, datetime] | None,
    last: LastRun | None,
    definition: str,
    approved: Callable[[], Mapping[str, Member | None]] = dict,
    owed: Callable[[], Collection[str]] = frozenset,
    affected: Callable[[], Collection[str]] = frozenset,
    fingerprint: str | None = None,
) -> Scope:
    """Return the scope of a run.

    Args:
        connector: The connector that runs.
        params: What the trigger form asked for: `operation`, `selection` (`changed`, `everything`,
            `approved` or `affected`), `skus`, `force`.
        interval: The interval of a backfill run; None for every other run.
        last: The last run of this operation that moved the cursor.
        definition: Checksum of the definition of today.
        approved: Returns the SKUs of which a change was approved and not sent yet, each with its place in
            its product, or None if that is not known.
        owed: Returns the PIM's identities of products of which earlier runs left something over.
        affected: Returns those of products whose state another mapping, definition or rule has made.
        fingerprint: What may change payloads; None: the connector's own.

    Raises:
        RunAbortedError: the parameters contradict each other.
    """
    operation: Operation = params["operation"]
    skus = frozenset(sku.strip() for sku in params["skus"] or () if sku.strip())
    force = bool(params["force"])
    whole = params["selection"] == "everything"

    def scope(
        kind: Kind,
        cause: Cause,
        since: datetime | None = None,
        until: datetime | None = None,
        families: Collection[str] = (),
    ) -> Scope:
        return Scope(operation, kind, cause, since, until, skus, force, frozenset(families))

    if interval and params["selection"] not in {"changed", "affected"}:
        raise RunAbortedError("runs.backfill_with_selection", selection=params["selection"])
    if params["selection"] == "approved":
        allowed = {sku: member for sku, member in approved().items() if not skus or sku in skus}
        known = [member for member in allowed.values() if member is not None]
        families = frozenset(one.family for one in known) if len(known) == len(allowed) else frozenset()
        whole = frozenset(one.family for one in known if one.heads)
        named = frozenset(allowed)
        return Scope(operation, "approved", "approved", None, None, named, force, families, whole)
    if skus:
        if interval:
            raise RunAbortedError("runs.backfill_with_skus")
        return scope("skus", "skus")
    if params["selection"] == "affected":
        since, until = interval or (None, None)
        return scope("affected", "affected", since, until, affected())
    if interval:
        return scope("interval", "interval", *interval)
    cause: Cause | None = (
        "asked" if whole else _cause_for_everything(fingerprint or connector.fingerprint, last, definition)
    )
    if last is None or cause:
        return scope("everything", cause or "first")
    return scope("changed", "cursor", _moment(last.cursor), families=owed())


def _cause_for_everything(fingerprint: str, last: LastRun | None, definition: str) -> Cause | None:
    """Return why a run that asks for changes must read everything; None if it need not."""
    if last is None or last.cursor is None or _lies_ahead(last.cursor):
        return "first"
    if last.fingerprint != fingerprint:
        return "connector"
    if last.definition != definition:
        return "definition"
    return None


def _lies_ahead(cursor: str) -> bool:
    """Return whether a cursor lies in the future, whatever its zone: nothing would be read before then."""
    moment = datetime.fromisoformat(cursor)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) > datetime.now(UTC) + timedelta(days=1)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
