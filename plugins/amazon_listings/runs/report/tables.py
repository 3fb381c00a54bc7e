"""The report as CSV (for a spreadsheet) and JSON (for a program), written row by row."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import unicodedata
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any

from amazon_listings.runs.invisible import PICTURED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from amazon_listings.ledger.items.issues import Identity
    from amazon_listings.runs.records import ResolvedItem
    from amazon_product_types.validation.issue import Issue

ITEM_COLUMNS = ("sku", "pim_id", "outcome", "asin", "errors", "warnings", "first_issue", "note")
ISSUE_COLUMNS = (
    "sku",
    "pim_id",
    "outcome",
    "severity",
    "history",
    "source",
    "code",
    "label",
    "path",
    "message",
    "why",
    "found",
    "allowed",
    "action",
    "pim_field",
    "language",
    "mapping_line",
    "mapping_key",
)

#: Characters of a cell that a spreadsheet takes.
LONGEST_CELL = 32_767
_FORMULAS = frozenset("=+-@\uff1d\uff0b\uff0d\uff20\u2212\ufe66\ufe62\ufe63\ufe6b")
#: What spreadsheets pass over before a formula: blanks, characters that are not shown, quotes.
_BLANKS = "".join(
    chr(code) for code in range(0x3001) if chr(code).isspace() or unicodedata.category(chr(code)) == "Cf"
)
_BLANKS += "\ufeff'\""
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")
#: Most cells: what begins with a letter or a digit and holds nothing but ASCII that can be shown.
_USUAL = re.compile(r"[A-Za-z0-9][ -~]*")
#: Control characters steer a terminal that shows the file; tabs and line breaks are what they are.
_PICTURED = {code: picture for code, picture in PICTURED.items() if chr(code) not in "\t\r\n"}


def cell(value: object) -> str:
    """Return a value as one CSV cell that no spreadsheet runs as a formula.

    Product data starting with `=`, `+`, `-`, `@` or their full-width forms, blanks before them or not, with a
    tab or a line break gets an apostrophe in front, as OWASP advises ("CSV Injection"); numbers stay numbers.
    Control characters become pictures of themselves. What is longer than a spreadsheet's cell ends with "…".
    """
    if value is None:
        return ""
    if value.__class__ is int:
        return str(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if not text or (len(text) <= LONGEST_CELL and _USUAL.fullmatch(text)):
        return text
    return _defused(text)


# Many items have the same remark.
@lru_cache(maxsize=64)
def _defused(text: str) -> str:
    """Return a text as `cell` shows it."""
    text = text.translate(_PICTURED)
    first = text.lstrip(_BLANKS)[:1]
    if (first in _FORMULAS or text[:1] in {"\t", "\r", "\n"}) and not _NUMBER.fullmatch(text):
        text = f"'{text}"
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"


def csv_line(values: Iterable[object]) -> str:
    """Return values as one line of a CSV file."""
    line = io.StringIO()
    csv.writer(line).writerow(map(cell, values))
    return line.getvalue()


def item_row(item: ResolvedItem, note: str) -> dict[str, Any]:
    """Return one row of items.csv, with its note as it is worded."""
    errors = [issue for issue in item.issues if issue.severity == "ERROR"]
    warnings = [issue for issue in item.issues if issue.severity == "WARNING"]
    return {
        "sku": item.sku or "",
        "pim_id": item.pim_id,
        "outcome": item.outcome,
        "asin": item.asin,
        "errors": len(errors),
        "warnings": len(warnings),
        "first_issue": next((issue.message for issue in (*errors, *warnings)), ""),
        "note": note,
    }


def issue_row(issue: Issue, history: str, *, sku: str, pim_id: str = "", outcome: str = "") -> dict[str, Any]:
    """Return one row of issues.csv.

    Args:
        issue: The issue.
        history: `new`, `still there` or `gone`.
        sku: Its item; of what is gone, only that is known.
        pim_id: The PIM's identity of the item.
        outcome: What became of the item.
    """
    origin = issue.origin
    return {
        "sku": sku,
        "pim_id": pim_id,
        "outcome": outcome,
        "severity": issue.severity,
        "history": history,
        "source": "+".join(issue.sources),
        "code": issue.code,
        "label": issue.label,
        "path": issue.path or issue.attribute,
        "message": issue.message,
        "why": issue.why,
        "found": issue.found,
        "allowed": _allowed(issue.allowed or {}),
        "action": issue.action,
        "pim_field": origin.field if origin else "",
        "language": origin.language if origin else "",
        "mapping_line": origin.line if origin else None,
        "mapping_key": origin.key if origin else "",
    }


def _allowed(allowed: Mapping[str, Any]) -> str:
    """Return what would be right, for a cell.

    That is options with their names and how many there are, limits by name.
    """
    options = [
        str(one["value"]) if str(one["value"]) == one["name"] else f"{one['value']} ({one['name']})"
        for one in allowed.get("options", ())
    ]
    more = allowed.get("options_total", 0) - len(options)
    limits = [
        f"{name.replace('_', ' ')}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in allowed.items()
        if name not in {"options", "options_total"}
    ]
    return "; ".join([*options, *([f"+ {more}"] if options and more > 0 else []), *limits])


def history(issue: Issue, new: Collection[Identity]) -> str:
    """`new`, or `still there`."""
    return "new" if issue.identity in new else "still there"


class CsvTable:
    """A CSV file being written: a header, then rows by column name."""

    def __init__(self, out: IO[str], columns: Iterable[str]) -> None:
        self._out, self._columns = csv.writer(out), tuple(columns)
        self._out.writerow(self._columns)

    def add(self, row: Mapping[str, Any]) -> None:
        """Write one row."""
        self._out.writerow([cell(row[column]) for column in self._columns])


class JsonReport:
    """report.json being written: the items first, one a line, then what is gone, and the summary."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._separator = ""
        out.write('{"items": [')

    def add(self, item: ResolvedItem, note: str) -> None:
        """Write one item with its note, as it is worded, and its issues."""
        document = {
            "sku": item.sku or "",
            "pim_id": item.pim_id,
            "outcome": item.outcome,
            "asin": item.asin,
            "note": note,
            "issues": [_issue(issue) | {"history": history(issue, item.new)} for issue in item.issues],
            "parent": item.parent,
            "removed": item.removed,
            "answered": item.answered,
        }
        self._out.write(f"{self._separator}\n{_json(document)}")
        self._separator = ","

    def close(self, summary: Mapping[str, Any], gone: Iterable[tuple[str, Issue]]) -> None:
        """Write the issues that are gone, each with its SKU, and the summary; end the document."""
        self._out.write('],\n"gone": [')
        for number, (sku, issue) in enumerate(gone):
            self._out.write(f"{',' if number else ''}\n{_json({'sku': sku} | _issue(issue))}")
        self._out.write(f'],\n"summary": {_json(summary, indent=1)}}}\n')


#: What `json.dumps` makes for each call.
_strict = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def _json(document: object, indent: int | None = None) -> str:
    """Strict JSON: what no JSON reader takes (an infinite number) is told as text."""
    try:
        if indent is None:
            return _strict.encode(document)
        return json.dumps(document, ensure_ascii=False, indent=indent, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(document), ensure_ascii=False, indent=indent)


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {key: _finite(content) for key, content in value.items()}
    return [_finite(content) for content in value] if isinstance(value, list | tuple) else value


def _issue(issue: Issue) -> dict[str, Any]:
    """Return an issue as the report has it: its sentences, and not what they are worded from."""
    document = issue.to_dict()
    document.pop("phrases", None)
    return document
