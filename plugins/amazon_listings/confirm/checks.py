"""Confirm: read accepted listings back, until it is known what became of them.

Only listings whose moment has come are read (`ledger.confirmations`), several at once, many by searches,
and within the quotas. What is seen goes into the ledger and into the folder and report of the run that wrote.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amazon_listings.confirm.report import keep_confirmed, renew_report
from amazon_listings.confirm.verdict import Expectation, Verdict, judge, judge_removal
from amazon_listings.connectors.languages import language_of
from amazon_listings.errors import RunAbortedError
from amazon_listings.ledger.confirmations import due_looks, record_looks
from amazon_listings.ledger.database import CHUNK
from amazon_listings.ledger.issues import CheckedItem, record_issues
from amazon_listings.ledger.item_states import record_outcomes
from amazon_listings.ledger.items import ListingScope, accepted_contents
from amazon_listings.ledger.last_writes import last_writes, writing_runs
from amazon_listings.ledger.runs import take_back_cursor
from amazon_listings.messages import catalogue, log_line, message
from amazon_listings.runs.amazon_calls import Answered, Progress, call_for_all
from amazon_listings.runs.bulk_reading import AT_ONCE, read_listings
from amazon_listings.runs.folder import RunFolder
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import ConfirmedItem
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.selling_partner.forecast import forecast
from amazon_listings.writes.feeds.poll import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.confirmations import DueLook
    from amazon_listings.ledger.last_writes import LastWrite, WritingRun
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.selling_partner.client import SellingPartner
    from amazon_listings.selling_partner.listings import Listing
    from amazon_product_types.validation.issue import Issue

log = logging.getLogger(__name__)

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
) -> dict[str, int]:
    """Read every listing of a connector whose moment has come.

    Args:
        connector: Whose listings.
        definitions: For the selectors of attributes and the labels of issues.
        client: The account's client.
        ledger: Knows what is due and what was sent; remembers what was seen.
        storage: Where the runs' folders are.
        now: The time.

    Returns:
        The number of listings by state; `accepted` are looked at again.

    Raises:
        RetryableError, ActionRequiredError: Amazon cannot be asked; what was seen is in the ledger.
    """
    counts: Counter[str] = Counter()

    def keep(seen: dict[WritingRun | None, list[ConfirmedItem]]) -> None:
        for run, rows in seen.items():
            counts.update(row.outcome for row in rows)
            if run is None:
                continue
            if any(row.outcome is Outcome.NOT_APPLIED and row.sku not in leaving for row in rows):
                # What did not leave is taken up from the ledger, whatever the PIM says has changed.
                take_back_cursor(ledger, run.number)
            outcomes = ((row.sku or "", str(row.outcome)) for row in rows)
            record_outcomes(ledger, connector.key, run.number, outcomes)
            folder = RunFolder.of(storage, connector.key, run.run_id, run.attempt)
            if keep_confirmed(folder, rows):
                renew_report(folder, ledger=ledger, run=run.number)

    leaving: set[str] = set()
    looking = _Confirm(connector, definitions, client, ledger, now, keep)
    for looks in looking.batches():
        leaving = {look.sku for look in looks if look.removing}
        looking.look(looks)
    return dict(counts)


@dataclass
class _Confirm:
    """The looks at one connector's listings.

    `keep` gets what was seen, rows of the stage `confirmed` by run, before the ledger counts the
    looks: whoever is killed between the two looks again, and no report stays as it was.
    """

    connector: Connector
    definitions: Definitions
    client: SellingPartner
    ledger: Engine
    now: Callable[[], datetime]
    keep: Callable[[dict[WritingRun | None, list[ConfirmedItem]]], None]
    _silent: set[str] = field(default_factory=set)

    def batches(self) -> Iterator[list[DueLook]]:
        """What is due, so many at a time; every listing once."""
        while True:
            due = due_looks(self.ledger, self.connector.key, now=self.now(), limit=CHUNK + len(self._silent))
            fresh = [look for look in due if look.sku not in self._silent]
            if not fresh:
                return
            log.info("%s", log_line("log.readings_at_most", cost=forecast(len(fresh), "getListingsItem")))
            yield fresh

    def look(self, looks: list[DueLook]) -> None:
        """Read the listings, and enter what is seen."""
        ours = [look for look in looks if self._is_ours(look)]
        self._pass_over([look for look in looks if not self._is_ours(look)])
        listings = self._listings(self.client.account.seller_id, self.connector.marketplace.id)
        skus = [look.sku for look in ours]
        contents = accepted_contents(self.ledger, listings, skus)
        writes = last_writes(self.ledger, listings, skus)
        removals = writing_runs(self.ledger, {look.removing_run for look in ours if look.removing_run})
        seen: list[dict[str, Any]] = []
        rows: dict[WritingRun | None, list[ConfirmedItem]] = {}
        checked: dict[int, list[CheckedItem]] = {}
        try:
            for answer in self._answers(ours, contents, writes):
                look: DueLook = answer.row["look"]
                write = writes.get(look.sku)
                if answer.result is None and look.last:
                    self._silent.add(look.sku)  # a verdict by a reading that failed would be none
                    continue
                verdict = self._judged(answer, contents.get(look.sku, {}), write)
                shown = None if answer.result is None else bool(answer.result)
                seen.append(
                    {"look": look, "state": verdict.state, "asin": verdict.asin or None, "seen": shown}
                )
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
                    note=verdict.note_in(catalogue(language_of(self.connector))),
                    issues=tuple(issues),
                )
                writer = removals.get(look.removing_run or 0) if look.removing else write and write.run
                rows.setdefault(writer, []).append(row)
        finally:
            for run, items in checked.items():
                record_issues(self.ledger, self.connector.key, run, items)
            try:
                self.keep(rows)
            except RunAbortedError:
                # Looking again would not mend a folder that is damaged.
                record_looks(self.ledger, listings, seen, now=self.now())
                raise
            record_looks(self.ledger, listings, seen, now=self.now())

    def _answers(
        self, looks: list[DueLook], contents: dict[str, dict[str, Any]], writes: dict[str, LastWrite]
    ) -> Iterator[Answered[dict[str, Any], list[Listing]]]:
        """What Amazon says of each.

        Many are searched, twenty at a time; what a search shows as live needs no more. Everything else is
        read alone: a search may not know yet what was just written.
        """
        left = {look.sku: look for look in looks}
        if len(looks) > AT_ONCE:
            found = read_listings(
                self.client, self.connector.marketplace.id, list(left), listed=(), **self._asked
            )
            for sku, listing in found.listings.items():
                shown = Answered({"sku": sku, "look": left[sku]}, [listing] if listing else [], None)
                if self._judged(shown, contents.get(sku, {}), writes.get(sku)).state == "live":
                    del left[sku]
                    yield shown
        yield from call_for_all(
            ({"sku": sku, "look": look} for sku, look in left.items()),
            self._read,
            in_flight=lambda: self.client.in_flight("getListingsItem"),
            progress=Progress(len(left), "log.progress_readings"),
        )

    @property
    def _asked(self) -> dict[str, Any]:
        locale = self.connector.amazon.locale
        return {
            "included": ("summaries", "issues", "attributes"),
            "issue_locale": None if locale == "DEFAULT" else locale,
        }

    def _read(self, row: dict[str, Any]) -> list[Listing]:
        """The listing, if Amazon knows it."""
        listing = amazon.get(self.client, row["sku"], [self.connector.marketplace.id], **self._asked)
        return [] if listing is None else [listing]

    def _judged(
        self,
        answer: Answered[dict[str, Any], list[Listing]],
        content: dict[str, Any],
        write: LastWrite | None,
    ) -> Verdict:
        look: DueLook = answer.row["look"]
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
        return judge(listing, expected, waited=self.now() - look.accepted_at, last=look.last)

    def _issues(self, answer: Answered[dict[str, Any], list[Listing]]) -> list[Issue]:
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
            entry = {"look": look, "state": "accepted", "asin": None}
            record_looks(
                self.ledger, self._listings(look.seller_id, look.marketplace_id), [entry], now=self.now()
            )

    def _listings(self, seller_id: str, marketplace_id: str) -> ListingScope:
        return ListingScope(self.connector.key, seller_id, marketplace_id, self.connector.amazon.product_type)
