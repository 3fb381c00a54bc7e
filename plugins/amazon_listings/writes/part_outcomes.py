"""What became of the items of a run, part by part: their number by outcome, approvals, refused shapes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from amazon_listings.ledger.approvals.answers import mark_sent
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import APPROVED, LIVE
from amazon_listings.writes.refused_shapes import RefusedShapes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amazon_listings.connectors.model import Connector
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.records import ApprovedIndex, WrittenItem
    from amazon_listings.writes.single import Writer


@dataclass
class PartOutcomes:
    """The outcomes of a run's items. A part is through once each item that may go has its answer.

    Args:
        connector: The connector that runs.
        folder: The run's folder; reads the stages `mapped`, `tested`, `approved` and `live`.
        writer: Has the definition and the ledger.
    """

    connector: Connector
    folder: RunFolder
    writer: Writer
    _through: dict[str, Counter[Outcome]] = field(default_factory=dict, init=False)

    def __contains__(self, part: object) -> bool:
        """Return whether a part was through when it was counted."""
        return part in self._through

    def count(self) -> Counter[Outcome]:
        """Return the number of items by outcome; a part that is through is not read again.

        Enters in the ledger which approved changes Amazon accepted, and the shapes that it refused.
        """
        counts: Counter[Outcome] = Counter()
        sent: dict[str, str] = {}
        refused = RefusedShapes(self.connector, self.folder, self.writer)
        for part in self.folder.parts(LIVE):
            if part not in self._through:
                written = list(self.folder.read(LIVE, part))
                approved = list(self.folder.index(APPROVED, part))
                refused.learn(part, written)
                sent.update(_approvals(written, approved))
                found = Counter(item.outcome for item in written)
                if found[Outcome.PENDING] or _has_due(written, approved):
                    counts.update(found)
                    continue
                self._through[part] = found
            counts.update(self._through[part])
        refused.keep()
        mark_sent(self.writer.protocol.ledger, self.writer.protocol.listings, sent)
        return counts

    def reopen(self, parts: Iterable[str]) -> None:
        """Read these parts again when it is counted next: their items were written again."""
        for part in parts:
            self._through.pop(part, None)


def _approvals(written: Iterable[WrittenItem], approved: Iterable[ApprovedIndex]) -> dict[str, str]:
    """Return the hash of each approved change that was accepted, by SKU."""
    # What went out alone is not all that was approved.
    accepted = {item.pim_id for item in written if item.outcome is Outcome.ACCEPTED and not item.only}
    return {
        item.sku: item.approval for item in approved if item.approval and item.sku and item.pim_id in accepted
    }


def _has_due(written: Iterable[WrittenItem], approved: Iterable[ApprovedIndex]) -> bool:
    done = {item.pim_id for item in written}
    return any(item.outcome is Outcome.READY and item.pim_id not in done for item in approved)
