"""Remove from sale what left the PIM's selection: by deletion, or by a quantity of 0.

That Amazon took a removal does not say that it was carried out: it is pending until a reading shows it
(`confirm`), and repeated by later runs until then (`runs.extract.removed_items`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from amazon_listings.ledger.database import CHUNK, chunks
from amazon_listings.ledger.items.claims import claims_of_others
from amazon_listings.ledger.items.known import known_items, owned_contents
from amazon_listings.marketplaces import marketplace_with
from amazon_listings.planning.wanted import PlannedWrite, WantedItem
from amazon_listings.remarks import remark
from amazon_listings.runs.listings.quantities import AVAILABILITY, MERCHANT, merchant_quantity
from amazon_listings.runs.notes import RemovalsNote
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.payload import payload_hash
from amazon_listings.runs.plan import Method, Plan
from amazon_listings.runs.records import REMOVED
from amazon_listings.selling_partner.feed_messages import MOST_MESSAGES
from amazon_listings.writes.single import outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.items.claims import Claim
    from amazon_listings.ledger.items.payloads import Removal
    from amazon_listings.ledger.writes.feeds import PendingFeed
    from amazon_listings.planning.known import CurrentListing
    from amazon_listings.remarks import Remarks
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.records import WrittenItem
    from amazon_listings.writes.feeds.submit import FeedSync
    from amazon_listings.writes.single import Writer

AVAILABLE = "is_inventory_available"
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
    _ways: dict[str, str] = field(default_factory=dict, init=False)
    _said: dict[str, Remarks] = field(default_factory=dict, init=False)

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
            leaving = [item for item in items if item.outcome in DUE]
            done = [item for item in items if item.outcome not in DUE]
            self._said |= {item.sku or "": item.remark for item in items if item.remark}
            due, left = self._ours(leaving)
            done += left
            done += self._fed(part, due) if by_feeds else self._written(due)
            asked = {item.sku: item for item in items}
            self.folder.write(REMOVED, part, [_as_asked(one, asked[one.sku]) for one in done])
        for _ in self.feeds.collect(REMOVED, awaited(), first=self._beginning):
            pass
        if calls := self.writer.calls + self.feeds.calls - before:
            self.folder.note(RemovalsNote(calls=dict(calls)))
        return Counter(item.outcome for part in parts for item in self.folder.read(REMOVED, part))

    @property
    def _how(self) -> Removal:
        return "delete" if self.connector.sync.when_removed == "delete" else "zero_quantity"

    def _beginning(self, item: WrittenItem) -> Remarks:
        """Return what the note of an item begins with: why its listing is taken off, and how."""
        how = self._ways.get(item.sku or "", self._how)
        found = item.outcome is Outcome.UNCHANGED
        done = remark(f"note.removed_{how}", "found" * found)
        spared = () if how == self._how else remark("note.not_deleted")
        return self._said.get(item.sku or "", ()) + done + spared

    def _ours(self, items: list[WrittenItem]) -> tuple[list[WantedItem], list[WrittenItem]]:
        """Return how each listing is taken off, and the outcomes of those that are left alone.

        A listing that the connector neither made nor adopted is never deleted; its quantity is set to 0 if
        that is ours. A connector that only contributes removes nothing. The quantity is one for the whole
        account and region: it stays while another connector goes on selling the item. A parent stays while
        it has children that stay.
        """
        protocol = self.writer.protocol
        due: list[WantedItem] = []
        left: list[WrittenItem] = []
        leaving = {item.sku for item in items}
        for batch in chunks(items, CHUNK):
            skus = [item.sku or "" for item in batch]
            known = known_items(protocol.ledger, protocol.listings, skus)
            contents = owned_contents(protocol.ledger, protocol.listings, skus)
            claims = claims_of_others(protocol.ledger, protocol.listings, skus)
            for row, sku in zip(batch, skus, strict=True):
                item, content = known.get(sku), contents.get(sku, {})
                how: Removal = self._how
                if how == "delete" and not (item is not None and item.created):
                    how = "zero_quantity"
                if how == "zero_quantity" and merchant_quantity(content) is None:
                    left.append(outcome_of(row, Outcome.BLOCKED, remark("note.not_ours")))
                    continue
                seller = next(filter(_sells, claims.get(sku, ())), None)
                if how == "zero_quantity" and seller is not None:
                    note = remark(
                        "note.stock_of_others",
                        other=seller.connector_id,
                        country=marketplace_with(seller.marketplace_id).country,
                    )
                    left.append(outcome_of(row, Outcome.BLOCKED, note))
                    continue
                if how == "delete" and (alive := self._living_children(sku, content, leaving)):
                    note = remark("note.living_children", skus=alive)
                    left.append(outcome_of(row, Outcome.BLOCKED, note))
                    continue
                self._ways[sku] = how
                # A removal that did not hold is repeated, though its payload was accepted before.
                due.append(
                    WantedItem(
                        pim_id=row.pim_id,
                        sku=sku,
                        payload={},
                        approval=row.approval,
                        removal=how,
                        forced=True,
                    )
                )
        return due, left

    def _living_children(
        self, sku: str, content: Mapping[str, Any], leaving: Collection[str | None]
    ) -> list[str]:
        """Return the children of a parent that stay while it would go; none of what is no parent."""
        levels = content.get("parentage_level") or ()
        if not any(one.get("value") == "parent" for one in levels):
            return []
        return sorted(set(self.writer.planner.children_of(sku)).difference(leaving))

    def _written(self, rows: list[WantedItem]) -> Iterator[WrittenItem]:
        """Yield the outcomes of rows that are written one by one."""
        for batch in chunks(rows, CHUNK):
            wanted = list(self._wanted(batch))
            yield from self._noted(self.writer.write(wanted, plan=self._plan, read=lambda _: True))

    def _fed(self, part: str, rows: list[WantedItem]) -> Iterator[WrittenItem]:
        """Yield the outcomes of rows that are put into feeds; those that are in one already are pending."""
        under_way = self.feeds.sent_before(rows)
        yield from under_way
        sent = {item.sku for item in under_way}
        for some in chunks((row for row in rows if row.sku not in sent), MOST_MESSAGES):
            yield from self._noted(self._feed(part, some))

    def _feed(self, part: str, rows: list[WantedItem]) -> list[WrittenItem]:
        skus = {row.sku for row in rows}
        sent = self.feeds.send(
            {part: skus}, lambda _: self._wanted(rows), plan=self._plan, read=lambda _: True
        )
        return [outcome for _, outcomes in sent for outcome in outcomes]

    def _wanted(self, rows: Iterable[WantedItem]) -> Iterator[WantedItem]:
        """Yield the items with what their listings are to hold."""
        for batch in chunks(rows, CHUNK):
            skus = [row.sku for row in batch]
            protocol = self.writer.protocol
            contents = owned_contents(protocol.ledger, protocol.listings, skus)
            for row in batch:
                content = contents.get(row.sku, {})
                after = {} if row.removal == "delete" else _without_stock(content)
                yield replace(row, payload=after, hash=payload_hash(after))

    def _plan(self, row: WantedItem, current: CurrentListing) -> PlannedWrite:
        return _deletion(row, current) if row.removal == "delete" else self._zero(row, current)

    def _zero(self, row: WantedItem, current: CurrentListing) -> PlannedWrite:
        """Set the quantity to 0 in the merchant's channel; stock in Amazon's warehouses stays on sale."""
        merchant = [
            one
            for one in current.attributes.get(AVAILABILITY, [])
            if one.get("fulfillment_channel_code", MERCHANT) == MERCHANT
        ]
        if not current.exists or not merchant or merchant == _zeroed(merchant):
            return _nothing(row, current)
        channel = {"fulfillment_channel_code": MERCHANT}
        # A quantity and this cannot stand side by side.
        stated = [{**channel, name: one[name]} for one in merchant for name in one if name == AVAILABLE]
        zero = {AVAILABILITY: [{**channel, "quantity": 0}]}
        owned = current._replace(owned={AVAILABILITY: stated} if stated else {})
        return replace(self.writer.planner.patch(row.sku, zero, owned), after=row.attributes)

    def _noted(self, items: Iterable[WrittenItem]) -> Iterator[WrittenItem]:
        for item in items:
            note = () if item.outcome is Outcome.UNCHANGED else item.note
            yield replace(item, note=self._beginning(item) + note)


def _as_asked(done: WrittenItem, asked: WrittenItem) -> WrittenItem:
    """Return an outcome with what allowed the removal and why it was asked for, which later tries read."""
    return replace(done, approval=asked.approval, remark=asked.remark)


def _sells(claim: Claim) -> bool:
    """Return whether another connector has stock of the item for sale."""
    return not claim.left and bool(merchant_quantity(claim.attributes))


def _without_stock(content: dict[str, Any]) -> dict[str, Any]:
    return content | {AVAILABILITY: _zeroed(content.get(AVAILABILITY, []))}


def _deletion(row: WantedItem, current: CurrentListing) -> PlannedWrite:
    if not current.exists:
        return _nothing(row, current)
    return PlannedWrite(Plan(row.sku, Method.DELETE), None, _held(current), current.exists, {})


def _nothing(row: WantedItem, current: CurrentListing) -> PlannedWrite:
    return PlannedWrite(Plan(row.sku, Method.NOTHING), None, _held(current), current.exists, {})


def _held(current: CurrentListing) -> dict[str, Any] | None:
    """Return what was read of a listing; None if there is none."""
    return current.found if current.exists else None


def _zeroed(elements: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in element.items() if name != AVAILABLE} | {"quantity": 0}
        if element.get("fulfillment_channel_code", MERCHANT) == MERCHANT
        else element
        for element in elements
    ]
