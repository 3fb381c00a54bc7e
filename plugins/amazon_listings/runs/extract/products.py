"""Extract: PIM items in the run's scope, with their SKU, in parts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from amazon_listings.connectors.languages import language_of
from amazon_listings.errors import ItemError, RunAbortedError
from amazon_listings.mapping.expressions.compiled import as_expression, compile_expression
from amazon_listings.mapping.expressions.failures import ExpressionError
from amazon_listings.mapping.expressions.rows import ItemRow
from amazon_listings.messages import catalogue, message
from amazon_listings.remarks import Remark, remark, remarks_of
from amazon_listings.runs.extract.field_names import FieldNames
from amazon_listings.runs.extract.needed_fields import DATE, OWN_NAMES, needed_fields
from amazon_listings.runs.extract.notations import ColumnSurvey, source_notation
from amazon_listings.runs.folder import part_name
from amazon_listings.runs.notes import ExtractNote
from amazon_listings.runs.records import EXTRACT, PROBLEMS, SIBLINGS, UNCHANGED, ReadingProblem, Siblings
from amazon_listings.sources.registry import source_named
from amazon_listings.sources.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item
    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.extract.unchanged import UnchangedItems
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.scope import Scope
    from amazon_listings.sources.reading import Reading

#: SKUs named in a sentence; the rest are counted.
SHOWN = 20


def extract_products(
    connector: Connector,
    scope: Scope,
    *,
    read: Callable[[Selection], Reading],
    folder: RunFolder,
    part_size: int,
    survey: ColumnSurvey | None = None,
    unchanged: UnchangedItems | None = None,
) -> ExtractNote:
    """Read the PIM into the run's folder, and return its note `extract`.

    Args:
        connector: The connector that runs.
        scope: What the run covers.
        read: Reads a selection from the connector's source.
        folder: The run's folder; its stage `extract` is written again. The note is written last: without
            it, no part counts.
        part_size: Items of a part; one family is never split, so a part may be a little larger.
        survey: Is shown every item that is read.
        unchanged: Takes out of the run what need not be looked at again.

    Raises:
        RunAbortedError: more SKUs than the connector allows, nothing at all to work on, or an interval of a
            source that does not say what changed in it.
        RetryableError, ActionRequiredError: the PIM could not be read.
    """
    needed = needed_fields(connector)
    read_at = datetime.now(UTC)
    reading = read(_selection(connector, scope, needed))
    folder.forget(ExtractNote)
    folder.clear(EXTRACT, PROBLEMS, SIBLINGS, UNCHANGED)
    chosen = _Choice(connector, scope, survey or ColumnSurvey())
    parts: list[str] = []
    try:
        taken = chosen(_undated(reading) if needed and DATE not in needed else reading)
        for items in _parts(unchanged.staying(taken) if unchanged else taken, part_size):
            parts.append(part_name(len(parts) + 1))
            folder.write(EXTRACT, parts[-1], items)
        _refuse_no_interval(scope, reading)
    except RunAbortedError:
        folder.clear(EXTRACT, UNCHANGED)
        raise
    chosen.fields.seen.update(reading.fields)
    if chosen.siblings:
        folder.write(SIBLINGS, part_name(1), chosen.siblings)
    problems = [*reading.problems, *chosen.problems]
    messages = catalogue(language_of(connector))
    _write_problems(folder, problems, messages)
    _refuse_nothing(connector, scope, chosen, found=bool(chosen.taken or problems))
    note = ExtractNote(
        parts=tuple(parts),
        extracted=chosen.taken + len(problems),
        out_of_scope=chosen.left,
        unreadable=len(problems),
        unchanged=unchanged.count if unchanged is not None else 0,
        cursor=reading.cursor,
        opened=reading.opened,
        full=reading.full,
        removed=len(reading.removed),
        # What changed so that the connector's filter leaves it out has left the selection too.
        removed_ids=(*reading.removed, *chosen.unwanted),
        kept_ids=tuple(reading.kept),
        warnings=tuple(_warnings(connector, scope, chosen, reading)),
        fields=tuple(sorted(chosen.fields.seen)),
        selected=tuple(needed),
        read_at=read_at.isoformat(),
    )
    folder.note(note)
    return note


def _undated(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items without the dates of their changes, so that a date alone makes no row another one."""
    for item in items:
        item["modified"] = item["product"]["modified"] = None
        if item["variant"]:
            item["variant"]["modified"] = None
        yield item


def _write_problems(folder: RunFolder, problems: Iterable[ItemError], messages: Catalogue) -> None:
    """Write the stage `problems`: items that could not be read, with their issues."""
    found = (
        ReadingProblem(
            sku=problem.sku,
            message=texts["message"],
            action=texts["action"],
            phrases=texts["phrases"],
        )
        for problem in problems
        for texts in (messages.issue_texts("unreadable", reason=problem),)
    )
    folder.write(PROBLEMS, part_name(1), found)


def _warnings(connector: Connector, scope: Scope, chosen: _Choice, reading: Reading) -> Iterator[Remark]:
    """Yield what is said of fields that no record has, of named SKUs that are missing, and of the source."""
    unknown = chosen.fields.unknown(connector, everything=scope.kind == "everything")
    yield from remarks_of(field.problem for field in unknown)
    if chosen.missing and scope.kind != "approved":
        missing, named = len(chosen.missing), len(scope.skus)
        yield from remark("note.named_missing", missing=missing, named=named, skus=_listed(chosen.missing))
    yield from remarks_of(reading.notices)


def _selection(connector: Connector, scope: Scope, needed: tuple[str, ...]) -> Selection:
    """Return what to ask the source for.

    A source that cannot be asked for named products is asked for everything where they are needed.
    """
    source = connector.source
    wanted = Selection(
        statuses=source.statuses,
        languages=connector.pim_languages,
        fields=tuple(name for name in needed if name not in OWN_NAMES),
        fields_if_any=tuple(sorted(OWN_NAMES if DATE in needed else OWN_NAMES - {DATE})),
    )
    if scope.is_backfill:
        # Of which the products in question are taken.
        return replace(wanted, changed_since=scope.since, changed_until=scope.until)
    names = scope.reads_families
    if names and not source_named(source.source).abilities.named:
        return wanted
    return replace(
        wanted,
        changed_since=scope.since,
        changed_until=scope.until,
        families=scope.families if names else None,
    )


class _Choice:
    """Gives each item its SKU, and keeps those in scope; counts as it goes.

    A parent's SKU names its whole family: a parent is made of its children.
    """

    def __init__(self, connector: Connector, scope: Scope, survey: ColumnSurvey) -> None:
        self.taken = 0
        self.left = 0
        self.problems: list[ItemError] = []
        self.unwanted: list[str] = []
        self.siblings: list[Siblings] = []
        self.fields = FieldNames()
        self.missing = set(scope.skus)
        self._connector = connector
        self._skus = scope.skus
        self._changes = scope.kind == "changed"
        self._named = bool(scope.skus) or scope.kind == "approved"
        self._whole = scope.whole
        self._families = scope.families if scope.kind == "affected" else None
        self._language = next(iter(dict(connector.language_tags)), "")
        self._fallback = connector.source.fallback_language
        self._facts = connector.facts
        notation = source_notation(connector, {})
        self._sku = compile_expression(connector.source.sku)
        families = connector.variations if scope.kind == "skus" else None
        self._parent_sku = as_expression(families["parent_sku"]) if families else None
        self._filter = (
            compile_expression(connector.source.filter, notation) if connector.source.filter else None
        )
        self._survey = survey

    def __call__(self, items: Iterable[Item]) -> Iterator[Item]:
        limit = self._connector.source.sku_limit
        for group, members in groupby(items, key=itemgetter("group")):
            sold = [item for item in members if self._is_sold(item)]
            taken = self._in_scope(group, sold)
            self.left += len(sold) - len(taken)
            if taken and len(taken) < len(sold):
                variants = [item["variant"] for item in sold if item["variant"]]
                self.siblings.append(Siblings(group=group, variants=variants))
            for item in taken:
                self.missing.discard(item["sku"] or "")
                self.taken += 1
                if self.taken > limit:
                    raise RunAbortedError(
                        "runs.over_sku_limit",
                        connector=self._connector.id,
                        limit=limit,
                        where=self._connector.where,
                    )
                yield item

    def _is_sold(self, item: Item) -> bool:
        """Give an item its SKU, and return whether the connector's filter takes it; count it if not."""
        self.fields.see(item)
        self._survey.see(item)
        try:
            # A product without variants has no variant fields: they are empty, not mistakes.
            row = self._row(item)
            sku = self._sku.evaluate(row)
            sold = self._filter is None or bool(self._filter.evaluate(row))
        except ExpressionError as error:
            self.problems.append(ItemError("runs.choice_failed", sku=item["pim_id"], reason=error))
            return False
        item["sku"] = None if sku is None or sku == "" else str(sku)
        if not sold:
            self.left += 1
            if self._changes:
                self.unwanted.append(item["pim_id"])
        return sold

    def _in_scope(self, group: str, sold: list[Item]) -> list[Item]:
        """Return those items of a product that the run was asked for."""
        if self._families is not None and group not in self._families:
            return []
        if not self._named or group in self._whole or self._names_parent(sold):
            return sold
        return [item for item in sold if item["sku"] in self._skus]

    def _names_parent(self, sold: list[Item]) -> bool:
        """Return whether the SKU of the parent of these items is among those that were asked for."""
        child = next((item for item in sold if item["variant"]), None)
        if self._parent_sku is None or child is None:
            return False
        try:
            sku = self._parent_sku.evaluate(self._row({**child, "variant": None}))
        except ExpressionError:
            return False  # said where the family is made
        self.missing.discard(str(sku))
        return str(sku) in self._skus

    def _row(self, item: Item) -> ItemRow:
        return ItemRow(item, self._language, fallback=self._fallback, facts=self._facts)


def _refuse_no_interval(scope: Scope, reading: Reading) -> None:
    """Refuse a backfill of which every interval would take everything.

    Raises:
        RunAbortedError: the source does not know what changed in the interval.
    """
    if scope.is_backfill and reading.full:
        raise RunAbortedError("runs.backfill_without_dates")


def _refuse_nothing(connector: Connector, scope: Scope, chosen: _Choice, *, found: bool) -> None:
    """Refuse an empty extract, unless only changes are asked for.

    Raises:
        RunAbortedError: everything or named SKUs were asked for, and there is nothing.
    """
    if found or scope.kind in {"changed", "interval", "approved", "affected"}:
        return
    source = connector.source
    filtered = "runs.statuses_and_filter" if source.filter else "runs.statuses"
    selection = message(filtered, statuses=", ".join(source.statuses))
    if scope.skus:
        raise RunAbortedError(
            "runs.no_named_item",
            connector=connector.id,
            listed=_listed(scope.skus),
            selection=selection,
            left=chosen.left,
        )
    raise RunAbortedError(
        "runs.no_item",
        connector=connector.id,
        left=chosen.left,
        selection=selection,
    )


def _listed(skus: Collection[str]) -> str:
    """Return the first SKUs, and how many more there are."""
    shown = ", ".join(sorted(skus)[:SHOWN])
    return f"{shown} … (+{len(skus) - SHOWN:,})" if len(skus) > SHOWN else shown


def _parts(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Lists of about `size` items that never split a family; its items arrive side by side."""
    part: list[Item] = []
    for item in items:
        if len(part) >= size and item["group"] != part[-1]["group"]:
            yield part
            part = []
        part.append(item)
    if part:
        yield part
