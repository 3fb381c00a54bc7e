"""Remove from sale what left the PIM's selection: by deletion, or by a quantity of 0.

That Amazon took a removal does not say that it was carried out: it is pending until a reading shows it
(`confirm`), and repeated by later runs until then (`runs.removed_items`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from amazon_listings.ledger.database import CHUNK, chunks
from amazon_listings.ledger.items import accepted_contents
from amazon_listings.runs.notes import RemovalsNote
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.payload import payload_hash
from amazon_listings.runs.plan import Method, Plan
from amazon_listings.runs.quantities import AVAILABILITY, MERCHANT
from amazon_listings.runs.records import REMOVED
from amazon_listings.selling_partner.feed_messages import MOST_MESSAGES
from amazon_listings.writes.planner import CurrentListing, PlannedWrite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.feeds import PendingFeed
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.records import WrittenItem
    from amazon_listings.writes.feeds.submit import FeedSync
    from amazon_listings.writes.single import Writer

#: What is sent, also if an earlier try of the run could not.
DUE = frozenset((Outcome.READY, Outcome.PENDING))


@dataclass
class Removals:
    """Deletes the listings of the stage `removed`, or sets their quantity to 0.

    Each listing is read before, for its before-image. What is done is not done again. The note `removals`
    holds the calls made.

    Args:
        connector: The connector that runs; says what becomes of them.
        folder: The run's folder.
        writer: Writes singly; its ledger remembers.
        feeds: Writes by feeds, from `sync.feed_from` listings on.
    """

    connector: Connector
    folder: RunFolder
    writer: Writer
    feeds: FeedSync

    def carry_out(self, awaited: Callable[[], Iterable[PendingFeed]]) -> Counter[Outcome]:
        """Return the number of listings by outcome; call again once feeds that are awaited are through.

        Args:
            awaited: The feeds of the run that are to be waited for, asked after they were started.

        Raises:
            ConnectorBusy, RetryableError, ActionRequiredError: see `Writer.write`.
        """
        before = self.writer.calls + self.feeds.calls
        parts = self.folder.parts(REMOVED)
        if not parts:
            return Counter()
        count = sum(1 for part in parts for _ in self.folder.read(REMOVED, part))
        by_feeds = count >= self.connector.sync.feed_from
        for part in parts:
            items = list(self.folder.read(REMOVED, part))
            due = [msgspec.structs.asdict(item) for item in items if item.outcome in DUE]
            done = [item for item in items if item.outcome not in DUE]
            done += self._fed(part, due) if by_feeds else self._written(due)
            self.folder.write(REMOVED, part, done)
        for _ in self.feeds.collect(REMOVED, awaited(), remark=self._note):
            pass
        if calls := self.writer.calls + self.feeds.calls - before:
            self.folder.note(RemovalsNote(calls=dict(calls)))
        return Counter(item.outcome for part in parts for item in self.folder.read(REMOVED, part))

    @property
    def _how(self) -> str:
        return self.connector.sync.when_removed

    @property
    def _note(self) -> str:
        return self.writer.messages.phrase(f"note.removed_{self._how}")

    def _written(self, rows: list[dict[str, Any]]) -> Iterator[WrittenItem]:
        """The outcomes of rows that are written one by one."""
        for batch in chunks(rows, CHUNK):
            wanted = list(self._wanted(batch))
            yield from self._noted(self.writer.write(wanted, plan=self._plan, read=lambda _: True))

    def _fed(self, part: str, rows: list[dict[str, Any]]) -> Iterator[WrittenItem]:
        """The outcomes of rows that are put into feeds; those that are in one already are pending."""
        under_way = self.feeds.sent_before(rows)
        yield from under_way
        sent = {item.sku for item in under_way}
        for some in chunks((row for row in rows if row["sku"] not in sent), MOST_MESSAGES):
            yield from self._noted(self._feed(part, some))

    def _feed(self, part: str, rows: list[dict[str, Any]]) -> list[WrittenItem]:
        skus = {row["sku"] for row in rows}
        sent = self.feeds.send(
            {part: skus}, lambda _: self._wanted(rows), plan=self._plan, read=lambda _: True
        )
        return [outcome for _, outcomes in sent for outcome in outcomes]

    def _wanted(self, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The rows as a writer takes them."""
        for batch in chunks(rows, CHUNK):
            skus = [row["sku"] for row in batch]
            protocol = self.writer.protocol
            contents = accepted_contents(protocol.ledger, protocol.listings, skus)
            for row in batch:
                content = contents.get(row["sku"], {})
                after = {} if self._how == "delete" else _without_stock(content)
                yield {
                    **row,
                    "removal": self._how,
                    # A removal that did not hold is repeated, though its payload was accepted before.
                    "forced": True,
                    "attributes": after,
                    "hash": payload_hash(after),
                    "requirements": "",
                }

    def _plan(self, row: Mapping[str, Any], current: CurrentListing) -> PlannedWrite:
        return _deletion(row, current) if self._how == "delete" else self._zero(row, current)

    def _zero(self, row: Mapping[str, Any], current: CurrentListing) -> PlannedWrite:
        """Set the quantity to 0 in the merchant's channel; stock in Amazon's warehouses stays on sale."""
        before = current.attributes.get(AVAILABILITY, [])
        merchant = [one for one in before if one.get("fulfillment_channel_code", MERCHANT) == MERCHANT]
        if not current.exists or not merchant or merchant == _zeroed(merchant):
            return _nothing(row, current)
        element = {"fulfillment_channel_code": MERCHANT, "quantity": 0}
        if "is_inventory_available" in merchant[0]:
            element["is_inventory_available"] = None
        patch = {"op": "merge", "path": f"/attributes/{AVAILABILITY}", "value": [element]}
        changes = self.writer.planner.changes({AVAILABILITY: merchant}, {AVAILABILITY: _zeroed(merchant)})
        plan = Plan(row["sku"], Method.PATCH, changes)
        return PlannedWrite(plan, [patch], _held(current), current.exists, row["attributes"])

    def _noted(self, items: Iterable[WrittenItem]) -> Iterator[WrittenItem]:
        for item in items:
            yield msgspec.structs.replace(item, note="; ".join(filter(None, (self._note, item.note))))


def _without_stock(content: dict[str, Any]) -> dict[str, Any]:
    return content | {AVAILABILITY: _zeroed(content.get(AVAILABILITY, []))}


def _deletion(row: Mapping[str, Any], current: CurrentListing) -> PlannedWrite:
    if not current.exists:
        return _nothing(row, current)
    return PlannedWrite(Plan(row["sku"], Method.DELETE), None, _held(current), current.exists, {})


def _nothing(row: Mapping[str, Any], current: CurrentListing) -> PlannedWrite:
    return PlannedWrite(Plan(row["sku"], Method.NOTHING), None, _held(current), current.exists, {})


def _held(current: CurrentListing) -> dict[str, Any] | None:
    """Return what was read of a listing; None if there is none."""
    return current.found if current.exists else None


def _zeroed(elements: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in element.items() if name != "is_inventory_available"} | {"quantity": 0}
        if element.get("fulfillment_channel_code", MERCHANT) == MERCHANT
        else element
        for element in elements
    ]
