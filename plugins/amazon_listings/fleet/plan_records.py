"""What a plan says: of a connector, of its attributes, of its items."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec


class Example(msgspec.Struct, frozen=True):
    """One item's value of an attribute before and after; None for none."""

    sku: str
    before: Any
    after: Any


class FieldChange(msgspec.Struct, frozen=True):
    """What becomes of one attribute.

    Attributes:
        name: The attribute.
        added: Items that have it only afterwards.
        changed: Items in which it has another value.
        removed: Items that lose it.
        examples: A few of them.
    """

    name: str
    added: int
    changed: int
    removed: int
    examples: tuple[Example, ...]


class Cost(msgspec.Struct, frozen=True):
    """What carrying the change out takes.

    Attributes:
        calls: Calls of Amazon's API: previews, and submissions or feeds.
        way: `single` or `feed`.
        minutes: How long the quota makes it take.
        words: The same, as people say it.
    """

    calls: int = 0
    way: str = "single"
    minutes: float = 0.0
    words: str = ""


class ItemChange(NamedTuple):
    """What becomes of the payload of one item.

    Attributes:
        pim_id: The PIM's identity of it.
        sku: Its SKU.
        before: Its attributes before; None if it was blocked, or not among the connector's items.
        after: Its attributes afterwards; None if it leaves the connector's items.
    """

    pim_id: str
    sku: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class ConnectorPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a change of the configuration changes of one connector's items.

    Attributes:
        id: The connector's id.
        state: `changed`, `new` or `gone`; `broken` if it cannot be used.
        items: Items that the ledger knows of it.
        added: SKUs of payloads that there were not: the item was blocked or out of scope.
        changed: SKUs of payloads that become another.
        removed: SKUs that leave the connector's choice of items.
        newly_blocked: SKUs of items that were right and will not be.
        newly_right: SKUs of items that were not right and will be.
        still_blocked: Items of which something changes that are blocked before and after.
        fields: What becomes of each attribute.
        cost: What carrying it out takes.
        notes: What else there is to say.
        hash: Stands for the items and their changes: an approval of the plan is of these alone.
    """

    id: str
    state: str
    items: int = 0
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    newly_blocked: tuple[str, ...] = ()
    newly_right: tuple[str, ...] = ()
    still_blocked: int = 0
    fields: tuple[FieldChange, ...] = ()
    cost: Cost = Cost()
    notes: tuple[str, ...] = ()
    hash: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether no item changes."""
        return not (self.added or self.changed or self.removed or self.newly_blocked or self.newly_right)

    @property
    def is_unknown(self) -> bool:
        """Whether no item of it is known to change or not to change."""
        return self.state == "unknown" or (self.state != "broken" and not self.items)
