"""Rollback: take back what a run wrote, by new submissions made from its before-images."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from amazon_listings.errors import AmazonListingsError, ItemError, RunAbortedError
from amazon_listings.ledger.database import chunks
from amazon_listings.ledger.items.known import accepted_contents
from amazon_listings.ledger.runs.history import finish_run, start_run
from amazon_listings.ledger.runs.rollbacks import end_abandoned, restored_so_far
from amazon_listings.ledger.writes.before_images import count_written, writes_of
from amazon_listings.ledger.writes.leases import Lease
from amazon_listings.messages import joined_notes, message, reader
from amazon_listings.remarks import remark, remark_as_is
from amazon_listings.runs.payload import payload_hash
from amazon_listings.runs.plan import Method
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.selling_partner.calls.pipeline import submit_all
from amazon_listings.selling_partner.content.leaves import Layout
from amazon_listings.selling_partner.faults.exceptions import MalformedAnswer, OutcomeUnknown
from amazon_listings.selling_partner.forecast import forecast
from amazon_listings.selling_partner.sellers import places_around
from amazon_listings.writes.protocol import Answer, Answers, Outgoing, WriteProtocol
from amazon_listings.writes.rollback.restoration import Restoration, nothing, ours_after, restoration

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sqlalchemy import Engine

    from amazon_listings.ledger.runs.history import Run
    from amazon_listings.ledger.writes.before_images import Write
    from amazon_listings.messages import Message
    from amazon_listings.selling_partner.calls.client import SellingPartner
    from amazon_listings.selling_partner.listing_answers import Submission
    from amazon_product_types.errors import CodedError

#: Listings that are read, shown and written together.
AT_ONCE = 50


@dataclass(frozen=True)
class Restored:
    """A restoration that was sent, and the answer: `ACCEPTED`, `INVALID` or `FAILED`."""

    restoration: Restoration
    status: str
    remark: Message | CodedError | str | None


class Rollback:
    """Takes back one run of one connector.

    Args:
        run: The run to take back.
        ledger: The open ledger.
        client: The account's client.
        definition: The product type's definition.
        requirements: Those of the connector, for listings that are put back whole.
        issue_locale: Language of Amazon's issues.
        skus: Only these; empty: all that the run wrote.
        asked_by: Who takes it back.
    """

    def __init__(
        self,
        run: Run,
        *,
        ledger: Engine,
        client: SellingPartner,
        definition: Mapping[str, Any],
        requirements: str = "LISTING",
        issue_locale: str | None = None,
        skus: Collection[str] = (),
        asked_by: str | None = None,
    ) -> None:
        self._run = run
        self._ledger = ledger
        self._client = client
        self._definition = definition
        self._requirements = requirements
        self._issue_locale = issue_locale
        self._skus = skus
        self._asked_by = asked_by
        self._places: dict[str, list[str]] = {}

    def cost(self) -> Message:
        """Return how many listings would be read and at most written, and how long that takes."""
        listings = count_written(self._ledger, self._run.number, skus=self._skus)
        return message(
            "rollback.cost",
            reading=forecast(listings, "getListingsItem"),
            writing=forecast(listings, "patchListingsItem"),
        )

    def plan(self) -> Iterator[list[Restoration]]:
        """Yield what would be sent, so many listings at a time; nothing is sent.

        Raises:
            RunAbortedError: the run was of another account than the client's.
            RetryableError, ActionRequiredError: Amazon cannot be asked.
        """
        for writes in chunks(writes_of(self._ledger, self._run.number, skus=self._skus), AT_ONCE):
            yield self._planned(writes)

    def carry_out(self) -> Iterator[list[Restoration] | list[Restored]]:
        """Send: yield the restorations of some listings, then what became of them, and so on.

        The rollback is a run of its own in the ledger, and can be taken back like any other.

        Raises:
            ConnectorBusy: a run of the connector is sending.
            RetryableError, ActionRequiredError: Amazon cannot be asked; what was restored is in the ledger.
        """
        end_abandoned(self._ledger, [self._run.connector_key])
        run_id = f"rollback__{self._run.number}__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"
        number = start_run(
            self._ledger,
            connector_key=self._run.connector_key,
            run_id=run_id,
            operation="rollback",
            scope=f"run {self._run.number}",
            fingerprint=self._run.fingerprint,
            definition=self._run.definition,
            asked_by=self._asked_by,
        )
        owner = f"{self._run.connector_id} {run_id}"
        lease = Lease(self._ledger, self._run.connector_key, owner=owner, sleep=self._client.sleep)
        counts: Counter[str] = Counter()
        failure = remark("rollback.stopped")
        try:
            for writes in chunks(writes_of(self._ledger, self._run.number, skus=self._skus), AT_ONCE):
                protocol = WriteProtocol(self._ledger, writes[0].listings, number, lease)
                with protocol.sending():
                    planned = self._planned_behind_fences(protocol, writes)
                    yield planned
                    done = self._sent(protocol, planned)
                counts.update(one.status.lower() for one in done)
                yield done
            failure = ()
        except AmazonListingsError as error:
            failure = remark_as_is(error)
            raise
        finally:
            if failure:
                # Of the batch that broke off, what was answered is in the ledger.
                counts |= restored_so_far(self._ledger, number)
            finish_run(self._ledger, number, counts=counts, calls={}, cursor=None, failure=failure)

    def _planned_behind_fences(self, protocol: WriteProtocol, writes: list[Write]) -> list[Restoration]:
        """Plan what no other write is under way for, read again: another run may just have written."""
        fences = protocol.fence([write.sku for write in writes])
        free = {write.sku for write in writes if write.sku not in fences}
        planned = self._planned(list(writes_of(self._ledger, self._run.number, skus=free))) if free else []
        return planned + [
            nothing(one, message("rollback.remark.under_way")) for one in writes if one.sku in fences
        ]

    def _planned(self, writes: list[Write]) -> list[Restoration]:
        for write in writes:
            if write.listings.seller_id != self._client.account.seller_id:
                raise RunAbortedError(
                    "rollback.other_account",
                    number=self._run.number,
                    seller_id=write.listings.seller_id,
                    seller_id_2=self._client.account.seller_id,
                )
        read = submit_all(writes, self._read, in_flight=lambda: self._client.in_flight("getListingsItem"))
        found: dict[str, Restoration] = {}
        for done in read:
            found[done.job.sku] = done.result or nothing(done.job, done.error or message("rollback.stopped"))
        return [found[write.sku] for write in writes]

    def _read(self, write: Write) -> Restoration:
        here = write.listings.marketplace_id
        how: dict[str, Any] = {"definition": self._definition, "vendor": self._client.account.vendor}
        listing = amazon.get(self._client, write.sku, [here], included=("attributes",))
        planned = restoration(write, listing, **how)
        if not planned.carries:
            return planned
        # An attribute that is replaced has to carry what other marketplaces have of it.
        if here not in self._places:
            self._places[here] = places_around(self._client, here)
        around = amazon.get(self._client, write.sku, self._places[here], included=("attributes",))
        return restoration(write, around, **how)

    def _sent(self, protocol: WriteProtocol, planned: list[Restoration]) -> list[Restored]:
        """Send what there is to send, and remember each answer as soon as it is there."""
        results = [Restored(one, "KEPT", one.remark) for one in planned if one.method == Method.NOTHING]
        jobs = [one for one in planned if one.method != Method.NOTHING]
        skus = [one.write.sku for one in jobs]
        contents = accepted_contents(self._ledger, protocol.listings, skus)
        writes = {one.write.sku: self._outgoing(one, contents.get(one.write.sku, {})) for one in jobs}
        sent = submit_all(
            jobs,
            lambda one: self._send(protocol, one, writes[one.write.sku]),
            in_flight=lambda: self._client.in_flight("patchListingsItem"),
        )
        for done in sent:
            if done.result is None:
                results.append(Restored(done.job, "FAILED", done.error or message("rollback.stopped")))
                continue
            answer = done.result
            write = writes[done.job.write.sku]
            protocol.remember(
                Answers(
                    [Answer(write, answer.status, answer.submission_id, answer.request_id)],
                    known=[write.sku],
                )
            )
            issues = joined_notes((str(issue.get("message", "")) for issue in answer.issues), reader())
            results.append(Restored(done.job, answer.status, issues))
        return results

    def _send(self, protocol: WriteProtocol, one: Restoration, write: Outgoing) -> Submission:
        protocol.announce([write])
        try:
            return protocol.carry_out(write, lambda: self._call(one))
        except (OutcomeUnknown, MalformedAnswer) as error:
            # It may have been carried out.
            raise ItemError("rollback.answer_unknown", sku=one.write.sku, error=error) from error

    def _outgoing(self, one: Restoration, content: dict[str, Any]) -> Outgoing:
        after = ours_after(one, content, Layout.of(self._definition))
        return Outgoing(
            sku=one.write.sku,
            pim_id=one.write.pim_id,
            hash=payload_hash(after),
            method=one.method,
            body=one.body,
            before=one.current,
            existed=one.current is not None,
            after=after,
            undoes=self._run.number,
        )

    def _call(self, one: Restoration) -> Submission:
        listings = one.write.listings
        return amazon.submit(
            self._client,
            one.method,
            one.write.sku,
            listings.marketplace_id,
            product_type=listings.product_type,
            requirements=self._requirements,
            body=one.body,
            carried=one.marketplaces,
            issue_locale=self._issue_locale,
        )
