"""Items: record for each listing the last payload that passed Amazon's preview and the last it accepted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import case, func, literal, select, update

from amazon_listings.ledger.columns import SKU, among, rows_of
from amazon_listings.ledger.content import packed
from amazon_listings.ledger.database import CHUNK, chunks, insert_into
from amazon_listings.ledger.tables import items, submissions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import msgspec
    from sqlalchemy import ColumnElement, Connection, Engine
    from sqlalchemy.dialects import postgresql, sqlite

    from amazon_listings.connectors.model import Connector

    AnyInsert = postgresql.Insert | sqlite.Insert

#: The key of an item's row.
_KEY = ("sku", "seller_id", "marketplace_id", "connector_key")
#: `accepted`: Amazon took the last write, and it is not yet confirmed; the next four are how a
#: confirmation ends; `deleted`: we deleted it; `off_sale`: we set its quantity to 0, and it was seen to be;
#: `gone`: two readings a while apart say that it was deleted by hand.
State = Literal[
    "accepted",
    "live",
    "live_with_differences",
    "suppressed",
    "not_applied",
    "deleted",
    "off_sale",
    "gone",
]
#: How a listing is taken off sale.
Removal = Literal["delete", "zero_quantity"]


@dataclass(frozen=True, slots=True)
class ItemPayload:
    """A payload that is remembered of a listing.

    Args:
        sku: The SKU.
        pim_id: The PIM's identity of its item, if it is known.
        hash: The payload's hash.
        attributes: All that the listing is to hold, or its JSON.
        group: The PIM's identity of the item's family; None: what is known of it stays.
        asin: The one that Amazon would match; None if it names none.
    """

    sku: str
    pim_id: str | None
    hash: str
    attributes: dict[str, Any] | msgspec.Raw
    group: str | None = None
    asin: str | None = None


#: So long after a reading that does not show a listing another one is believed.
APART = timedelta(hours=1)
#: Seconds between an acceptance and the first look at the listing.
FIRST_LOOK = 60
#: Listings that a reading has shown, and that do not count as gone.
_SEEN = items.c.listed.is_(True) & items.c.seen_at.is_not(None)


@dataclass(frozen=True)
class ListingScope:
    """Whose listings: the key that an item's row shares with its neighbours."""

    connector_key: str
    seller_id: str
    marketplace_id: str
    product_type: str

    @classmethod
    def of(cls, connector: Connector, seller_id: str) -> ListingScope:
        """Return the listings of a connector in a seller's account."""
        return cls(connector.key, seller_id, connector.marketplace.id, connector.amazon.product_type)

    def among(self, skus: Iterable[str]) -> ColumnElement[bool]:
        """Return the condition on `items` for these SKUs."""
        return (
            among(items.c.sku, skus)
            & (items.c.seller_id == self.seller_id)
            & (items.c.marketplace_id == self.marketplace_id)
            & (items.c.connector_key == self.connector_key)
        )


def record_tested(
    ledger: Engine, listings: ListingScope, definition: str, payloads: Iterable[ItemPayload]
) -> None:
    """Remember payloads that passed Amazon's preview.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        definition: Checksum of the definition they were validated with.
        payloads: What passed.
    """
    now = datetime.now(UTC)
    with ledger.begin() as connection:
        for rows in _by_columns(payloads):
            upsert(
                connection,
                listings,
                (
                    {
                        "sku": row.sku,
                        "pim_id": row.pim_id,
                        "tested_hash": row.hash,
                        "tested_definition": definition,
                        "tested_at": now,
                        "asin": row.asin,
                    }
                    | _family(row)
                    for row in rows
                ),
            )


def record_accepted(
    ledger: Engine,
    listings: ListingScope,
    payloads: Iterable[ItemPayload],
    *,
    definition: str | None = None,
    now: datetime | None = None,
) -> None:
    """Remember payloads that Amazon accepted; each is to be confirmed, first after a minute.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        payloads: What was accepted.
        definition: Checksum of the definition they were validated with.
        now: When they were accepted; this moment, if None.
    """
    now = now or datetime.now(UTC)
    with ledger.begin() as connection:
        for rows in _by_columns(payloads):
            upsert(
                connection,
                listings,
                (
                    accepted(row.sku, row.pim_id, row.hash, packed(row.attributes), now)
                    | {"accepted_definition": definition}
                    | _family(row)
                    for row in rows
                ),
            )


def accepted(sku: str, pim_id: str | None, digest: str, content: bytes, now: datetime) -> dict[str, Any]:
    """Return the columns of an item whose payload was just accepted."""
    payload = {"sku": sku, "pim_id": pim_id, "accepted_hash": digest, "accepted_content": content}
    return payload | _accepted_at(now)


def accept_messages(
    connection: Connection,
    listings: ListingScope,
    ids: Sequence[int],
    *,
    created: bool,
    definition: str | None,
    now: datetime,
) -> None:
    """Remember what accepted messages of feeds lead to; their payloads do not leave the database.

    Args:
        connection: The transaction that enters the answers.
        listings: Whose listings.
        ids: Of the messages in the ledger, no two of one SKU.
        created: The messages made the listings; else what is known of that stays.
        definition: Checksum of the definition they were validated with.
        now: When they were accepted.
    """
    message = submissions.c
    known = _own(listings) | _accepted_at(now) | {"accepted_definition": definition}
    if created:
        known["created"] = True
    columns: dict[str, ColumnElement[Any]] = {
        "sku": message.sku,
        "pim_id": message.pim_id,
        "accepted_hash": message.payload_hash,
        "accepted_content": func.coalesce(message.wanted, message.body),
        **{name: literal(value, items.c[name].type) for name, value in known.items()},
    }
    rows = select(*columns.values()).where(among(message.id, ids)).order_by(message.sku)
    connection.execute(_or_update(insert_into(connection, items).from_select(list(columns), rows), columns))


def _accepted_at(now: datetime) -> dict[str, Any]:
    """Return the columns that all items have whose payload was just accepted."""
    return {
        "accepted_at": now,
        "claimed_at": now,
        "listed": True,
        "state": "accepted",
        "look_at": now + timedelta(seconds=FIRST_LOOK),
        "looks": 0,
        "removing": None,
        "removing_run": None,
    }


def _family(row: ItemPayload) -> dict[str, Any]:
    """Return the column that says which product an item belongs to; left as it is where none is stated."""
    return {} if row.group is None else {"family": row.group}


def _by_columns(payloads: Iterable[ItemPayload]) -> Iterator[list[ItemPayload]]:
    """Yield the payloads in chunks, each of which fills the same columns."""
    for chunk in chunks(payloads, CHUNK):
        yield [one for one in chunk if one.group is None]
        yield [one for one in chunk if one.group is not None]


def record_deleted(ledger: Engine, listings: ListingScope, skus: Iterable[str]) -> None:
    """Remember that listings were deleted at Amazon; they are new if they come again."""
    with ledger.begin() as connection:
        upsert(connection, listings, (deleted(sku) for sku in skus))


def deleted(sku: str) -> dict[str, Any]:
    """Return the columns of an item that was just deleted at Amazon."""
    return {
        "sku": sku,
        "accepted_hash": None,
        "accepted_content": None,
        "accepted_definition": None,
        "listed": False,
        "state": "deleted",
        "created": False,
        "claimed_at": None,
        "look_at": None,
        "removing": None,
        "removing_run": None,
    }


def record_removing(
    ledger: Engine,
    listings: ListingScope,
    how: Removal,
    run: int,
    contents: Mapping[str, tuple[str, Mapping[str, Any]]],
) -> None:
    """Remember listings that Amazon was asked to take off sale; none is until a reading shows it.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        how: What was asked for.
        run: The run that asked.
        contents: By SKU the payload's hash, and what the listing holds afterwards.
    """
    now = datetime.now(UTC)
    with ledger.begin() as connection:
        upsert(
            connection,
            listings,
            (
                removing(sku, how, run, digest, packed(dict(content)), now=now)
                for sku, (digest, content) in contents.items()
            ),
        )


def removing(
    sku: str, how: str, run: int, digest: str, content: bytes | None, *, now: datetime
) -> dict[str, Any]:
    """Return the columns of an item whose removal Amazon was just asked for."""
    deletes = how == "delete"
    return {
        "sku": sku,
        "accepted_hash": digest,
        "accepted_content": None if deletes else content,
        "accepted_definition": None,
        "accepted_at": now,
        # Whether a deleted listing is there has to be asked before the next write.
        "listed": None if deletes else True,
        "state": "accepted",
        "look_at": now + timedelta(seconds=FIRST_LOOK),
        "looks": 0,
        "removing": how,
        "removing_run": run,
    }


def record_created(ledger: Engine, listings: ListingScope, skus: Iterable[str]) -> None:
    """Remember that listings are the connector's, which made them."""
    with ledger.begin() as connection:
        upsert(connection, listings, ({"sku": sku, "created": True} for sku in skus))


def record_adopted(
    ledger: Engine,
    listings: ListingScope,
    contents: Mapping[str, Mapping[str, Any]],
    *,
    created: bool = True,
) -> None:
    """Remember what is the connector's of listings that others may have made.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        contents: By SKU all attributes that are the connector's.
        created: Whether the listings are the connector's too.
    """
    now = datetime.now(UTC)
    with ledger.begin() as connection:
        upsert(
            connection,
            listings,
            (
                {
                    "sku": sku,
                    "accepted_content": packed(dict(content)),
                    "accepted_hash": None,
                    "accepted_at": now,
                    "claimed_at": now,
                    "created": created,
                    "listed": True,
                    "seen_at": now,
                }
                for sku, content in contents.items()
            ),
        )


def record_released(ledger: Engine, listings: ListingScope, skus: Iterable[str]) -> None:
    """Remember that nothing is ours any more of listings that Amazon has."""
    with ledger.begin() as connection:
        upsert(connection, listings, (released(sku) for sku in skus))


def released(sku: str) -> dict[str, Any]:
    """Return the columns of a listing of which nothing is ours."""
    return {
        "sku": sku,
        "accepted_hash": None,
        "accepted_content": None,
        "accepted_definition": None,
        "accepted_at": None,
        "claimed_at": None,
        "created": False,
        "listed": True,
        "state": None,
        "look_at": None,
    }


def record_listed(
    ledger: Engine, listings: ListingScope, listed: Mapping[str, bool], *, now: datetime | None = None
) -> None:
    """Remember which SKUs Amazon has, as a reading of them just showed.

    A patch to a SKU that Amazon does not have would make a partial listing of it. A listing that was seen
    before counts as gone only if another reading, a while later, does not show it either.

    Args:
        ledger: The open ledger.
        listings: Whose listings.
        listed: Whether Amazon has it, by SKU.
        now: When they were read; this moment, if None.
    """
    now = now or datetime.now(UTC)
    seen = (
        {"sku": sku, "listed": True, "seen_at": now, "missed_at": None} for sku, has in listed.items() if has
    )
    missing = [sku for sku, has in listed.items() if not has]
    with ledger.begin() as connection:
        upsert(connection, listings, seen)
        for chunk in chunks(missing, CHUNK):
            # Most of what Amazon does not have was never there, and was read before, when it was tested.
            was = _SEEN | (items.c.state == "gone")
            known = items.c.listed.is_(False) & (items.c.product_type == listings.product_type)
            rows = connection.execute(select(items.c.sku, was).where(listings.among(chunk), was | known))
            before = {sku: bool(seen) for sku, seen in rows}
            were = [sku for sku, seen in before.items() if seen]
            still = _missed(connection, listings, were, now) if were else frozenset()
            told = still.union(sku for sku, seen in before.items() if not seen)
            if new := [sku for sku in chunk if SKU.fitted(sku) not in told]:
                _record_missing(connection, listings, new)
        for chunk in chunks((sku for sku, has in listed.items() if has), CHUNK):
            # It was made again by hand; whether it is as it was sent is not known.
            connection.execute(
                update(items).where(listings.among(chunk), items.c.state == "gone").values(state=None)
            )


def _record_missing(connection: Connection, listings: ListingScope, skus: Sequence[str]) -> None:
    """Remember that Amazon does not have these SKUs: many, as one statement with one parameter for all."""
    sku = rows_of(connection, items.c.sku, skus)
    row = _own(listings) | {"listed": False}
    # SQLite takes ON CONFLICT for a join, unless a WHERE stands before it.
    rows = select(sku, *(literal(value, items.c[name].type) for name, value in row.items())).where(
        sku.is_not(None)
    )
    connection.execute(_or_update(insert_into(connection, items).from_select(["sku", *row], rows), row))


def _missed(
    connection: Connection, listings: ListingScope, skus: Sequence[str], now: datetime
) -> frozenset[str]:
    """Remember that a reading missed listings that were there; return those that do not count as gone."""
    among = listings.among(skus)
    connection.execute(update(items).where(among, items.c.state == "gone").values(missed_at=now))
    connection.execute(
        update(items)
        .where(among, _SEEN, items.c.missed_at <= now - APART)
        .values(
            listed=False,
            state="gone",
            accepted_hash=None,
            accepted_content=None,
            accepted_definition=None,
            claimed_at=None,
            created=False,
            look_at=None,
        )
    )
    connection.execute(
        update(items).where(among, _SEEN).values(missed_at=func.coalesce(items.c.missed_at, now))
    )
    return frozenset(connection.scalars(select(items.c.sku).where(among, _SEEN)))


def upsert(connection: Connection, listings: ListingScope, rows: Iterable[dict[str, Any]]) -> None:
    """Enter or update items, all rows with the same columns; the last of several of one SKU wins."""
    own = _own(listings)
    for chunk in chunks(rows, 2 * CHUNK):
        entries = {row["sku"]: own | row for row in chunk}
        names = {name for entry in entries.values() for name in entry}
        statement = _or_update(insert_into(connection, items), names)
        connection.execute(statement, list(entries.values()))


def _own(listings: ListingScope) -> dict[str, Any]:
    """Return the columns that an item's row shares with its neighbours."""
    return {
        "connector_key": listings.connector_key,
        "seller_id": listings.seller_id,
        "marketplace_id": listings.marketplace_id,
        "product_type": listings.product_type,
    }


def _or_update(statement: AnyInsert, names: Iterable[str]) -> AnyInsert:
    """Return an INSERT of these columns of items that updates those that are there."""
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=_KEY,
        set_={
            # Who claims a listing again keeps the moment of the first time; who gives it up has none.
            name: case((new[name].is_(None), None), else_=func.coalesce(items.c[name], new[name]))
            if name == "claimed_at"
            else new[name]
            for name in sorted(set(names).difference(_KEY))
        },
    )
