"""The report of a run: one row per item and one per issue, as CSV, JSON and one HTML page."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING, Any

from amazon_listings.sync.report.page import SHOWN, write_page
from amazon_listings.sync.report.tables import (
    ISSUE_COLUMNS,
    ITEM_COLUMNS,
    CsvTable,
    JsonReport,
    issue_row,
    item_row,
)
from amazon_listings.sync.settle import check_sum, settled_items

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amazon_listings.sync.run_folder import RunFolder
    from amazon_listings.validation.issue import Issue

FREQUENT = 10


def write_report(folder: RunFolder, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Settle the run and write items.csv, issues.csv, report.json and report.html.

    Args:
        folder: The run's folder; the files go to its stage `report`.
        facts: What the report says of the run as a whole: `title`, `connector_id`, `country`,
            `product_type`, `operation`, `run_id`, `reason`, `definition_version`,
            `definition_fetched_at`, `warnings` (sentences), `failure` (a sentence or None), `calls`.

    Returns:
        The facts with `extracted`, `counts` (by outcome), `items_with_issues`, `frequent` (the most
        frequent issues, each with one example) and `files` (name to location).

    Raises:
        RunRefused: an extracted item has no outcome; the report is written all the same.
    """
    extract = folder.noted("extract") or {"extracted": 0, "out_of_scope": 0}
    report = folder.stage("report")
    counts: Counter[str] = Counter()
    frequent: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], Issue] = {}
    added = with_issues = 0
    with (
        (report / "items.csv").open("w", encoding="utf-8", newline="") as items_out,
        (report / "issues.csv").open("w", encoding="utf-8", newline="") as issues_out,
        (report / "report.json").open("w", encoding="utf-8") as json_out,
    ):
        items, issues = CsvTable(items_out, ITEM_COLUMNS), CsvTable(issues_out, ISSUE_COLUMNS)
        document = JsonReport(json_out)
        for item in settled_items(folder):
            counts[item.outcome] += 1
            added += item.pim_id.endswith("#parent")
            with_issues += bool(item.issues)
            frequent.update({issue.identity for issue in item.issues})
            items.add(item_row(item))
            for issue in item.issues:
                examples.setdefault(issue.identity, issue)
                issues.add(issue_row(item, issue))
            document.add(item)
        summary: dict[str, Any] = {
            **facts,
            "extracted": extract["extracted"],
            "counts": {name: counts[name] for name in counts},
            "items_with_issues": with_issues,
            "frequent": [
                {
                    "items": number,
                    "severity": examples[kind].severity,
                    "code": examples[kind].code,
                    "attribute": examples[kind].attribute,
                    "label": examples[kind].label,
                    "message": examples[kind].message,
                }
                for kind, number in frequent.most_common(FREQUENT)
            ],
            "files": {
                name: str(report / name) for name in ("items.csv", "issues.csv", "report.json", "report.html")
            },
        }
        document.close(summary)
    summary["counts"] = check_sum(extract["extracted"], added, extract["out_of_scope"], counts)
    with (report / "report.html").open("w", encoding="utf-8") as page_out:
        shown = (item for item in settled_items(folder) if item.issues)
        write_page(page_out, summary, itertools.islice(shown, SHOWN))
    folder.note("report", summary)
    return summary
