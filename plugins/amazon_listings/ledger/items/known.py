"""Read what the ledger knows of listings: hashes, states, and the attributes last accepted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import or_, select, text

from amazon_listings.ledger.content import unpacked
from amazon_listings.ledger.database import by_column, in_parts, reading
from amazon_listings.ledger.items.payloads import APART, ListingScope, State
from amazon_listings.ledger.tables import IN_DOUBT, items, submissions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement, Engine

#: So long a listing counts as being there after it was seen, or written to.
FRESH = timedelta(days=1)


class KnownItem(msgspec.Struct, frozen=True):
    """What the ledger remembers of one listing.

    `listed`: whether Amazon has the SKU, as far as we know; None if it was never asked. `doubtful`: since
    the last acceptance something was sent that may have been carried out, so only a reading tells what
    the listing holds; `accepted_hash` is None then. `seen_at`: when a reading last showed the listing;
    `missed_at`: the first reading since that did not. `created`: the connector made or adopted the listing.
    `claimed_at`: when something of it was accepted of the connector first.
    """

    tested_hash: str | None
    tested_definition: str | None
    accepted_hash: str | None
    asin: str | None
    listed: bool | None = None
    state: State | None = None
    doubtful: bool = False
    accepted_at: datetime | None = None
    seen_at: datetime | None = None
    missed_at: datetime | None = None
    created: bool = False
    claimed_at: datetime | None = None
    accepted_definition: str | None = None

    def is_fresh(self, now: datetime) -> bool:
        """Return whether the listing was seen, or written to, within a day, and not missed since."""
        moments = [moment for moment in (self.accepted_at, self.seen_at) if moment is not None]
        return self.missed_at is None and bool(moments) and now - max(moments) <= FRESH

    def is_missed_again(self, now: datetime) -> bool:
        """Return whether one more reading without the listing shows that it is gone."""
        return self.seen_at is None or (self.missed_at is not None and now - self.missed_at >= APART)


def known_items(ledger: Engine, listings: ListingScope, skus: Sequence[str]) -> dict[str, KnownItem]:
    """Return what is known of these SKUs; a SKU never seen is not in the answer."""
    doubtful = (
        select(submissions.c.id)
        .where(
            submissions.c.sku == items.c.sku,
            submissions.c.seller_id == items.c.seller_id,
            submissions.c.marketplace_id == items.c.marketplace_id,
            submissions.c.sent_at > items.c.accepted_at,
            text(IN_DOUBT),
        )
        .exists()
    )
    columns = (
        items.c.tested_hash,
        items.c.tested_definition,
        items.c.accepted_hash,
        items.c.asin,
        items.c.listed,
        items.c.state,
        doubtful,
        items.c.accepted_at,
        items.c.seen_at,
        items.c.missed_at,
        items.c.created,
        items.c.claimed_at,
        items.c.accepted_definition,
    )
    found = {sku: KnownItem(*values) for sku, values in _of(ledger, listings, skus, columns)}
    return {sku: replace(one, accepted_hash=None) if one.doubtful else one for sku, one in found.items()}


def accepted_contents(
    ledger: Engine, listings: ListingScope, skus: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Return the attributes last accepted of these SKUs; to be asked only for items that are to be sent.

    What was not applied is not among them: the listing does not hold it.
    """
    found = _of(ledger, listings, skus, (items.c.accepted_content, items.c.state, items.c.removing))
    return {
        sku: unpacked(content)
        for sku, (content, state, removing) in found
        if content is not None and (state != "not_applied" or removing is not None)
    }


def owned_contents(ledger: Engine, listings: ListingScope, skus: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the attributes that are the connector's, whether or not they were applied."""
    found = _of(ledger, listings, skus, (items.c.accepted_content,), items.c.accepted_content.is_not(None))
    return {sku: unpacked(content) for sku, (content,) in found}


def contents_of(ledger: Engine, connector_key: str) -> Iterator[dict[str, Any]]:
    """Yield the attributes last accepted of every listing of a connector that Amazon has."""
    key = (items.c.sku, items.c.seller_id, items.c.marketplace_id)
    wanted = select(*key, items.c.accepted_content).where(
        items.c.connector_key == connector_key,
        items.c.listed.is_(True),
        items.c.accepted_content.is_not(None),
        or_(items.c.state.is_(None), items.c.state != "not_applied", items.c.removing.is_not(None)),
    )
    for row in in_parts(ledger, wanted, *key):
        yield unpacked(row.accepted_content)


def _of(
    ledger: Engine,
    listings: ListingScope,
    skus: Sequence[str],
    columns: Sequence[object],
    *conditions: ColumnElement[bool],
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield these columns of the SKUs that are known, as far as their rows meet the conditions."""
    with reading(ledger) as connection:
        for names in by_column(skus):
            for name, *values in connection.execute(
                select(items.c.sku, *columns).where(listings.among(names), *conditions)
            ):
                yield names[name], tuple(values)
