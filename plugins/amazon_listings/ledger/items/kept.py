"""Items as the last runs of a connector left them, read as fast as a plan of a whole fleet needs them.

A plan reads hundreds of thousands of items and looks at a little of each, so what it compares is compared by
the database, and row and payload are decoded where they are looked at.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec
from sqlalchemy import and_, case, or_, select, tuple_

from amazon_listings.ledger.database import CHUNK, decoding, reading
from amazon_listings.ledger.packing import Unpacker
from amazon_listings.ledger.tables import item_states

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Engine

    from amazon_listings.item import Item


class Content(NamedTuple):
    """What of an item is packed.

    Args:
        item: The item as it was read.
        row_text: The same as JSON; None if it cannot be compared so.
        attributes: The payload, as JSON or decoded; None if there was none.
        map_errors: Whether the mapping found an error in it; None: that is not known.
        selected: The PIM's fields that were read; empty: all.
    """

    item: Item
    row_text: bytes | None
    attributes: msgspec.Raw | dict[str, Any] | None
    map_errors: bool | None
    selected: frozenset[str]


class KeptItem:
    """An item as the last run of its connector left it.

    Attributes:
        pim_id: The PIM's identity of the item.
        family: The PIM's identity of its product.
        outcome: What became of it in that run.
        is_current: What its verdict depends on, but for its row and the time, is as it was asked for, and no
            rule has changed its verdict since.
        row_digest: The digest of its row and of how its columns were read.
        family_digest: The digest of its family's rows.
        item: The item as it was read.
        row_text: The same as JSON; None if it cannot be compared so.
        map_errors: Whether the mapping found an error in it; None: that is not known.
        selected: The PIM's fields that were read; empty: all.
    """

    def __init__(
        self,
        pim_id: str,
        family: str,
        outcome: str,
        content: Content,
        *,
        is_current: bool,
        row_digest: int,
        family_digest: int,
    ) -> None:
        self.pim_id = pim_id
        self.family = family
        self.outcome = outcome
        self.is_current = is_current
        self.row_digest = row_digest
        self.family_digest = family_digest
        self.item, self.row_text, self._attributes, self.map_errors, self.selected = content

    @cached_property
    def attributes(self) -> dict[str, Any] | None:
        """The payload that the run made; None if the item was blocked before there was one."""
        made = self._attributes
        if made is None or isinstance(made, dict):
            return made
        try:
            return _payloads.decode(made)
        except (UnicodeDecodeError, msgspec.DecodeError):
            return _spelled(bytes(made))


_NULL = b"null"


class _Packed(msgspec.Struct):
    row: msgspec.Raw = msgspec.Raw(_NULL)
    attributes: msgspec.Raw = msgspec.Raw(_NULL)
    map_errors: bool | None = None
    selected: msgspec.Raw = msgspec.Raw(b"[]")


_packed = msgspec.json.Decoder(_Packed)
_objects = msgspec.json.Decoder(dict[str, Any])
_payloads: msgspec.json.Decoder[dict[str, Any] | None] = msgspec.json.Decoder(dict[str, Any] | None)


def kept_items(
    ledger: Engine, connector_key: str, *, made_by: Mapping[str, int], now: datetime
) -> Iterator[KeptItem]:
    """Yield the items that were read and are in the connector's selection, those of one family side by side.

    Args:
        ledger: The open ledger.
        connector_key: Whose items.
        made_by: The parts of the fingerprint of which `is_current` tells whether they are the item's.
        now: The time by which `is_current` tells whether a rule has changed its verdict.
    """
    table = item_states.c
    same = and_(
        *(table[f"of_{part}"] == value for part, value in made_by.items()),
        or_(table.next_date.is_(None), table.next_date > now),
    )
    place = (table.family, table.pim_id)
    wanted = (
        select(
            table.pim_id,
            table.family,
            table.outcome,
            case((same, 1), else_=0),
            table.of_row,
            table.of_family,
            table.content,
            table.dictionary,
        )
        .where(table.connector_key == connector_key, table.removed.is_(False))
        .order_by(*place)
        .limit(CHUNK)
    )
    selections: dict[bytes, frozenset[str]] = {}
    last = ("", "")
    while True:
        with reading(ledger) as connection:
            rows = connection.execute(wanted.where(tuple_(*place) > last)).all()
            unpacker = Unpacker(connection)
            unpacker.learn(row.dictionary for row in rows)
        for pim_id, family, outcome, current, row, of_family, content, dictionary in rows:
            with decoding(ledger):
                found = _content(unpacker.unpacked(content, dictionary), selections)
            if found is None:
                continue  # a parent that the mapping made
            yield KeptItem(
                pim_id,
                family,
                outcome,
                found,
                is_current=bool(current),
                row_digest=row,
                family_digest=of_family,
            )
        if len(rows) < CHUNK:
            return
        last = (rows[-1].family, rows[-1].pim_id)


def _content(text: bytes, selections: dict[bytes, frozenset[str]]) -> Content | None:
    """Return what is packed of an item that was read; `selections` are the fields read of earlier ones."""
    try:
        packed = _packed.decode(text)
        row, told = bytes(packed.row), bytes(packed.selected)
        if row == _NULL:
            return None
        item = cast("Item", _objects.decode(row))
    except (UnicodeDecodeError, msgspec.DecodeError):  # half a surrogate pair, or a number that is none
        spelled = _spelled(text)
        if spelled.get("row") is None:
            return None
        chosen = frozenset(spelled.get("selected", ()))
        return Content(spelled["row"], None, spelled.get("attributes"), spelled.get("map_errors"), chosen)
    if told not in selections:
        selections[told] = frozenset(msgspec.json.decode(told))
    return Content(item, row, packed.attributes, packed.map_errors, selections[told])


def _spelled(text: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text.decode("utf-8", "surrogatepass"))
    return found
