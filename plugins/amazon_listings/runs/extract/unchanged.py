"""Items that leave a run at the extract: they are as they were when Amazon accepted them.

An item leaves with its whole family, if row, mapping, definition, rules, expectations, related tables and
what other connectors have of its listing are as they were, nothing is owed, and no date has come on which
a rule changes its verdict. What an earlier try of the same attempt has sent stays, so that the report of the
attempt says that it was sent. What compares items with each other may bring it back: a SKU that another item
takes, a column that is read otherwise, an expectation about all items together.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import msgspec

from amazon_listings.ledger.database import CHUNK, chunks
from amazon_listings.ledger.items.known_good import (
    count_rows,
    digests_of_others,
    has_others,
    has_questions,
    namesakes,
    skus_in_question,
    states_of_families,
)
from amazon_listings.ledger.items.states import StateFilter, digest_of, find_states
from amazon_listings.ledger.writes.submissions import has_written, sent_in_run
from amazon_listings.runs.extract.notations import RowNotation, columns_of, remembered
from amazon_listings.runs.folder import part_name
from amazon_listings.runs.notes import ExtractNote
from amazon_listings.runs.records import EXTRACT, UNCHANGED, UnchangedItem, encode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item
    from amazon_listings.ledger.items.known_good import StateKey
    from amazon_listings.ledger.items.payloads import ListingScope
    from amazon_listings.mapping.values.notation import ColumnEvidence
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.scope import Scope

#: Items of a part of the stage `unchanged`.
PART = 20_000
#: Why a run reads items that a person wants to be looked at, whether or not they changed.
_ASKED_FOR = frozenset({"asked", "skus", "approved"})


def row_digest(item: Item, notation: RowNotation) -> int:
    """Return the digest of a row and of how its columns are read."""
    return line_digest(encode(item), notation.of(item))


def line_digest(line: bytes, read: bytes) -> int:
    """Return the digest of a row as `row_digest` does, by its line in the stage `extract`.

    Args:
        line: The line, with its line break.
        read: How its columns are read, by `RowNotation`.
    """
    return digest_of(line + read)


def family_digest(rows: Sequence[int]) -> int:
    """Return the digest of the rows of a family, by theirs."""
    return rows[0] if len(rows) == 1 else digest_of(repr(sorted(rows)).encode())


class UnchangedItems:
    """Takes the unchanged items out of a reading; what it took is in the run's stage `unchanged`.

    Args:
        connector: The connector that runs.
        scope: What the run covers.
        ledger: Knows the items.
        listings: Whose listings.
        run: The run's number in the ledger.
        folder: The run's folder.
        shared: The parts of the fingerprint that all items of the run share.
        definition: The checksum of the definition that judges.
        now: The time.

    Attributes:
        count: How many of the items that were read it has taken out.
    """

    def __init__(
        self,
        connector: Connector,
        scope: Scope,
        *,
        ledger: Engine,
        listings: ListingScope,
        run: int,
        folder: RunFolder,
        shared: Mapping[str, int],
        definition: str,
        now: datetime | None = None,
    ) -> None:
        self._connector = connector
        self._scope = scope
        self._ledger = ledger
        self._listings = listings
        self._run = run
        self._has_written = has_written(ledger, run)
        self._folder = folder
        self._shared = shared
        self._now = now or datetime.now(UTC)
        unsent = scope.operation == "test" and connector.sync.preview != "none"
        self._passed = definition if unsent else None
        self._leaves = scope.cause not in _ASKED_FOR and not scope.force and connector.sync.preview != "all"
        self._columns: Mapping[str, ColumnEvidence] = {}
        self._notation = RowNotation({})
        self._others = self._asked = True
        self._left: list[UnchangedItem] = []
        self._parts = 0
        self.count = 0

    def staying(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items that the run has to look at; the others are in the stage `unchanged`."""
        self._folder.clear(UNCHANGED)
        if not self._leaves or not count_rows(self._ledger, self._connector.key):
            yield from items
            return
        self._columns = remembered(self._ledger, self._connector.key)
        self._notation = RowNotation(self._columns)
        self._others = has_others(self._ledger, self._connector.key)
        self._asked = has_questions(self._ledger, self._connector.key)
        for families in _families(items, CHUNK):
            yield from self._staying(families)
        self._write(0)

    def _staying(self, families: dict[str, list[Item]]) -> Iterator[Item]:
        """Yield the items of those families that stay."""
        known = states_of_families(
            self._ledger,
            self._listings,
            families,
            shared=self._shared,
            now=self._now,
            passed=self._passed,
        )
        alike = {
            group: known[group]
            for group, items in families.items()
            if group in known and self._is_alike(items, known[group])
        }
        skus = [state.sku for states in alike.values() for state in states if state.sku]
        others = digests_of_others(self._ledger, self._listings, skus) if skus and self._others else {}
        asked = skus_in_question(self._ledger, self._listings, skus) if skus and self._asked else frozenset()
        written = sent_in_run(self._ledger, self._run, skus) if self._has_written else {}
        for group, items in families.items():
            states = alike.get(group)
            if states is None or any(
                state.sku in written or state.others != others.get(state.sku or "", 0) or state.sku in asked
                for state in states
            ):
                yield from items
                continue
            read = {item["pim_id"]: item["sku"] for item in items}
            self.count += len(read)
            self._left += [
                UnchangedItem(
                    pim_id=state.pim_id,
                    sku=read.get(state.pim_id, state.sku),
                    group=group,
                    parent=state.pim_id not in read,
                )
                for state in states
            ]
        self._write(PART)

    def _is_alike(self, items: list[Item], states: list[StateKey]) -> bool:
        """Return whether a family is as it was, and all of it as it should be."""
        for state in states:
            if not state.good:
                return False
        digests = {item["pim_id"]: row_digest(item, self._notation) for item in items}
        family = family_digest(list(digests.values()))
        for state in states:
            if state.row == 0:
                continue
            if digests.pop(state.pim_id, None) != state.row or state.of_family != family:
                return False
        return not digests

    def _write(self, size: int) -> None:
        """Write a part, once so many items have left."""
        if self._left and len(self._left) >= size:
            self._parts += 1
            self._folder.write(UNCHANGED, part_name(self._parts), self._left)
            self._left = []

    def returning(self, parts: Sequence[str]) -> set[str]:
        """Return the products that must come back, because of what the run has read of other items.

        Args:
            parts: The parts of the extract.
        """
        if not self._parts:
            return set()
        if RowNotation(columns_of(self._folder)) != self._notation:
            return {one.group for one in unchanged_items(self._folder)}
        back: set[str] = set()
        for part in parts:
            skus = {one.pim_id: one.sku for one in self._folder.index(EXTRACT, part) if one.sku}
            back |= {one.family for one in namesakes(self._ledger, self._connector.key, skus)}
        return back


def unchanged_items(folder: RunFolder) -> Iterator[UnchangedItem]:
    """Yield the items that left at the extract."""
    for part in folder.parts(UNCHANGED):
        yield from folder.read(UNCHANGED, part)


class UnreadItems:
    """The items that a run did not read, or that left it at the extract, as the ledger knows them.

    Args:
        connector: The connector that runs.
        folder: The run's folder.
        ledger: Knows the items.
        part_size: Items of a part of the extract.
    """

    def __init__(self, connector: Connector, folder: RunFolder, ledger: Engine, part_size: int) -> None:
        self._connector = connector
        self._folder = folder
        self._ledger = ledger
        self._part_size = part_size

    def rows(self) -> Iterator[Item]:
        """Yield the rows of the items that left, families together, as they were read last."""
        groups = dict.fromkeys(one.group for one in unchanged_items(self._folder))
        for chunk in chunks(groups, CHUNK):
            for state in find_states(self._ledger, self._connector.key, StateFilter(families=chunk)):
                if state.row is not None:
                    yield cast("Item", state.row)

    def occurrences(self, skus: Mapping[str, str]) -> Counter[str]:
        """Return how many items that the run did not read have which SKU.

        Args:
            skus: SKUs by the PIM's identity of the items that were read.
        """
        note = self._folder.noted(ExtractNote)
        removed = frozenset(note.removed_ids if note is not None else ())
        found: Counter[str] = Counter()
        for one in namesakes(self._ledger, self._connector.key, skus):
            if one.pim_id not in skus and removed.isdisjoint({one.pim_id, one.family}):
                found[one.sku] += 1
        return found

    def lacks_any(self) -> bool:
        """Return whether an item that was known is not among those that left, so that the whole is another.

        Only where the connector expects something of all items together.
        """
        if not self._connector.quality:
            return False
        left = sum(1 for one in unchanged_items(self._folder) if not one.parent)
        return count_rows(self._ledger, self._connector.key) != left

    def bring_back(self, pim_ids: Collection[str]) -> Sequence[str]:
        """Put items that left into the extract again, with their families.

        Returns:
            The names of all parts of the extract.
        """
        named = frozenset(pim_ids)
        groups = {one.group for one in unchanged_items(self._folder) if one.pim_id in named}
        note = bring_back(
            self._connector, groups, folder=self._folder, ledger=self._ledger, part_size=self._part_size
        )
        return note.parts if note is not None else ()


def bring_back(
    connector: Connector, families: Collection[str], *, folder: RunFolder, ledger: Engine, part_size: int
) -> ExtractNote | None:
    """Put products that left into the extract again, and return its note as it is then.

    Args:
        connector: The connector that runs.
        families: The PIM's identities of products; those that did not leave do not count.
        folder: The run's folder.
        ledger: Has their rows, which are as they were read.
        part_size: Items of a part.
    """
    note = folder.noted(ExtractNote)
    if note is None or not families:
        return note
    back: dict[str, None] = {}
    for part in folder.parts(UNCHANGED):
        items = list(folder.read(UNCHANGED, part))
        stay = [one for one in items if one.group not in families]
        if len(stay) < len(items):
            back |= dict.fromkeys(one.group for one in items if one.group in families)
            folder.write(UNCHANGED, part, stay)
    parts = list(note.parts)
    returned = 0
    for chunk in chunks(back, max(1, part_size)):
        states = find_states(ledger, connector.key, StateFilter(families=chunk))
        rows = [cast("Item", state.row) for state in states if state.row is not None]
        parts.append(part_name(len(parts) + 1))
        folder.write(EXTRACT, parts[-1], rows)
        returned += len(rows)
    left = sum(1 for one in unchanged_items(folder) if not one.parent) if back else note.unchanged
    note = msgspec.structs.replace(note, parts=tuple(parts), unchanged=left)
    folder.note(note)
    return note


def _families(items: Iterable[Item], size: int) -> Iterator[dict[str, list[Item]]]:
    """Yield the families of items that arrive side by side, about so many items together."""
    families: dict[str, list[Item]] = {}
    count = 0
    for item in items:
        if count >= size and item["group"] not in families:
            yield families
            families, count = {}, 0
        families.setdefault(item["group"], []).append(item)
        count += 1
    if families:
        yield families
