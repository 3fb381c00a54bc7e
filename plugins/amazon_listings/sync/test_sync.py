"""Test sync: is each item right? Locally first, then by Amazon's preview. Nothing changes at Amazon."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amazon_listings.ledger.items import Listings, known_items, record_tested
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.selling_partner.forecast import forecast
from amazon_listings.sync.amazon_calls import Answered, call_for_all
from amazon_listings.sync.map_fields import compiled
from amazon_listings.sync.tracing import traced

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.items import KnownItem
    from amazon_listings.mapping.mapping import Mapping
    from amazon_listings.selling_partner.client import SellingPartner
    from amazon_listings.sync.definitions import Definitions
    from amazon_listings.sync.run_folder import RunFolder
    from amazon_listings.sync.scope import Scope

log = logging.getLogger(__name__)

#: Marks rows that wait for a preview; never left in a part that is finished.
WAITING = "waiting"
#: Passed previews are remembered in the ledger every so many, so that a killed task repeats few.
REMEMBER_EVERY = 50


def test_sync(
    connector: Connector,
    scope: Scope,
    definitions: Definitions,
    *,
    client: SellingPartner,
    ledger: Engine,
    folder: RunFolder,
) -> dict[str, int]:
    """Validate every mapped item of the run.

    Args:
        connector: The connector that runs.
        scope: What the run covers; `force` previews unchanged items too.
        definitions: What to validate with.
        client: The account's client.
        ledger: Knows which payloads passed before.
        folder: The run's folder; writes the stage `tested`.

    Returns:
        Items by outcome; `ready` are those that may be submitted.

    Raises:
        TryAgain, PersonMustAct: Amazon cannot be asked; no item is taken for passed.
    """
    listings = Listings(
        connector.id, client.account.seller_id, connector.marketplace.id, connector.amazon.product_type
    )
    test = _TestSync(
        connector=connector,
        scope=scope,
        definitions=definitions,
        client=client,
        ledger=ledger,
        listings=listings,
        mapping=compiled(connector, definitions),
        languages=dict(connector.language_tags),
    )
    folder.clear("tested", "live")
    waiting = 0
    for part in folder.parts("mapped"):
        barred = {row["id"] for row in folder.read("quality", part) if row["blocks"]}
        rows = list(test.locally(list(folder.read("mapped", part)), barred))
        waiting += sum(row["outcome"] == WAITING for row in rows)
        folder.write("tested", part, rows)
    counts: Counter[str] = Counter()
    cost = forecast(waiting, "putListingsItem", kinds={"preview"}, preview_rate=client.preview_rate)
    log.info("Asking Amazon: %s.", cost)
    test.total = waiting
    for part in folder.parts("tested"):
        rows = list(folder.read("tested", part))
        if any(row["outcome"] == WAITING for row in rows):
            payloads = {row["id"]: row for row in folder.read("mapped", part)}
            rows = test.by_preview(rows, payloads)
            folder.write("tested", part, rows)
        counts.update(row["outcome"] for row in rows)
    folder.note("tested", {"calls": {"previews": test.calls}, "forecast": cost.words})
    return {name: counts[name] for name in ("blocked", "unchanged", "rejected", "ready", "failed")}


@dataclass
class _TestSync:
    """What one test sync needs for every part."""

    connector: Connector
    scope: Scope
    definitions: Definitions
    client: SellingPartner
    ledger: Engine
    listings: Listings
    mapping: Mapping
    languages: dict[str, str]
    total: int = 0
    calls: int = 0
    sampled: int = 0

    def locally(self, rows: list[dict[str, Any]], barred: Collection[str]) -> Iterator[dict[str, Any]]:
        """The rows with the outcome of the local checks; those to be previewed are `waiting`.

        Args:
            rows: Mapped items of a part.
            barred: Ids of those that the quality check blocked.
        """
        known = known_items(self.ledger, self.listings, [row["sku"] for row in rows if row["sku"]])
        for row in rows:
            # All issues at once: an item that quality or mapping blocked is validated all the same.
            found = traced(
                self.definitions.issues(row["attributes"]), self.mapping, row["attributes"], self.languages
            )
            errors = [issue for issue in (*row["issues"], *found) if issue["severity"] == "ERROR"]
            if errors or row["id"] in barred:
                outcome, note = "blocked", ""
            else:
                outcome, note = self._next(row, known.get(row["sku"]))
            yield {
                "id": row["id"],
                "sku": row["sku"],
                "outcome": outcome,
                "note": note,
                "asin": known[row["sku"]].asin if row["sku"] in known else None,
                "issues": found,
            }

    def _next(self, row: dict[str, Any], known: KnownItem | None) -> tuple[str, str]:
        if known and not self.scope.force:
            if known.accepted_hash == row["hash"]:
                return "unchanged", ""
            if (
                self.connector.sync.preview == "changed"
                and known.tested_hash == row["hash"]
                and known.tested_definition == self.definitions.checksum
            ):
                return ("unchanged" if self.scope.operation == "test" else "ready"), "passed before"
        if self.connector.sync.preview == "none":
            return "ready", "not previewed: the connector says `preview: none`"
        if self.connector.sync.preview == "sample":
            if self.sampled >= (self.connector.sync.preview_sample or 0):
                return "ready", "not previewed: not in the connector's sample"
            self.sampled += 1
        return WAITING, ""

    def by_preview(
        self, rows: list[dict[str, Any]], payloads: dict[str, dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """The rows of a part, those that waited with Amazon's verdict."""
        by_id = {row["id"]: row for row in rows}
        passed: list[dict[str, Any]] = []
        waiting = (payloads[row["id"]] for row in rows if row["outcome"] == WAITING)
        answers = call_for_all(
            waiting,
            self._preview,
            in_flight=lambda: self.client.in_flight("putListingsItem", {"preview"}),
            total=self.total,
            what="previews",
        )
        try:
            for answered in answers:
                self.calls += 1
                verdict = self._verdict(by_id[answered.row["id"]], answered)
                by_id[answered.row["id"]] |= verdict
                if verdict["outcome"] == "ready":
                    passed.append(answered.row | {"pim_id": answered.row["id"], "asin": verdict["asin"]})
                if len(passed) >= REMEMBER_EVERY:
                    self._remember(passed)
        finally:
            self._remember(passed)
        return list(by_id.values())

    def _preview(self, row: dict[str, Any]) -> amazon.Submission:
        return amazon.put(
            self.client,
            row["sku"],
            self.connector.marketplace.id,
            product_type=self.connector.amazon.product_type,
            requirements=row["requirements"],
            attributes=row["attributes"],
            preview=True,
            issue_locale=self.connector.amazon.locale,
        )

    def _verdict(self, row: dict[str, Any], answered: Answered) -> dict[str, Any]:
        submission = answered.submission
        if submission is None:
            # No answer is not a pass: the item waits for the next run.
            return {"outcome": "failed", "note": answered.trouble}
        issues = self.definitions.amazon_issues(submission.issues, "preview")
        return {
            "outcome": "ready" if submission.status == "VALID" else "rejected",
            "note": "",
            "asin": next((one.get("asin") for one in submission.identifiers), None),
            "issues": row["issues"]
            + traced(issues, self.mapping, answered.row["attributes"], self.languages),
        }

    def _remember(self, passed: list[dict[str, Any]]) -> None:
        record_tested(self.ledger, self.listings, self.definitions.checksum, passed)
        passed.clear()
