"""What a person should know about a mapped item: the issues, each with its way back to the PIM."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.mapping.direct import ExpressionError
from amazon_listings.validation.issue import Issue, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from amazon_listings.mapping.conversion import Reading
    from amazon_listings.mapping.options import Noted
    from amazon_listings.mapping.plan import Branch, Cell, Leaf
    from amazon_listings.mapping.rows import Row
    from amazon_listings.validation.issue import Severity


@dataclass(frozen=True)
class Setting:
    """What the engine knows beyond the lines.

    `tags` gives the Amazon tag of each PIM language, the fallback's too; `wanted` are the value
    languages, the first is the one of fields without language.
    """

    marketplace_id: str
    wanted: tuple[str, ...]
    tags: Mapping[str, str]
    reading: Reading
    required: frozenset[str] = frozenset()
    fallback: str | None = None
    report_missing: bool = False
    connector: str = ""


class Site(NamedTuple):
    """Where something was found: the leaf, the cell that fills it, the row read, the path in the payload."""

    leaf: Leaf
    cell: Cell
    row: Row
    path: str


class Findings:
    """Collects the issues of one item.

    Args:
        setting: The engine's setting.
        rows: The item in each wanted language.
    """

    def __init__(self, setting: Setting, rows: Sequence[Row]) -> None:
        self.setting = setting
        self.rows = rows
        self.issues: list[Issue] = []

    def left_out(self, site: Site, limit: int, given: int) -> None:
        """A warning that more values were given than the place takes."""
        label, more = site.leaf.field.label, given - limit
        self._add(
            "left_out",
            f"“{label}” takes {limit} value{'s' * (limit > 1)}; {given} were given, the last"
            f" {more} {'are' if more > 1 else 'is'} left out.",
            site,
        )

    def note(self, noted: Noted, site: Site) -> None:
        """A warning that came with a value."""
        self._add(noted.code, noted.note, site, found=noted.value)

    def refused(self, error: Exception, site: Site, source: Any) -> None:
        """An error: the value cannot be sent."""
        if isinstance(error, ExpressionError):
            item = self.rows[0].item
            place = f" (connector {self.setting.connector}, product {item['sku'] or item['id']})"
            place = place if self.setting.connector else ""
            message = f"The expression of {site.cell.line} failed: {error}{place}."
            self._add("expression_failed", message, site, severity="ERROR", found=_short(source))
            return
        self._add(
            "not_convertible",
            f"“{site.leaf.field.label}”: {error}.",
            site,
            severity="ERROR",
            allowed=getattr(error, "allowed", None),
            found=_short(source),
        )

    def borrowed(self, plan: Branch, site: Site, names: Iterable[str]) -> None:
        """A text in the fallback language stands in; where the attribute is required, that is an error."""
        needed = plan.name in self.setting.required
        fallback = self.setting.fallback
        self._add(
            "fallback_language",
            f"{', '.join(sorted(names))} has no text in {site.row.language}; the text in {fallback} "
            + ("does not count as one." if needed else "stands in, under its own language."),
            site,
            severity="ERROR" if needed else "WARNING",
        )

    def missing_language(self, site: Site) -> None:
        """A warning, where asked for, that a language has no text."""
        if self.setting.report_missing:
            label = site.leaf.field.label
            message = f"No text in {site.row.language} for “{label}”: that language is left out."
            self._add("missing_language", message, site)

    def origin(self, cell: Cell, row: Row) -> Origin:
        """The way back from a value: line, key, PIM fields, and the language of its text."""
        fields = cell.expression.fields
        language = row.language
        if row.borrowed.intersection(fields):
            language = self.setting.fallback or ""
        texts = any(_is_text(row, name) for name in fields)
        return Origin(cell.line.number, cell.line.key, ", ".join(fields), language if texts else "")

    def _add(
        self, code: str, message: str, site: Site, *, severity: Severity = "WARNING", **facts: Any
    ) -> None:
        self.issues.append(
            Issue(
                code=code,
                severity=severity,
                source="mapping",
                message=message,
                attribute=site.leaf.field.attribute,
                path=site.path,
                label=site.leaf.field.label,
                origin=self.origin(site.cell, site.row),
                **facts,
            )
        )


def deciding_cell(plan: Branch) -> tuple[Leaf, Cell] | None:
    """The leaf and cell that speak for an attribute: the first that reads the PIM."""
    leaves = [leaf for template in plan.templates for leaf in template.leaves() if not leaf.constant]
    return (leaves[0], leaves[0].cells[0]) if leaves else None


def _is_text(row: Row, name: str) -> bool:
    variant = row.item["variant"]
    return name in row.item["product"]["texts"] or bool(variant and name in variant["texts"])


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value[:200]
    is_json = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    return value if is_json else repr(value)[:200]
