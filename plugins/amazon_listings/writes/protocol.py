"""The one way in which writes go to Amazon, so that none is lost, doubled or forgotten.

1. A lease: one run of a connector sends at a time. It is held while sending, never while waiting.
2. A fence around each SKU, until the answer of its write is known; a write behind a fence is left to
   the run that reads the answer, or to the next one.
3. The write is announced in the ledger, with what the listing had before; a few together.
4. It is sent.
5. The answer is entered; a write that was certainly not carried out is taken back.
6. What the listing has now is remembered, and the fence is lowered.

A task that is killed between two of these steps finds in the ledger which of its writes may have been
carried out. Single writes, messages of feeds, removals and rollbacks all go this way.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from amazon_listings.errors import AmazonListingsError
from amazon_listings.ledger.items.payloads import (
    ItemPayload,
    record_accepted,
    record_created,
    record_deleted,
    record_listed,
    record_released,
    record_removing,
)
from amazon_listings.ledger.writes.feeds import feed_abandoned, feed_started, open_feed
from amazon_listings.ledger.writes.fences import lower_fences, raise_fences
from amazon_listings.ledger.writes.submissions import (
    ACCEPTED,
    LedgerAnswer,
    LedgerWrite,
    announce_submissions,
    made_in_run,
    record_answers,
    withdraw_submissions,
)
from amazon_listings.runs.payload import attributes_of
from amazon_listings.selling_partner.faults.exceptions import MalformedAnswer, OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy import Engine

    from amazon_listings.ledger.items.payloads import ListingScope, Removal
    from amazon_listings.ledger.writes.fences import Fence
    from amazon_listings.ledger.writes.leases import Lease
    from amazon_listings.messages import Message
    from amazon_listings.planning.known import Attributes
    from amazon_listings.selling_partner.listing_answers import Submission

log = logging.getLogger(__name__)


class Outgoing(msgspec.Struct, frozen=True):
    """A write as the ledger remembers it.

    Args:
        sku: The SKU.
        pim_id: The PIM's identity of its item, if it is known.
        hash: The hash of the payload that the write leads to.
        method: `PUT`, `PATCH` or `DELETE`; of a feed's message its operation.
        body: What is sent: attributes or their JSON, patches, None of a deletion.
        before: The attributes that the listing had; None if there was none, or they are not known.
        existed: Whether there was a listing; None if it is not known.
        after: The attributes that it is known to have once the write is accepted, or their JSON.
        group: The PIM's identity of the item's family; None where it is not known.
        undoes: The run that the write takes back.
        removal: How the write takes the listing off sale, if it does.
    """

    sku: str
    pim_id: str | None
    hash: str
    method: str
    body: Any
    before: Attributes | None
    existed: bool | None
    after: Attributes | msgspec.Raw
    group: str | None = None
    undoes: int | None = None
    removal: Removal | None = None

    @property
    def announcement(self) -> LedgerWrite:
        """The row that the ledger enters before the write is sent."""
        return LedgerWrite(
            sku=self.sku,
            pim_id=self.pim_id,
            hash=self.hash,
            method=self.method,
            body=self.body,
            before=self.before,
            existed=self.existed,
            undoes=self.undoes,
            removal=self.removal,
        )


class Answer(NamedTuple):
    """What came back for a write; `submission_id` is None where the listing itself was the answer."""

    write: Outgoing
    status: str
    submission_id: str | None = None
    request_id: str | None = None


@dataclass
class Answers:
    """What is to be remembered of some SKUs.

    Args:
        answers: Of the writes that were announced.
        unchanged: Writes that need not be sent, because the listing is as they would make it.
        listed: Whether Amazon has a SKU, of those that were read.
        known: The SKUs for which nothing is under way any more.
    """

    answers: list[Answer] = field(default_factory=list)
    unchanged: list[Outgoing] = field(default_factory=list)
    listed: dict[str, bool] = field(default_factory=dict)
    known: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class WriteProtocol:
    """Sends the writes of one try of a run.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        run: The run's number.
        lease: The connector's lease.
        definition: Checksum of the definition that payloads were validated with, if they were.
        stopped: Says why nothing more may be sent; asked before each batch. None: it may.
    """

    ledger: Engine
    listings: ListingScope
    run: int
    lease: Lease
    definition: str | None = None
    stopped: Callable[[], Message | None] = lambda: None

    def sending(self) -> AbstractContextManager[None]:
        """Hold the connector's lease; nothing is sent without it.

        Raises:
            ConnectorBusy: another run of the connector is sending.
        """
        return self.lease.sending()

    def renew(self) -> None:
        """Keep the lease; to be called between writes.

        Raises:
            LeaseLost: another try has it. Nothing more may be sent.
        """
        self.lease.renew()

    def fence(self, skus: Sequence[str]) -> dict[str, Fence]:
        """Raise a fence around each SKU; return those of other writes, behind which nothing is sent."""
        return raise_fences(self.ledger, self.listings, skus, run=self.run, token=self.lease.token)

    def lower(self, skus: Iterable[str]) -> None:
        """Lower the fences of SKUs for which nothing is under way."""
        lower_fences(self.ledger, self.listings, skus, token=self.lease.token)

    def announce(self, writes: Iterable[Outgoing]) -> None:
        """Enter writes that are about to be sent; what then is not sent must be taken back."""
        announce_submissions(self.ledger, self.listings, self.run, (write.announcement for write in writes))

    def take_back(self, writes: Iterable[Outgoing]) -> None:
        """Take back the announcements of writes that were certainly not carried out."""
        names = [(write.sku, write.hash) for write in writes]
        withdraw_submissions(self.ledger, self.run, names, token=self.lease.token)

    def carry_out(
        self, write: Outgoing, send: Callable[[], Submission], *, earlier: bool = False
    ) -> Submission:
        """Send a write that is announced.

        Args:
            write: The write.
            send: Sends it.
            earlier: An earlier try announced it, and got no answer.

        Raises:
            OutcomeUnknown, MalformedAnswer: it may have been carried out; the announcement stays.
            AmazonListingsError: it was not carried out; the announcement is taken back.
        """
        try:
            return send()
        except (OutcomeUnknown, MalformedAnswer):
            raise
        except AmazonListingsError:
            if not earlier:
                self.take_back([write])
            raise

    def remember(self, found: Answers) -> None:
        """Enter answers, then what the listings have now, and lower the fences."""
        record_answers(self.ledger, self.run, map(_answer_row, found.answers))
        record_listed(self.ledger, self.listings, found.listed)
        taken = [answer.write for answer in found.answers if answer.status == ACCEPTED] + found.unchanged
        self._remember_removals([write for write in taken if write.removal is not None])
        taken = [write for write in taken if write.removal is None]
        kept = (_payload(write) for write in taken if write.method != "DELETE" and attributes_of(write.after))
        record_accepted(self.ledger, self.listings, kept, definition=self.definition)
        # Asked of the ledger: an earlier try may have made what this one finds to be there.
        made = [write.sku for write in taken if write.method != "DELETE"]
        record_created(self.ledger, self.listings, made_in_run(self.ledger, self.run, made))
        deleted = [write.sku for write in taken if write.method == "DELETE"]
        record_deleted(self.ledger, self.listings, deleted)
        undone = [write for write in taken if write.undoes is not None and write.method != "DELETE"]
        released = [write.sku for write in undone if not attributes_of(write.after)]
        record_released(self.ledger, self.listings, released)
        self.lower(found.known)

    def _remember_removals(self, writes: Sequence[Outgoing]) -> None:
        """Enter removals; also of a listing that is not there: one reading does not prove it."""
        ways: dict[Removal, dict[str, tuple[str, Attributes]]] = {}
        for write in writes:
            if write.removal is not None:
                ways.setdefault(write.removal, {})[write.sku] = (write.hash, attributes_of(write.after))
        for how, contents in ways.items():
            record_removing(self.ledger, self.listings, how, self.run, contents)

    def announce_feed(self, document_id: str, messages: Iterable[LedgerWrite]) -> int:
        """Enter a feed and its messages before it is started; from now on their fences are the feed's.

        Args:
            document_id: Amazon's id of the uploaded document.
            messages: In the order of the document.

        Returns:
            The feed's number in the ledger.
        """
        return open_feed(self.ledger, self.listings, self.run, document_id, messages, token=self.lease.token)

    def start_feed(self, number: int, create: Callable[[], str]) -> str | None:
        """Start a feed that was announced; return Amazon's id.

        None if no readable answer came: the feed stays in the ledger without an id, to be found.

        Raises:
            AmazonListingsError: it was not started; its messages are as if they had never been announced.
        """
        try:
            feed_id = create()
        except (OutcomeUnknown, MalformedAnswer) as error:
            log.warning("%s", error)
            return None
        except AmazonListingsError:
            feed_abandoned(self.ledger, number)
            raise
        feed_started(self.ledger, number, feed_id)
        return feed_id


def _answer_row(answer: Answer) -> LedgerAnswer:
    return LedgerAnswer(
        answer.write.sku, answer.write.hash, answer.status, answer.submission_id, answer.request_id
    )


def _payload(write: Outgoing) -> ItemPayload:
    return ItemPayload(write.sku, write.pim_id, write.hash, write.after, group=write.group)
