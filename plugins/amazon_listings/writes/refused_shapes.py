"""Remember what Amazon refused although no preview had said so."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amazon_listings.checks.preview_need import PreviewNeed
from amazon_listings.checks.shapes import ShapeReader
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import TESTED
from amazon_listings.runs.shared_payloads import SharedPayloads
from amazon_listings.runs.tested_plans import without_changes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amazon_listings.connectors.model import Connector
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.records import WrittenItem
    from amazon_listings.writes.single import Writer


@dataclass
class RefusedShapes:
    """The shapes of items that were rejected: what is like them is previewed again.

    Nothing is learnt unless the connector previews by need.

    Args:
        connector: The connector that runs.
        folder: The run's folder; reads the stages `mapped` and `tested`.
        writer: Has the definition and the ledger.
    """

    connector: Connector
    folder: RunFolder
    writer: Writer

    def learn(self, part: str, written: Iterable[WrittenItem]) -> None:
        """Learn from the items of a part that were rejected."""
        rejected = {one.pim_id: one for one in written if one.outcome is Outcome.REJECTED and one.issues}
        if not rejected or self.connector.sync.preview != "needed":
            return
        # A listing that is made is sent whole, whatever its changes.
        plans = {
            one.pim_id: without_changes(one)
            for one in self.folder.read(TESTED, part)
            if one.pim_id in rejected
        }
        payloads, shapes = self._shapes
        for item in self.folder.read(payloads, part):
            plan = plans.get(item.pim_id)
            if plan is not None:
                self._need.refused(
                    shapes.of(item, plan.method, plan.attributes),
                    rejected[item.pim_id].issues,
                    previewed=False,
                )

    def keep(self) -> None:
        """Enter in the ledger what was learnt."""
        if "_need" in self.__dict__:
            self._need.keep()

    @functools.cached_property
    def _need(self) -> PreviewNeed:
        protocol = self.writer.protocol
        return PreviewNeed(protocol.ledger, protocol.listings, self.writer.definitions.checksum, 0)

    @functools.cached_property
    def _shapes(self) -> tuple[SharedPayloads, ShapeReader]:
        payloads = SharedPayloads()
        return payloads, ShapeReader(self.writer.definitions.document, payloads)
