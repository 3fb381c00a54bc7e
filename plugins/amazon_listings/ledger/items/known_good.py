"""Which items are as they should be: those that a run which finds them unchanged need not look at again.

The states of items (what the latest run found) and their listings (what Amazon accepted) decide together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
from sqlalchemy import and_, case, func, literal, or_, select, text

from amazon_listings.ledger.columns import PIM_ID, SKU, among
from amazon_listings.ledger.database import CHUNK, by_column, chunks, reading
from amazon_listings.ledger.items.states import digest, digest_of
from amazon_listings.ledger.tables import IN_DOUBT, approvals, connectors, item_states, items, submissions
from amazon_listings.marketplaces import MARKETPLACES, region_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Engine

    from amazon_listings.ledger.items.payloads import ListingScope

#: What an item may have become for it to be as it should be.
GOOD = ("accepted", "live", "live_with_differences", "suppressed", "unchanged")


class StateKey(NamedTuple):
    """What of an item's state is compared with a reading.

    Args:
        pim_id: The PIM's identity of the item.
        sku: Its SKU.
        family: The PIM's identity of its product.
        row: The digest of its row; 0 of a parent that the mapping made.
        of_family: The digest of its family's rows.
        others: The digest of what other connectors had of its listing.
        good: Everything but the row is as it was, and nothing is left to do.
    """

    pim_id: str
    sku: str | None
    family: str
    row: int
    of_family: int
    others: int
    good: bool


def states_of_families(
    ledger: Engine,
    listings: ListingScope,
    families: Collection[str],
    *,
    shared: Mapping[str, int],
    now: datetime,
    passed: str | None,
) -> dict[str, list[StateKey]]:
    """Return the states of the items of products that are in the selection, by product.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        families: The PIM's identities of products.
        shared: The parts of the fingerprint that all items of a run share.
        now: An item of which a rule changes its verdict until then is not good.
        passed: The checksum of a definition: by it Amazon must have taken the payload, or passed its preview.
    """
    found: dict[str, list[StateKey]] = {}
    names = {PIM_ID.fitted(family): family for family in families}
    good = _is_good(shared, now, passed)
    state = item_states.c
    with reading(ledger) as connection:
        for chunk in chunks(names, CHUNK):
            rows = connection.execute(
                select(
                    state.pim_id,
                    state.sku,
                    state.family,
                    state.of_row,
                    state.of_family,
                    state.of_others,
                    case((good, True), else_=False),
                )
                .select_from(
                    item_states.outerjoin(
                        items,
                        and_(
                            items.c.sku == state.sku,
                            items.c.seller_id == listings.seller_id,
                            items.c.marketplace_id == listings.marketplace_id,
                            items.c.connector_key == listings.connector_key,
                        ),
                    )
                )
                .where(
                    state.connector_key == listings.connector_key,
                    among(state.family, chunk),
                    state.removed.is_(False),
                )
            )
            for key in map(StateKey._make, rows):
                found.setdefault(names[key.family], []).append(key)
    return found


def _is_good(shared: Mapping[str, int], now: datetime, passed: str | None) -> ColumnElement[bool]:
    """Return the condition that an item is as it should be, if its row is as it was."""
    state, listing = item_states.c, items.c
    doubtful = (
        select(literal(1))
        .where(
            submissions.c.sku == listing.sku,
            submissions.c.seller_id == listing.seller_id,
            submissions.c.marketplace_id == listing.marketplace_id,
            submissions.c.sent_at > listing.accepted_at,
            text(IN_DOUBT),
        )
        .exists()
    )
    conditions = [
        *(state[f"of_{part}"] == value for part, value in shared.items()),
        state.outcome.in_(GOOD),
        state.payload_hash.is_not(None),
        or_(state.next_date.is_(None), state.next_date > now),
        listing.accepted_hash == state.payload_hash,
        listing.listed.is_(True),
        listing.missed_at.is_(None),
        listing.removing.is_(None),
        or_(listing.state.is_(None), listing.state.not_in(("not_applied", "gone", "deleted"))),
        ~doubtful,
    ]
    if passed is not None:
        previewed = and_(listing.tested_hash == state.payload_hash, listing.tested_definition == passed)
        conditions.append(or_(previewed, listing.accepted_definition == passed))
    return and_(*conditions)


def digests_of_others(
    ledger: Engine, listings: ListingScope, skus: Iterable[str], *, until: datetime | None = None
) -> dict[str, int]:
    """Return a digest of what other connectors have of each SKU; where they have nothing, there is none.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        skus: The SKUs.
        until: What was accepted of others later gives a digest that is like no other: it was not looked at.
    """
    region = region_of(listings.marketplace_id)
    places = [one.id for one in MARKETPLACES.values() if region_of(one.id) == region]
    had: dict[str, list[list[str | None]]] = {}
    late: set[str] = set()
    with reading(ledger) as connection:
        for names in by_column(skus):
            rows = connection.execute(
                select(
                    items.c.sku,
                    items.c.connector_key,
                    items.c.marketplace_id,
                    items.c.accepted_hash,
                    items.c.accepted_at,
                )
                .where(
                    among(items.c.sku, names),
                    items.c.seller_id == listings.seller_id,
                    items.c.marketplace_id.in_(places),
                    items.c.connector_key != listings.connector_key,
                    items.c.accepted_content.is_not(None),
                )
                .order_by(items.c.connector_key, items.c.marketplace_id)
            )
            for sku, key, place, accepted, accepted_at in rows:
                had.setdefault(names[sku], []).append([key, place, accepted])
                if until is not None and accepted_at is not None and accepted_at >= until:
                    late.add(names[sku])
        lines = {}
        if had:
            keys = {str(one[0]) for some in had.values() for one in some}
            lines = {
                key: digest(lines)
                for key, lines in connection.execute(
                    select(connectors.c.key, connectors.c.lines).where(connectors.c.key.in_(keys))
                )
            }
    return {
        sku: digest_of(
            msgspec.json.encode([[*one, lines.get(str(one[0]))] for one in some] + ["late"] * (sku in late))
        )
        for sku, some in had.items()
    }


def has_others(ledger: Engine, connector_key: str) -> bool:
    """Return whether another connector has anything of a listing; each end of the index answers at once."""
    known = items.c.connector_key
    with reading(ledger) as connection:
        first, last = (connection.scalar(select(end(known))) for end in (func.min, func.max))
    return any(key not in {None, connector_key} for key in (first, last))


def has_questions(ledger: Engine, connector_key: str) -> bool:
    """Return whether a person was asked something about a connector's items that is not sent yet."""
    waiting = select(literal(1)).where(
        approvals.c.connector_key == connector_key, approvals.c.state != "sent"
    )
    with reading(ledger) as connection:
        return connection.scalar(waiting.limit(1)) is not None


def skus_in_question(ledger: Engine, listings: ListingScope, skus: Sequence[str]) -> set[str]:
    """Return those of some SKUs of which a person was asked something that is not sent yet."""
    found: set[str] = set()
    with reading(ledger) as connection:
        for names in by_column(skus):
            found.update(
                names[sku]
                for sku in connection.scalars(
                    select(approvals.c.sku).where(
                        approvals.c.connector_key == listings.connector_key,
                        approvals.c.seller_id == listings.seller_id,
                        approvals.c.marketplace_id == listings.marketplace_id,
                        among(approvals.c.sku, names),
                        approvals.c.state != "sent",
                    )
                )
            )
    return found


class Namesake(NamedTuple):
    """An item that has a SKU, with the PIM's identity of its product."""

    pim_id: str
    sku: str
    family: str


def namesakes(ledger: Engine, connector_key: str, skus: Mapping[str, str]) -> Iterator[Namesake]:
    """Yield each other item of a connector that was read with one of some SKUs.

    Args:
        ledger: The open ledger.
        connector_key: Whose items.
        skus: SKUs by the PIM's identity of the items that are no namesakes of themselves.
    """
    state = item_states.c
    for chunk in chunks(skus.items(), CHUNK):
        own = {(PIM_ID.fitted(pim_id), SKU.fitted(sku)) for pim_id, sku in chunk}
        names = {SKU.fitted(sku): sku for _, sku in chunk}
        with reading(ledger) as connection:
            rows = connection.execute(
                select(state.pim_id, state.sku, state.family).where(
                    state.connector_key == connector_key,
                    among(state.sku, names),
                    state.removed.is_(False),
                    state.of_row != 0,
                )
            ).all()
        yield from (
            Namesake(pim_id, names[sku], family) for pim_id, sku, family in rows if (pim_id, sku) not in own
        )


def count_rows(ledger: Engine, connector_key: str) -> int:
    """Return how many items of a connector, read and in the selection, are known."""
    state = item_states.c
    with reading(ledger) as connection:
        return (
            connection.scalar(
                select(func.count()).where(
                    state.connector_key == connector_key, state.removed.is_(False), state.of_row != 0
                )
            )
            or 0
        )
