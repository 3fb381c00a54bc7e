"""Enter a finished run's items in the ledger as their present state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec

from amazon_listings.incoming.json_text import json_text
from amazon_listings.ledger.items.known_good import digests_of_others, has_others
from amazon_listings.ledger.items.states import (
    Fingerprint,
    StateFilter,
    UndecodedState,
    ahead,
    digest,
    find_states,
    mark_missing,
    mark_removed,
    mark_removed_skus,
    mark_unchanged,
    record_states,
)
from amazon_listings.ledger.runs.owed import (
    Owed,
    forget_left,
    forget_owed,
    record_owed,
    settle_owed,
)
from amazon_listings.runs.extract.needed_fields import needed_fields
from amazon_listings.runs.extract.notations import RowNotation, columns_of, remember
from amazon_listings.runs.extract.related_tables import load_tables
from amazon_listings.runs.extract.unchanged import family_digest, line_digest, unchanged_items
from amazon_listings.runs.finish.resolve import REMOVED_PART
from amazon_listings.runs.notes import ExtractNote
from amazon_listings.runs.outcomes import OWED, Outcome
from amazon_listings.runs.records import (
    EXTRACT,
    MAPPED,
    REMOVED,
    RESOLVED,
    ExtractedIndex,
    MappedIndex,
    PackedItem,
    Stage,
)
from amazon_product_types.rules import next_change
from amazon_product_types.rules.offers import OFFER

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item
    from amazon_listings.ledger.items.payloads import ListingScope
    from amazon_listings.ledger.runs.owed import Kind
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.notes import DefinitionsNote
    from amazon_listings.runs.records import ResolvedItem
    from amazon_listings.runs.scope import Scope

#: Attributes that hold an item's name and its main picture.
_NAME, _PICTURE = "item_name", "main_product_image_locator"
#: The attributes that a state is made from, beside the payload as a whole.
_SHOWN = (_NAME, _PICTURE, OFFER)


def keep_states(
    connector: Connector,
    scope: Scope,
    definitions: DefinitionsNote | None,
    *,
    ledger: Engine,
    listings: ListingScope | None,
    folder: RunFolder,
    run: int,
    ended: bool,
    awaited: Collection[str] = (),
) -> None:
    """Enter what a run read, made and found out, and what it leaves over for the next run.

    A former state stays where a run did not get to a verdict.

    Args:
        connector: The connector that ran.
        scope: What the run covered.
        definitions: The note of the definitions it validated with.
        ledger: The open ledger.
        listings: Whose listings; None: the account is not known.
        folder: The run's folder.
        run: The run's number.
        ended: Whether every task of the run came to its end.
        awaited: SKUs of removals that Amazon took and no reading has shown yet; they are owed by themselves.
    """
    extract = folder.noted(ExtractNote)
    if extract is None:
        return
    read_at = reading_moment(extract)
    over = _Over(ended)
    with_others = listings if has_others(ledger, connector.key) else None
    others = partial(_digests_of_others, ledger, with_others, extract)
    shared = shared_fingerprint(connector, definitions, folder)
    began = datetime.fromisoformat(extract.read_at) if extract.read_at else read_at
    made = _MadeStates(scope.operation, extract.selected, read_at, began, run, shared, over)
    record_states(ledger, connector.key, made(_rows(folder, extract.parts, others)))
    mark_unchanged(
        ledger,
        connector.key,
        (one.pim_id for one in unchanged_items(folder)),
        run=run,
        operation=scope.operation,
        outcome=str(Outcome.UNCHANGED),
        read_at=read_at,
    )
    over.note_removals(folder, awaited)
    record_owed(ledger, connector.key, scope.operation, run, over.owed)
    done = chain(_done(folder, extract.parts, awaited), _done_unchanged(folder))
    settle_owed(ledger, connector.key, scope.operation, run, done)
    leaving = (one.sku for part in folder.parts(REMOVED) for one in folder.read(REMOVED, part))
    mark_removed_skus(ledger, connector.key, filter(None, leaving), run=run, read_at=read_at)
    remember(ledger, connector.key, folder)
    if scope.kind == "everything" and extract.full:
        # After an unreadable record it is not known which items are missing.
        if ended and not made.left_out and not extract.unreadable:
            mark_missing(ledger, connector.key, run=run, read_at=read_at, kept=extract.kept_ids)
            forget_left(ledger, connector.key, run)
    else:
        mark_removed(ledger, connector.key, extract.removed_ids, run=run, read_at=read_at)
        forget_owed(ledger, connector.key, run, extract.removed_ids)


def _digests_of_others(
    ledger: Engine, listings: ListingScope | None, extract: ExtractNote, skus: Iterable[str]
) -> dict[str, int]:
    """Return digests of what other connectors had of SKUs when the run began."""
    if listings is None:
        return {}
    # What was accepted of others since the run began is not what it has looked at.
    began = datetime.fromisoformat(extract.read_at) if extract.read_at else None
    return digests_of_others(ledger, listings, skus, until=began)


@dataclass
class _MadeStates:
    """Makes the states of items that were read; counts those that it leaves as they were."""

    operation: str
    selected: tuple[str, ...]
    read_at: datetime
    began: datetime
    run: int
    shared: Mapping[str, int]
    over: _Over
    left_out: int = 0

    def __call__(self, rows: Iterable[_Row]) -> Iterator[UndecodedState]:
        for found in rows:
            self.over.note_item(found.item, found.family)
            if found.item.outcome is Outcome.FAILED and found.mapped is None:
                self.left_out += 1  # the run stopped before it was mapped
                continue
            yield self._state(found)

    def _state(self, found: _Row) -> UndecodedState:
        item, row, mapped, digests = found
        shown = mapped.shown if mapped else {}
        return UndecodedState(
            pim_id=item.pim_id,
            sku=item.sku or None,
            family=found.family,
            run=self.run,
            operation=self.operation,
            outcome=str(item.outcome),
            read_at=self.read_at,
            row=row.text if row else None,
            attributes=mapped.text if mapped else None,
            map_errors=mapped.facts.blocked if mapped else None,
            payload_hash=mapped.facts.hash if mapped else None,
            note=item.note,
            name=_text(shown, _NAME, "value"),
            picture=_text(shown, _PICTURE, "media_location"),
            selected=self.selected,
            # By our clock, as rules judge: the PIM's may be ahead.
            next_date=next_change(shown, self.began),
            fingerprint=Fingerprint(
                **self.shared, row=digests.row, family=digests.family, others=digests.others
            ),
        )


class _Over:
    """What a run leaves over.

    Of a run that did not come to its end nothing is left over for want of a verdict: the mark in the source
    does not pass what it read.
    """

    def __init__(self, ended: bool) -> None:  # noqa: FBT001 - the one thing it has to know
        self.owed: list[Owed] = []
        self._ended = ended

    def note_item(self, item: ResolvedItem, family: str) -> None:
        """Note an item that was read."""
        self._note(Owed("item", item.pim_id, family, str(item.outcome)), item.outcome)

    def note_removals(self, folder: RunFolder, awaited: Collection[str]) -> None:
        """Note the listings whose items left."""
        for one in folder.read_any(RESOLVED, REMOVED_PART):
            if one.sku and one.sku not in awaited:
                self._note(Owed("removal", one.sku, "", str(one.outcome)), one.outcome)

    def _note(self, one: Owed, outcome: Outcome) -> None:
        if outcome in OWED and (self._ended or outcome is not Outcome.FAILED):
            self.owed.append(one)


def _done(folder: RunFolder, parts: Iterable[str], awaited: Collection[str]) -> Iterator[tuple[Kind, str]]:
    """Yield what a run brought to an end: as many as it has items, so they are read where they are needed.

    The listing of an item that was read is not to be removed.
    """
    for item in chain.from_iterable(folder.read_any(RESOLVED, part) for part in parts):
        if item.sku:
            yield "removal", item.sku
        if item.outcome not in OWED:
            yield "item", item.pim_id
    for one in folder.read_any(RESOLVED, REMOVED_PART):
        if one.sku and (one.sku in awaited or one.outcome not in OWED):
            yield "removal", one.sku


def _done_unchanged(folder: RunFolder) -> Iterator[tuple[Kind, str]]:
    """Yield what the items that left at the extract bring to an end: they are as they should be."""
    for one in unchanged_items(folder):
        yield "item", one.pim_id
        if one.sku:
            yield "removal", one.sku


def shared_fingerprint(
    connector: Connector, definitions: DefinitionsNote | None, folder: RunFolder
) -> dict[str, int]:
    """Return the parts of the fingerprint that all items of a run share.

    Args:
        connector: The connector as it is now.
        definitions: The note of its definitions.
        folder: The run's folder, with its related tables.
    """
    return {
        "mapping": mapping_digest(connector),
        "definition": definition_digest(definitions.checksum, definitions.labels_checksum)
        if definitions is not None
        else definition_digest(None, None),
        "rules": rules_digest(),
        "quality": digest(connector.quality),
        "tables": digest(load_tables(connector, folder)) if connector.tables else 0,
    }


def mapping_digest(connector: Connector) -> int:
    """Return the digest of all in a connector's document that its payloads depend on."""
    source = connector.source
    return digest(
        [
            connector.mapping_content,
            connector.variations,
            connector.language_tags,
            [source.sku, source.filter, source.fallback_language, source.missing_texts],
            [source.decimal, source.date_order, source.timezone],
            connector.rules_off,
            vars(connector.amazon),
            connector.facts,
            connector.contributes,
        ]
    )


def definition_digest(checksum: str | None, labels_checksum: str | None) -> int:
    """Return the digest of a definition and of its labels, by their checksums."""
    return digest([checksum, labels_checksum])


def rules_digest() -> int:
    """Return the digest of the code that maps and judges."""
    return digest([version("amazon-product-types"), version("airflow-provider-amazon-listings")])


def owe_due(ledger: Engine, connector_key: str, run: int) -> None:
    """Enter items of which a rule changes its verdict by now: the next test and live run read them again."""
    due = find_states(ledger, connector_key, StateFilter(due=datetime.now(UTC)), contents=False)
    entries = [Owed("item", state.pim_id, state.family, "due") for state in due]
    for operation in ("test", "live") if entries else ():
        record_owed(ledger, connector_key, operation, run, entries)


def stored_items(ledger: Engine, connector_key: str, connector: Connector) -> Iterator[Item] | None:
    """Return the items as they were read last, families together; None if they are not enough.

    They are not if none is kept, or if the connector, edited since, needs a field that was not read.

    Args:
        ledger: The open ledger.
        connector_key: Whose items.
        connector: The connector as it is now.
    """
    needed = set(needed_fields(connector))
    known = 0
    for state in find_states(ledger, connector_key):
        if state.row is None:
            continue
        if state.selected and not (needed and needed <= set(state.selected)):
            return None
        known += 1
    if not known:
        return None
    states = find_states(ledger, connector_key)
    return (cast("Item", state.row) for state in states if state.row is not None)


class _Digests(NamedTuple):
    """What an item's verdict depends on beside what all items of a run share."""

    row: int
    family: int
    others: int


class _Row(NamedTuple):
    """An item that has an outcome: what was read, what the mapping made, digests."""

    item: ResolvedItem
    row: _ReadRow | None
    mapped: _Made | None
    digests: _Digests

    @property
    def family(self) -> str:
        """The item's product; the item itself where nothing of it was read or made."""
        if self.row:
            return self.row.group
        return self.mapped.facts.group if self.mapped else self.item.pim_id


class _Fields(msgspec.Struct, frozen=True):
    """The names of a record's fields; their values are not decoded."""

    fields: dict[str, msgspec.Raw]
    texts: dict[str, msgspec.Raw]


class _Undecoded(msgspec.Struct, frozen=True):
    """What is decoded of a row."""

    pim_id: str
    group: str
    product: _Fields
    variant: _Fields | None


class _ReadRow(NamedTuple):
    """A row that was read: its JSON, and the names of its fields. To decode all of it would take longest."""

    pim_id: str
    group: str
    text: msgspec.Raw
    fields: tuple[dict[str, Any], ...]


class _ReadRows(Stage[_ReadRow, ExtractedIndex]):
    """The stage `extract`, as far as the states need it."""

    def __init__(self) -> None:
        super().__init__(EXTRACT.name, _ReadRow, ExtractedIndex, task=EXTRACT.task)
        self._undecoded = msgspec.json.Decoder(_Undecoded)

    def decode(self, line: bytes) -> _ReadRow:
        """Return the row of a line.

        Raises:
            ValueError: the line is no row.
        """
        try:
            row = self._undecoded.decode(line)
        except (UnicodeDecodeError, msgspec.DecodeError):  # JSON that only Python reads, or none
            item = EXTRACT.decode(line)
            records = filter(None, (item["product"], item["variant"]))
            found = tuple(kind for one in records for kind in (one["fields"], one["texts"]))
            return _ReadRow(item["pim_id"], item["group"], msgspec.Raw(line), found)
        fields: tuple[dict[str, Any], ...] = (row.product.fields, row.product.texts)
        if row.variant is not None:
            fields += (row.variant.fields, row.variant.texts)
        return _ReadRow(row.pim_id, row.group, msgspec.Raw(line), fields)


class _Made(NamedTuple):
    """What the mapping made of an item: the payload as JSON, and those attributes that the states look at."""

    facts: MappedIndex
    text: msgspec.Raw
    shown: dict[str, Any]


class _MadeItems(Stage[_Made, MappedIndex]):
    """The stage `mapped`, as far as the states need it."""

    def __init__(self) -> None:
        super().__init__(MAPPED.name, _Made, MappedIndex, task=MAPPED.task)
        self._undecoded = msgspec.json.Decoder(PackedItem)
        shown = msgspec.defstruct("Shown", [(name, Any, None) for name in _SHOWN])
        self._shown: msgspec.json.Decoder[Any] = msgspec.json.Decoder(shown)

    def decode(self, line: bytes) -> _Made:
        """Return what the mapping made, of a line.

        Raises:
            ValueError: the line is no record of this stage.
        """
        try:
            made = self._undecoded.decode(line)
            shown = self._shown.decode(made.attributes)
        except (UnicodeDecodeError, msgspec.DecodeError):  # JSON that only Python reads, or none
            item = MAPPED.decode(line)
            return _Made(item, msgspec.Raw(json_text(item.attributes)), item.attributes)
        return _Made(made, made.attributes, {name: getattr(shown, name) for name in _SHOWN})


_READ_ROWS, _MADE_ITEMS = _ReadRows(), _MadeItems()


def _rows(
    folder: RunFolder, parts: Iterable[str], others: Callable[[Iterable[str]], Mapping[str, int]]
) -> Iterator[_Row]:
    """Yield every item that has an outcome.

    One part is in memory at a time.

    Args:
        folder: The run's folder.
        parts: The parts of the extract.
        others: Returns digests of what other connectors have of SKUs.
    """
    notation = RowNotation(columns_of(folder))
    for part in parts:
        rows = {row.pim_id: row for row in folder.read(_READ_ROWS, part)}
        mapped = {made.facts.pim_id: made for made in folder.read_any(_MADE_ITEMS, part)}
        digests = {
            row.pim_id: line_digest(b"%b\n" % row.text, notation.of_fields(row.fields))
            for row in rows.values()
        }
        members: dict[str, list[int]] = {}
        for pim_id, digest_of_row in digests.items():
            members.setdefault(rows[pim_id].group, []).append(digest_of_row)
        families = {group: family_digest(found) for group, found in members.items()}
        resolved = list(folder.read_any(RESOLVED, part))
        of_others = others(one.sku for one in resolved if one.sku)
        for item in resolved:
            row, made = rows.get(item.pim_id), mapped.get(item.pim_id)
            group = row.group if row else made.facts.group if made else ""
            found = _Digests(
                digests.get(item.pim_id, 0), families.get(group, 0), of_others.get(item.sku or "", 0)
            )
            yield _Row(item, row, made, found)


def reading_moment(extract: ExtractNote) -> datetime:
    """Return when the source was read: by its own clock, or else ours.

    The cursor is no such moment: a file's is the latest date in it, which goes back when its row goes.
    """
    told = extract.opened or extract.read_at
    if told is None:
        return datetime.now(UTC)
    moment = datetime.fromisoformat(told)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment > ahead() and extract.read_at:
        return datetime.fromisoformat(extract.read_at)
    return moment


def _text(attributes: Mapping[str, Any], name: str, key: str) -> str | None:
    for element in attributes.get(name) or ():
        found = element.get(key) if isinstance(element, dict) else None
        if isinstance(found, str):
            return found
    return None
