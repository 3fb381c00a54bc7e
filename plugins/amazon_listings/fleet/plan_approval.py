"""Approve a plan as one: keep what it changes of each item, and enter that as approved.

What is kept of an item is what a live run would ask about it, by the same functions; so a live run takes
it where its own change is the same, and asks where the PIM, or the listing, has changed since.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
import tempfile
import zlib
from typing import TYPE_CHECKING, Any

import msgspec

from amazon_listings.approvals.asked_changes import asked_item
from amazon_listings.approvals.policy import Policy, Reasons
from amazon_listings.errors import ActionRequiredError
from amazon_listings.ledger.approvals.lines import lines_approved
from amazon_listings.ledger.approvals.progress import PLANNED, approvals_of
from amazon_listings.ledger.approvals.questions import Asked, approve_planned
from amazon_listings.ledger.connectors.keys import find_key
from amazon_listings.ledger.database import CHUNK, chunks
from amazon_listings.ledger.items.known import accepted_contents, known_items
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.runs.history import recent_runs
from amazon_listings.ledger.runs.overview import seller_of
from amazon_listings.runs.extract.notations import remembered
from amazon_listings.runs.plan import Method, Plan, changes_between, line_behind, question_hash
from amazon_listings.runs.storage import storage_explained
from amazon_listings.selling_partner.content.leaves import amazon_defaults

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Engine

    from amazon_listings.fleet.plan_records import ConnectorPlan, ItemChange
    from amazon_listings.fleet.plan_states import State
    from amazon_listings.ledger.items.known import KnownItem

FORMAT = 1
_FOLDER = "plans"
#: States of what was approved, sent or not.
_APPROVED = frozenset({"approved", "sending", "sent"})
#: Ends of confirmations after which there is no listing.
_GONE = frozenset({None, "deleted", "gone"})


class NoPlan(ActionRequiredError):
    """A plan that is not kept, or whose file is not whole."""


class PlannedPart(msgspec.Struct, frozen=True):
    """Some items of one connector, as a live run would ask about them.

    Attributes:
        connector_id: The connector.
        listings: Whose listings.
        run: The connector's last run when the plan was made.
        items: The items.
    """

    connector_id: str
    listings: ListingScope
    run: int
    items: tuple[Asked, ...]


class Approved(msgspec.Struct, frozen=True):
    """What became of the approval of a plan.

    Attributes:
        items: Items whose changes are approved.
        connectors: Ids of their connectors.
        left: Items whose changes were refused before, are being sent, or of which a later run asked.
    """

    items: int
    connectors: tuple[str, ...]
    left: int


def plan_hash(plans: Iterable[ConnectorPlan]) -> str:
    """Return what stands for a plan of several connectors: for their items, and what becomes of them."""
    text = msgspec.json.encode(sorted([one.id, one.hash] for one in plans if one.hash))
    return hashlib.sha256(text).hexdigest()[:16]


def planned_parts(state: State, ledger: Engine, changes: Sequence[ItemChange]) -> Iterator[PlannedPart]:
    """Yield what a live run would ask about the items of a plan.

    Args:
        state: The connector as it will be.
        ledger: The ledger.
        changes: What becomes of its payloads.
    """
    connector = state.connector
    key = find_key(ledger, connector.id, connector.was)
    seller = seller_of(ledger, key, connector.marketplace.id) if key is not None else None
    runs = recent_runs(ledger, key, 1) if key is not None else []
    if key is None or seller is None or not runs:
        return  # nothing was ever sent: the first run asks
    listings = ListingScope(key, seller, connector.marketplace.id, connector.amazon.product_type)
    policy = Policy(
        connector,
        lines_approved(ledger, listings),
        state.definitions.layout,
        amazon_defaults(connector.marketplace),
        remembered(ledger, key),
    )
    for chunk in chunks(changes, CHUNK):
        skus = [one.sku for one in chunk]
        known = known_items(ledger, listings, skus)
        sent = accepted_contents(ledger, listings, [one.sku for one in chunk if one.before is None])
        asked = (_asked(one, known.get(one.sku), sent.get(one.sku), state, policy) for one in chunk)
        items = tuple(one for one in asked if one is not None)
        if items:
            yield PlannedPart(connector.id, listings, runs[0].number, items)


def _asked(
    change: ItemChange,
    known: KnownItem | None,
    accepted: dict[str, Any] | None,
    state: State,
    policy: Policy,
) -> Asked | None:
    """Return what a live run would ask about an item; None if it would do nothing."""
    exists = known is not None and known.state not in _GONE
    if change.after is None:
        return _removal(change, policy) if exists else None
    before = change.before if change.before is not None else accepted
    if exists and before is None:
        return None  # what its listing holds is not known
    changes = changes_between(
        before or {} if exists else {},
        change.after,
        layout=policy.layout,
        defaults=policy.defaults,
        line_of=lambda leaf: line_behind(leaf, state.mapping, state.connector.where),
        forced=not exists,
    )
    if not changes:
        return None
    plan = Plan(change.sku, Method.PATCH if exists else Method.PUT, changes)
    own = policy.reasons(plan, change.after)
    leaves = {one.leaf: own.leaves.get(one.leaf, frozenset()) | {PLANNED} for one in changes}
    reasons = Reasons({}, own.whole | {PLANNED}) if not exists else Reasons(leaves, own.whole)
    return asked_item(plan, changes, reasons, policy, change.pim_id)


def _removal(change: ItemChange, policy: Policy) -> Asked | None:
    how = policy.connector.sync.when_removed
    if how == "keep":
        return None
    hash_ = question_hash(Plan(change.sku, Method.DELETE if how == "delete" else Method.PATCH).hash)
    return Asked(change.sku, change.pim_id, "remove", hash_, (PLANNED,), (policy.removal_line(),))


class PlanFile:
    """Collects what a plan changes of each item, and keeps it under the plan's hash.

    Args:
        storage: Where runs and definitions are kept.
    """

    def __init__(self, storage: Path) -> None:
        self._folder = storage / _FOLDER
        self._raw = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._out = gzip.GzipFile(fileobj=self._raw, mode="wb", mtime=0)
        self._out.write(msgspec.json.encode({"format": FORMAT}) + b"\n")

    def add(self, parts: Iterable[PlannedPart]) -> None:
        """Add items."""
        for part in parts:
            self._out.write(msgspec.json.encode(part) + b"\n")

    def keep(self, hash_: str) -> None:
        """Keep what was added under the hash of the plan."""
        self._out.close()
        self._raw.seek(0)
        with storage_explained("write", self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / f"{hash_}.jsonl.gz").open("wb") as kept:
                shutil.copyfileobj(self._raw, kept)
        self._raw.close()


def is_kept(storage: Path, hash_: str) -> bool:
    """Return whether a plan of this hash is kept."""
    path = _path(storage, hash_)
    with storage_explained("read", path):
        return hash_.isalnum() and path.exists()


def _path(storage: Path, hash_: str) -> Path:
    return storage / _FOLDER / f"{hash_}.jsonl.gz"


def parts_of(storage: Path, hash_: str) -> Iterator[PlannedPart]:
    """Yield the items of a plan that is kept.

    Raises:
        NoPlan: none of that hash is, or its file is not whole.
    """
    if not is_kept(storage, hash_):
        raise NoPlan("fleet.no_plan", plan=hash_)
    path = _path(storage, hash_)
    with storage_explained("read", path):
        content = path.read_bytes()
    try:
        first, *lines = gzip.decompress(content).splitlines()
        if msgspec.json.decode(first)["format"] != FORMAT:
            raise NoPlan("fleet.no_plan", plan=hash_)
        yield from (msgspec.json.decode(line, type=PlannedPart) for line in lines)
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        raise NoPlan("fleet.plan_damaged", plan=hash_, reason=str(error)) from error


def approve_plan(
    storage: Path, hash_: str, ledger: Engine, *, by: str, connectors: Collection[str] = ()
) -> Approved:
    """Enter the items of a plan as approved; the next live runs send those whose changes are the same.

    Args:
        storage: Where the plan is kept.
        hash_: The plan's hash.
        ledger: The open ledger.
        by: Who approves it.
        connectors: Keys of connectors, if not all of the plan are meant.

    Raises:
        NoPlan: there is no such plan, or it is not whole.
    """
    entered = left = 0
    names: dict[str, None] = {}
    for part in list(parts_of(storage, hash_)):
        if connectors and part.listings.connector_key not in connectors:
            continue
        held = approve_planned(ledger, part.listings, part.run, part.items, by=by)
        entered += held
        left += len(part.items) - held
        if held:
            names.setdefault(part.connector_id)
    return Approved(entered, tuple(names), left)


def is_approved(storage: Path, hash_: str, ledger: Engine, connector_key: str) -> bool:
    """Return whether a plan was approved for items of a connector, and no later answer replaced it.

    Raises:
        NoPlan: there is no such plan, or it is not whole.
    """
    own = [part for part in list(parts_of(storage, hash_)) if part.listings.connector_key == connector_key]
    for part in own:
        rows = approvals_of(ledger, part.listings, [one.sku for one in part.items])
        if any(
            (row := rows.get(one.sku)) is not None and row.state in _APPROVED and row.hash == one.hash
            for one in part.items
        ):
            return True
    return False
