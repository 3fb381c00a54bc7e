"""Who owns what of a listing: what was last accepted of each connector, and the lines that make it.

A leaf of a listing belongs to the connector of which it was accepted first. An attribute without a
marketplace belongs to the SKU in the whole account and region.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import and_, exists, not_, select, update

from amazon_listings.ledger.columns import among
from amazon_listings.ledger.connectors.keys import current_id
from amazon_listings.ledger.content import unpacked
from amazon_listings.ledger.database import by_column, reading
from amazon_listings.ledger.tables import connectors, item_states, items
from amazon_listings.marketplaces import MARKETPLACES, region_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Engine

    from amazon_listings.ledger.items.payloads import ListingScope


class Line(msgspec.Struct, frozen=True):
    """What makes a value.

    Args:
        place: Document and line, for people.
        expression: The expression as its author wrote it.
        source: What it reads.
    """

    place: str
    expression: str
    source: str


class Claim(NamedTuple):
    """What was last accepted of another connector.

    Args:
        connector_key: The connector.
        connector_id: Its id of today.
        marketplace_id: Where.
        attributes: What was accepted.
        claimed_at: When something was accepted of it first.
        accepted_at: When something was accepted of it last.
        left: Whether the item left that connector's selection since.
    """

    connector_key: str
    connector_id: str
    marketplace_id: str
    attributes: dict[str, Any]
    claimed_at: datetime | None
    accepted_at: datetime | None
    left: bool


_ITEM = and_(item_states.c.connector_key == items.c.connector_key, item_states.c.sku == items.c.sku)
#: Whether a connector read the SKU's item, and has it no more.
_LEFT = and_(
    exists().where(_ITEM, item_states.c.removed), not_(exists().where(_ITEM, not_(item_states.c.removed)))
)


def claims_of_others(ledger: Engine, listings: ListingScope, skus: Sequence[str]) -> dict[str, list[Claim]]:
    """Return what was accepted of other connectors of these SKUs, in all marketplaces of the region."""
    region = region_of(listings.marketplace_id)
    places = {one.id for one in MARKETPLACES.values() if region_of(one.id) == region}
    found: dict[str, list[Claim]] = {}
    for names in by_column(skus):
        with reading(ledger) as connection:
            rows = connection.execute(
                select(
                    items.c.sku,
                    items.c.connector_key,
                    current_id(items),
                    items.c.marketplace_id,
                    items.c.accepted_content,
                    items.c.claimed_at,
                    items.c.accepted_at,
                    _LEFT,
                )
                .outerjoin(connectors, connectors.c.key == items.c.connector_key)
                .where(
                    among(items.c.sku, names),
                    items.c.seller_id == listings.seller_id,
                    items.c.connector_key != listings.connector_key,
                    items.c.accepted_content.is_not(None),
                )
                .order_by(items.c.claimed_at, items.c.connector_key)
            ).all()
        for sku, key, connector_id, marketplace_id, content, claimed_at, accepted_at, left in rows:
            # Not asked of the database, which would look for each SKU in each marketplace of the region.
            if marketplace_id not in places:
                continue
            claim = Claim(key, connector_id, marketplace_id, unpacked(content), claimed_at, accepted_at, left)
            found.setdefault(names[sku], []).append(claim)
    return found


def owned_skus(ledger: Engine, connector_key: str) -> dict[str, set[str]]:
    """Return the SKUs of which something was accepted of a connector and not given up, by marketplace."""
    found: dict[str, set[str]] = {}
    statement = select(items.c.marketplace_id, items.c.sku).where(
        items.c.connector_key == connector_key, items.c.accepted_content.is_not(None)
    )
    with reading(ledger) as connection:
        for marketplace_id, sku in connection.execute(statement):
            found.setdefault(marketplace_id, set()).add(sku)
    return found


def record_lines(ledger: Engine, connector_key: str, lines: Mapping[str, Line]) -> None:
    """Remember which lines a connector's mapping has, by the path of what they make."""
    kept = msgspec.to_builtins(dict(lines))
    with ledger.begin() as connection:
        connection.execute(update(connectors).where(connectors.c.key == connector_key).values(lines=kept))


def lines_of(ledger: Engine, connector_keys: Sequence[str]) -> dict[str, dict[str, Line]]:
    """Return the lines of connectors, by the path of what they make; none of one that has not run since."""
    with reading(ledger) as connection:
        rows = connection.execute(
            select(connectors.c.key, connectors.c.lines).where(connectors.c.key.in_(connector_keys))
        ).all()
    return {key: msgspec.convert(lines or {}, dict[str, Line]) for key, lines in rows}
