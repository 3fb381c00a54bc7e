"""Items that the ledger knows, as a finished run enters them."""

from __future__ import annotations

from datetime import UTC, datetime

from amazon_listings.ledger.connectors.keys import resolve_key
from amazon_listings.ledger.items.states import ItemState, record_states


def store_items(ledger, connector_id, items, *, selected=(), run=1):
    """Enters items; each has a `sku`, and what it has of `attributes`, `row` and `outcome`."""
    record_states(
        ledger,
        resolve_key(ledger, connector_id),
        [
            ItemState(
                pim_id=f"products/{number:04}",
                sku=item["sku"],
                family=f"products/{number:04}",
                run=run,
                operation="test",
                outcome=item.get("outcome", "ready"),
                read_at=datetime(2026, 11, 28, run, tzinfo=UTC),
                attributes=item.get("attributes"),
                row=item.get("row"),
                selected=selected,
            )
            for number, item in enumerate(items)
        ],
    )
