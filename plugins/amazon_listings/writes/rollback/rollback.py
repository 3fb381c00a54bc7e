"""Rollback: take back what a run wrote, by new submissions made from its before-images."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from amazon_listings.errors import AmazonListingsError, ItemError, RunAbortedError
from amazon_listings.ledger.before_images import count_written, writes_of
from amazon_listings.ledger.database import chunks
from amazon_listings.ledger.items import record_accepted, record_deleted
from amazon_listings.ledger.locks import ListingLocks
from amazon_listings.ledger.runs import finish_run, start_run
from amazon_listings.ledger.submissions import (
    ACCEPTED,
    announce_submission,
    record_answers,
    withdraw_submission,
)
from amazon_listings.runs.payload import payload_hash
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.selling_partner.exceptions import MalformedAnswer, OutcomeUnknown
from amazon_listings.selling_partner.forecast import forecast
from amazon_listings.selling_partner.pipeline import submit_all
from amazon_listings.writes.rollback.restoration import Restoration, restoration

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sqlalchemy import Engine

    from amazon_listings.ledger.before_images import Write
    from amazon_listings.ledger.runs import Run
    from amazon_listings.selling_partner.client import SellingPartner
    from amazon_listings.selling_partner.listing_answers import Submission

#: Listings that are read, shown and written together.
AT_ONCE = 50


@dataclass(frozen=True)
class Restored:
    """A restoration that was sent, and the answer: `ACCEPTED`, `INVALID` or `FAILED`."""

    restoration: Restoration
    status: str
    remark: str


class Rollback:
    """Taking back one run of one connector.

    Args:
        run: The run to take back.
        ledger: The open ledger.
        client: The account's client.
        definition: The product type's definition.
        requirements: Those of the connector, for listings that are put back whole.
        issue_locale: Language of Amazon's issues.
        skus: Only these; empty: all that the run wrote.
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
    ) -> None:
        self._run = run
        self._ledger = ledger
        self._client = client
        self._definition = definition
        self._requirements = requirements
        self._issue_locale = issue_locale
        self._skus = skus

    def cost(self) -> str:
        """How many listings would be read and at most written, and how long that takes."""
        listings = count_written(self._ledger, self._run.number, skus=self._skus)
        return f"{forecast(listings, 'getListingsItem')}; {forecast(listings, 'patchListingsItem')} at most"

    def plan(self) -> Iterator[list[Restoration]]:
        """What would be sent, so many listings at a time; nothing is sent.

        Raises:
            RunAbortedError: the run was of another account than the client's.
            RetryableError, ActionRequiredError: Amazon cannot be asked.
        """
        for writes in chunks(writes_of(self._ledger, self._run.number, skus=self._skus), AT_ONCE):
            yield self._planned(writes)

    def carry_out(self) -> Iterator[list[Restoration] | list[Restored]]:
        """Show and send: each time the restorations of some listings, then what became of them.

        The rollback is a run of its own in the ledger, and can be taken back like any other.

        Raises:
            ListingsLocked: another run writes to the listings.
            RetryableError, ActionRequiredError: Amazon cannot be asked; what was restored is in the ledger.
        """
        run_id = f"rollback__{self._run.number}__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"
        number = start_run(
            self._ledger,
            connector_key=self._run.connector_key,
            run_id=run_id,
            operation="rollback",
            scope=f"run {self._run.number}",
            fingerprint=self._run.fingerprint,
            definition=self._run.definition,
        )
        counts: dict[str, int] = {}
        failure: str | None = "The rollback was stopped."
        try:
            for writes in chunks(writes_of(self._ledger, self._run.number, skus=self._skus), AT_ONCE):
                locks = ListingLocks(
                    self._ledger, writes[0].listings, owner=f"{self._run.connector_id} {run_id}"
                )
                with locks.held([write.sku for write in writes]):
                    # Read again with the locks held: another run may just have written.
                    skus = {write.sku for write in writes}
                    planned = self._planned(list(writes_of(self._ledger, self._run.number, skus=skus)))
                    yield planned
                    done = self._sent(number, planned)
                for one in done:
                    counts[one.status.lower()] = counts.get(one.status.lower(), 0) + 1
                yield done
            failure = None
        except AmazonListingsError as error:
            failure = str(error)
            raise
        finally:
            finish_run(self._ledger, number, counts=counts, calls={}, cursor=None, failure=failure)

    def _planned(self, writes: list[Write]) -> list[Restoration]:
        for write in writes:
            if write.listings.seller_id != self._client.account.seller_id:
                raise RunAbortedError(
                    f"Run {self._run.number} wrote to {write.listings.seller_id}; the connection is of "
                    f"{self._client.account.seller_id}.",
                    hint="Point the connector's connection at the account of the run.",
                )
        read = submit_all(writes, self._read, in_flight=lambda: self._client.in_flight("getListingsItem"))
        found: dict[str, Restoration] = {}
        for done in read:
            if done.result is None:
                found[done.job.sku] = Restoration(done.job, "NOTHING", remark=str(done.error))
            else:
                found[done.job.sku] = done.result
        return [found[write.sku] for write in writes]

    def _read(self, write: Write) -> Restoration:
        listing = amazon.get(
            self._client, write.sku, [write.listings.marketplace_id], included=("attributes",)
        )
        return restoration(write, listing, definition=self._definition, vendor=self._client.account.vendor)

    def _sent(self, number: int, planned: list[Restoration]) -> list[Restored]:
        """Send what there is to send, and remember each answer as soon as it is there."""
        results = [Restored(one, "KEPT", one.remark) for one in planned if one.method == "NOTHING"]
        jobs = [one for one in planned if one.method != "NOTHING"]
        sent = submit_all(
            jobs,
            lambda one: self._send(number, one),
            in_flight=lambda: self._client.in_flight("patchListingsItem"),
        )
        for done in sent:
            if done.result is None:
                results.append(Restored(done.job, "FAILED", str(done.error)))
                continue
            self._remember(number, done.job, done.result)
            said = "; ".join(str(issue.get("message", "")) for issue in done.result.issues)
            results.append(Restored(done.job, done.result.status, said))
        return results

    def _send(self, number: int, one: Restoration) -> Submission:
        """Announce a restoration in the ledger, and send it."""
        write = one.write
        row = {
            "sku": write.sku,
            "pim_id": write.pim_id,
            "method": one.method,
            "hash": payload_hash(write.before or {}),
            "body": one.body,
            "existed": one.held is not None,
            "before": one.held,
            "undoes": self._run.number,
        }
        announce_submission(self._ledger, write.listings, number, row)
        try:
            return self._call(one)
        except (OutcomeUnknown, MalformedAnswer) as error:
            raise ItemError(str(error), sku=write.sku) from error  # it may have been carried out
        except AmazonListingsError:
            withdraw_submission(self._ledger, number, write.sku, row["hash"])
            raise

    def _call(self, one: Restoration) -> Submission:
        place, sku = one.write.listings, one.write.sku
        if one.method == "DELETE":
            return amazon.delete(self._client, sku, place.marketplace_id, issue_locale=self._issue_locale)
        if one.method == "PUT":
            return amazon.put(
                self._client,
                sku,
                place.marketplace_id,
                product_type=place.product_type,
                requirements=self._requirements,
                attributes=one.body,
                issue_locale=self._issue_locale,
            )
        return amazon.patch(
            self._client,
            sku,
            [place.marketplace_id],
            product_type=place.product_type,
            patches=one.body,
            issue_locale=self._issue_locale,
        )

    def _remember(self, number: int, one: Restoration, submission: Submission) -> None:
        write = one.write
        answer = {
            "sku": write.sku,
            "hash": payload_hash(write.before or {}),
            "status": submission.status,
            "submission_id": submission.submission_id,
            "request_id": submission.request_id,
        }
        record_answers(self._ledger, number, [answer])
        if submission.status != ACCEPTED:
            return
        if one.method == "DELETE":
            record_deleted(self._ledger, write.listings, [write.sku])
        else:
            held = answer | {"pim_id": write.pim_id, "attributes": write.before}
            record_accepted(self._ledger, write.listings, [held])
