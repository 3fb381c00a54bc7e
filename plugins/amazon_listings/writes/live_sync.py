"""Live sync: submit what passed. An item with an error changes nothing at Amazon."""

from __future__ import annotations

import itertools
import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from msgspec.structs import replace

from amazon_listings.checks.families import Parents, settled_relation
from amazon_listings.checks.offers_apart import offer_alone
from amazon_listings.errors import ActionRequiredError
from amazon_listings.ledger.approvals.answers import mark_sent
from amazon_listings.ledger.database import CHUNK, chunks
from amazon_listings.ledger.items.known import accepted_contents
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.writes.leases import Lease
from amazon_listings.messages import log_line
from amazon_listings.planning.known import CurrentListing, current_listings
from amazon_listings.planning.planner import Planner
from amazon_listings.planning.volume import Volume, feeds_left, measured_of, some_of
from amazon_listings.planning.wanted import DueItem, WantedItem
from amazon_listings.remarks import remark_as_is
from amazon_listings.runs.extract.notations import columns_of
from amazon_listings.runs.finish.item_states import reading_moment
from amazon_listings.runs.listings.calls import Progress
from amazon_listings.runs.map_fields import compiled
from amazon_listings.runs.notes import ApprovalNote, ExtractNote, LiveNote, StopNote
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.payload import payload_hash
from amazon_listings.runs.records import APPROVED, LIVE, PACKED, REMOVED, TESTED, WrittenItem, unpacked
from amazon_listings.selling_partner.feed_messages import MOST_MESSAGES
from amazon_listings.writes.feeds.buffer import message_size
from amazon_listings.writes.feeds.poll import FeedPoller, utc_now
from amazon_listings.writes.feeds.submit import FeedSync, awaited_feeds
from amazon_listings.writes.offers_of_rejected import send_offers_of_rejected
from amazon_listings.writes.part_outcomes import PartOutcomes
from amazon_listings.writes.protocol import WriteProtocol
from amazon_listings.writes.removals import Removals
from amazon_listings.writes.single import Writer, outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.writes.feeds import PendingFeed
    from amazon_listings.messages import Message
    from amazon_listings.planning.wanted import Named
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.records import ApprovedItem, MappedIndex, TestedIndex
    from amazon_listings.selling_partner.calls.client import SellingPartner

log = logging.getLogger(__name__)

Rows = list[WantedItem]
Written = list[WrittenItem]
AnyNamed = TypeVar("AnyNamed", bound="Named")

OUTCOMES = (
    Outcome.ACCEPTED,
    Outcome.UNCHANGED,
    Outcome.BLOCKED,
    Outcome.REJECTED,
    Outcome.PENDING,
    Outcome.FAILED,
    Outcome.WAITING,
    Outcome.REFUSED,
    Outcome.GONE,
)


class _Chosen(NamedTuple):
    """What of a part goes into a feed: its SKUs, and the outcomes of the others."""

    skus: set[str]
    done: Written


class NotDecided(ActionRequiredError):
    """It was not decided what of a run may go: the task `approve` was skipped, or marked as a success."""

    def __init__(self) -> None:
        super().__init__("approval.not_decided")


@dataclass
class LiveSync:
    """The submissions of one run: `send` them, and `collect` the answers of feeds once they are there.

    Args:
        connector: The connector that runs.
        folder: The run's folder; reads the stages `mapped`, `tested` and `approved`, writes `live` and
            `removed`.
        writer: Writes singly; its ledger remembers.
        poller: Asks what became of feeds.
        parents: Knows which parents of families Amazon has.
        feeds: Writes by feeds, from `sync.feed_from` items on.
        now: The time.
    """

    connector: Connector
    folder: RunFolder
    writer: Writer
    poller: FeedPoller
    parents: Parents
    feeds: FeedSync
    now: Callable[[], datetime] = utc_now
    _outcomes: PartOutcomes = field(init=False)
    #: The feeds that were awaited when everything was looked at last, and what it came to.
    _looked_at: tuple[frozenset[tuple[int, str | None]], dict[str, int]] | None = field(
        default=None, init=False
    )

    def __post_init__(self) -> None:
        """Begin with no part of which all is known."""
        self._outcomes = PartOutcomes(self.connector, self.folder, self.writer)

    def send(self) -> dict[str, int]:
        """Submit every item of the run that is ready, and deal with the listings whose items left.

        Items that are sent by feeds are not through when this returns: as long as there are `awaited`
        feeds, wait for them, then call `collect`.

        Returns:
            Items by outcome, those that left among them.

        Raises:
            NotDecided: it was not decided what may go.
            ConnectorBusy: another run of the connector is sending.
            RetryableError, ActionRequiredError: Amazon cannot be asked; what was accepted is in the ledger.
        """
        if self.folder.noted(ApprovalNote) is None:
            raise NotDecided
        self.poller.poll(self.connector.key)
        earlier = self.folder.noted(LiveNote)
        self.folder.forget(LiveNote, StopNote)
        self._outcomes.reopen(self.folder.parts(LIVE))
        self.folder.clear(LIVE)
        self._submit(earlier.calls if earlier is not None else {})
        return self._finished()

    def collect(self) -> dict[str, int]:
        """Enter the answers of feeds that are through, and send what had to wait for them.

        Returns, Raises:
            As `send`; to be called again as long as there are `awaited` feeds.
        """
        self.poller.poll(self.connector.key)
        awaited = self.awaited()
        if awaited and self._looked_at is not None and not self.writer.is_stopped():
            feeds, counts = self._looked_at
            if not _worth_a_look(feeds, _identities(awaited)):
                return counts
        for part in self.feeds.collect(LIVE, awaited, through=self._outcomes):
            self._drop_unsent(part)
        if self._has_due():
            note = self.folder.noted(LiveNote)
            self._submit(note.calls if note is not None else {})
        return self._finished()

    def awaited(self) -> list[PendingFeed]:
        """Return the feeds of the run that are worth waiting for."""
        protocol = self.writer.protocol
        return awaited_feeds(protocol.ledger, self.connector.key, protocol.run, now=self.now())

    def _finished(self) -> dict[str, int]:
        if self.writer.is_stopped() and self.writer.stop is not None:
            return self._stopped(self.writer.stop)
        if not self.awaited():
            offers = send_offers_of_rejected(self.connector, self.folder, self.writer, self._written)
            self._outcomes.reopen(offers)
        counts = self._outcomes.count()
        if not (counts[Outcome.PENDING] and self.awaited()):
            removals = Removals(self.connector, self.folder, self.writer, self.feeds)
            counts.update(removals.carry_out(self.awaited))
        self._note_left()
        # A try that was killed may have sent more than this one had to.
        self.writer.protocol.lease.end_earlier()
        found = {str(outcome): counts[outcome] for outcome in OUTCOMES}
        self._looked_at = _identities(self.awaited()), found
        return found

    def _stopped(self, why: Message) -> dict[str, int]:
        """End the run: cancel the feeds that Amazon has not begun, and leave the rest to a later run."""
        log.warning("%s", self.writer.messages.word(why))
        cancelled = self.feeds.cancel(self.awaited())
        self.poller.poll(self.connector.key)
        for _ in self.feeds.collect(LIVE, self.awaited()):
            pass
        self._outcomes.reopen(self.feeds.drop_cancelled(cancelled))
        if any(self._left()):
            self.folder.note(StopNote(why=remark_as_is(why)))
        counts = self._outcomes.count()
        self._note_left()
        self.writer.protocol.lease.end_earlier()
        return {str(outcome): counts[outcome] for outcome in OUTCOMES}

    def _left(self) -> Iterator[bool]:
        """Yield something for each item and removal that is not sent."""
        for part in self.folder.parts(APPROVED):
            if part not in self._outcomes:
                yield from (True for _ in self._members(part))
        for part in self.folder.parts(REMOVED):
            yield from (True for item in self.folder.read(REMOVED, part) if item.outcome is Outcome.READY)

    def _note_left(self) -> None:
        """Enter which approved removals Amazon accepted."""
        sent: dict[str, str] = {}
        for part in self.folder.parts(REMOVED):
            for one in self.folder.read(REMOVED, part):
                if one.approval and one.sku and one.outcome is Outcome.ACCEPTED:
                    sent[one.sku] = one.approval
        mark_sent(self.writer.protocol.ledger, self.writer.protocol.listings, sent)

    def _drop_unsent(self, part: str) -> None:
        """Forget rows that wait for an answer and are in no feed: they are sent now."""
        items = list(self.folder.read(LIVE, part))
        # A row names its feed once it is in one.
        pending = [item for item in items if item.outcome is Outcome.PENDING and item.submission_id is None]
        if unsent := {item.pim_id for item in pending}.difference(
            item.pim_id for item in self.feeds.sent_before(pending)
        ):
            self.folder.write(LIVE, part, [item for item in items if item.pim_id not in unsent])

    def _has_due(self) -> bool:
        parts = (part for part in self.folder.parts(APPROVED) if part not in self._outcomes)
        return any(self._members(part) for part in parts)

    def _submit(self, earlier_calls: dict[str, int]) -> None:
        """Submit what is ready, and note the calls."""
        volume = self.volume()
        log.info("%s", log_line("log.submitting", volume=volume))
        self._send_families_first(volume)
        calls = Counter(earlier_calls) + self.writer.calls + self.feeds.calls
        calls["readings"] += self.parents.readings
        self.folder.note(LiveNote(calls=dict(+calls), forecast=str(volume)))

    def volume(self) -> Volume:
        """Return how much there is to send, and which way; the writer's progress counts towards it."""
        protocol = self.writer.protocol
        left = feeds_left(protocol.ledger, protocol.listings)
        volume = Volume(self.connector.sync.feed_from, self.connector.sync.when_removed, left=left)
        parts = self.folder.parts(APPROVED)
        measured = some_of(parts)
        for part in measured:
            for row in self._with_current(itertools.islice(self._ready(part), measured_of(measured))):
                plan = None if self._read_before(row.current) else self.writer.planner.plan
                volume.sizes.append(message_size(row, plan, self.connector.amazon.product_type))
        for part in parts:
            members = self._members(part)
            # What made a listing when it was tested has none yet.
            created = [member for member in members if member.makes]
            volume.readings += len(created)
            volume.creations += len(created)
            volume.parents += sum(member.role == "parent" for member in created)
            for member, current in self._known(member for member in members if not member.makes):
                volume.readings += self._read_before(current)
                update = bool(current.exists) and not self.connector.sync.full_replace
                volume.updates += update
                volume.creations += not update
                volume.parents += member.role == "parent"
        for part in self.folder.parts(REMOVED):
            volume.leaving += sum(1 for _ in self.folder.read(REMOVED, part))
        self.writer.progress.total = volume.creations + volume.updates + volume.leaving
        return volume

    def _send_families_first(self, volume: Volume) -> None:
        """Submit what is ready, parents before everything else; children wait while parents are in feeds."""
        families = self.connector.variations is not None
        if families and volume.parents_by_feeds:
            self._feed(self._parents)
        elif families:
            for part in self.folder.parts(APPROVED):
                done = list(self.folder.read_any(LIVE, part))
                rows = self._chosen(part, self._parents(part, done)[0])
                self.folder.write(LIVE, part, [*done, *self._written(rows)])
        if families and self._collected_awaits():
            return
        if volume.by_feeds:
            self._feed(self._free)
            self._collected_awaits()
            return
        for part in self.folder.parts(APPROVED):
            done = list(self.folder.read_any(LIVE, part))
            free, waiting = self._free(part, done)
            self.folder.write(LIVE, part, [*done, *waiting, *self._written(self._chosen(part, free))])

    def _collected_awaits(self) -> bool:
        """Enter the feeds in the rows; return whether one is to be waited for."""
        awaited = self.awaited()
        for _ in self.feeds.collect(LIVE, awaited):
            pass
        return bool(awaited)

    def _feed(self, choose: Callable[[str, Written], tuple[Sequence[Named], Written]]) -> None:
        """Put the chosen rows of every part into feeds."""
        for parts in self._feedfuls(choose):
            plan = self.writer.planner.plan
            skus = {part: chosen.skus for part, chosen in parts.items()}
            for part, outcomes in self.feeds.send(skus, self._ready, plan=plan, read=self._read_before):
                self.folder.write(LIVE, part, [*parts.pop(part).done, *outcomes])

    def _feedfuls(
        self, choose: Callable[[str, Written], tuple[Sequence[Named], Written]]
    ) -> Iterator[dict[str, _Chosen]]:
        """Yield what is chosen of the parts, of so many together as one feed holds."""
        together: dict[str, _Chosen] = {}
        size = 0
        for part in self.folder.parts(APPROVED):
            done = list(self.folder.read_any(LIVE, part))
            free, waiting = choose(part, done)
            before = self.feeds.sent_before(free)
            skus = {row.sku for row in free if row.sku}.difference(item.sku or "" for item in before)
            if together and size + len(skus) > MOST_MESSAGES:
                yield together
                together, size = {}, 0
            together[part] = _Chosen(skus, [*done, *waiting, *before])
            size += len(skus)
        if together:
            yield together

    def _members(self, part: str) -> list[TestedIndex]:
        """Return the items of a part that may be sent and have no outcome yet, without their payloads."""
        done = {item.pim_id for item in self.folder.read_any(LIVE, part)}
        ready = {
            item.pim_id
            for item in self.folder.index(APPROVED, part)
            if item.outcome is Outcome.READY and item.pim_id not in done
        }
        tested = self.folder.index(TESTED, part) if ready else ()
        return [item for item in tested if item.pim_id in ready]

    def _chosen(self, part: str, chosen: Sequence[Named]) -> Rows:
        """Return the payloads of some items of a part."""
        wanted = {row.pim_id for row in chosen}
        return [row for row in self._ready(part) if row.pim_id in wanted] if wanted else []

    def _ready(self, part: str) -> Iterator[WantedItem]:
        """Yield the payloads of a part that may be sent and have no outcome yet, without what must wait.

        Each has the hash of the plan that may be carried out.
        """
        done = {item.pim_id for item in self.folder.read_any(LIVE, part)}
        ready = {
            item.pim_id: item
            for item in self.folder.read_any(APPROVED, part)
            if item.outcome is Outcome.READY and item.pim_id not in done
        }
        if not ready:
            return
        extract = self.folder.noted(ExtractNote)
        read_at = reading_moment(extract) if extract is not None else None
        tested = {
            item.pim_id: item
            for item in self.folder.index(TESTED, part)
            if item.forced or item.only or item.makes
        }
        forced = {pim_id for pim_id, item in tested.items() if item.forced}
        apart = [item.sku for item in tested.values() if item.only and item.sku and item.pim_id in ready]
        protocol = self.writer.protocol
        contents = accepted_contents(protocol.ledger, protocol.listings, apart) if apart else {}
        for packed in self.folder.read(PACKED, part):
            approved = ready.get(packed.pim_id)
            if approved is None:
                continue
            only = tested[packed.pim_id].only if packed.pim_id in tested else ()
            makes = packed.pim_id in tested and _makes(tested[packed.pim_id], packed, approved)
            # What makes a listing goes on as it is.
            item = packed if makes and not only else unpacked(packed)
            if only:
                item = offer_alone(unpacked(packed), only, contents.get(packed.sku or "", {}))
            row = WantedItem.of(
                item,
                forced=item.pim_id in forced,
                read_at=read_at,
                plan_hash=approved.plan_hash or None,
                makes=makes,
                approval=approved.approval,
                guarded=approved.guarded,
            )
            if approved.withheld:
                attributes = self.writer.planner.without(row.attributes, approved.withheld)
                kept = frozenset(change.leaf for change in approved.withheld)
                row = replace(row, payload=attributes, kept=kept, hash=payload_hash(attributes))
            yield row

    def _written(self, rows: Rows) -> Written:
        return list(self.writer.write(rows, plan=self.writer.planner.plan, read=self._read_before))

    def _read_before(self, current: CurrentListing) -> bool:
        """Return whether a listing is read before it is written: one that is replaced whole or may be new is.

        The reading is the before-image, and shows whether someone else made the listing meanwhile.
        """
        return not (current.exists and current.is_enough) or self.connector.sync.full_replace

    def _parents(self, part: str, _done: Written) -> tuple[Sequence[Named], Written]:
        """Return the parents of a part; none of them waits."""
        return [row for row in self._members(part) if row.role == "parent"], []

    def _free(self, part: str, done: Written) -> tuple[Sequence[Named], Written]:
        """Return the rows of a part that may follow its parents, and outcomes of children that wait."""
        if self.connector.variations is None:
            return self._members(part), []
        rows = [row for row in self._ready(part) if row.role != "parent"]
        outcomes = {
            item.sku: item.outcome for item in self.folder.index(TESTED, part) if item.role == "parent"
        } | {item.sku: item.outcome for item in done}
        moving = [
            row.wanted
            for row in self._with_current(rows)
            if row.wanted.role == "child" and not settled_relation(row.wanted, row.current.owned)
        ]
        obstacles = self.parents.obstacles([row.parent_sku or "" for row in moving], outcomes)
        waiting = {
            row.pim_id: outcome_of(row, Outcome.FAILED, obstacles[row.parent_sku or ""])
            for row in moving
            if row.parent_sku in obstacles
        }
        return [row for row in rows if row.pim_id not in waiting], list(waiting.values())

    def _with_current(self, rows: Iterable[WantedItem]) -> Iterator[DueItem]:
        """Yield the items with what the ledger knows of their listings."""
        return (DueItem(row, current) for row, current in self._known(rows))

    def _known(self, rows: Iterable[AnyNamed]) -> Iterator[tuple[AnyNamed, CurrentListing]]:
        """Yield the items, each with what the ledger knows of its listing."""
        protocol, layout = self.writer.protocol, self.writer.planner.layout
        for batch in chunks(rows, CHUNK):
            skus = [row.sku or "" for row in batch]
            current = current_listings(protocol.ledger, protocol.listings, skus, layout)
            yield from ((row, current[row.sku or ""]) for row in batch)


def _makes(tested: TestedIndex, mapped: MappedIndex, approved: ApprovedItem) -> bool:
    """Return whether the plan that may be carried out makes a listing of a payload as it was tested."""
    return (
        tested.makes
        and not approved.withheld
        and tested.hash == mapped.hash
        and tested.plan_hash == approved.plan_hash
    )


def _worth_a_look(before: frozenset[tuple[int, str | None]], now: frozenset[tuple[int, str | None]]) -> bool:
    """Return whether every item that is in a feed is to be looked at again.

    Once half of the feeds are through, that is: to look after each of them would cost the square of their
    number. What was in a feed that was never started is looked at at once: it is to be sent.
    """
    left = {number for number, _ in now}
    gone = {number: feed_id for number, feed_id in before if number not in left}
    return None in gone.values() or 2 * len(gone) >= len(before) or len(now) > len(before)


def _identities(feeds: Iterable[PendingFeed]) -> frozenset[tuple[int, str | None]]:
    return frozenset((feed.number, feed.feed_id) for feed in feeds)


def live_sync(
    connector: Connector,
    definitions: Definitions,
    *,
    client: SellingPartner,
    ledger: Engine,
    run: int,
    folder: RunFolder,
    now: Callable[[], datetime] = utc_now,
    stopped: Callable[[], Message | None] = lambda: None,
) -> LiveSync:
    """Return the live sync of a run, ready to `send` or to `collect`.

    Args:
        connector: The connector that runs.
        definitions: For the labels of issues, and the leaves of plans.
        client: The account's client; its `sleep` is how to wait for parents and for other runs.
        ledger: Knows what listings have; remembers every submission.
        run: The run's number in the ledger.
        folder: The run's folder.
        now: The time.
        stopped: Says why nothing more may be sent, as `approvals.stopping.brake` does.
    """
    listings = ListingScope.of(connector, client.account.seller_id)
    mapping = compiled(connector, definitions, columns=columns_of(folder))
    lease = Lease(ledger, connector.key, owner=f"{connector.id} run {run}", sleep=client.sleep)
    writer = Writer(
        planner=Planner(connector, mapping, definitions.layout, client),
        client=client,
        protocol=WriteProtocol(ledger, listings, run, lease, definitions.checksum, stopped),
        definitions=definitions,
        mapping=mapping,
        languages=dict(connector.language_tags),
        progress=Progress(0, "log.progress_submissions"),
    )
    return LiveSync(
        connector,
        folder,
        writer,
        poller=FeedPoller(client, ledger, folder, run, definitions.checksum, now),
        parents=Parents(client, connector.marketplace.id),
        feeds=FeedSync(connector, folder, writer),
        now=now,
    )
