"""The notation of a source's columns: seen by the extract, remembered in the ledger, used to map."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import msgspec

from amazon_listings.ledger.connectors.column_notations import find_notations, keep_notations
from amazon_listings.ledger.items.states import find_states
from amazon_listings.mapping.expressions.compiled import BadExpression, compile_expression
from amazon_listings.mapping.values.dates import zone_named
from amazon_listings.mapping.values.notation import LONGEST, ColumnEvidence, SourceNotation, shows_notation
from amazon_listings.remarks import Remark, Remarks, remark
from amazon_listings.runs.notes import Note

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item, Record
    from amazon_listings.runs.folder import RunFolder


class NotationsNote(Note, frozen=True, kw_only=True):
    """What the columns of the source show of their notation, in the whole state that is known.

    Attributes:
        columns: The columns that show something.
        warnings: The columns that are read otherwise than before.
    """

    file: ClassVar[str] = "notations"
    task: ClassVar[str] = "extract_products"

    columns: dict[str, ColumnEvidence]
    warnings: Remarks = ()


class ColumnSurvey:
    """Collects what the values of items show; `columns` has it by PIM field."""

    def __init__(self) -> None:
        self.columns: dict[str, ColumnEvidence] = {}

    def see(self, item: Item) -> None:
        """Take the values of an item into account."""
        self._record(item["product"])
        if item["variant"]:
            self._record(item["variant"])

    def see_all(self, items: Iterable[Item]) -> ColumnSurvey:
        """Take the values of items into account, and return the survey."""
        for item in items:
            self.see(item)
        return self

    def _record(self, record: Record) -> None:
        for name, value in record["fields"].items():
            if value.__class__ is str:
                # Most texts show nothing: to ask no evidence about them takes a third of the time.
                if len(value) > LONGEST or value.isalnum() or not shows_notation(value):
                    continue
            elif value.__class__ is not list:
                continue
            self._value(name, value)
        for name, texts in record["texts"].items():
            for text in texts.values():
                if text.__class__ is not str or shows_notation(text):
                    self._value(name, text)

    def _value(self, name: str, value: object) -> None:
        known = self.columns.get(name, _NOTHING)
        found = known.with_value(value)
        if found is not known:
            self.columns[name] = found


_NOTHING = ColumnEvidence()
#: So much of a fingerprint is the connector's, the rest its columns'.
_OWN_PART = 40


def source_notation(connector: Connector, columns: Mapping[str, ColumnEvidence]) -> SourceNotation:
    """Return how the connector's source writes numbers and dates.

    Args:
        connector: The connector: what it states wins.
        columns: What the columns show.
    """
    source = connector.source
    dates = SourceNotation.of(connector.marketplace).dates
    if source.date_order != "auto":
        dates = replace(dates, month_first=source.date_order == "month_first", stated=True)
    if source.timezone:
        dates = replace(dates, zone=zone_named(source.timezone))
    return SourceNotation(source.decimal, columns, dates, frozenset(connector.rules_off))


def note_notations(
    connector: Connector, survey: ColumnSurvey, *, whole: bool, ledger: Engine, folder: RunFolder
) -> NotationsNote:
    """Leave the note on the source's columns, and say which are read otherwise than before.

    A column whose values show no decimal sign any more is read as before.

    Args:
        connector: The connector that runs.
        survey: What the extract saw.
        whole: The extract read every item; else what was seen before counts too.
        ledger: The open ledger.
        folder: The run's folder.
    """
    before = remembered(ledger, connector.key)
    columns, warnings = {}, list[Remark]()
    for name in sorted(before.keys() | survey.columns.keys()):
        known, shown = before.get(name, _NOTHING), survey.columns.get(name, _NOTHING)
        if not whole:
            shown = shown.joined(known)
        found = shown.following(known).stated(connector.source.decimal)
        turned = known.decimal not in {found.decimal, "auto"}
        columns[name] = replace(found, turns=known.turns + turned)
        if turned:
            warnings += _turn(connector, name, known, found)
    note = NotationsNote(columns=columns, warnings=tuple(warnings))
    folder.note(note)
    return note


def _turn(connector: Connector, column: str, known: ColumnEvidence, found: ColumnEvidence) -> Remarks:
    """Return the warning of a column that is read otherwise than before."""
    sign = connector.source.decimal
    now = found.comma if known.decimal == "." else found.point
    if sign != "auto":
        variant, now = "stated", sign
    else:
        variant = "now_unclear" if found.decimal == "auto" else "changed"
    return remark(f"notation.{variant}", column=column, before=known.comma or known.point, now=now)


def with_notation(fingerprint: str, connector: Connector, columns: Mapping[str, ColumnEvidence]) -> str:
    """Return the fingerprint of a run that reads its columns like this.

    Columns that are read otherwise may change every payload, as an edited line does: the next run reads
    everything. The beginning of the fingerprint is that of the connector.
    """
    read = sorted((name, found.decimal) for name, found in columns.items() if found.decimal != "auto")
    if not read or connector.source.decimal != "auto":
        return fingerprint
    return fingerprint[:_OWN_PART] + hashlib.sha256(json.dumps(read).encode()).hexdigest()[_OWN_PART:]


def turns_of(text: str, columns: Mapping[str, ColumnEvidence]) -> int:
    """Return how often the columns that an expression reads turned to be read otherwise."""
    try:
        fields = compile_expression(text).fields
    except BadExpression:
        return 0
    return sum(columns[name].turns for name in fields if name in columns)


def columns_of(folder: RunFolder) -> dict[str, ColumnEvidence]:
    """Return what a run knows of the columns; nothing before its extract."""
    note = folder.noted(NotationsNote)
    return {} if note is None else note.columns


def remembered(ledger: Engine, connector_key: str) -> dict[str, ColumnEvidence]:
    """Return what was seen of the columns before: remembered, or else of the items as they were read last."""
    known = find_notations(ledger, connector_key)
    if known is not None:
        return {name: ColumnEvidence(*found) for name, found in known.items()}
    survey = ColumnSurvey()
    for state in find_states(ledger, connector_key):
        if state.row is not None:
            survey.see(msgspec.convert(state.row, dict))  # type: ignore[arg-type]  # an item, as it was kept
    return survey.columns


def remember(ledger: Engine, connector_key: str, folder: RunFolder) -> None:
    """Keep what a run saw of the columns for the runs that read only changes."""
    note = folder.noted(NotationsNote)
    if note is not None:
        keep_notations(
            ledger,
            connector_key,
            {
                name: (found.comma, found.point, found.day_first, found.month_first, found.turns)
                for name, found in note.columns.items()
            },
        )


class RowNotation:
    """How the columns of a row are read: a part of what its payload depends on.

    Args:
        columns: What the columns show.
    """

    def __init__(self, columns: Mapping[str, ColumnEvidence]) -> None:
        read = {
            name: (found.decimal, bool(found.day_first), bool(found.month_first))
            for name, found in sorted(columns.items())
        }
        # A column that shows nothing is read as one that is not known.
        self._read = {name: how for name, how in read.items() if how != _UNREAD}
        self._texts = [(name, repr((name, how)).encode()) for name, how in self._read.items()]

    def of(self, item: Item) -> bytes:
        """Return how the columns of a row are read, as a text."""
        records = filter(None, (item["product"], item["variant"]))
        return self.of_fields([kind for one in records for kind in (one["fields"], one["texts"])])

    def of_fields(self, fields: Sequence[Container[str]]) -> bytes:
        """Return the same, by the names of the row's fields."""
        if not self._texts:
            return b""
        return b"".join(text for name, text in self._texts if any(name in kind for kind in fields))

    def __eq__(self, other: object) -> bool:
        """Return whether every row is read alike."""
        return isinstance(other, RowNotation) and self._read == other._read

    __hash__ = None  # type: ignore[assignment]  # it is compared, and never a key


_UNREAD = ("auto", False, False)
