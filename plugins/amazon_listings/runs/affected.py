"""Find the items that a new mapping, definition or rule touches, from what the ledger keeps of them.

Items whose state was made by something else than what holds now are mapped again as they were read last.
Those of which that makes another payload or another verdict are read again from the source, before
anything is sent; the others are not.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, cast

from amazon_listings.ledger.items.states import find_states
from amazon_listings.mapping.expressions.compiled import compile_expression
from amazon_listings.mapping.expressions.failures import ExpressionError
from amazon_listings.mapping.expressions.rows import ItemRow
from amazon_listings.runs.definitions import load_definitions
from amazon_listings.runs.extract.needed_fields import needed_fields
from amazon_listings.runs.extract.notations import remembered
from amazon_listings.runs.extract.related_tables import load_tables
from amazon_listings.runs.finish.item_states import shared_fingerprint
from amazon_listings.runs.map_fields import compiled, mapped_family
from amazon_listings.runs.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item
    from amazon_listings.ledger.items.states import ItemState
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.notes import DefinitionsNote
    from amazon_listings.runs.records import MappedItem


def families_affected(
    connector: Connector,
    definitions: DefinitionsNote,
    *,
    live: bool,
    storage: Path,
    ledger: Engine,
    folder: RunFolder,
) -> frozenset[str]:
    """Return the PIM's identities of the products of which an item comes out otherwise than it did.

    Args:
        connector: The connector as it is now, with its key.
        definitions: The note of its definitions.
        live: Whether to take what a test found ready too, which was not sent.
        storage: Where definitions are kept.
        ledger: Knows the items.
        folder: The run's folder, with its related tables.

    Raises:
        MappingErrors: the mapping itself is wrong.
    """
    shared = shared_fingerprint(connector, definitions, folder)
    touches = _Touch(connector, definitions, shared, storage=storage, ledger=ledger, folder=folder)
    found: set[str] = set()
    for family, members in groupby(find_states(ledger, connector.key), key=lambda state: state.family):
        states = list(members)
        if (live and any(map(_only_tested, states))) or touches(states):
            found.add(family)
    return frozenset(found)


def _only_tested(state: ItemState) -> bool:
    return state.operation == "test" and state.outcome == Outcome.READY


class _Touch:
    """Says whether a family comes out otherwise now; what cannot be told counts as if it did."""

    def __init__(
        self,
        connector: Connector,
        definitions: DefinitionsNote,
        shared: Mapping[str, int],
        *,
        storage: Path,
        ledger: Engine,
        folder: RunFolder,
    ) -> None:
        self._connector = connector
        self._shared = shared
        self._needed = set(needed_fields(connector))
        self._definitions = load_definitions(definitions, storage)
        self._rules = self._definitions.rules(connector.rules_off.keys())
        tables, columns = load_tables(connector, folder), remembered(ledger, connector.key)
        self._mapping = compiled(connector, self._definitions, tables, columns=columns)
        source = connector.source
        self._language = next(iter(dict(connector.language_tags)), "")
        self._sku = compile_expression(source.sku)
        self._filter = compile_expression(source.filter) if source.filter else None

    def __call__(self, states: Sequence[ItemState]) -> bool:
        unlike = [state for state in states if self._is_unlike(state)]
        if not unlike:
            return False
        if any(self._cannot_be_told(state) for state in unlike):
            return True
        items = [cast("Item", state.row) for state in states if state.row is not None]
        if not all(map(self._is_chosen, items)):
            return True
        known = {state.pim_id: state for state in states}
        made = {one.pim_id: one for one in mapped_family(self._connector, self._mapping, self._rules, items)}
        return known.keys() != made.keys() or any(
            self._differs(known[pim_id], one) for pim_id, one in made.items()
        )

    def _is_unlike(self, state: ItemState) -> bool:
        return any(getattr(state.fingerprint, part) != value for part, value in self._shared.items())

    def _cannot_be_told(self, state: ItemState) -> bool:
        """Return whether the verdict hangs on what only a run finds out, or on fields that were not read."""
        unread = bool(state.selected) and not (self._needed and self._needed <= set(state.selected))
        judged = state.outcome == Outcome.REJECTED
        return unread or judged or state.fingerprint.quality != self._shared["quality"]

    def _is_chosen(self, item: Item) -> bool:
        """Return whether the connector still takes the item, under the same SKU."""
        fallback, facts = self._connector.source.fallback_language, self._connector.facts
        row = ItemRow(item, self._language, fallback=fallback, facts=facts)
        try:
            sku = self._sku.evaluate(row)
            wanted = self._filter is None or bool(self._filter.evaluate(row))
        except ExpressionError:
            return False
        return wanted and (None if sku is None or sku == "" else str(sku)) == item["sku"]

    def _differs(self, state: ItemState, made: MappedItem) -> bool:
        judged = self._definitions
        is_valid = judged.is_valid_part if self._connector.contributes else judged.is_valid
        right = is_valid(made.attributes) and self._rules.is_right(made.attributes)
        blocked = made.blocked or not right
        return state.payload_hash != made.hash or blocked != (state.outcome == Outcome.BLOCKED)
