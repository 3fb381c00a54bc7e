"""Live sync: submit what passed. An item with an error changes nothing at Amazon."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amazon_listings.checks.families import Parents, settled_relation
from amazon_listings.ledger.database import CHUNK, chunks
from amazon_listings.ledger.items import ListingScope, accepted_contents, known_items
from amazon_listings.ledger.locks import ListingLocks
from amazon_listings.runs.amazon_calls import Progress
from amazon_listings.runs.map_fields import compiled
from amazon_listings.selling_partner.feed_messages import MOST_MESSAGES
from amazon_listings.writes.feeds.outcomes import AWAITED
from amazon_listings.writes.feeds.poll import FeedSettler, utc_now
from amazon_listings.writes.feeds.submit import FeedSync, awaited_feeds
from amazon_listings.writes.planner import CurrentListing, Planner, current_by_ledger
from amazon_listings.writes.protocol import Writer
from amazon_listings.writes.removals import Takedown
from amazon_listings.writes.volume import Volume

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.feeds import PendingFeed
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.selling_partner.client import SellingPartner

log = logging.getLogger(__name__)

Rows = list[dict[str, Any]]

OUTCOMES = ("accepted", "unchanged", "blocked", "rejected", "failed", AWAITED)


def live_sync(
    connector: Connector,
    definitions: Definitions,
    *,
    client: SellingPartner,
    ledger: Engine,
    run: int,
    folder: RunFolder,
    resumed: bool = False,
    now: Callable[[], datetime] = utc_now,
) -> dict[str, int]:
    """Submit every item of the run that is ready, and deal with the listings whose items left.

    From `sync.feed_from` items on they are sent by feeds, which are not through when this returns:
    as long as items are `awaited`, wait for `feed_sync.awaited_feeds` and call again with `resumed`.

    Args:
        connector: The connector that runs.
        definitions: For the labels of issues, and the selectors of patches.
        client: The account's client; its `sleep` is how to wait for parents and for locks.
        ledger: Knows what listings hold; remembers every submission.
        run: The run's number in the ledger.
        folder: The run's folder; reads the stages `mapped` and `tested`, writes `live` and `departed`.
        resumed: Everything was sent, and feeds were waited for.
        now: The time.

    Returns:
        Items by outcome, those that left among them.

    Raises:
        ListingsLocked: another run writes to the same listings.
        RetryableError, ActionRequiredError: Amazon cannot be asked; what was accepted is in the ledger.
    """
    listings = ListingScope(
        connector.key, client.account.seller_id, connector.marketplace.id, connector.amazon.product_type
    )
    mapping = compiled(connector, definitions)
    planner = Planner(connector, mapping, definitions.layout, client)
    locks = ListingLocks(ledger, listings, owner=f"{connector.id} run {run}", sleep=client.sleep)
    writer = Writer(
        planner=planner,
        client=client,
        ledger=ledger,
        listings=listings,
        locks=locks,
        run=run,
        definitions=definitions,
        mapping=mapping,
        languages=dict(connector.language_tags),
        progress=Progress(0, "submissions"),
    )
    feeds = FeedSync(connector, folder, writer)
    FeedSettler(client, ledger, folder, run, definitions.checksum, now).settle(connector.key)
    parents = Parents(client, connector.marketplace.id, definitions.language)

    def awaited() -> list[PendingFeed]:
        return awaited_feeds(ledger, connector.key, run, now=now())

    live = _LiveSync(connector, folder, writer, parents, feeds, awaited)
    counts = feeds.collect("live", awaited()) if resumed else None
    if counts is None or live.is_unfinished(counts):
        before = Counter((folder.noted("live") or {}).get("calls", {})) if resumed else Counter[str]()
        folder.clear("live")
        volume = live.volume()
        log.info("Submitting: %s.", volume)
        counts = live.submit(volume)
        calls = before + writer.calls + feeds.calls + Counter(readings=parents.readings)
        folder.note("live", {"calls": dict(+calls), "forecast": str(volume)})
    if not counts[AWAITED]:
        counts.update(Takedown(connector, folder, writer, feeds).carry_out(awaited))
    # A try that was killed may have held more than this one had to.
    locks.free_earlier()
    return {name: counts[name] for name in OUTCOMES}


@dataclass
class _LiveSync:
    """The submissions of one run, part by part."""

    connector: Connector
    folder: RunFolder
    writer: Writer
    parents: Parents
    feeds: FeedSync
    awaited: Callable[[], list[PendingFeed]]

    def volume(self) -> Volume:
        """How much there is to send, and which way; the writer's progress counts towards it."""
        volume = Volume(self.connector.sync.feed_from, self.connector.sync.when_removed)
        for part in self.folder.parts("tested"):
            for row in self._with_held(self._ready(part)):
                volume.readings += self._read_before(row["current"])
                update = bool(row["current"].exists) and not self.connector.sync.full_replace
                volume.updates += update
                volume.creations += not update
                volume.parents += row.get("role") == "parent"
        for part in self.folder.parts("departed"):
            volume.leaving += sum(1 for _ in self.folder.read("departed", part))
        self.writer.progress.total = volume.creations + volume.updates + volume.leaving
        return volume

    def submit(self, volume: Volume) -> Counter[str]:
        """Submit what is ready, parents before everything else; the number of items by outcome.

        If there are `awaited` parents among them, their children are not sent yet.
        """
        families = self.connector.variations is not None
        if families and volume.parents_by_feeds:
            self._feed(self._parents)
            counts = self._collected()
            if counts[AWAITED]:
                return counts
        elif families:
            for part in self.folder.parts("tested"):
                self.folder.write("live", part, self._written(self._parents(part, [])[0]))
        if volume.by_feeds:
            self._feed(self._free)
            return self._collected()
        counts = Counter()
        for part in self.folder.parts("tested"):
            done = list(self.folder.read("live", part))
            rows, waiting = self._free(part, done)
            self.folder.write("live", part, [*done, *waiting, *self._written(rows)])
            counts.update(row["outcome"] for row in self.folder.read("live", part))
        return counts

    def is_unfinished(self, counts: Counter[str]) -> bool:
        """Whether parents are through and their children have yet to be sent."""
        ready = (
            row["outcome"] == "ready"
            for part in self.folder.parts("tested")
            for row in self.folder.read("tested", part)
        )
        return not counts[AWAITED] and sum(counts.values()) < sum(ready)

    def _feed(self, choose: Callable[[str, Rows], tuple[Rows, Rows]]) -> None:
        """Put the chosen rows of every part into feeds."""
        for parts in self._feedfuls():
            done = {part: list(self.folder.read("live", part)) for part in parts}
            skus: dict[str, set[str]] = {}
            for part in parts:
                free, waiting = choose(part, done[part])
                before = self.feeds.sent_before(free)
                skus[part] = {row["sku"] for row in free}.difference(row["sku"] for row in before)
                done[part] += [*waiting, *before]
            sent = self.feeds.send(skus, self._ready, plan=self.writer.planner.plan, read=self._read_before)
            for part, outcomes in sent:
                self.folder.write("live", part, [*done.pop(part), *outcomes])

    def _collected(self) -> Counter[str]:
        counts = self.feeds.collect("live", self.awaited())
        return Counter({AWAITED: 1}) if counts is None else counts

    def _feedfuls(self) -> Iterator[list[str]]:
        """The parts, so many together as one feed holds."""
        together: list[str] = []
        size = 0
        for part in self.folder.parts("tested"):
            ready = sum(row["outcome"] == "ready" for row in self.folder.read("tested", part))
            if together and size + ready > MOST_MESSAGES:
                yield together
                together, size = [], 0
            together.append(part)
            size += ready
        if together:
            yield together

    def _ready(self, part: str) -> Iterator[dict[str, Any]]:
        """The payloads of a part that passed the test sync, with what was previewed of them."""
        ready = {row["pim_id"]: row for row in self.folder.read("tested", part) if row["outcome"] == "ready"}
        for row in self.folder.read("mapped", part):
            tested = ready.get(row["pim_id"])
            if tested is not None:
                yield row | {"forced": tested.get("forced", False), "plan_hash": tested.get("plan_hash")}

    def _written(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return list(self.writer.write(rows, plan=self.writer.planner.plan, read=self._read_before))

    def _read_before(self, held: CurrentListing) -> bool:
        """Whether a listing is read before it is written: one that is replaced whole or may be new is.

        The reading is the before-image, and shows whether somebody else made the listing meanwhile.
        """
        return not (held.exists and held.is_enough) or self.connector.sync.full_replace

    def _parents(self, part: str, _done: Rows) -> tuple[Rows, Rows]:
        """The parents of a part; none of them waits."""
        return [row for row in self._ready(part) if row.get("role") == "parent"], []

    def _free(self, part: str, done: Rows) -> tuple[Rows, Rows]:
        """The rows of a part that may be sent after its parents, and outcomes of children that must wait."""
        if self.connector.variations is None:
            return list(self._ready(part)), []
        rows = [row for row in self._ready(part) if row.get("role") != "parent"]
        outcomes = {
            row["sku"]: row["outcome"]
            for row in self.folder.read("tested", part)
            if row.get("role") == "parent"
        } | {row["sku"]: row["outcome"] for row in done}
        moving = [
            row
            for row in self._with_held(rows)
            if row.get("role") == "child" and not settled_relation(row, row["current"].attributes)
        ]
        obstacles = self.parents.obstacles(moving, outcomes)
        waiting = {
            row["pim_id"]: {
                "pim_id": row["pim_id"],
                "sku": row["sku"],
                "outcome": "failed",
                "note": obstacles[row["parent_sku"]],
                "issues": [],
            }
            for row in moving
            if row["parent_sku"] in obstacles
        }
        return [row for row in rows if row["pim_id"] not in waiting], list(waiting.values())

    def _with_held(self, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The rows with what the ledger knows of their listings."""
        ledger, listings = self.writer.ledger, self.writer.listings
        for batch in chunks(rows, CHUNK):
            skus = [row["sku"] for row in batch]
            known, contents = known_items(ledger, listings, skus), accepted_contents(ledger, listings, skus)
            for row in batch:
                yield row | {"current": current_by_ledger(known.get(row["sku"]), contents.get(row["sku"]))}
