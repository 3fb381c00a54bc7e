"""Live sync: submit what passed. An item with an error changes nothing at Amazon."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amazon_listings.ledger.items import Listings, record_accepted
from amazon_listings.ledger.submissions import record_submissions
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.selling_partner.forecast import forecast
from amazon_listings.sync.amazon_calls import Answered, call_for_all
from amazon_listings.sync.map_fields import compiled
from amazon_listings.sync.tracing import traced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.mapping.mapping import Mapping
    from amazon_listings.selling_partner.client import SellingPartner
    from amazon_listings.sync.definitions import Definitions
    from amazon_listings.sync.run_folder import RunFolder

log = logging.getLogger(__name__)

#: Answers are entered in the ledger every so many, so that a killed task repeats few.
REMEMBER_EVERY = 25


def live_sync(
    connector: Connector,
    definitions: Definitions,
    *,
    client: SellingPartner,
    ledger: Engine,
    run: int,
    folder: RunFolder,
) -> dict[str, int]:
    """Submit every item of the run that is ready.

    Args:
        connector: The connector that runs.
        definitions: For the labels of issues.
        client: The account's client.
        ledger: Remembers every submission.
        run: The run's number in the ledger.
        folder: The run's folder; reads the stages `mapped` and `tested`, writes `live`.

    Returns:
        Items by outcome: `accepted`, `rejected`, `failed`.

    Raises:
        TryAgain, PersonMustAct: Amazon cannot be asked; what was accepted is in the ledger.
    """
    listings = Listings(
        connector.id, client.account.seller_id, connector.marketplace.id, connector.amazon.product_type
    )
    folder.clear("live")
    total = sum(1 for part in folder.parts("tested") for _ in _ready(folder, part))
    cost = forecast(total, "putListingsItem")
    log.info("Submitting: %s.", cost)
    live = _LiveSync(
        connector=connector,
        definitions=definitions,
        client=client,
        ledger=ledger,
        listings=listings,
        mapping=compiled(connector, definitions),
        languages=dict(connector.language_tags),
        run=run,
        total=total,
    )
    counts: Counter[str] = Counter()
    for part in folder.parts("tested"):
        rows = live.submit(list(_ready(folder, part)))
        folder.write("live", part, rows)
        counts.update(row["outcome"] for row in rows)
    folder.note("live", {"calls": {"submissions": live.calls}, "forecast": cost.words})
    return {name: counts[name] for name in ("accepted", "rejected", "failed")}


def _ready(folder: RunFolder, part: str) -> Iterator[dict[str, Any]]:
    """The payloads of a part that passed the test sync."""
    ready = {row["id"] for row in folder.read("tested", part) if row["outcome"] == "ready"}
    return (row for row in folder.read("mapped", part) if row["id"] in ready)


@dataclass
class _LiveSync:
    """What one live sync needs for every part."""

    connector: Connector
    definitions: Definitions
    client: SellingPartner
    ledger: Engine
    listings: Listings
    mapping: Mapping
    languages: dict[str, str]
    run: int
    total: int
    calls: int = 0

    def submit(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Submit the rows of a part; their outcomes."""
        outcomes: list[dict[str, Any]] = []
        answered: list[Answered] = []
        calls = call_for_all(
            rows,
            self._put,
            in_flight=lambda: self.client.in_flight("putListingsItem"),
            total=self.total,
            what="submissions",
        )
        try:
            for answer in calls:
                self.calls += 1
                outcomes.append(self._outcome(answer))
                answered.append(answer)
                if len(answered) >= REMEMBER_EVERY:
                    self._remember(answered)
        finally:
            self._remember(answered)
        return outcomes

    def _put(self, row: dict[str, Any]) -> amazon.Submission:
        return amazon.put(
            self.client,
            row["sku"],
            self.connector.marketplace.id,
            product_type=self.connector.amazon.product_type,
            requirements=row["requirements"],
            attributes=row["attributes"],
            issue_locale=self.connector.amazon.locale,
        )

    def _outcome(self, answered: Answered) -> dict[str, Any]:
        row, submission = answered.row, answered.submission
        outcome: dict[str, Any] = {"id": row["id"], "sku": row["sku"], "issues": []}
        if submission is None:
            return outcome | {"outcome": "failed", "note": answered.trouble}
        issues = self.definitions.amazon_issues(submission.issues, "submission")
        return outcome | {
            "outcome": "accepted" if submission.status == "ACCEPTED" else "rejected",
            "note": "no answer came, but the listing holds what was sent" if submission.read_back else "",
            "submission_id": submission.submission_id,
            "issues": traced(issues, self.mapping, row["attributes"], self.languages),
        }

    def _remember(self, answered: list[Answered]) -> None:
        rows = [
            answer.row
            | {
                "method": "PUT",
                "status": answer.submission.status,
                "submission_id": answer.submission.submission_id,
                "request_id": answer.submission.request_id,
                "body": answer.row["attributes"],
                "pim_id": answer.row["id"],
            }
            for answer in answered
            if answer.submission
        ]
        record_submissions(self.ledger, self.listings, self.run, rows)
        record_accepted(self.ledger, self.listings, [row for row in rows if row["status"] == "ACCEPTED"])
        answered.clear()
