"""Live sync by feeds: what is to be sent goes to Amazon as documents of thousands of messages.

What has to carry elements of others is sent singly instead, right after its listing was read. The others
are planned as single submissions are, behind the same fences, on what the ledger or Amazon says the
listings have. A feed is in the ledger before Amazon is asked to start it, and its id before anything
waits for it; so a task that is killed finds its feeds again (`feeds.recovery`), and no item is in two.
Until a feed is through its items are `pending`, which is no success.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from amazon_listings.ledger.database import CHUNK, chunks
from amazon_listings.ledger.writes.feed_messages import FeedAnswer, feed_answers
from amazon_listings.ledger.writes.feeds import feed_skus, pending_feeds
from amazon_listings.ledger.writes.submissions import PENDING
from amazon_listings.messages import log_line
from amazon_listings.remarks import remark_as_is
from amazon_listings.runs.folder import part_name
from amazon_listings.runs.listings.bulk_reading import read_listings
from amazon_listings.runs.listings.calls import Answered
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import LIVE, MAPPED
from amazon_listings.selling_partner import feed_messages as messages
from amazon_listings.selling_partner import feeds as amazon
from amazon_listings.writes.feeds.buffer import OUTBOX, message_line
from amazon_listings.writes.feeds.outcomes import MessageOutcomes, MessageReports
from amazon_listings.writes.single import is_unsure, outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.writes.feeds import PendingFeed
    from amazon_listings.ledger.writes.submissions import LedgerWrite
    from amazon_listings.planning.known import Attributes
    from amazon_listings.planning.wanted import DueItem, Named, PlannedWrite, Plans, Reads, WantedItem
    from amazon_listings.remarks import Remarks
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.records import Stage, WrittenItem
    from amazon_listings.writes.single import Writer, Written
    from amazon_product_types.validation.issue import Issue

log = logging.getLogger(__name__)

#: Hours after which a run does not wait for a feed any longer; the next run asks for it.
PATIENCE = timedelta(hours=12)


class _Buffered(NamedTuple):
    """An item whose message is on its way into a document; `part`: the part of the run that it is in."""

    part: str
    pim_id: str
    sku: str


def awaited_feeds(ledger: Engine, connector_key: str, run: int, *, now: datetime) -> list[PendingFeed]:
    """Return the feeds of a run that are worth waiting for."""
    return [
        feed
        for feed in pending_feeds(ledger, connector_key)
        if feed.run == run and now - feed.created_at < PATIENCE
    ]


@dataclass
class FeedSync:
    """The feeds of one run; counts the calls by kind.

    Args:
        connector: The connector that runs.
        folder: The run's folder.
        writer: Plans the rows; its ledger remembers them.
    """

    connector: Connector
    folder: RunFolder
    writer: Writer
    calls: Counter[str] = field(default_factory=Counter)

    def sent_before(self, rows: Sequence[Named]) -> list[WrittenItem]:
        """Return those items that this run has put into a feed, `pending` until `collect`."""
        answers = self._answers([row.sku for row in rows if row.sku])
        return [outcome_of(row, Outcome.PENDING, ()) for row in rows if row.sku in answers]

    def send(
        self,
        skus: Mapping[str, Collection[str]],
        rows: Callable[[str], Iterable[WantedItem]],
        *,
        plan: Plans,
        read: Reads,
    ) -> Iterator[tuple[str, list[WrittenItem]]]:
        """Put rows of some parts into feeds and start these.

        Args:
            skus: Which rows of each part, none of them sent before; about as many as a feed holds.
            rows: The rows of a part, as `Writer.write` takes them.
            plan: What to send for a row, given what its listing holds.
            read: Whether a listing has to be read before, given what the ledger knows of it.

        Yields:
            Each part with the outcomes of its rows, once everything is started.

        Raises:
            ConnectorBusy, LeaseLost: another run of the connector is sending.
            RetryableError, ActionRequiredError: Amazon cannot be asked; what was started is in the ledger.
        """
        outcomes: dict[str, list[WrittenItem]] = {part: [] for part in skus}
        buffered: dict[str, _Buffered] = {}
        singly: dict[str, list[WantedItem]] = {part: [] for part in skus}
        protocol = self.writer.protocol
        with protocol.sending():
            with self.folder.writing(OUTBOX.name, part_name(1)) as out:
                for part, wanted in skus.items():
                    due = (row for row in rows(part) if row.sku in wanted)
                    for batch in chunks(due, CHUNK):
                        lines: list[bytes] = []
                        for row, write in self._prepared(batch, outcomes[part], plan, read):
                            if write.carries:
                                # What others put into a listing is read right before it is sent again.
                                singly[part].append(row)
                                continue
                            lines.append(message_line(row, write, self.connector.amazon.product_type))
                            buffered[row.sku] = _Buffered(part, row.pim_id, row.sku)
                        out.write(b"".join(lines))
                        protocol.renew()
            for part, outcome in self._start(buffered):
                outcomes[part].append(outcome)
        self.folder.clear(OUTBOX)
        for part, carrying in singly.items():
            outcomes[part] += self.writer.write(carrying, plan=plan, read=read)
        yield from outcomes.items()

    def collect(
        self,
        stage: Stage[WrittenItem, WrittenItem],
        awaited: Iterable[PendingFeed],
        *,
        first: Callable[[WrittenItem], Remarks] | None = None,
        through: Container[str] = (),
    ) -> Iterator[str]:
        """Enter what became of the items of a stage that are in feeds; yield each part with pending ones.

        Args:
            stage: `live` or `removed`.
            awaited: The feeds that are still to be waited for. What is in another that has no report
                stays pending for the next run.
            first: What the note of an item begins with.
            through: Parts in which no item waits for an answer.
        """
        feeds = list(awaited)
        outcomes = MessageOutcomes({feed.number for feed in feeds}, first)
        # A row that names a feed which is still under way says so already.
        told = {feed.feed_id for feed in feeds if feed.feed_id and first is None}
        reports = MessageReports(self.folder)
        for part in self.folder.parts(stage):
            if part in through:
                continue
            items = list(self.folder.read(stage, part))
            pending = [item for item in items if item.outcome is Outcome.PENDING and item.sku]
            if asked := [item.sku for item in pending if item.sku and item.submission_id not in told]:
                answers = self._answers(asked)
                said = {sku: reports.issues_of(answer, sku) for sku, answer in answers.items()}
                payloads = self._payloads(part, {sku for sku, issues in said.items() if issues})
                for place, item in enumerate(items):
                    if item.outcome is Outcome.PENDING and item.sku in answers:
                        issues: tuple[Issue, ...] = ()
                        if found := said[item.sku]:
                            issues = self.writer.issues_of(found, payloads.get(item.pim_id, {}))
                        items[place] = outcomes.of(item, answers[item.sku], issues)
                self.folder.write(stage, part, items)
            if any(item.outcome is Outcome.PENDING for item in items):
                yield part

    def cancel(self, awaited: Iterable[PendingFeed]) -> set[str]:
        """Cancel feeds that Amazon has not begun to process; return the SKUs in them."""
        cancelled: set[str] = set()
        for feed in awaited:
            if feed.feed_id is None:
                continue
            if amazon.cancel(self.writer.client, feed.feed_id):
                cancelled.update(feed_skus(self.writer.protocol.ledger, feed.number))
            else:
                log.warning("%s", log_line("log.feed_not_cancelled", feed=feed.feed_id))
        return cancelled

    def drop_cancelled(self, skus: Collection[str]) -> list[str]:
        """Forget the outcomes of items whose feed was cancelled: they are not sent, like those in none.

        Returns:
            The parts with such items.
        """
        changed = []
        for part in self.folder.parts(LIVE) if skus else ():
            items = list(self.folder.read(LIVE, part))
            left = [one for one in items if one.outcome is not Outcome.FAILED or one.sku not in skus]
            if len(left) < len(items):
                self.folder.write(LIVE, part, left)
                changed.append(part)
        return changed

    def _payloads(self, part: str, skus: Collection[str]) -> dict[str, Attributes]:
        """Return the attributes of the items of a part that have these SKUs."""
        mapped = self.folder.read_any(MAPPED, part) if skus else ()
        return {item.pim_id: item.attributes for item in mapped if item.sku in skus}

    def _answers(self, skus: Sequence[str]) -> dict[str, FeedAnswer]:
        protocol = self.writer.protocol
        return feed_answers(protocol.ledger, protocol.run, skus)

    def _prepared(
        self,
        rows: list[WantedItem],
        outcomes: list[WrittenItem],
        plan: Plans,
        reads: Reads,
    ) -> Iterator[tuple[WantedItem, PlannedWrite]]:
        """Yield the rows that are to be sent with their plans; add the others' outcomes to `outcomes`."""
        writer = self.writer
        if writer.is_stopped():
            return
        undecided = []
        fences = writer.protocol.fence([row.sku for row in rows])
        outcomes += [writer.behind(row, fences[row.sku]) for row in rows if row.sku in fences]
        for due, outcome in writer.known_before([row for row in rows if row.sku not in fences]):
            if outcome is None:
                undecided.append(due)
            else:
                outcomes.append(outcome_of(due, *outcome))
        unsure = [due.sku for due in undecided if is_unsure(due, reads)]
        listed = {due.sku for due in undecided if due.current.exists}
        found = read_listings(writer.client, self.connector.marketplace.id, unsure, listed=listed)
        self.calls["searches"] += found.calls
        prepared: list[Answered[DueItem, Written]] = []
        for due in undecided:
            trouble = found.troubles.get(due.sku)
            if trouble is not None:
                outcomes.append(outcome_of(due, Outcome.FAILED, remark_as_is(trouble)))
                continue
            row = due
            if due.sku in found.listings:
                row = replace(due, read=due.current.read_as(found.listings[due.sku]))
            written = writer.prepare(row, plan, lambda _: False, around=False)
            self.calls["readings"] += written.read is not row.read
            prepared.append(Answered(row, written, None))
            if written.due:
                if written.write.carries:
                    writer.protocol.lower([row.sku])
                yield row.wanted, written.write
            else:
                outcomes.append(writer.result(prepared[-1]))
        writer.remember(prepared)

    def _start(self, buffered: Mapping[str, _Buffered]) -> Iterator[tuple[str, WrittenItem]]:
        """Start the feeds of the buffered messages.

        Yields:
            The part of each item and what became of it: most are in a feed, pending. Messages that are too
            large, and items that a person does not allow any more, are in none.
        """
        client, protocol = self.writer.client, self.writer.protocol
        left: dict[str, tuple[Outcome, Remarks]] = {}
        entries: dict[str, LedgerWrite] = {}

        def refuse(error: messages.MessageTooLarge) -> None:
            left[error.sku] = Outcome.FAILED, remark_as_is(error)

        for document in messages.documents(
            self._still_allowed(left, entries),
            messages.header(client.account.seller_id, issue_locale=self.connector.amazon.issue_locale),
            refused=refuse,
        ):
            if self.writer.is_stopped():
                return
            upload = amazon.create_document(client)
            amazon.upload_document(client, upload, document.content)
            protocol.renew()
            skus = document.skus
            del document  # 10 MiB, while the next one is made
            answer = self._create(upload.document_id, [entries.pop(sku) for sku in skus])
            outcomes = MessageOutcomes({answer.feed})
            for sku in skus:
                row = buffered[sku]
                yield row.part, outcomes.of(outcome_of(row, Outcome.PENDING, ()), answer)
        for sku, (outcome, why) in left.items():
            yield buffered[sku].part, outcome_of(buffered[sku], outcome, why)
        protocol.lower(left)

    def _still_allowed(
        self, left: dict[str, tuple[Outcome, Remarks]], entries: dict[str, LedgerWrite]
    ) -> Iterator[messages.EncodedMessage]:
        """Yield the buffered messages that may be sent; add the outcomes of the others to `left`.

        A person may have refused them since they were planned. Asked while a document is made, which is
        uploaded and started at once. What the ledger remembers of those that may is added to `entries`.
        """
        for batch in chunks(self.folder.unsealed(OUTBOX, part_name(1)), CHUNK):
            lost = self.writer.withdrawn({line.sku: line.approval for line in batch})
            left.update(lost)
            for line in batch:
                if line.sku not in lost:
                    entries[line.sku] = line.entry
                    yield line.message

    def _create(self, document_id: str, entries: Sequence[LedgerWrite]) -> FeedAnswer:
        """Announce and start the feed of an uploaded document; return what is known of its messages."""
        protocol = self.writer.protocol
        number = protocol.announce_feed(document_id, entries)
        feed_id = protocol.start_feed(
            number,
            lambda: amazon.create(self.writer.client, document_id, [self.connector.marketplace.id]),
        )
        if feed_id is not None:
            log.info("%s", log_line("log.feed_messages", feed=feed_id, count=len(entries)))
        self.calls["feeds"] += 1
        return FeedAnswer(number, feed_id, PENDING, "")
