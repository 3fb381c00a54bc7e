"""Plan: what a change of the configuration changes, item by item, before anything is sent.

Both states of a connector are compiled and judged by what the ledger keeps of every item (`plan_verdicts`).
`evaluate_all` judges every item whole: it gives the same, and is what the tests compare with.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

import msgspec

from amazon_listings.checks.predicted import errors_of_rows
from amazon_listings.fleet.plan_records import ConnectorPlan, Cost, Example, FieldChange, ItemChange
from amazon_listings.fleet.plan_verdicts import judge_affected, judge_every
from amazon_listings.ledger.connectors.keys import find_key
from amazon_listings.ledger.items.kept import kept_items
from amazon_listings.messages import Message, catalogue, message
from amazon_listings.runs.extract.needed_fields import needed_fields
from amazon_listings.selling_partner.forecast import duration, forecast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.fleet.plan_states import State
    from amazon_listings.fleet.plan_verdicts import Verdict
    from amazon_listings.ledger.items.kept import KeptItem
    from amazon_listings.messages import Catalogue
    from amazon_listings.selling_partner.operations import Kind

#: Examples that are shown of each attribute.
_EXAMPLES = 3
#: The longest value that is shown of an example.
_SHOWN = 200


@dataclass
class _Tally:
    """Collects what becomes of a connector's items."""

    items: int = 0
    unread: int = 0
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)
    right: list[str] = field(default_factory=list)
    still_blocked: int = 0
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    examples: dict[str, list[Example]] = field(default_factory=dict)
    digest: Any = None
    changes: list[ItemChange] | None = None

    def note(self, pim_id: str, sku: str, before: Verdict | None, after: Verdict | None) -> None:
        """Note what becomes of one item; None for an item that is not in the connector's choice."""
        if after is None:
            if before is not None:
                self.removed.append(sku)
                self._sum(sku, "removed")
                self._keep(ItemChange(pim_id, sku, before.attributes, None))
            return
        old = before.attributes if before is not None and before.right else None
        new = after.attributes if after.right else None
        if before is not None and before.right and not after.right:
            self.blocked.append(sku)
        elif before is not None and not before.right and after.right:
            self.right.append(sku)
        if new is not None and old != new:
            (self.added if old is None else self.changed).append(sku)
            self._keep(ItemChange(pim_id, sku, old, new))
        made_before = before.attributes if before is not None else {}
        if old is None and new is None and before is not None:
            self.still_blocked += made_before != after.attributes
            return
        made_after = after.attributes
        changes = {
            name: made_after.get(name)
            for name in made_before | made_after
            if made_before.get(name) != made_after.get(name)
        }
        for name, value in changes.items():
            self._field(name, sku, made_before.get(name), value)
        if changes or before is None or before.right != after.right:
            self._sum(sku, [after.right, changes if old is not None else made_after])

    def _keep(self, change: ItemChange) -> None:
        if self.changes is not None:
            self.changes.append(change)

    def _field(self, name: str, sku: str, before: object, after: object) -> None:
        kind = "added" if before is None else "removed" if after is None else "changed"
        self.counts.setdefault(name, Counter())[kind] += 1
        examples = self.examples.setdefault(name, [])
        if len(examples) < _EXAMPLES:
            examples.append(Example(sku, _shown(before), _shown(after)))

    def _sum(self, sku: str, what: object) -> None:
        if self.digest is None:
            self.digest = hashlib.sha256()
        self.digest.update(msgspec.json.encode([sku, what], order="deterministic"))


def plan_connector(
    base: State | None,
    head: State | None,
    ledger: Engine | None,
    *,
    evaluate_all: bool = False,
    changes: list[ItemChange] | None = None,
    messages: Catalogue | None = None,
) -> ConnectorPlan:
    """Return what a change of the configuration changes of one connector's items.

    Args:
        base: The connector as it was; None if there was none.
        head: The connector as it will be; None if there will be none.
        ledger: The ledger, with the items as they were read last; None if there is none.
        evaluate_all: Judge every item whole, whether anything of it changed or not.
        changes: Gets what becomes of each payload, if it is wanted.
        messages: The language of notes and costs; English if None.
    """
    known = base or head
    if known is None:
        raise ValueError("a connector of neither state")
    connector = (head or known).connector
    messages = messages or catalogue("en")
    tally = _Tally(changes=changes)
    key = find_key(ledger, connector.id, connector.was) if ledger is not None else None
    if key is None and ledger is not None and base is not None:
        key = find_key(ledger, base.connector.id, base.connector.was)
    if ledger is not None and key is not None:
        barred = _barred(base, head, ledger, key)
        judge = (judge_every if evaluate_all else judge_affected)(base, head, barred)
        lacks = _lacking(head)
        for family in _families(ledger, key, known):
            tally.items += len(family)
            if any(lacks(kept) for kept in family):
                tally.unread += len(family)
            else:
                judge(family, tally.note)
    return ConnectorPlan(
        id=connector.id,
        state="gone" if head is None else "new" if base is None else "changed",
        items=tally.items,
        added=tuple(tally.added),
        changed=tuple(tally.changed),
        removed=tuple(tally.removed),
        newly_blocked=tuple(tally.blocked),
        newly_right=tuple(tally.right),
        still_blocked=tally.still_blocked,
        fields=tuple(
            FieldChange(
                name, counts["added"], counts["changed"], counts["removed"], tuple(tally.examples[name])
            )
            for name, counts in sorted(tally.counts.items())
        ),
        cost=_cost(connector, len(tally.added) + len(tally.changed), messages),
        notes=tuple(messages.word(one) for one in _notes(base, head, tally)),
        hash=tally.digest.hexdigest() if tally.digest is not None else "",
    )


def same_payloads(base: Connector, head: Connector) -> bool:
    """Return whether two states of a connector make the same of every item, as far as documents tell."""
    return base.fingerprint == head.fingerprint and base.id == head.id


def _families(ledger: Engine, key: str, made_by: State) -> Iterator[list[KeptItem]]:
    """Yield the families that the ledger has read, without the parents that a mapping made."""
    items = kept_items(ledger, key, made_by=made_by.shared, now=datetime.now(UTC))
    for _, members in groupby(items, key=lambda kept: kept.family):
        yield list(members)


def _barred(base: State | None, head: State | None, ledger: Engine, key: str) -> set[str]:
    """Return the SKUs of items that the last quality check has blocked for what neither state changes."""
    qualities = [state.connector.quality for state in (base, head) if state is not None]
    asked = {"expectation", "unfit_value"} if qualities[0] != qualities[-1] else set()
    errors = errors_of_rows(ledger, key)
    return {name for name, found in errors.items() if any(one.code not in asked for one in found)}


def _lacking(head: State | None) -> Callable[[KeptItem], bool]:
    """Return what tells whether an item was read without a field that the connector reads now."""
    needed = frozenset(needed_fields(head.connector)) if head is not None else frozenset()
    if head is None:
        return lambda _kept: False
    return lambda kept: bool(kept.selected) and not (needed and needed <= kept.selected)


def _cost(connector: Connector, items: int, messages: Catalogue) -> Cost:
    if not items:
        return Cost()
    rate = connector.sync.preview_rate
    feed = items >= connector.sync.feed_from
    kinds: tuple[Kind, ...] = ("preview",)
    preview = forecast(items, "patchListingsItem", kinds=kinds, preview_rate=rate)
    sent = forecast(items, "createFeed" if feed else "patchListingsItem")
    previews = connector.sync.preview != "none"
    calls = sent.calls + (preview.calls if previews else 0)
    seconds = sent.seconds + (preview.seconds if previews else 0.0)
    said = messages.phrase("plan.calls", count=calls)
    words = messages.phrase("plan.cost", calls=said, time=messages.word(duration(seconds)))
    return Cost(calls, "feed" if feed else "single", round(seconds / 60, 1), words)


def _notes(base: State | None, head: State | None, tally: _Tally) -> Iterator[Message]:
    if not tally.items:
        yield message("plan.note_no_items")
    if tally.unread:
        yield message("plan.note_unread", count=tally.unread)
    if head is not None and (tally.blocked or tally.still_blocked):
        sync = head.connector.sync
        if sync.partial == "offer" and not sync.full_replace:
            # Whether one of an item's errors holds its offer back is known where Amazon is asked.
            yield message("plan.note_partial")
    if base is not None and head is not None:
        if base.connector.source.filter != head.connector.source.filter:
            yield message("plan.note_filter")
        if base.connector.quality != head.connector.quality:
            yield message("plan.note_quality")


def _shown(value: object) -> object:
    if value is None:
        return None
    content = [_plain(one) for one in value] if isinstance(value, list) else value
    text = msgspec.json.encode(content).decode()
    return content if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _plain(element: object) -> Any:
    if not isinstance(element, dict):
        return element
    kept = {name: value for name, value in element.items() if name not in {"marketplace_id", "language_tag"}}
    return kept["value"] if list(kept) == ["value"] else kept
