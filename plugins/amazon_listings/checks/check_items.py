"""Test sync: is each item right? Locally first, then by Amazon's preview. Nothing changes at Amazon."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.checks.families import note_waiting_children
from amazon_listings.checks.local import WAITING, LocalChecks, refuse_offers_of_vendors
from amazon_listings.checks.preview_gaps import explained, gap_issues, is_no_answer
from amazon_listings.errors import RunAbortedError
from amazon_listings.ledger.items import (
    ListingScope,
    accepted_contents,
    known_items,
    record_accepted,
    record_listed,
    record_tested,
)
from amazon_listings.runs.amazon_calls import Answered, Progress, call_for_all
from amazon_listings.runs.map_fields import compiled
from amazon_listings.runs.removed_items import plan_departures
from amazon_listings.runs.tracing import Sources, by_line, traced
from amazon_listings.selling_partner.forecast import forecast
from amazon_listings.writes.planner import CurrentListing, PlannedWrite, Planner, current_by_ledger
from amazon_listings.writes.volume import Volume

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.scope import Scope
    from amazon_listings.selling_partner.client import SellingPartner
    from amazon_listings.selling_partner.listings import Submission
    from amazon_product_types.validation.issue import Issue

log = logging.getLogger(__name__)

#: Answers are remembered in the ledger every so many, so that a killed task repeats few.
REMEMBER_EVERY = 50
OUTCOMES = ("blocked", "unchanged", "rejected", "ready", "failed")


class Unchecked(RunAbortedError):
    """The result of the quality check is missing, so it is unknown which items it blocked."""

    def __init__(self) -> None:
        super().__init__("runs.unchecked")


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
        ledger: Knows which payloads passed before, and what Amazon holds.
        folder: The run's folder; writes the stages `tested` and `departed`.

    Returns:
        Items by outcome; `ready` are those that may be submitted.

    Raises:
        Unchecked: nobody checked the quality of the extract.
        VendorOffer: the mapping of a vendor's connector fills offer attributes.
        RunAbortedError: more items left the selection than the connector allows.
        RetryableError, ActionRequiredError: Amazon cannot be asked; no item is taken for passed.
    """
    listings = ListingScope(
        connector.key, client.account.seller_id, connector.marketplace.id, connector.amazon.product_type
    )
    mapping = compiled(connector, definitions)
    if folder.noted("quality") is None:
        raise Unchecked
    if client.account.vendor:
        refuse_offers_of_vendors(connector, mapping)
    folder.clear("tested", "live", "departed")
    leaving = plan_departures(
        connector, scope, ledger=ledger, folder=folder, listings=listings, vendor=client.account.vendor
    )
    languages = dict(connector.language_tags)
    local = LocalChecks(connector, scope, definitions, ledger, listings, mapping, languages)
    ready = 0
    for part in folder.parts("mapped"):
        barred = {row["pim_id"] for row in folder.read("quality", part) if row["blocks"]}
        sources = Sources(mapping, folder.read("extract", part))
        rows = list(local.rows(list(folder.read("mapped", part)), barred, sources))
        ready += sum(row["outcome"] == "ready" for row in rows)
        folder.write("tested", part, rows)
    sending = Volume(connector.sync.feed_from, connector.sync.when_removed)
    if scope.operation == "live":
        sending.creations, sending.leaving = ready + local.waiting, leaving
    words = _forecast(client, local, sending)
    log.info("Asking Amazon: %s.", words)
    preview = _Preview(
        local,
        Planner(connector, mapping, definitions.layout, client),
        client,
        Progress(local.waiting, "previews"),
    )
    counts: Counter[str] = Counter()
    for part in folder.parts("tested"):
        rows = list(folder.read("tested", part))
        if any(row["outcome"] == WAITING for row in rows):
            rows = preview.rows(rows, {row["pim_id"]: row for row in folder.read("mapped", part)})
        rows = note_waiting_children(rows, definitions.language)
        folder.write("tested", part, rows)
        counts.update(row["outcome"] for row in rows)
    folder.note("tested", {"calls": dict(preview.calls), "forecast": words, "left": leaving})
    return {name: counts[name] for name in OUTCOMES}


def _forecast(client: SellingPartner, local: LocalChecks, sending: Volume) -> str:
    """How many calls, which way, how long: before the first of them."""
    asked = [forecast(local.readings, "getListingsItem")] if local.readings else []
    asked.append(
        forecast(local.waiting, "putListingsItem", kinds={"preview"}, preview_rate=client.preview_rate)
    )
    words = "; ".join(str(cost) for cost in asked)
    if sending.creations or sending.leaving:
        words += f"; then, if all pass, {sending}"
    return words


class _Verdict(NamedTuple):
    """What came of asking: `submission` is None if there was nothing to preview; `read` is what was read."""

    write: PlannedWrite
    submission: Submission | None
    gaps: list[Issue]
    read: CurrentListing | None


@dataclass
class _Preview:
    """Asking Amazon about the rows that wait; counts the calls by kind."""

    local: LocalChecks
    planner: Planner
    client: SellingPartner
    progress: Progress
    calls: Counter[str] = field(default_factory=Counter)

    def rows(self, rows: list[dict[str, Any]], payloads: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows of a part, those that waited with Amazon's verdict."""
        by_id = {row["pim_id"]: row for row in rows}
        answered: list[tuple[dict[str, Any], Answered[_Verdict]]] = []
        calls = call_for_all(
            self._jobs(rows, payloads), self._ask, in_flight=self._in_flight, progress=self.progress
        )
        try:
            for answer in calls:
                row = by_id[answer.row["pim_id"]]
                row |= self._outcome(row, answer)
                answered.append((row, answer))
                if len(answered) >= REMEMBER_EVERY:
                    self._remember(answered)
        finally:
            self._remember(answered)
        return list(by_id.values())

    def _jobs(self, rows: list[dict[str, Any]], payloads: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
        """The mapped rows that wait, each with what the ledger knows of its listing."""
        waiting = [row for row in rows if row["outcome"] == WAITING]
        skus = [row["sku"] for row in waiting]
        known = known_items(self.local.ledger, self.local.listings, skus)
        contents = accepted_contents(self.local.ledger, self.local.listings, skus)
        return [
            payloads[row["pim_id"]]
            | {
                "forced": row["forced"],
                "current": current_by_ledger(known.get(row["sku"]), contents.get(row["sku"])),
            }
            for row in waiting
        ]

    def _in_flight(self) -> int:
        previews = self.client.in_flight("putListingsItem", {"preview"})
        return previews + (self.client.in_flight("getListingsItem") if self.local.readings else 0)

    def _ask(self, row: dict[str, Any]) -> _Verdict:
        current: CurrentListing = row["current"]
        read = None
        if not current.is_enough and not self.local.connector.sync.full_replace:
            current = read = self.planner.read(row["sku"])
        plan = self.planner.plan(row, current)
        gaps = gap_issues(plan, row, vendor=self.client.account.vendor, messages=self.local.messages)
        if plan.method == "NOTHING" or any(gap.severity == "ERROR" for gap in gaps):
            return _Verdict(plan, None, gaps, read)
        return _Verdict(plan, self.planner.send(row, plan, preview=True), gaps, read)

    def _outcome(self, row: dict[str, Any], answer: Answered[_Verdict]) -> dict[str, Any]:
        """The outcome, note, ASIN and issues of a row, and the hash of the plan that was previewed."""
        verdict = answer.result
        if verdict is None:
            # No answer is not a pass: the item waits for the next run.
            return {"outcome": "failed", "note": answer.note(self.local.messages)}
        self.calls["readings"] += verdict.read is not None
        self.calls["previews"] += verdict.submission is not None
        found = list(verdict.gaps)
        outcome, note = "ready", ""
        asin = row["asin"]
        if verdict.submission is not None:
            submission = verdict.submission
            issues = self.local.definitions.amazon_issues(submission.issues, "preview")
            found += [*issues, *explained(issues, answer.row["attributes"], self.local.messages)]
            asin = next((one["asin"] for one in submission.identifiers if one.get("asin")), asin)
            if submission.status != "VALID":
                outcome = "rejected"
                if is_no_answer(submission.issues):
                    outcome, note = "failed", self.local.messages.phrase("note.amazon_failed")
        elif verdict.write.method == "NOTHING":
            outcome, note = "unchanged", self.local.messages.phrase("note.amazon_has_it")
        else:
            outcome = "blocked"
        if outcome == "ready" and row["sent_before"]:
            outcome = "unchanged"
        if verdict.write.existed and verdict.write.method == "PATCH":
            fixed = self.local.definitions.fixed_values(answer.row["attributes"])
            found += [issue for issue in fixed if issue.attribute in verdict.write.touched]
        return {
            "outcome": outcome,
            "note": note,
            "asin": asin,
            "issues": row["issues"]
            + traced(found, by_line(self.local.mapping, answer.row["attributes"], self.local.languages)),
            "plan_hash": verdict.write.plan.hash,
            "previewed": verdict.submission is not None,
        }

    def _remember(self, answered: list[tuple[dict[str, Any], Answered[_Verdict]]]) -> None:
        """Enter in the ledger what passed, which SKUs Amazon has, and which hold all that is wanted."""
        ledger, listings, definition = self.local.ledger, self.local.listings, self.local.definitions.checksum
        passed, listed, unchanged = [], {}, []
        for row, answer in answered:
            verdict = answer.result
            if verdict is None:
                continue
            entry = answer.row | {"asin": row["asin"]}
            if verdict.read is not None:
                listed[row["sku"]] = bool(verdict.read.exists)
            if verdict.submission is not None and verdict.submission.status == "VALID":
                passed.append(entry)
            if verdict.write.method == "NOTHING" and self.local.scope.operation == "live":
                unchanged.append(entry | {"attributes": verdict.write.after})
        record_listed(ledger, listings, listed)
        record_tested(ledger, listings, definition, passed)
        record_accepted(ledger, listings, unchanged, definition=definition)
        answered.clear()
