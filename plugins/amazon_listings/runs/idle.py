"""A run that has nothing to do: no item to look at, none that left, nothing that an earlier run left open.

The steps between extract and report would open the ledger, compile the mapping and end; they are skipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_listings.ledger.runs.history import began_as_last
from amazon_listings.ledger.writes.feeds import pending_feeds
from amazon_listings.runs.extract.removed_items import plan_removals
from amazon_listings.runs.notes import ApprovalNote, ExtractNote, ForeseenNote, QualityNote, TestedNote
from amazon_listings.runs.records import REMOVED

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.items.payloads import ListingScope
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.scope import Scope


def nothing_to_do(
    connector: Connector,
    scope: Scope,
    *,
    ledger: Engine,
    listings: ListingScope,
    run: int,
    folder: RunFolder,
    vendor: bool,
) -> bool:
    """Return whether what was extracted leaves the later steps nothing to do, whatever their operation.

    The first run with a connector's document or a definition goes through all steps: they refuse a mapping
    that cannot be, and remember its lines. So does an attempt whose items were tested before.

    Args:
        connector: The connector that runs.
        scope: What the run covers.
        ledger: The open ledger.
        listings: Whose listings.
        run: The run's number in the ledger.
        folder: The run's folder, after the extract.
        vendor: Whether the selling partner is a vendor.

    Raises:
        ActionRequiredError: a vendor's connector asks for a quantity of 0 for items that left.
    """
    extract = folder.noted(ExtractNote)
    if extract is None or extract.parts or folder.noted(TestedNote) is not None:
        return False
    if not began_as_last(ledger, run) or pending_feeds(ledger, connector.key):
        return False
    left = plan_removals(connector, scope, ledger=ledger, folder=folder, listings=listings, vendor=vendor)
    return not left and not folder.parts(REMOVED)


def note_idle(folder: RunFolder, scope: Scope) -> None:
    """Note what the steps that are skipped would have noted; any of them can still be cleared, and runs."""
    folder.note(QualityNote(checked=0, blocked=0))
    folder.note(TestedNote(calls={}))
    folder.note(ApprovalNote() if scope.operation == "live" else ForeseenNote(waiting=0, reasons={}))
