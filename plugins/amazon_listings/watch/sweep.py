"""Look for listings that nothing has read for days: they may have been deleted by hand.

Twenty are searched with one call. A listing that a search does not show is read alone, and only two readings
a while apart that do not show it make it `gone`: an answer of an outage creates nothing.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING

from amazon_listings.ledger.items.payloads import ListingScope, record_listed
from amazon_listings.ledger.runs.owed import record_owed_listings
from amazon_listings.ledger.writes.sweeps import due_for_sweep, gone_among
from amazon_listings.messages import log_line
from amazon_listings.runs.listings.bulk_reading import read_listings
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.selling_partner.listing_answers import of_marketplace

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.selling_partner.calls.client import SellingPartner

log = logging.getLogger(__name__)

#: Listings of one sweep, which leaves most of the quota to runs: 50 searches.
AT_ONCE = 1000


def sweep(
    connector: Connector,
    *,
    client: SellingPartner,
    ledger: Engine,
    now: datetime,
    beside: Iterable[Connector] = (),
) -> dict[str, int]:
    """Look for the listings of a connector that are due.

    One search names the marketplaces of the account's other connectors too: what it shows of their listings
    need not be looked for by them.

    Args:
        connector: Whose listings; `sync.when_vanished` says what becomes of those that are gone.
        client: The account's client.
        ledger: Knows when each was seen; remembers what is seen now.
        now: The time.
        beside: The account's connectors in other marketplaces of the region.

    Returns:
        How many are `there`, how many were `missed`, and how many are `gone`.

    Raises:
        RetryableError, ActionRequiredError: Amazon cannot be asked.
    """
    seller_id = client.account.seller_id
    listings = ListingScope.of(connector, seller_id)
    due = due_for_sweep(ledger, listings, now=now, limit=AT_ONCE)
    if not due:
        return {}
    before = gone_among(ledger, listings, due)
    others = [
        (one, set(due_for_sweep(ledger, ListingScope.of(one, seller_id), now=now, limit=AT_ONCE)))
        for one in beside
    ]
    others = [(one, shared) for one, skus in others if (shared := skus.intersection(due))]
    place = connector.marketplace.id
    found = read_listings(
        client,
        place,
        due,
        listed=due,
        others=[one.marketplace.id for one, _ in others],
        included=("summaries",),
    )
    shown = {sku: listing is not None for sku, listing in found.listings.items()}
    record_listed(ledger, listings, shown, now=now)
    for one, shared in others:
        # What a search does not show there is read alone, by that connector's own sweep.
        there = {
            sku: True
            for sku in shared
            if (listing := found.searched.get(sku)) and of_marketplace(listing, one.marketplace.id)
        }
        record_listed(ledger, ListingScope.of(one, seller_id), there, now=now)
    missing = [sku for sku, there in shown.items() if not there]
    gone = gone_among(ledger, listings, missing)
    if new := sorted(gone - before):
        log.warning("%s", log_line("log.vanished", count=len(new), skus=new))
        if connector.sync.when_vanished == "recreate":
            record_owed_listings(ledger, connector.key, [(None, sku, Outcome.GONE) for sku in new])
    counts = Counter(there=sum(shown.values()), gone=len(gone), missed=len(missing) - len(gone))
    return {name: number for name, number in counts.items() if number}
