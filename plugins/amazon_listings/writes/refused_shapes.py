"""Remember what Amazon refused although no preview had said so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_listings.checks.preview_need import PreviewNeed
from amazon_listings.checks.shapes import ShapeReader
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import LIVE, TESTED
from amazon_listings.runs.shared_payloads import SharedPayloads
from amazon_listings.runs.tested_plans import without_changes

if TYPE_CHECKING:
    from amazon_listings.connectors.model import Connector
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.writes.single import Writer


def remember_refusals(connector: Connector, folder: RunFolder, writer: Writer) -> None:
    """Enter the shapes of the items that were rejected: what is like them is previewed again.

    Enters nothing unless the connector previews by need.

    Args:
        connector: The connector that runs.
        folder: The run's folder; reads the stages `mapped`, `tested` and `live`.
        writer: Has the definition and the ledger.
    """
    if connector.sync.preview != "needed":
        return
    need = PreviewNeed(writer.protocol.ledger, connector.key, writer.definitions.checksum, 0)
    payloads = SharedPayloads()
    shapes = ShapeReader(writer.definitions.document, payloads)
    for part in folder.parts(LIVE):
        rejected = {
            one.pim_id: one
            for one in folder.read(LIVE, part)
            if one.outcome is Outcome.REJECTED and one.issues
        }
        if not rejected:
            continue
        # A listing that is made is sent whole, whatever its changes.
        plans = {
            one.pim_id: without_changes(one) for one in folder.read(TESTED, part) if one.pim_id in rejected
        }
        for item in folder.read(payloads, part):
            plan = plans.get(item.pim_id)
            if plan is not None:
                need.refused(
                    shapes.of(item, plan.method, plan.attributes),
                    rejected[item.pim_id].issues,
                    previewed=False,
                )
    need.keep()
