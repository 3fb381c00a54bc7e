"""The present state of every item: what the PIM said last, its payload, and the verdict of the latest run.

A state is written when its outcome is known: row, payload and verdict change in one transaction, and a run
that dies leaves the former state. It is replaced only by a later reading of the source, in whatever order
runs end. What was last *accepted* by Amazon is kept apart, in `items`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import and_, func, or_, select, tuple_, update

from amazon_listings.incoming.json_text import json_text
from amazon_listings.ledger.columns import among
from amazon_listings.ledger.content import is_cut, searchable
from amazon_listings.ledger.database import CHUNK, by_column, chunks, decoding, insert_into, reading
from amazon_listings.ledger.packing import Packer, Unpacker
from amazon_listings.ledger.row_writer import RowWriter
from amazon_listings.ledger.tables import item_states
from amazon_listings.remarks import Remarks, remark_as_is

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Engine, Row


class Fingerprint(msgspec.Struct, frozen=True):
    """Digests of all that an item's payload and verdict depend on.

    Attributes:
        row: What the PIM says of the item.
        family: The rows of its parent and siblings.
        mapping: The connector's mapping, with what belongs to it.
        definition: Amazon's definition, and its labels.
        rules: The version of the rules that are not in the definition.
        quality: The connector's expectations.
        tables: The rows of its related tables.
        others: What other connectors have of its listing.
    """

    row: int = 0
    family: int = 0
    mapping: int = 0
    definition: int = 0
    rules: int = 0
    quality: int = 0
    tables: int = 0
    others: int = 0


class StateFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The present state of one item, without what the PIM says of it and what is sent of it.

    Attributes:
        pim_id: The PIM's identity of the item.
        sku: Its SKU; None if the PIM gives it none.
        family: The PIM's identity of the product that it belongs to.
        run: The number of the run whose verdict this is.
        operation: `test` or `live`: what that run did.
        outcome: What became of the item in that run.
        read_at: When the source was read, by the source's clock.
        removed: The item is not in the selection of the source any more; the rest is as it was.
        map_errors: Whether the mapping found an error in it; None: that is not known.
        payload_hash: The payload's hash.
        note: Remarks on the outcome.
        name: The item's name for people.
        picture: The address of its main picture.
        selected: The PIM's fields that were read; empty: all.
        fingerprint: Digests of all that the verdict depends on.
        next_date: When a rule changes its verdict of the item.
    """

    pim_id: str
    sku: str | None
    family: str
    run: int
    operation: str
    outcome: str
    read_at: datetime
    removed: bool = False
    map_errors: bool | None = None
    payload_hash: str | None = None
    note: Remarks = ()
    name: str | None = None
    picture: str | None = None
    selected: tuple[str, ...] = ()
    fingerprint: Fingerprint = Fingerprint()
    next_date: datetime | None = None


class ItemState(StateFacts, frozen=True, kw_only=True):
    """The present state of one item.

    Attributes:
        row: The item as it was read (`item.Item`); None of a parent that the mapping made.
        attributes: The payload; None if the item was blocked before there was one.
    """

    row: dict[str, Any] | None = None
    attributes: dict[str, Any] | None = None


class UndecodedState(StateFacts, frozen=True, kw_only=True):
    """The present state of one item, with row and payload as the JSON that the run's files have of them."""

    row: msgspec.Raw | None = None
    attributes: msgspec.Raw | None = None


@dataclass(frozen=True)
class StateFilter:
    """Which states are wanted; what is left as by default does not count.

    Args:
        pim_ids: These items.
        skus: Items of these SKUs.
        families: Items of these products.
        outcomes: With one of these outcomes.
        removed: True: only those that left the selection; False: only those in it; None: both.
        due: Those of which a rule changes its verdict until then.
        unlike: Those of which one of these parts of the fingerprint is another: what a change of it touches.
    """

    pim_ids: Collection[str] = ()
    skus: Collection[str] = ()
    families: Collection[str] = ()
    outcomes: Collection[str] = ()
    removed: bool | None = False
    due: datetime | None = None
    unlike: Mapping[str, int] = field(default_factory=dict)


EVERY = StateFilter()


class _Content(msgspec.Struct, frozen=True, omit_defaults=True):
    """What of a state is packed."""

    row: dict[str, Any] | None = None
    attributes: dict[str, Any] | None = None
    note: Remarks | str = ()
    picture: str | None = None
    selected: tuple[str, ...] = ()
    map_errors: bool | None = None


_decoder = msgspec.json.Decoder(_Content)
#: The columns of the parts of a fingerprint.
_OF_PARTS = tuple(f"of_{part}" for part in Fingerprint.__struct_fields__)
#: What stands for no value; it is not kept.
_NONE = (None, "", ())
#: What is packed beside row and payload.
_REST = tuple(name for name in _Content.__struct_fields__ if name not in {"row", "attributes"})


def digest(content: object) -> int:
    """Return 64 bits, signed, that stand for a JSON value, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, default=str, separators=(",", ":"))
    return digest_of(text.encode())


def digest_of(text: bytes) -> int:
    """Return 64 bits, signed, that stand for a text."""
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), signed=True)


def ahead() -> datetime:
    """Return from when on a reading lies in the future: its clock was wrong, and it stops no other."""
    return datetime.now(UTC) + timedelta(days=1)


def record_states(ledger: Engine, connector_key: str, states: Iterable[ItemState | UndecodedState]) -> None:
    """Enter states, so many at a time; what was read earlier than the state that is there is left out."""
    writer: RowWriter | None = None
    for chunk in chunks(states, CHUNK):
        writer = writer or _writer(ledger)
        last = {state.pim_id: state for state in chunk}
        with ledger.begin() as connection:
            packer = Packer(connection, connector_key)
            contents = packer.packed([_content(state) for state in last.values()])
            rows = [
                _entry(connector_key, state, content, packer.number)
                for state, content in zip(last.values(), contents, strict=True)
            ]
            writer.execute(connection, rows)


def _writer(ledger: Engine) -> RowWriter:
    """Return what writes states, unless a later one is there."""
    statement = insert_into(ledger, item_states)
    new = statement.excluded
    columns = [one.name for one in item_states.c]
    upsert = statement.on_conflict_do_update(
        index_elements=["connector_key", "pim_id"],
        set_={one.name: new[one.name] for one in item_states.c if not one.primary_key},
        where=or_(new.read_at >= item_states.c.read_at, item_states.c.read_at > ahead()),
    )
    return RowWriter(ledger.dialect, upsert, columns)


def record_outcomes(
    ledger: Engine, connector_key: str, run: int, outcomes: Iterable[tuple[str, str]]
) -> None:
    """Enter what became of items of a run later, by SKU, where no later run has a verdict."""
    for chunk in chunks(outcomes, CHUNK):
        by_outcome: dict[str, list[str]] = {}
        for sku, outcome in chunk:
            by_outcome.setdefault(outcome, []).append(sku)
        with ledger.begin() as connection:
            for outcome, skus in by_outcome.items():
                connection.execute(
                    update(item_states)
                    .where(
                        among(item_states.c.sku, skus),
                        item_states.c.connector_key == connector_key,
                        item_states.c.run == run,
                    )
                    .values(outcome=outcome)
                )


def mark_removed(
    ledger: Engine, connector_key: str, pim_ids: Iterable[str], *, run: int, read_at: datetime
) -> None:
    """Mark items that the source named as gone; the identity of a product stands for its whole family."""
    for chunk in chunks(pim_ids, CHUNK):
        named = item_states.c.pim_id.in_(chunk) | item_states.c.family.in_(chunk)
        _mark(ledger, connector_key, named, run, read_at)


def mark_removed_skus(
    ledger: Engine, connector_key: str, skus: Iterable[str], *, run: int, read_at: datetime
) -> None:
    """Mark items of SKUs whose listings a run takes off sale."""
    for chunk in chunks(skus, CHUNK):
        _mark(ledger, connector_key, item_states.c.sku.in_(chunk), run, read_at)


def mark_unchanged(
    ledger: Engine,
    connector_key: str,
    pim_ids: Iterable[str],
    *,
    run: int,
    operation: str,
    outcome: str,
    read_at: datetime,
) -> None:
    """Enter that a run has read items as they are known, where no later reading is there."""
    table = item_states.c
    for chunk in chunks(pim_ids, CHUNK):
        read = update(item_states).where(
            table.connector_key == connector_key, among(table.pim_id, chunk), _read_by(read_at)
        )
        with ledger.begin() as connection:
            entry = {"run": run, "operation": operation, "read_at": read_at}
            # Indexes hold the outcome: writing it where it is the same would write their entries again.
            connection.execute(read.where(table.outcome != outcome).values(outcome=outcome, **entry))
            rest = or_(table.run != run, table.operation != operation, table.read_at != read_at)
            connection.execute(read.where(rest).values(entry))


def mark_missing(
    ledger: Engine, connector_key: str, *, run: int, read_at: datetime, kept: Iterable[str] = ()
) -> None:
    """Mark every item that a run which read everything, and entered all of it, did not see.

    Args:
        ledger: The open ledger.
        connector_key: Whose items.
        run: The run's number.
        read_at: When it read, by the source's clock.
        kept: Identities of items that the source has and did not give, products for their families.
    """
    table = item_states.c
    for chunk in chunks(kept, CHUNK):
        named = table.pim_id.in_(chunk) | table.family.in_(chunk)
        with ledger.begin() as connection:
            connection.execute(
                update(item_states)
                .where(table.connector_key == connector_key, table.run < run, named)
                .values(run=run)
            )
    _mark(ledger, connector_key, None, run, read_at)


class Member(NamedTuple):
    """Where an item belongs.

    Args:
        family: The PIM's identity of its product.
        heads: Whether it is the product itself: the parent of a family, or all there is of it.
    """

    family: str
    heads: bool


def members_of_skus(ledger: Engine, connector_key: str, skus: Sequence[str]) -> dict[str, Member | None]:
    """Return where the item of each SKU belongs, as it was read last; None if that is not known."""
    found: dict[str, Member | None] = dict.fromkeys(skus)
    state = item_states.c
    with reading(ledger) as connection:
        for names in by_column(skus):
            rows = connection.execute(
                select(state.sku, state.family, state.pim_id).where(
                    state.connector_key == connector_key, among(state.sku, names)
                )
            )
            found |= {names[sku]: Member(family, pim_id == family) for sku, family, pim_id in rows}
    return found


def whole_families(ledger: Engine, connector_key: str, families: Collection[str]) -> frozenset[str]:
    """Return identities of products as the PIM has them: those that a column holds cut are in their rows."""
    found: dict[str, str] = {}
    for some in chunks(filter(is_cut, families), CHUNK):
        for state in find_states(ledger, connector_key, StateFilter(families=some)):
            if state.row is not None:
                found[state.family] = state.row["group"]
    return frozenset(found.get(one, one) for one in families)


def find_states(
    ledger: Engine, connector_key: str, where: StateFilter = EVERY, *, contents: bool = True
) -> Iterator[ItemState]:
    """Yield states, those of one family side by side, a part at a time.

    Args:
        ledger: The open ledger.
        connector_key: Whose items.
        where: Which.
        contents: False leaves `row`, `attributes`, `note`, `picture` and `selected` out: much cheaper.
    """
    columns = [one for one in item_states.c if contents or one.name != "content"]
    place = (item_states.c.family, item_states.c.pim_id)
    last = ("", "")
    while True:
        with reading(ledger) as connection:
            rows = connection.execute(
                select(*columns)
                .where(_condition(connector_key, where), tuple_(*place) > last)
                .order_by(*place)
                .limit(CHUNK)
            ).all()
            unpacker = Unpacker(connection)
            if contents:
                unpacker.learn(row.dictionary for row in rows)
        # One at a time: what is dropped at once costs the garbage collector nothing.
        for row in rows:
            with decoding(ledger):
                state = _state(row, unpacker if contents else None)
            yield state
        if len(rows) < CHUNK:
            return
        last = (rows[-1].family, rows[-1].pim_id)


def item_names(ledger: Engine, connector_key: str, pim_ids: Iterable[str]) -> dict[str, str]:
    """Return what items are called, by their identity in the PIM; those without a name are left out."""
    table = item_states.c
    found: dict[str, str] = {}
    for some in chunks(pim_ids, CHUNK):
        with reading(ledger) as connection:
            rows = connection.execute(
                select(table.pim_id, table.name).where(
                    table.connector_key == connector_key, table.pim_id.in_(some), table.name.is_not(None)
                )
            )
            found |= dict(rows.all())
    return found


def known_skus(ledger: Engine, connector_key: str) -> set[str]:
    """Return the SKUs of a connector's items."""
    table = item_states.c
    with reading(ledger) as connection:
        found = connection.scalars(
            select(table.sku).where(table.connector_key == connector_key, table.sku != "")
        )
        return set(found.all())


def read_later(ledger: Engine, connector_key: str, skus: Collection[str], *, than: datetime) -> set[str]:
    """Return those of some SKUs that a live run has read later, by the source's clock."""
    table = item_states.c
    found: set[str] = set()
    with reading(ledger) as connection:
        for names in by_column(skus):
            later = connection.scalars(
                select(table.sku).where(
                    table.connector_key == connector_key,
                    among(table.sku, names),
                    table.operation == "live",
                    table.removed.is_(False),
                    ~_read_by(than),
                )
            )
            found.update(names[sku] for sku in later if sku in names)
    return found


def count_states(ledger: Engine, connector_key: str) -> dict[str, int]:
    """Return how many items of a selection have which outcome."""
    with reading(ledger) as connection:
        return dict(
            connection.execute(
                select(item_states.c.outcome, func.count())
                .where(_condition(connector_key, EVERY))
                .group_by(item_states.c.outcome)
            ).all()
        )


def next_date(ledger: Engine, connector_key: str) -> datetime | None:
    """Return when a rule changes its verdict of an item next; None if none does."""
    with reading(ledger) as connection:
        moment: datetime | None = connection.scalar(
            select(func.min(item_states.c.next_date)).where(
                item_states.c.connector_key == connector_key, item_states.c.next_date.is_not(None)
            )
        )
    return moment


def _condition(connector_key: str, where: StateFilter) -> ColumnElement[bool]:
    table = item_states.c
    conditions = [table.connector_key == connector_key]
    for column, wanted in (
        (table.pim_id, where.pim_ids),
        (table.sku, where.skus),
        (table.family, where.families),
        (table.outcome, where.outcomes),
    ):
        if wanted:
            conditions.append(column.in_(list(wanted)))
    if where.removed is not None:
        conditions.append(table.removed.is_(where.removed))
    if where.due is not None:
        conditions.append(table.next_date <= where.due)
    if where.unlike:
        # As two ranges, which an index answers; `!=` would read every row.
        conditions.append(
            or_(
                *(
                    or_(table[f"of_{part}"] < value, table[f"of_{part}"] > value)
                    for part, value in where.unlike.items()
                )
            )
        )
    return and_(*conditions)


def _read_by(moment: datetime) -> ColumnElement[bool]:
    """Return the condition that an item was not read later, by the source's clock."""
    return or_(item_states.c.read_at <= moment, item_states.c.read_at > ahead())


def _mark(
    ledger: Engine, connector_key: str, named: ColumnElement[bool] | None, run: int, read_at: datetime
) -> None:
    table = item_states.c
    condition = (
        (table.connector_key == connector_key)
        & (table.run < run)
        & _read_by(read_at)
        & table.removed.is_(False)
    )
    if named is not None:
        condition &= named
    with ledger.begin() as connection:
        connection.execute(
            update(item_states).where(condition).values(removed=True, read_at=read_at, run=run)
        )


def _content(state: ItemState | UndecodedState) -> bytes:
    """Return what of a state is packed, as JSON."""
    rest = {name: value for name in _REST if (value := getattr(state, name)) not in _NONE}
    parts = [
        b'"%b":%b' % (name, value if isinstance(value, msgspec.Raw) else json_text(value))
        for name, value in ((b"row", state.row), (b"attributes", state.attributes))
        if value is not None
    ]
    # A PIM may hold half a surrogate pair, or numbers that are none.
    parts += [json_text(rest)[1:-1]] if rest else []
    return b"{%b}" % b",".join(parts)


def _decoded(text: bytes) -> _Content:
    try:
        return _decoder.decode(text)
    except (UnicodeDecodeError, msgspec.DecodeError):  # half a surrogate pair, or a number that is none
        return msgspec.convert(json.loads(text.decode("utf-8", "surrogatepass")), _Content)


def _entry(key: str, state: StateFacts, content: bytes, dictionary: int | None) -> dict[str, Any]:
    return {
        "connector_key": key,
        "pim_id": state.pim_id,
        "sku": state.sku,
        "family": state.family,
        "run": state.run,
        "operation": state.operation,
        "outcome": state.outcome,
        "removed": state.removed,
        "read_at": state.read_at,
        "next_date": state.next_date,
        "name": state.name,
        "payload_hash": state.payload_hash,
        "content": content,
        "dictionary": dictionary,
        "search": searchable("\n".join(filter(None, (state.sku, state.pim_id, state.name)))),
        "variant": state.pim_id != state.family,
        **dict(zip(_OF_PARTS, msgspec.structs.astuple(state.fingerprint), strict=True)),
    }


def _state(row: Row[Any], unpacker: Unpacker | None) -> ItemState:
    content = _Content()
    if unpacker is not None:
        content = _decoded(unpacker.unpacked(row.content, row.dictionary))
    return ItemState(
        pim_id=row.pim_id,
        sku=row.sku,
        family=row.family,
        run=row.run,
        operation=row.operation,
        outcome=row.outcome,
        removed=row.removed,
        read_at=row.read_at,
        next_date=row.next_date,
        row=content.row,
        attributes=content.attributes,
        map_errors=content.map_errors,
        payload_hash=row.payload_hash,
        # Earlier versions kept a sentence.
        note=content.note if isinstance(content.note, tuple) else remark_as_is(content.note),
        name=row.name,
        picture=content.picture,
        selected=content.selected,
        fingerprint=Fingerprint(*(getattr(row, name) for name in _OF_PARTS)),
    )
