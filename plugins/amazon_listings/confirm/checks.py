"""Confirm: read accepted listings back, until it is known what became of them.

Only listings whose moment has come are read (`ledger.writes.confirmations`), several at once, many by
searches, and within the quotas; those that the report of a feed showed as live are not read at all. What is
seen goes into the ledger and into the folder and report of the run that wrote.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.confirm.report import keep_confirmed, renew_report
from amazon_listings.confirm.reported import reported_listings
from amazon_listings.confirm.verdict import Expectation, Verdict, judge, judge_removal, judge_reported
from amazon_listings.errors import AmazonListingsError, RunAbortedError
from amazon_listings.ledger.database import CHUNK
from amazon_listings.ledger.items.issues import CheckedItem, record_issues
from amazon_listings.ledger.items.known import accepted_contents
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.items.states import record_outcomes
from amazon_listings.ledger.runs.owed import record_owed_listings
from amazon_listings.ledger.writes.confirmations import SeenLook, due_looks, record_looks
from amazon_listings.ledger.writes.last_writes import last_writes, writing_runs
from amazon_listings.messages import log_line, message
from amazon_listings.runs.folder import RunFolder
from amazon_listings.runs.listings.bulk_reading import AT_ONCE, read_listings
from amazon_listings.runs.listings.calls import Answered, Progress, call_for_all
from amazon_listings.runs.listings.ownership import without_shared
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import ConfirmedItem
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.selling_partner.forecast import forecast
from amazon_listings.selling_partner.listing_answers import of_marketplace
from amazon_listings.writes.feeds.poll import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.writes.confirmations import DueLook
    from amazon_listings.ledger.writes.last_writes import LastWrite, WritingRun
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.selling_partner.calls.client import SellingPartner
    from amazon_listings.selling_partner.content.leaves import Attributes
    from amazon_listings.selling_partner.listing_answers import Listing
    from amazon_product_types.validation.issue import Issue

    _Contents = dict[str, Attributes]
    _Writes = dict[str, LastWrite]
    _Shown = Answered["_Look", list[Listing]]
    _Answers = Callable[[list[DueLook], _Contents, _Writes], Iterator[_Shown]]

log = logging.getLogger(__name__)


class _Look(NamedTuple):
    """A listing that is read; `reported`: it is as the report of a feed shows it."""

    due: DueLook
    reported: bool = False

    @property
    def sku(self) -> str:
        """The SKU."""
        return self.due.sku


#: How the reading of a removal ends.
_ENDS = {"deleted": Outcome.REMOVED, "off_sale": Outcome.REMOVED}
_NOT_YET = frozenset({"accepted", "not_applied"})
#: What is said of a removal that does not hold.
_STILL = {"delete": "note.still_listed", "zero_quantity": "note.still_in_stock"}


def confirm(
    connector: Connector,
    definitions: Definitions,
    *,
    client: SellingPartner,
    ledger: Engine,
    storage: Path,
    now: Callable[[], datetime] = utc_now,
    beside: Callable[[], Iterable[tuple[Connector, Definitions]]] = tuple,
) -> dict[str, int]:
    """Read every listing of a connector whose moment has come.

    One reading may name several marketplaces: what other connectors of the account wait for of the same SKU
    is read with it. What it leaves open there, their own readings decide.

    Args:
        connector: Whose listings.
        definitions: For the selectors of attributes and the labels of issues.
        client: The account's client.
        ledger: Knows what is due and what was sent; remembers what was seen.
        storage: Where the runs' folders are.
        now: The time.
        beside: Gives the account's connectors in other marketplaces of the region, with their definitions.

    Returns:
        The number of this connector's listings by state; `accepted` are looked at again.

    Raises:
        RetryableError, ActionRequiredError: Amazon cannot be asked; what was seen is in the ledger.
    """
    counts: Counter[str] = Counter()

    def looking_at(one: Connector, its_definitions: Definitions) -> _Confirm:
        tally = counts if one is connector else Counter[str]()

        def keep(seen: dict[WritingRun | None, list[ConfirmedItem]], leaving: Collection[str]) -> None:
            for run, rows in seen.items():
                tally.update(row.outcome for row in rows)
                if run is not None:
                    _keep(one, run, rows, leaving, ledger=ledger, storage=storage)

        return _Confirm(one, its_definitions, client, ledger, storage, now, keep)

    looking = looking_at(connector, definitions)
    others: list[_Confirm] | None = None
    for looks in looking.batches():
        if others is None:
            others = [looking_at(*one) for one in beside()]
        waiting = [(other, other.waiting_for({look.sku for look in looks})) for other in others]
        looking.look(looks, together=_places(waiting))
        for other, due in waiting:
            try:
                other.look_at_found(due, looking.found)
            except AmazonListingsError as error:  # its own reading says it again
                log.warning("%s", error)
    return dict(counts)


def _keep(
    connector: Connector,
    run: WritingRun,
    rows: list[ConfirmedItem],
    leaving: Collection[str],
    *,
    ledger: Engine,
    storage: Path,
) -> None:
    """Write what was seen of a run's items to the ledger and to the run's folder."""
    missed = [(row.pim_id, row.sku or "", str(row.outcome)) for row in rows if _is_owed(row, leaving)]
    record_owed_listings(ledger, connector.key, missed)
    outcomes = ((row.sku or "", str(row.outcome)) for row in rows)
    record_outcomes(ledger, connector.key, run.number, outcomes)
    folder = RunFolder.of(storage, connector.key, run.run_id, run.attempt)
    if keep_confirmed(folder, rows):
        renew_report(folder, ledger=ledger, run=run.number)


def _places(waiting: Iterable[tuple[_Confirm, list[DueLook]]]) -> dict[str, list[str]]:
    """Return the other marketplaces to be read with each SKU."""
    places: dict[str, list[str]] = {}
    for other, looks in waiting:
        for look in looks:
            if other.connector.marketplace.id not in places.setdefault(look.sku, []):
                places[look.sku].append(other.connector.marketplace.id)
    return places


def _is_owed(row: ConfirmedItem, leaving: Collection[str]) -> bool:
    """Return whether a later run has to send an item again; what did not leave is owed by itself."""
    return row.outcome is Outcome.NOT_APPLIED and row.sku is not None and row.sku not in leaving


@dataclass
class _Confirm:
    """The looks at one connector's listings.

    `keep` gets what was seen, rows of the stage `confirmed` by run, before the ledger counts the
    looks: after a kill between the two it is read again, so no report misses it. `found` are the
    listings of the last look that were read in several marketplaces.
    """

    connector: Connector
    definitions: Definitions
    client: SellingPartner
    ledger: Engine
    storage: Path
    now: Callable[[], datetime]
    keep: Callable[[dict[WritingRun | None, list[ConfirmedItem]], Collection[str]], None]
    found: dict[str, Listing] = field(default_factory=dict)
    _silent: set[str] = field(default_factory=set)
    _together: dict[str, list[str]] = field(default_factory=dict)

    def batches(self) -> Iterator[list[DueLook]]:
        """Yield what is due, so many at a time; every listing once."""
        while True:
            due = due_looks(self.ledger, self.connector.key, now=self.now(), limit=CHUNK + len(self._silent))
            fresh = [look for look in due if look.sku not in self._silent]
            if not fresh:
                return
            log.info("%s", log_line("log.readings_at_most", cost=forecast(len(fresh), "getListingsItem")))
            yield fresh

    def waiting_for(self, skus: Collection[str]) -> list[DueLook]:
        """Return what is due of some SKUs, but removals: what is gone in one place may be in another."""
        due = due_looks(self.ledger, self.connector.key, now=self.now())
        return [one for one in due if one.sku in skus and one.removing is None and self._is_ours(one)]

    def look(self, looks: list[DueLook], *, together: Mapping[str, list[str]]) -> None:
        """Read the listings, and enter what is seen.

        Args:
            looks: What is due.
            together: Further marketplaces that are read with a SKU.
        """
        self._together, self.found = dict(together), {}
        ours = [look for look in looks if self._is_ours(look)]
        self._pass_over([look for look in looks if not self._is_ours(look)])
        self._enter(ours, self._answers)

    def look_at_found(self, looks: list[DueLook], found: Mapping[str, Listing]) -> None:
        """Enter what the readings of another connector decide here."""

        def answers(looks: list[DueLook], contents: _Contents, writes: _Writes) -> Iterator[_Shown]:
            for look in looks:
                shown = self._part_of(look, found.get(look.sku), contents, writes)
                if shown is not None:
                    yield shown

        if looks:
            self._enter(looks, answers)

    def _part_of(
        self,
        look: DueLook,
        listing: Listing | None,
        contents: _Contents,
        writes: _Writes,
    ) -> _Shown | None:
        """Return what a reading of several marketplaces decides here; None if it has to be read alone.

        Attributes are the SKU's in all of them, so only what is live here for certain is decided by it.
        """
        here = None if listing is None else of_marketplace(listing, self.connector.marketplace.id)
        if here is None or look.removing is not None:
            return None
        shown = Answered(_Look(look), [here], None)
        state = self._judged(shown, contents.get(look.sku, {}), writes.get(look.sku)).state
        return shown if state == "live" else None

    def _enter(self, ours: list[DueLook], answers: _Answers) -> None:
        """Judge what is read of some listings, and enter it."""
        listings = self._listings(self.client.account.seller_id, self.connector.marketplace.id)
        skus = [look.sku for look in ours]
        accepted = accepted_contents(self.ledger, listings, skus)
        contents = without_shared(self.ledger, listings, accepted, self.definitions.layout)
        writes = last_writes(self.ledger, listings, skus)
        removals = writing_runs(self.ledger, {look.removing_run for look in ours if look.removing_run})
        seen: list[SeenLook] = []
        rows: dict[WritingRun | None, list[ConfirmedItem]] = {}
        checked: dict[int, list[CheckedItem]] = {}
        try:
            for answer in answers(ours, contents, writes):
                look = answer.row.due
                write = writes.get(look.sku)
                if answer.result is None and look.last:
                    self._silent.add(look.sku)  # a verdict by a reading that failed would be none
                    continue
                verdict = self._judged(answer, contents.get(look.sku, {}), write)
                shown = None if answer.result is None else bool(answer.result)
                seen.append(SeenLook(look, verdict.state, verdict.asin or None, shown))
                issues = self._issues(answer)
                if write is not None and answer.result is not None:
                    checked.setdefault(write.run.number, []).append(
                        CheckedItem(look.sku, issues, frozenset({"listing"}))
                    )
                row = ConfirmedItem(
                    pim_id="",
                    sku=look.sku,
                    outcome=_ENDS.get(verdict.state) or Outcome(verdict.state),
                    asin=verdict.asin,
                    note=verdict.note,
                    issues=tuple(issues),
                )
                writer = removals.get(look.removing_run or 0) if look.removing else write and write.run
                rows.setdefault(writer, []).append(row)
        finally:
            for run, items in checked.items():
                record_issues(self.ledger, self.connector.key, run, items)
            try:
                self.keep(rows, {look.sku for look in ours if look.removing})
            except RunAbortedError:
                # Looking again would not mend a folder that is damaged.
                record_looks(self.ledger, listings, seen, now=self.now())
                raise
            record_looks(self.ledger, listings, seen, now=self.now())

    def _answers(self, looks: list[DueLook], contents: _Contents, writes: _Writes) -> Iterator[_Shown]:
        """Yield what Amazon says of each.

        What the report of a feed showed as live is not read. Many others are searched, twenty at a time; what
        a search shows as live needs no more. Everything else is read alone: a search may not know yet what
        was just written.
        """
        left = {look.sku: look for look in looks}
        for shown in self._reported(looks, contents, writes):
            del left[shown.row.sku]
            yield shown
        looks = list(left.values())
        if len(looks) > AT_ONCE:
            places = dict.fromkeys(place for many in self._together.values() for place in many)
            found = read_listings(
                self.client,
                self.connector.marketplace.id,
                list(left),
                listed=(),
                others=list(places),
                **self._asked,
            )
            self.found = {sku: one for sku, one in found.searched.items() if sku in self._together}
            for sku, listing in found.listings.items():
                shown = Answered(_Look(left[sku]), [listing] if listing else [], None)
                if self._judged(shown, contents.get(sku, {}), writes.get(sku)).state == "live":
                    del left[sku]
                    yield shown
        else:
            for shown in self._read_together(looks, contents, writes):
                del left[shown.row.sku]
                yield shown
        yield from call_for_all(
            map(_Look, left.values()),
            self._read,
            in_flight=lambda: self.client.in_flight("getListingsItem"),
            progress=Progress(len(left), "log.progress_readings"),
        )

    def _reported(self, looks: list[DueLook], contents: _Contents, writes: _Writes) -> Iterator[_Shown]:
        """Yield what the reports of feeds showed as live, when it is looked at for the first time."""
        first = {look.sku: look for look in looks if look.looks == 0 and look.removing is None}
        by_feed = {sku: write for sku, write in writes.items() if sku in first}
        for sku, listing in reported_listings(self.storage, self.connector.key, by_feed).items():
            shown = Answered(_Look(first[sku], reported=True), [listing], None)
            if self._judged(shown, contents.get(sku, {}), writes[sku]).state == "live":
                yield shown

    def _read_together(self, looks: list[DueLook], contents: _Contents, writes: _Writes) -> Iterator[_Shown]:
        """Yield what readings of several marketplaces decide; the others are left to be read alone."""
        rows = (_Look(one) for one in looks if one.sku in self._together and not one.removing)

        def read(row: _Look) -> list[Listing]:
            places = [self.connector.marketplace.id, *self._together[row.sku]]
            listing = amazon.get(self.client, row.sku, places, **self._asked)
            return [] if listing is None else [listing]

        for answer in call_for_all(
            rows,
            read,
            in_flight=lambda: self.client.in_flight("getListingsItem"),
            progress=Progress(len(self._together), "log.progress_readings"),
        ):
            if answer.result:
                self.found[answer.row.sku] = answer.result[0]
                shown = self._part_of(answer.row.due, answer.result[0], contents, writes)
                if shown is not None:
                    yield shown

    @property
    def _asked(self) -> dict[str, Any]:
        return {
            "included": ("summaries", "issues", "attributes"),
            "issue_locale": self.connector.amazon.issue_locale,
        }

    def _read(self, row: _Look) -> list[Listing]:
        """Return the listing, if Amazon knows it."""
        listing = amazon.get(self.client, row.sku, [self.connector.marketplace.id], **self._asked)
        return [] if listing is None else [listing]

    def _judged(
        self,
        answer: _Shown,
        content: Attributes,
        write: LastWrite | None,
    ) -> Verdict:
        look = answer.row.due
        if answer.result is None:
            return Verdict("accepted", "", (answer.trouble,) if answer.trouble else ())
        if look.removing is not None:
            listing = answer.result[0] if answer.result else None
            verdict = judge_removal(listing, look.removing, self.connector.marketplace, last=look.last)
            still = (message(_STILL[look.removing]),) if verdict.state in _NOT_YET else ()
            return verdict._replace(notes=still)
        expected = Expectation(
            content,
            write,
            self.definitions.layout,
            self.connector.marketplace,
            self.client.account.vendor,
        )
        listing = answer.result[0] if answer.result else None
        if listing is not None and answer.row.reported:
            return judge_reported(listing, expected)
        return judge(listing, expected, waited=self.now() - look.accepted_at, last=look.last)

    def _issues(self, answer: _Shown) -> list[Issue]:
        found = answer.result[0].issues if answer.result else []
        return self.definitions.amazon_issues(found, "listing")

    def _is_ours(self, look: DueLook) -> bool:
        return (look.seller_id, look.marketplace_id) == (
            self.client.account.seller_id,
            self.connector.marketplace.id,
        )

    def _pass_over(self, looks: list[DueLook]) -> None:
        """Listings of an account or marketplace that the connector had before: they cannot be read."""
        for look in looks:
            facts = {"sku": look.sku, "seller": look.seller_id, "marketplace": look.marketplace_id}
            log.warning("%s", log_line("log.account_not_named", **facts))
            listings = self._listings(look.seller_id, look.marketplace_id)
            record_looks(self.ledger, listings, [SeenLook(look, "accepted")], now=self.now())

    def _listings(self, seller_id: str, marketplace_id: str) -> ListingScope:
        return ListingScope(self.connector.key, seller_id, marketplace_id, self.connector.amazon.product_type)
