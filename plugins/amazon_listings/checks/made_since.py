"""Find listings that people made of items that passed in an earlier test and were never sent.

Such an item is unchanged, so that its test would ask nothing; what it would now change, and drop, of a
listing that exists is what its user has to know before going live. A live run reads each before it sends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from amazon_listings.ledger.database import CHUNK, chunks
from amazon_listings.ledger.items.known import known_items
from amazon_listings.ledger.items.payloads import record_listed
from amazon_listings.runs.listings.bulk_reading import read_listings
from amazon_listings.runs.outcomes import Outcome

if TYPE_CHECKING:
    from amazon_listings.checks.local import LocalChecks
    from amazon_listings.runs.records import TestedItem
    from amazon_listings.selling_partner.calls.client import SellingPartner


def with_made_since(items: list[TestedItem], local: LocalChecks, client: SellingPartner) -> list[TestedItem]:
    """Return the items, in a test those of which a listing is found as to be asked about.

    Args:
        items: Items of a part after the local checks.
        local: These checks; its ledger knows which items have a listing.
        client: Whose listings.

    Raises:
        RetryableError, ActionRequiredError: Amazon cannot be asked.
    """
    ledger, listings = local.ledger, local.listings
    # Due, and unchanged since it passed: no live run leaves an item so.
    unsent = [item.sku for item in items if item.sku and item.due and item.outcome is Outcome.UNCHANGED]
    unseen = [
        sku
        for batch in chunks(unsent, CHUNK)
        for known in (known_items(ledger, listings, batch),)
        for sku in batch
        if sku not in known or not known[sku].listed
    ]
    if not unseen:
        return items
    reading = read_listings(client, listings.marketplace_id, unseen, listed=(), included=("summaries",))
    found = {sku for sku, listing in reading.listings.items() if listing is not None}
    local.waiting += len(found)
    local.readings += len(found)
    record_listed(ledger, listings, dict.fromkeys(found, True))
    local.calls["searches"] += reading.calls
    return [
        msgspec.structs.replace(item, outcome=Outcome.EXTRACTED, note=()) if item.sku in found else item
        for item in items
    ]
