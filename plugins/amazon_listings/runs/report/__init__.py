"""The report of a run: one row per item and one per issue, as CSV, JSON and one HTML page."""

from __future__ import annotations

import codecs
import io
from collections import Counter
from contextlib import contextmanager
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from amazon_listings.messages import catalogue
from amazon_listings.remarks import worded
from amazon_listings.runs.extract.unchanged import unchanged_items
from amazon_listings.runs.finish.issue_history import issues_gone, resolved
from amazon_listings.runs.finish.resolve import check_sum
from amazon_listings.runs.notes import ExtractNote, QualityNote, ReportNote
from amazon_listings.runs.outcomes import REPORTED, Outcome
from amazon_listings.runs.report.page import SHOWN, kind_of, write_page
from amazon_listings.runs.report.tables import (
    ISSUE_COLUMNS,
    ITEM_COLUMNS,
    CsvTable,
    JsonReport,
    history,
    issue_row,
    item_row,
)
from amazon_product_types.validation.merging import WORST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.records import ResolvedItem
    from amazon_product_types.validation.issue import Issue

FREQUENT = 10
#: SKUs named in a sentence.
NAMED = 20
#: Codes of the issues that cost money as long as they stand, the worst first.
URGENT = ("sold_out_on_sale", "offer_held_back")


def write_report(folder: RunFolder, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write items.csv, issues.csv, report.json and report.html of a run.

    Args:
        folder: The run's folder, with the stage `resolved`; the files go to its stage `report`.
        facts: What the report says of the run as a whole: `title`, `connector_id`, `country`,
            `product_type`, `operation`, `run_id`, `reason`, `definition_version`, `document`, `software`,
            `definition_fetched_at`, `warnings` (sentences), `failure` (a sentence or None), `calls`,
            `changes` (of Amazon's definition since the last run, as `Drift.to_json` gives them; may be
            absent or None), `history` (issues `new`, `still there` and `gone`; may be absent), and
            `language`, in which its page is written.

    Returns:
        The facts with `extracted`, `counts` (by outcome), `items_with_issues`, `frequent` (the most
        frequent issues, each with one example, and whether it `varies` between items), `urgent` (sentences
        about what costs money now) and `files` (name to location).

    Raises:
        RunAbortedError: the outcomes do not add up to what was extracted; the report is written all the same.
    """
    extract = folder.noted(ExtractNote)
    extracted, out_of_scope = (extract.extracted, extract.out_of_scope) if extract else (0, 0)
    counting, messages = _Counting(), catalogue(facts["language"])
    for one in unchanged_items(folder):
        counting.add_unchanged(parent=one.parent)
    with (
        _text_file(folder, "items.csv") as items_out,
        _text_file(folder, "issues.csv") as issues_out,
        _text_file(folder, "report.json") as json_out,
    ):
        items, issues = CsvTable(items_out, ITEM_COLUMNS), CsvTable(issues_out, ISSUE_COLUMNS)
        document = JsonReport(json_out)
        for item in resolved(folder):
            counting.add(item)
            note = worded(item.note, messages)
            items.add(item_row(item, note))
            known = {"sku": item.sku or "", "pim_id": item.pim_id, "outcome": item.outcome}
            for issue in item.issues:
                issues.add(issue_row(issue, history(issue, item.new), **known))
            document.add(item, note)
        for sku, issue in issues_gone(folder):
            issues.add(issue_row(issue, "gone", sku=sku))
        place = folder.stage("report")
        summary: dict[str, Any] = {
            **facts,
            "extracted": extracted,
            "counts": counting.by_outcome(out_of_scope),
            "items_with_issues": counting.with_issues,
            "frequent": counting.frequent(),
            "urgent": counting.urgent(messages),
            "files": {
                name: str(place / name) for name in ("items.csv", "issues.csv", "report.json", "report.html")
            },
        }
        document.close(summary, issues_gone(folder))
    with _text_file(folder, "report.html") as page_out:
        checked = folder.noted(QualityNote)
        gone = list(islice(issues_gone(folder), SHOWN))
        write_page(page_out, summary, counting.shown(), gone, language=facts["language"], quality=checked)
    folder.note(ReportNote(summary=summary))
    if not facts["failure"]:
        check_sum(extracted, counting.added, out_of_scope, counting.outcomes)
    return summary


class _Counting:
    """What the report says of all items together, and the items its page shows; bounded in memory."""

    def __init__(self) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self.added = 0
        self.with_issues = 0
        self._kinds: Counter[tuple[str, str]] = Counter()
        self._examples: dict[tuple[str, str], Issue] = {}
        self._varying: set[tuple[str, str]] = set()
        self._with_errors: list[ResolvedItem] = []
        self._others: list[ResolvedItem] = []
        self._urgent: list[ResolvedItem] = []
        self._held: dict[str, list[str]] = {code: [] for code in URGENT}
        self._held_total: Counter[str] = Counter()

    def add_unchanged(self, *, parent: bool) -> None:
        """Count an item that left at the extract."""
        self.outcomes[Outcome.UNCHANGED] += 1
        self.added += parent

    def add(self, item: ResolvedItem) -> None:
        self.outcomes[item.outcome] += 1
        self.added += item.parent or item.removed
        if not item.issues:
            return
        self.with_issues += 1
        self._kinds.update({issue.identity for issue in item.issues})
        for issue in item.issues:
            if self._examples.setdefault(issue.identity, issue).message != issue.message:
                self._varying.add(issue.identity)
        for issue in item.issues:
            if issue.code in self._held:
                self._held_total[issue.code] += 1
                self._held[issue.code] += [item.sku or ""][: max(0, NAMED - len(self._held[issue.code]))]
        if any(issue.code in self._held for issue in item.issues) and len(self._urgent) < SHOWN:
            self._urgent.append(item)
            return
        kept = self._with_errors if any(one.severity == "ERROR" for one in item.issues) else self._others
        if len(kept) < SHOWN:
            kept.append(item)

    def by_outcome(self, out_of_scope: int) -> dict[str, int]:
        """Return the number of items of each outcome; those out of scope have only been counted."""
        return {str(name): self.outcomes[name] for name in REPORTED} | {"out_of_scope": out_of_scope}

    def shown(self) -> list[ResolvedItem]:
        """Return the items of the page: what costs money first, then those with errors."""
        return (self._urgent + self._with_errors + self._others)[:SHOWN]

    def urgent(self, messages: Catalogue) -> list[str]:
        """Return a sentence for each kind of what costs money now, with the first SKUs."""
        found = []
        for code, skus in self._held.items():
            more = self._held_total[code] - len(skus)
            named = ", ".join(skus) + (f" … (+{messages.value(more)})" if more else "")
            found += [messages.phrase(f"report.{code}", skus=named)] if skus else []
        return found

    def frequent(self) -> list[dict[str, Any]]:
        """Return the most frequent issues, errors first, each with one example."""
        kinds = sorted(
            self._kinds, key=lambda kind: (WORST[self._examples[kind].severity], -self._kinds[kind])
        )
        return [
            {
                "items": self._kinds[kind],
                "severity": (example := self._examples[kind]).severity,
                "code": example.code,
                "attribute": example.attribute,
                "label": example.label,
                "message": example.message,
                "varies": kind in self._varying,
                "action": example.action,
                "kind": kind_of(example),
            }
            for kind in kinds[:FREQUENT]
        ]


@contextmanager
def _text_file(folder: RunFolder, name: str) -> Iterator[IO[str]]:
    """Provide a file of the report; it gets its name when it is complete. Broken text becomes `?`."""
    with folder.writing("report", name) as out:
        if name.endswith(".csv"):
            # A spreadsheet takes a CSV file for another encoding's, unless it begins with a byte order mark.
            # (`utf-8-sig` takes ten times as long for each row.)
            out.write(codecs.BOM_UTF8)
        text = io.TextIOWrapper(out, encoding="utf-8", errors="replace", newline="")
        yield text
        text.flush()
        text.detach()
