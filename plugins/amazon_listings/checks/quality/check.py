"""The check of an extract with Great Expectations."""

from __future__ import annotations

import gc
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from amazon_listings.checks.columns import PIM_ID
from amazon_listings.checks.expectations import ACROSS_ROWS, UNIQUE, Expected
from amazon_listings.checks.quality.extract import ExtractRefused
from amazon_listings.checks.quality.stored_rows import stored_rows
from amazon_listings.checks.quality.suite import Suite, faults, finds_rows, frame_of, per_item
from amazon_listings.checks.quality.wording import issue_of, observed, unfit_issue
from amazon_listings.messages import Joined
from amazon_listings.remarks import remark
from amazon_listings.runs.notes import QualityNote
from amazon_listings.runs.records import EXTRACT, QUALITY, QualityRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from amazon_listings.checks.quality.extract import CheckedExtract
    from amazon_listings.item import Item, UnfitField
    from amazon_listings.remarks import Remarks
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.records import ExtractedIndex
    from amazon_product_types.validation.issue import Issue


#: Items of one batch. A larger extract is checked, and has a page, in several, so that memory is bounded.
BATCH = 20_000
#: Items of one batch of what compares items by a column: a frame of few columns.
ACROSS_BATCH = 100_000


class Check:
    """One check: the expectations by how they are checked, and what they look at.

    Args:
        extract: What is checked.
        project: The connector's project, as a context of Great Expectations.
        present: Reads the latest row of every item of the connector, as `check_quality` says.
    """

    def __init__(
        self,
        extract: CheckedExtract,
        project: object,
        *,
        present: Callable[[], Iterable[Item] | None] | None,
    ) -> None:
        self._extract = extract
        self._project = project
        self._folder = folder = extract.folder
        self._run_name = "-".join(folder.root.parts[-2:] if _is_attempt(folder) else folder.root.parts[-1:])
        single = [one for one in extract.expectations if per_item(one, extract.place_of(one))]
        self._by_part = [one for one in single if one.type not in ACROSS_ROWS]
        self._across = [one for one in single if one.type in ACROSS_ROWS]
        self._whole = [one for one in extract.expectations if one not in single]
        self._present = None
        if present is not None and not extract.everything and (self._across or self._whole):
            self._present = None if present() is None else present
        self._knows_all = extract.everything or self._present is not None

    def run(self, docs: str) -> QualityNote:
        """Check the extract, and write the stage `quality`.

        Args:
            docs: The link to the Data Docs, for the note.

        Raises:
            ExtractRefused: an expectation about the extract as a whole is not met.
            UnknownExpectation: an expectation cannot be computed.
        """
        extract = self._extract
        found = self._check_across()
        self._bring_back(found)
        warnings = self._check_whole()
        counts = {"checked": 0, "blocked": 0}
        suite = Suite(self._project, "items", self._by_part, extract.place)
        columns = extract.columns(self._by_part)
        for parts in self._batches():
            skus: dict[str, str | None] = {}
            unfit: dict[str, list[UnfitField]] = {}
            faulty: dict[str, list[tuple[Expected, Any]]] = defaultdict(list)
            items = _noted(extract.read(parts), skus, unfit)
            frame = frame_of(columns.names, extract.rows(columns, items), inferred=False)
            for expected, result in suite.check(frame, self._run_name):
                for pim_id, value in faults(expected, result):
                    faulty[pim_id].append((expected, value))
            for pim_id in skus.keys() & found.keys():
                faulty[pim_id] += found[pim_id]
            issues = {
                pim_id: [
                    *(unfit_issue(one, extract.language) for one in unfit.get(pim_id, ())),
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
            # Great Expectations keeps a batch's frame in cycles, of few objects: Python would seldom look.
            del frame
            gc.collect()
        return QualityNote(**counts, warnings=warnings, docs=docs)

    def _issues(
        self, faulty: Iterable[tuple[Expected, Any]], unfit: Iterable[UnfitField], sku: str | None
    ) -> Iterator[Issue]:
        """Issues of an item; that a field is empty is not said of one whose value cannot be used."""
        emptied = {one["field"] for one in unfit}
        for expected, value in faulty:
            if expected.origin is None or expected.origin.field not in emptied:
                yield issue_of(expected, value, sku, self._extract.language)

    def _batches(self) -> Iterator[list[str]]:
        """Parts of the extract, as many together as make a batch."""
        batch: list[str] = []
        size = 0
        for part in self._extract.parts:
            length = sum(1 for _ in self._folder.index(EXTRACT, part))
            if batch and size + length > BATCH:
                yield batch
                batch, size = [], 0
            batch.append(part)
            size += length
        yield batch

    def _bring_back(self, found: Collection[str]) -> None:
        """Put items that left and are at fault now, beside others, into the extract again."""
        absent = set(found)
        absent.difference_update(item.pim_id for item in self._extract.indexed())
        if absent:
            self._extract.bring_back([pim_id for pim_id in found if pim_id in absent])

    def _check_across(self) -> dict[str, list[tuple[Expected, Any]]]:
        """Faults of expectations that compare items with each other, by the item's PIM identity."""
        found: dict[str, list[tuple[Expected, Any]]] = defaultdict(list)
        if not self._across:
            return found
        columns = self._extract.columns(self._across)
        rows = self._extract.rows(columns, self._every_item())
        with stored_rows(columns.names, rows, PIM_ID) as stored:
            for number, (column, expectations) in enumerate(self._compared(stored.count).items(), 1):
                name = "across" if number == 1 else f"across_{number}"
                suite = Suite(self._project, name, expectations, self._extract.place, asset="across")
                for batch in stored.batches(column, ACROSS_BATCH):
                    frame = frame_of(columns.names, batch, inferred=False)
                    for expected, result in suite.check(frame, self._run_name):
                        for pim_id, value in faults(expected, result):
                            found[pim_id].append((expected, value))
                    del frame
                    gc.collect()
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
        extract = self._extract
        wanted = {name for one in self._whole for name in one.columns}
        if any(one.type.startswith("expect_table_column") for one in self._whole):
            wanted |= extract.fields
        columns = extract.columns(self._whole, wanted & extract.known_columns)
        frame = frame_of(columns.names, extract.rows(columns, self._every_item()), inferred=True)
        if not any(self._sees_identity(one) for one in self._whole):
            # Great Expectations makes a fingerprint of each column: of texts it takes 300 bytes each.
            frame = frame.drop(columns=PIM_ID)
        suite = Suite(self._project, "catalogue", self._whole, extract.place)
        failed = [
            (expected, observed(expected, result))
            for expected, result in suite.check(frame, self._run_name)
            if not result.success
        ]
        refused = [sentence for expected, sentence in failed if expected.severity == "ERROR"]
        if refused:
            raise ExtractRefused(
                "quality.extract_refused",
                connector=extract.connector.id,
                refused=Joined(tuple(refused)),
                place=extract.place,
            )
        return tuple(
            one for _, sentence in failed for one in remark("quality.whole_warning", sentence=sentence)
        )

    def _sees_identity(self, expected: Expected) -> bool:
        """Return whether the PIM's identities make a difference to an expectation about all items."""
        return (
            PIM_ID in expected.columns | expected.mentioned
            or expected.type.startswith("expect_table_column")
            or finds_rows(expected, self._extract.place_of(expected))
        )

    def _every_item(self) -> Iterator[Item]:
        """Yield every item of the connector: as this run read it, else as it was read last."""
        extract = self._extract
        parts = extract.parts
        yield from extract.read(parts)
        if extract.everything and extract.known is not None:
            yield from extract.known.rows()
        if self._present is None:
            return
        seen = {item.pim_id for part in parts for item in self._folder.index(EXTRACT, part)}
        seen |= set(extract.note.removed_ids if extract.note is not None else ())
        yield from (
            item for item in self._present() or () if seen.isdisjoint({item["pim_id"], item["group"]})
        )


def _is_attempt(folder: RunFolder) -> bool:
    return folder.root.name.startswith("attempt-")


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
