"""Check the extract: is it fit to be mapped? A bad item is blocked, a bad extract ends the run."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Protocol

from amazon_listings.checks.columns import ALWAYS, PIM_ID, Columns
from amazon_listings.checks.expectations import Expected, added, sku_origin, standard
from amazon_listings.checks.quality.project import opened
from amazon_listings.checks.quality.stored_rows import repeated, stored_rows
from amazon_listings.checks.quality.suite import (
    ACROSS_ROWS,
    UNIQUE,
    Suite,
    faults,
    finds_rows,
    frame_of,
    per_item,
)
from amazon_listings.checks.quality.wording import issue_of, observed, unfit_issue
from amazon_listings.errors import ActionRequiredError, RunAbortedError
from amazon_listings.messages import Joined, message
from amazon_listings.remarks import Remarks, remark
from amazon_listings.runs.extract.notations import columns_of
from amazon_listings.runs.extract.related_tables import load_tables
from amazon_listings.runs.extract.siblings import kept_siblings, variants_of
from amazon_listings.runs.map_fields import compiled
from amazon_listings.runs.notes import ExtractNote, QualityNote
from amazon_listings.runs.quality_docs import docs_index, project_folder
from amazon_listings.runs.records import EXTRACT, QUALITY, QualityRecord
from amazon_listings.runs.scope import Scope
from amazon_product_types.matching import closest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item, Record, UnfitField
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.records import ExtractedIndex
    from amazon_product_types.validation.issue import Issue


#: Items of one batch. A larger extract is checked, and has a page, in several, so that memory is bounded.
BATCH = 20_000
#: Items of one batch of what compares items by a column: a frame of few columns.
ACROSS_BATCH = 100_000


class ExtractRefused(RunAbortedError):
    """The extract as a whole is not what the connector expects; nothing was sent."""


class UnknownColumn(ActionRequiredError):
    """An expectation looks at a field that the PIM does not send."""


def check_quality(
    connector: Connector,
    definitions: Definitions,
    folder: RunFolder,
    *,
    storage: Path,
    present: Callable[[], Iterable[Item] | None] | None = None,
    known: KnownItems | None = None,
) -> dict[str, int]:
    """Check every part of the extract with Great Expectations.

    Writes the stage `quality`: for each item at fault its issues. Results and Data Docs are kept in the
    connector's project of Great Expectations: its suites are `items`, and `across` and `catalogue` where the
    connector's expectations need them.

    Args:
        connector: The connector that runs; its `quality` adds expectations.
        definitions: Say which attributes are required, so which PIM fields must not be empty.
        folder: The run's folder.
        storage: Where the connectors' projects of Great Expectations are kept.
        present: Reads the latest row of every item of the connector; it gives None if not all are known.
            A run that read only some items checks expectations about the whole on these; without them it
            leaves such expectations out.
        known: Knows the items that left at the extract, and those that the run did not read; None: there
            are none.

    Returns:
        `checked` and `blocked` items.

    Raises:
        ExtractRefused: an expectation about the extract as a whole is not met.
        UnknownExpectation: the connector's `quality` names what Great Expectations does not have, or
            misuses it.
        UnknownColumn: the connector's `quality` looks at a field that the PIM does not send.
    """
    with opened(project_folder(storage, connector.key)) as project:
        docs = _from_report(docs_index(storage, connector.key), folder, storage)
        return _Check(connector, definitions, folder, project, present=present, known=known).run(docs)


class KnownItems(Protocol):
    """What is known of items that a run did not read, or that left it at the extract."""

    def rows(self) -> Iterator[Item]:
        """Yield the rows of the items that left at the extract."""

    def occurrences(self, skus: Mapping[str, str]) -> Counter[str]:
        """Return how many items that the run did not read have which SKU, of items by identity."""

    def bring_back(self, pim_ids: Collection[str]) -> Sequence[str]:
        """Put items that left into the extract again; return the names of all of its parts."""


class _Check:
    """One check: the expectations by how they are checked, and what they look at."""

    def __init__(
        self,
        connector: Connector,
        definitions: Definitions,
        folder: RunFolder,
        project: object,
        *,
        present: Callable[[], Iterable[Item] | None] | None,
        known: KnownItems | None,
    ) -> None:
        self._connector = connector
        self._folder = folder
        self._project = project
        self._run_name = "-".join(folder.root.parts[-2:] if _is_attempt(folder) else folder.root.parts[-1:])
        self._language = definitions.language
        self._languages = [pim for pim, _ in connector.language_tags]
        self._place = f"{str(connector.where) or connector.id}, `quality`"
        self._extract = extract = folder.noted(ExtractNote)
        self._parts = extract.parts if extract is not None else ()
        self._fields = set(extract.fields if extract is not None else ())
        texts = {f"{name}_{language}" for name in self._fields for language in self._languages}
        self._known = self._fields | texts | ALWAYS
        own = list(added(connector))
        self._refuse_unknown_columns(own)
        required = set(definitions.document.get("required", ()))
        mapping = compiled(connector, definitions, load_tables(connector, folder), columns=columns_of(folder))
        self._tables = mapping.setting.tables
        self._kept = kept_siblings(folder)
        expectations = [*standard(mapping, required, definitions.labels, sku_origin(connector)), *own]
        single = [one for one in expectations if per_item(one, self._place_of(one))]
        self._by_part = [one for one in single if one.type not in ACROSS_ROWS]
        self._across = [one for one in single if one.type in ACROSS_ROWS]
        self._whole = [one for one in expectations if one not in single]
        scope = folder.noted(Scope)
        full = extract.full if extract is not None else True
        self._everything = full and not (scope.skus if scope is not None else ())
        self._unread = known
        self._present = None
        if present is not None and not self._everything and (self._across or self._whole):
            self._present = None if present() is None else present
        self._knows_all = self._everything or self._present is not None
        self._skus = self._occurrences()

    def _occurrences(self) -> Counter[str]:
        """Return how many items have which SKU, of the SKUs of the items to be checked that several have."""
        found = repeated(item.sku for item in self._indexed() if item.sku)
        # An item that left with the SKU of one that stays has come back: those that left need no counting.
        if self._everything or self._unread is None:
            return found
        own = {item.pim_id: item.sku for item in self._indexed() if item.sku}
        for sku, count in self._unread.occurrences(own).items():
            found[sku] = (found[sku] or 1) + count
        return found

    def _indexed(self) -> Iterator[ExtractedIndex]:
        return itertools.chain.from_iterable(self._folder.index(EXTRACT, part) for part in self._parts)

    def run(self, docs: str) -> dict[str, int]:
        self._folder.forget(QualityNote)
        self._folder.clear(QUALITY)
        found = self._check_across()
        self._bring_back(found)
        warnings = self._check_whole()
        counts = {"checked": 0, "blocked": 0}
        suite = Suite(self._project, "items", self._by_part, self._place)
        columns = self._columns(self._by_part)
        for parts in self._batches():
            skus: dict[str, str | None] = {}
            unfit: dict[str, list[UnfitField]] = {}
            faulty: dict[str, list[tuple[Expected, Any]]] = defaultdict(list)
            items = _noted(self._read(parts), skus, unfit)
            frame = frame_of(columns.names, _rows(columns, items, self._kept), inferred=False)
            for expected, result in suite.check(frame, self._run_name):
                for pim_id, value in faults(expected, result):
                    faulty[pim_id].append((expected, value))
            for pim_id in skus.keys() & found.keys():
                faulty[pim_id] += found[pim_id]
            issues = {
                pim_id: [
                    *(unfit_issue(one, self._language) for one in unfit.get(pim_id, ())),
                    *self._issues(faulty.get(pim_id, ()), unfit.get(pim_id, ()), skus[pim_id]),
                ]
                for pim_id in {**unfit, **faulty}
            }
            for part in parts:
                members = self._folder.index(EXTRACT, part)
                records = [_record(item, issues[item.pim_id]) for item in members if item.pim_id in issues]
                counts["blocked"] += sum(record.blocks for record in records)
                self._folder.write(QUALITY, part, records)
            counts["checked"] += len(skus)
        self._folder.note(QualityNote(**counts, warnings=warnings, docs=docs))
        return counts

    def _issues(
        self, faulty: Iterable[tuple[Expected, Any]], unfit: Iterable[UnfitField], sku: str | None
    ) -> Iterator[Issue]:
        """Issues of an item; that a field is empty is not said of one whose value cannot be used."""
        emptied = {one["field"] for one in unfit}
        for expected, value in faulty:
            if expected.origin is None or expected.origin.field not in emptied:
                yield issue_of(expected, value, sku, self._language)

    def _batches(self) -> Iterator[list[str]]:
        """Parts of the extract, as many together as make a batch."""
        batch: list[str] = []
        size = 0
        for part in self._parts:
            length = sum(1 for _ in self._folder.index(EXTRACT, part))
            if batch and size + length > BATCH:
                yield batch
                batch, size = [], 0
            batch.append(part)
            size += length
        yield batch

    def _bring_back(self, found: Collection[str]) -> None:
        """Put items that left and are at fault now, beside others, into the extract again."""
        if self._unread is None or not found:
            return
        absent = set(found)
        absent.difference_update(item.pim_id for item in self._indexed())
        if absent:
            back = [pim_id for pim_id in found if pim_id in absent]
            self._parts = tuple(self._unread.bring_back(back))
            self._skus = self._occurrences()

    def _check_across(self) -> dict[str, list[tuple[Expected, Any]]]:
        """Faults of expectations that compare items with each other, by the item's PIM identity."""
        found: dict[str, list[tuple[Expected, Any]]] = defaultdict(list)
        if not self._across:
            return found
        columns = self._columns(self._across)
        rows = _rows(columns, self._every_item(), self._kept)
        with stored_rows(columns.names, rows, PIM_ID) as stored:
            for number, (column, expectations) in enumerate(self._compared(stored.count).items(), 1):
                name = "across" if number == 1 else f"across_{number}"
                suite = Suite(self._project, name, expectations, self._place, asset="across")
                for batch in stored.batches(column, ACROSS_BATCH):
                    frame = frame_of(columns.names, batch, inferred=False)
                    for expected, result in suite.check(frame, self._run_name):
                        for pim_id, value in faults(expected, result):
                            found[pim_id].append((expected, value))
        return found

    def _compared(self, count: int) -> dict[str, list[Expected]]:
        """Return what compares so many items, by the column whose equal values must be seen together.

        What fits in a batch, and what must see all items at once, has none.
        """
        compared: dict[str, list[Expected]] = defaultdict(list)
        for one in self._across:
            apart = count > ACROSS_BATCH and one.type == UNIQUE
            compared[one.column if apart else ""].append(one)
        return compared

    def _check_whole(self) -> Remarks:
        """Check what is about all items together; return what only warns."""
        if not self._whole or not self._knows_all:
            return ()
        wanted = {name for one in self._whole for name in one.columns}
        if any(one.type.startswith("expect_table_column") for one in self._whole):
            wanted |= set(self._fields)
        columns = self._columns(self._whole, wanted & self._known)
        frame = frame_of(columns.names, _rows(columns, self._every_item(), self._kept), inferred=True)
        if not any(self._sees_identity(one) for one in self._whole):
            # Great Expectations makes a fingerprint of each column: of texts it takes 300 bytes each.
            frame = frame.drop(columns=PIM_ID)
        suite = Suite(self._project, "catalogue", self._whole, self._place)
        failed = [
            (expected, observed(expected, result))
            for expected, result in suite.check(frame, self._run_name)
            if not result.success
        ]
        refused = [sentence for expected, sentence in failed if expected.severity == "ERROR"]
        if refused:
            raise ExtractRefused(
                "quality.extract_refused",
                connector=self._connector.id,
                refused=Joined(tuple(refused)),
                place=self._place,
            )
        return tuple(
            one for _, sentence in failed for one in remark("quality.whole_warning", sentence=sentence)
        )

    def _sees_identity(self, expected: Expected) -> bool:
        """Return whether the PIM's identities make a difference to an expectation about all items."""
        return (
            PIM_ID in expected.columns | expected.mentioned
            or expected.type.startswith("expect_table_column")
            or finds_rows(expected, self._place_of(expected))
        )

    def _columns(self, expectations: list[Expected], wanted: set[str] | None = None) -> Columns:
        named = {name for one in expectations for name in one.columns} if wanted is None else wanted
        mentioned = {name for one in expectations for name in one.mentioned & self._known}
        return Columns(
            named | mentioned,
            probes={one.column: one.probe for one in expectations if one.probe},
            languages=self._languages,
            fallback=self._connector.source.fallback_language,
            skus=self._skus,
            tables=self._tables,
        )

    def _read(self, parts: Iterable[str]) -> Iterator[Item]:
        return itertools.chain.from_iterable(self._folder.read(EXTRACT, part) for part in parts)

    def _every_item(self) -> Iterator[Item]:
        """Yield every item of the connector: as this run read it, else as it was read last."""
        parts = self._parts
        yield from self._read(parts)
        if self._everything and self._unread is not None:
            yield from self._unread.rows()
        if self._present is None:
            return
        seen = {item.pim_id for part in parts for item in self._folder.index(EXTRACT, part)}
        seen |= set(self._extract.removed_ids if self._extract is not None else ())
        yield from (
            item for item in self._present() or () if seen.isdisjoint({item["pim_id"], item["group"]})
        )

    def _place_of(self, expected: Expected) -> str:
        if expected.suite:
            return expected.suite
        return f"{self._place}, line {expected.line}" if expected.line else self._place

    def _refuse_unknown_columns(self, own: list[Expected]) -> None:
        """Refuse an expectation on a column that is never filled: it would pass, or fail, for everything."""
        if not self._fields:
            return  # nothing was extracted
        for expected in own:
            unknown = sorted(expected.columns - self._known)
            if unknown and expected.type != "expect_column_to_exist":
                near = closest(unknown[0], sorted(self._known), most=3)
                raise UnknownColumn(
                    "quality.unknown_column",
                    hint=message("did_you_mean", names=near) if near else None,
                    place_of=self._place_of(expected),
                    expected_type=expected.type,
                    unknown=unknown[0],
                )


def _from_report(place: Path, folder: RunFolder, storage: Path) -> str:
    """Return the relative link from the run's report to a file of the storage."""
    known = len(storage.parts)
    up = len(folder.stage("report").parts) - known
    return "/".join([*[".."] * up, *place.parts[known:]])


def _is_attempt(folder: RunFolder) -> bool:
    return folder.root.name.startswith("attempt-")


def _rows(columns: Columns, items: Iterable[Item], kept: Mapping[str, list[Record]]) -> Iterator[list[Any]]:
    """Yield the columns of each item; a family's items arrive side by side."""
    for _, group in itertools.groupby(items, key=lambda item: item["group"]):
        family = list(group)
        siblings = variants_of(family, kept)
        for item in family:
            yield columns.of(item, siblings)


def _noted(
    items: Iterable[Item], skus: dict[str, str | None], unfit: dict[str, list[UnfitField]]
) -> Iterator[Item]:
    """Yield the items, and note their SKUs and unfit fields by identity: rows are too large to be kept."""
    for item in items:
        skus[item["pim_id"]] = item["sku"]
        if item.get("unfit"):
            unfit[item["pim_id"]] = item["unfit"]
        yield item


def _record(item: ExtractedIndex, issues: list[Issue]) -> QualityRecord:
    return QualityRecord(
        pim_id=item.pim_id,
        sku=item.sku,
        blocks=any(issue.severity == "ERROR" for issue in issues),
        issues=tuple(issues),
    )
