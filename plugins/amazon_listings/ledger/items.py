"""Items: for each listing, the last payload that passed Amazon's preview and the last it accepted."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from amazon_listings.ledger.tables import items

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Engine

#: Names in one `IN (…)`; SQLite allows 32,766 parameters, and small statements are cached.
CHUNK = 500


@dataclass(frozen=True)
class Listings:
    """Whose listings: the key that an item's row shares with its neighbours."""

    connector_id: str
    seller_id: str
    marketplace_id: str
    product_type: str


@dataclass(frozen=True)
class KnownItem:
    """What the ledger remembers of one listing."""

    tested_hash: str | None
    tested_definition: str | None
    accepted_hash: str | None
    asin: str | None


def packed(content: Any) -> bytes:
    """JSON, compressed, as the ledger keeps payloads."""
    return zlib.compress(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())


def unpacked(content: bytes | None) -> Any:
    """The JSON that `packed` made; None stays None."""
    return None if content is None else json.loads(zlib.decompress(content))


def known_items(ledger: Engine, listings: Listings, skus: Sequence[str]) -> dict[str, KnownItem]:
    """What is known of these SKUs; a SKU never seen is not in the answer."""
    found: dict[str, KnownItem] = {}
    columns = (
        items.c.sku,
        items.c.tested_hash,
        items.c.tested_definition,
        items.c.accepted_hash,
        items.c.asin,
    )
    with ledger.connect() as connection:
        for start in range(0, len(skus), CHUNK):
            rows = connection.execute(
                select(*columns).where(
                    items.c.seller_id == listings.seller_id,
                    items.c.marketplace_id == listings.marketplace_id,
                    items.c.sku.in_(skus[start : start + CHUNK]),
                )
            )
            for sku, *known in rows:
                found[sku] = KnownItem(*known)
    return found


def record_tested(
    ledger: Engine, listings: Listings, definition: str, rows: Iterable[Mapping[str, Any]]
) -> None:
    """Remember payloads that passed Amazon's preview.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        definition: Checksum of the definition they were validated with.
        rows: `sku`, `hash`, `pim_id` and `asin` (the one Amazon would match, or None) of each.
    """
    now = datetime.now(UTC)
    _upsert(
        ledger,
        listings,
        [
            {
                "sku": row["sku"],
                "pim_id": row["pim_id"],
                "tested_hash": row["hash"],
                "tested_definition": definition,
                "tested_at": now,
                "asin": row["asin"],
            }
            for row in rows
        ],
    )


def record_accepted(ledger: Engine, listings: Listings, rows: Iterable[Mapping[str, Any]]) -> None:
    """Remember payloads that Amazon accepted: `sku`, `pim_id`, `hash` and `attributes` of each."""
    now = datetime.now(UTC)
    _upsert(
        ledger,
        listings,
        [
            {
                "sku": row["sku"],
                "pim_id": row["pim_id"],
                "accepted_hash": row["hash"],
                "accepted_content": packed(row["attributes"]),
                "accepted_at": now,
                "state": "accepted",
            }
            for row in rows
        ],
    )


def _upsert(ledger: Engine, listings: Listings, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    own = {
        "connector_id": listings.connector_id,
        "seller_id": listings.seller_id,
        "marketplace_id": listings.marketplace_id,
        "product_type": listings.product_type,
    }
    dialect = postgresql if ledger.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(items)
    key = ["seller_id", "marketplace_id", "sku"]
    statement = statement.on_conflict_do_update(
        index_elements=key,
        set_={name: statement.excluded[name] for name in (*own, *rows[0]) if name not in key},
    )
    with ledger.begin() as connection:
        connection.execute(statement, [own | row for row in rows])
