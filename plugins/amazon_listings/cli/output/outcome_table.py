"""What runs did, as a table for the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from amazon_listings.cli.output.refusals import messages
from amazon_listings.runs.folder import RunFolder
from amazon_listings.runs.notes import ReportNote
from amazon_listings.runs.outcomes import ENDS, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

COLUMNS = (
    Outcome.BLOCKED,
    Outcome.UNCHANGED,
    Outcome.REJECTED,
    Outcome.READY,
    Outcome.ACCEPTED,
    Outcome.FAILED,
)
#: Shown if an item has one.
SELDOM = tuple(outcome for outcome in ENDS if outcome not in COLUMNS)
#: More than any table takes.
WIDEST = 10_000
#: The most frequent issues that are shown.
SHOWN_ISSUES = 3


def print_outcomes(summaries: Mapping[str, Mapping[str, Any]]) -> None:
    """Print, per connector, items by outcome, calls made, what costs money now, frequent issues, the report.

    Args:
        summaries: What the task `report` returned, by connector id. The issues are read from the run's
            folder, which its `files` name.
    """
    seen = [name for name in SELDOM if any(one["counts"].get(name) for one in summaries.values())]
    console = Console(highlight=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    words = messages()
    table.add_column(words.phrase("column.connector"))
    table.add_column(words.phrase("column.operation"))
    outcomes = [*COLUMNS, *seen]
    counted = [words.message(f"outcome.{name}", "many") for name in outcomes]
    for name in (words.phrase("column.extracted"), *counted, words.phrase("column.calls")):
        table.add_column(name, justify="right")
    for connector, summary in summaries.items():
        counts = summary["counts"]
        table.add_row(
            connector,
            words.message(f"report.operations.{summary['operation']}") or summary["operation"],
            words.value(summary["extracted"]),
            *(words.value(counts.get(name, 0)) for name in outcomes),
            words.value(sum(summary["calls"].values())),
        )
    # Not narrower than the table: a terminal scrolls or wraps, a cut name or number misleads.
    wanted = Measurement.get(console, console.options.update_width(WIDEST), table).maximum
    console.width = max(console.width, wanted)
    console.print(table)
    for connector, summary in summaries.items():
        console.print()
        known = _summary(summary)
        for sentence in known.get("urgent", ()):
            console.print(Text(f"  {sentence}", style="bold red"), soft_wrap=True)
        frequent = known.get("frequent", [])[:SHOWN_ISSUES]
        if frequent:
            console.print(Text(words.phrase("table.frequent", connector=connector), style="bold"))
        for issue in frequent:
            number = words.phrase("local.extracted", count=issue["items"])
            severity = words.phrase(f"severity.{issue['severity']}")
            sentence = issue["message"]
            if issue.get("varies"):
                sentence = words.phrase("report.for_example", message=sentence)
            console.print(Text(f"  {number:>9}  {severity:<7}  {sentence}"), soft_wrap=True)
        place = words.phrase("table.report", place=_link(summary["files"]["report.html"]))
        console.print(Text(f"  {place}"), soft_wrap=True)


def _link(place: str) -> str:
    """Return the address of a file, which a terminal makes a link."""
    return place if "://" in place else f"file://{Path(place).absolute()}"


def _summary(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the report of a run counted; its files are on this machine."""
    folder = RunFolder(Path(summary["files"]["report.html"].removeprefix("file://")).parents[1])
    note = folder.noted(ReportNote)
    return note.summary if note is not None else {}
