"""Rollback: take back what a run wrote, by new submissions made from its before-images.

Only the attributes that the run wrote are restored; what others changed since stays. A listing that
was not there before is deleted, one that was deleted is put back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from amazon_listings.errors import AmazonListingsError, ItemError, RunRefused
from amazon_listings.ledger.before_images import count_written, writes_of
from amazon_listings.ledger.database import chunks
from amazon_listings.ledger.items import record_accepted, record_deleted
from amazon_listings.ledger.locks import ListingLocks
from amazon_listings.ledger.runs import finish_run, start_run
from amazon_listings.ledger.submissions import record_submissions
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.selling_partner.exceptions import OutcomeUnknown
from amazon_listings.selling_partner.forecast import forecast
from amazon_listings.selling_partner.patches import build_patches
from amazon_listings.selling_partner.pipeline import submit_all
from amazon_listings.sync.payload import payload_hash

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sqlalchemy import Engine

    from amazon_listings.ledger.before_images import Write
    from amazon_listings.ledger.runs import Run
    from amazon_listings.selling_partner.client import SellingPartner
    from amazon_listings.selling_partner.listing_answers import Listing, Submission

Method = Literal["PATCH", "PUT", "DELETE", "NOTHING"]

#: Listings that are read, shown and written together.
AT_ONCE = 50


@dataclass(frozen=True)
class Restoration:
    """What takes back one write: shown first, then sent.

    Args:
        write: What the run did.
        method: How it is taken back; `NOTHING` if it cannot or need not be.
        body: Patch operations, or the attributes to put; None to delete.
        held: The attributes that Amazon holds now; None if it has no such listing.
        remark: Why nothing is sent, or what to know about it.
    """

    write: Write
    method: Method
    body: Any = None
    held: dict[str, Any] | None = None
    remark: str = ""


@dataclass(frozen=True)
class Restored:
    """A restoration that was sent, and the answer: `ACCEPTED`, `INVALID` or `FAILED`."""

    restoration: Restoration
    status: str
    remark: str


def restoration(
    write: Write, listing: Listing | None, *, definition: Mapping[str, Any], vendor: bool
) -> Restoration:
    """How to take back a write.

    Args:
        write: What the run did.
        listing: What Amazon holds now.
        definition: The product type's definition: selectors, and what may be sent.
        vendor: Whether the selling partner is a vendor.
    """
    held = None if listing is None else listing.attributes
    if obstacle := _obstacle(write):
        return Restoration(write, "NOTHING", held=held, remark=obstacle)
    if write.before is None:
        if held is None:
            return Restoration(write, "NOTHING", remark="the listing the run made is gone already")
        return Restoration(write, "DELETE", held=held, remark="there was no listing before the run")
    before = sendable(write.before, definition)
    if held is None:
        return Restoration(write, "PUT", before, remark="Amazon has the listing no more")
    patches = build_patches(
        held,
        {name: elements for name, elements in before.items() if name in write.touched},
        selectors={name: one.get("selectors", ()) for name, one in definition["properties"].items()},
        owned=write.touched,
        vendor=vendor,
        defaults={"marketplace_id": write.listings.marketplace_id, "audience": "ALL"},
    )
    if not patches:
        return Restoration(write, "NOTHING", held=held, remark="the listing is as it was before the run")
    return Restoration(write, "PATCH", patches, held)


def sendable(attributes: Mapping[str, Any], definition: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as a listing holds them, without what Amazon added and would refuse if it were sent.

    Amazon returns every element with its `marketplace_id`, also where the definition has none.
    """
    cleaned: dict[str, Any] = {}
    for name, elements in attributes.items():
        items = definition["properties"].get(name, {}).get("items", {})
        known = items.get("properties")
        cleaned[name] = [
            {key: value for key, value in element.items() if known is None or key in known}
            for element in elements
        ]
    return cleaned


def _obstacle(write: Write) -> str:
    """Why a write cannot be taken back; empty if it can."""
    if write.undone_by is not None:
        return f"run {write.undone_by} took it back already"
    if write.pending:
        return "it is in a feed whose report is not there yet"
    if write.later:
        runs = ", ".join(map(str, write.later))
        return f"run {runs} wrote to it since; take that back first"
    if write.before is None and write.existed is not False:
        return "what Amazon held before is not known"
    return ""


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
            RunRefused: the run was of another account than the client's.
            TryAgain, PersonMustAct: Amazon cannot be asked.
        """
        for writes in chunks(writes_of(self._ledger, self._run.number, skus=self._skus), AT_ONCE):
            yield self._planned(writes)

    def carry_out(self) -> Iterator[list[Restoration] | list[Restored]]:
        """Show and send: each time the restorations of some listings, then what became of them.

        The rollback is a run of its own in the ledger, and can be taken back like any other.

        Raises:
            ListingsLocked: another run writes to the listings.
            TryAgain, PersonMustAct: Amazon cannot be asked; what was restored is in the ledger.
        """
        run_id = f"rollback__{self._run.number}__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"
        number = start_run(
            self._ledger,
            connector_id=self._run.connector_id,
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
                raise RunRefused(
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
        sent = submit_all(jobs, self._send, in_flight=lambda: self._client.in_flight("patchListingsItem"))
        for done in sent:
            if done.result is None:
                results.append(Restored(done.job, "FAILED", str(done.error)))
                continue
            self._remember(number, done.job, done.result)
            said = "; ".join(str(issue.get("message", "")) for issue in done.result.issues)
            results.append(Restored(done.job, done.result.status, said))
        return results

    def _send(self, one: Restoration) -> Submission:
        place, sku = one.write.listings, one.write.sku
        try:
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
        except OutcomeUnknown as error:
            raise ItemError(str(error), sku=sku) from error

    def _remember(self, number: int, one: Restoration, submission: Submission) -> None:
        write = one.write
        row = {
            "sku": write.sku,
            "pim_id": write.pim_id,
            "method": one.method,
            "status": submission.status,
            "submission_id": submission.submission_id,
            "request_id": submission.request_id,
            "hash": payload_hash(write.before or {}),
            "body": one.body,
            "existed": one.held is not None,
            "before": one.held,
            "undoes": self._run.number,
            "attributes": write.before,
        }
        record_submissions(self._ledger, write.listings, number, [row])
        if submission.status != "ACCEPTED":
            return
        if one.method == "DELETE":
            record_deleted(self._ledger, write.listings, [write.sku])
        else:
            record_accepted(self._ledger, write.listings, [row])
