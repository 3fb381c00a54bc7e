"""Verdicts of earlier checks that hold: what an expectation looks at of an item is as it was when it passed.

A run of prices, say, changes nothing that is checked: Great Expectations, whose import takes longer than all
the rest of such a run, would find again what it has found.
"""

from __future__ import annotations

import re
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

from amazon_listings.checks.columns import PIM_ID
from amazon_listings.checks.expectations import ACROSS_ROWS, IS_NULL, NOT_NULL
from amazon_listings.ledger.database import CHUNK, chunks
from amazon_listings.ledger.exceptions import LedgerDamaged
from amazon_listings.ledger.items.issues import names_with_open
from amazon_listings.ledger.items.states import StateFilter, find_states
from amazon_listings.runs.extract.notations import RowNotation, columns_of
from amazon_listings.runs.extract.unchanged import family_digest, row_digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Engine

    from amazon_listings.checks.columns import Columns
    from amazon_listings.checks.expectations import Expected
    from amazon_listings.checks.quality.extract import CheckedExtract
    from amazon_listings.item import Item
    from amazon_listings.ledger.items.states import ItemState

#: Expectations that begin so are about the value of one item, but for those of `ACROSS_ROWS`.
_OF_VALUES = "expect_column_value"
#: Today's date decides about a part of one: there is no 30th in February.
_OF_THE_DAY = "expect_column_values_to_be_dateutil_parseable"
#: They see of a value only whether there is one.
_OF_PRESENCE = frozenset((IS_NULL, NOT_NULL))
#: What in a condition may look beyond a row: a method, a call (but of `col`), a variable, the row's number.
_BEYOND_ONE_ROW = re.compile(r"\.\s*[^\W\d]|\b(?!(?:col|and|or|not|in)\b)[^\W\d]\w*\s*\(|@|\bindex\b")


class FormerVerdicts:
    """What earlier runs found of a connector's items, as the ledger knows it.

    Args:
        ledger: The open ledger.
        connector_key: Whose items.
        shared: The parts of the fingerprint that all items of the run share: an item that was judged by
            another mapping, definition, expectation or table has no verdict that could hold.
    """

    def __init__(self, ledger: Engine, connector_key: str, shared: Mapping[str, int]) -> None:
        self._ledger = ledger
        self._key = connector_key
        self._shared = shared

    def hold(self, extract: CheckedExtract) -> bool:
        """Return whether each item of an extract has passed what is expected of it now.

        So it is if no expectation compares items or is about all of them, every item is known, nothing that
        was found at it is still open, and all that an expectation sees of it is as it was.
        """
        if not all(map(_is_about_one_item, extract.own)):
            return False
        columns = extract.columns(extract.expectations)
        compared = _Compared(extract, columns, RowNotation(columns_of(extract.folder)))
        families = (list(items) for _, items in groupby(extract.read(extract.parts), itemgetter("group")))
        try:
            return all(self._hold(some, compared) for some in chunks(families, CHUNK))
        except LedgerDamaged:
            return False  # what cannot be read is no verdict; this run writes it again

    def _hold(self, families: Sequence[list[Item]], compared: _Compared) -> bool:
        """Return whether the items of these products have passed."""
        known: dict[str, list[ItemState]] = {family[0]["group"]: [] for family in families}
        for state in find_states(self._ledger, self._key, StateFilter(families=list(known))):
            if state.row is not None:  # none of a parent that the mapping made
                known[state.row["group"]].append(state)
        if not all(self._is_alike(family, known[family[0]["group"]], compared) for family in families):
            return False
        runs = {_row_of(state)["pim_id"]: state.run for states in known.values() for state in states}
        judged = {
            item["sku"] or item["pim_id"]: runs[item["pim_id"]] for family in families for item in family
        }
        return not names_with_open(self._ledger, self._key, judged, source="quality")

    def _is_alike(self, family: list[Item], states: list[ItemState], compared: _Compared) -> bool:
        """Return whether a product was judged as it would be now, and what is seen of it is as it was."""
        judged = all(
            getattr(state.fingerprint, part) == value
            for state in states
            for part, value in self._shared.items()
        )
        return judged and compared.is_alike(family, states)


class _Compared:
    """Compares the items of products with their rows as they were judged.

    Args:
        extract: What was read.
        columns: The columns that are checked.
        notation: How the columns of the source are read.
    """

    def __init__(self, extract: CheckedExtract, columns: Columns, notation: RowNotation) -> None:
        self._extract = extract
        self._columns = columns
        self._notation = notation
        others = {
            name
            for one in extract.expectations
            if one.type not in _OF_PRESENCE or one.mentioned
            for name in one.columns | one.mentioned
        }
        self._by_value = [name == PIM_ID or name in others for name in columns.names]

    def is_alike(self, family: list[Item], states: list[ItemState]) -> bool:
        """Return whether all that expectations see of a product is as it was when it was judged.

        Args:
            family: Its items.
            states: What is known of them; the rows are those that were judged, together and read alike.
        """
        rows = {row["pim_id"]: row for row in map(_row_of, states)}
        digests = [row_digest(row, self._notation) for row in rows.values()]
        together = family_digest(digests) if digests else 0
        return (
            rows.keys() == {item["pim_id"] for item in family}
            and all(
                (state.fingerprint.row, state.fingerprint.family) == (digest, together)
                for state, digest in zip(states, digests, strict=True)
            )
            and self._extract.is_whole(family[0]["group"])
            and not any(item.get("unfit") or self._extract.is_repeated(item["sku"]) for item in family)
            and self._seen(family) == self._seen([rows[item["pim_id"]] for item in family])
        )

    def _seen(self, family: list[Item]) -> list[list[tuple[type, Any]]]:
        """Return what expectations see of the items of a product."""
        return [
            [
                (type(cell), cell) if by_value else (bool, _is_null(cell))
                for cell, by_value in zip(row, self._by_value, strict=True)
            ]
            for row in self._extract.rows(self._columns, family)
        ]


def _row_of(state: ItemState) -> Item:
    """Return the row of an item as it was judged; it has identities whole, however long they are."""
    return cast("Item", state.row)


def _is_about_one_item(expected: Expected) -> bool:
    """Return whether it is certain that an expectation sees one item at a time, and nothing beside it.

    An argument that is an object may be computed, of the time for instance. A condition that calls anything
    may compare an item with others (`stock > stock.mean()`), as one on the row's number does.
    """
    return (
        expected.type.startswith(_OF_VALUES)
        and expected.type not in {*ACROSS_ROWS, _OF_THE_DAY}
        and expected.level != "table"
        and expected.kwargs.get("mostly", 1) == 1
        and not any(isinstance(value, dict) for value in expected.kwargs.values())
        and not _BEYOND_ONE_ROW.search(str(expected.kwargs.get("row_condition") or ""))
    )


def _is_null(cell: object) -> bool:
    """Return whether Great Expectations takes a cell for one without a value: NaN is none."""
    return cell is None or cell != cell  # noqa: PLR0124 - NaN is not itself
