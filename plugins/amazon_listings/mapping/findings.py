"""What a person should know about a mapped item: the issues, each with its way back to the PIM."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.mapping.values.options import ConversionError
from amazon_listings.messages import DEFAULT, Message, catalogue, message
from amazon_product_types.messages.facts import Listed, all_of, quoted
from amazon_product_types.messages.printable import LONGEST_FOUND, cut
from amazon_product_types.validation.issue import Issue, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from amazon_listings.mapping.expressions.rows import ItemRow, Tables
    from amazon_listings.mapping.plan.tree import Branch, Cell, PlanLeaf
    from amazon_listings.mapping.values.invalid import InvalidValue
    from amazon_listings.mapping.values.options import Remarked
    from amazon_product_types.validation.issue import Severity

#: Kinds of trouble that other sources know too; a code that is not listed is its own kind.
FAMILIES = {"not_convertible": "invalid", "expression_failed": "invalid"}


@dataclass(frozen=True)
class Setting:
    """What the engine knows beyond the lines.

    `tags` gives the Amazon tag of each PIM language, the fallback's too; `wanted` are the value
    languages, the first is the one of fields without language; `language` is that of the people who
    read the issues; `tables` are the related tables, `facts` what expressions read of `connector`.
    """

    marketplace_id: str
    wanted: tuple[str, ...]
    tags: Mapping[str, str]
    required: frozenset[str] = frozenset()
    fallback: str | None = None
    report_missing: bool = False
    tables: Tables = field(default_factory=dict, repr=False)
    connector: str = ""
    language: str = DEFAULT
    facts: Mapping[str, str] = field(default_factory=dict, repr=False)


class Site(NamedTuple):
    """Where something was found: the leaf, the cell that fills it, the row read, the path in the payload."""

    leaf: PlanLeaf
    cell: Cell
    row: ItemRow
    path: str


class Findings:
    """Collects the issues of one item.

    Args:
        setting: The engine's setting.
        rows: The item in each wanted language.
    """

    def __init__(self, setting: Setting, rows: Sequence[ItemRow]) -> None:
        self.setting = setting
        self.rows = rows
        self.issues: list[Issue] = []
        self._messages = catalogue(setting.language)

    def left_out(self, site: Site, limit: int, given: int) -> None:
        """Warn that more values were given than the place takes."""
        self._add("left_out", site, values={"limit": limit, "given": given, "more": given - limit})

    def remark(self, remarked: Remarked, site: Site) -> None:
        """Warn that a value holds less than was given, or was repaired."""
        facts = {name: _fact(fact) for name, fact in remarked.facts.items()}
        self._add(remarked.code, site, variant=remarked.variant, values=facts, found=_short(remarked.value))

    def refused(self, error: InvalidValue, site: Site, source: object) -> None:
        """Report that the value cannot be sent."""
        if isinstance(error, ConversionError):
            self._add(
                "not_convertible",
                site,
                severity="ERROR",
                values={"reason": error},
                action=error.action_phrase(),
                allowed=error.allowed,
                found=_short(source),
            )
            return
        item = self.rows[0].item
        values = {
            "reason": error,
            "product": item["sku"] or item["pim_id"],
            "place": self._place(site.cell),
            "fields": all_of(map(quoted, site.cell.expression.fields)),
        }
        alone = None if site.cell.expression.fields else Message("expression_failed", variant="action_alone")
        self._add(
            "expression_failed", site, severity="ERROR", values=values, action=alone, found=_short(source)
        )

    def borrowed(self, plan: Branch, site: Site, names: Iterable[str]) -> None:
        """Report that a text in the fallback language stands in.

        Where the attribute is required, that is an error.
        """
        needed = plan.name in self.setting.required
        values = {
            "fields": all_of(map(quoted, sorted(names))),
            "language": site.row.language,
            "fallback": self.setting.fallback,
        }
        self._add(
            "fallback_language",
            site,
            variant="required" if needed else "",
            severity="ERROR" if needed else "WARNING",
            values=values,
        )

    def missing_language(self, site: Site) -> None:
        """Warn, where asked for, that a language has no text."""
        if self.setting.report_missing:
            self._add("missing_language", site, values={"language": site.row.language})

    def origin(self, cell: Cell, row: ItemRow) -> Origin:
        """Return the way back from a value: line, key, PIM fields, and the language of its text."""
        fields = cell.expression.fields
        language = row.language
        if row.borrowed.intersection(fields):
            language = self.setting.fallback or ""
        texts = any(_is_text(row, name) for name in fields)
        return Origin(
            cell.line.number, cell.line.key, ", ".join(fields), language if texts else "", cell.line.file
        )

    def _add(
        self,
        code: str,
        site: Site,
        *,
        values: Mapping[str, Any],
        variant: str = "",
        severity: Severity = "WARNING",
        action: Message | None = None,
        **facts: Any,
    ) -> None:
        label = site.leaf.field.label
        values = {"label": quoted(label), **values}
        has_own = action is not None and self._messages.knows(action.code, action.variant)
        texts = self._messages.texts_of(
            Message(code, values, variant), action=action if has_own else Message(code, values, "action")
        )
        self.issues.append(
            Issue(
                code=code,
                severity=severity,
                source="mapping",
                attribute=site.leaf.field.attribute,
                path=site.path,
                label=label,
                family=FAMILIES.get(code, ""),
                origin=self.origin(site.cell, site.row),
                **texts,
                **facts,
            )
        )

    def _place(self, cell: Cell) -> Listed:
        """Return the line of the connector."""
        connector, number = self.setting.connector, cell.line.number
        parts = (
            message("mapping.connector", connector=connector) if connector else "",
            cell.line.file,
            message("mapping.line", number=number) if number else "",
            quoted(cell.line.key),
        )
        return Listed("commas", parts)


def _fact(value: object) -> object:
    return quoted(value) if isinstance(value, str) else value


def _is_text(row: ItemRow, name: str) -> bool:
    variant = row.item["variant"]
    return name in row.item["product"]["texts"] or bool(variant and name in variant["texts"])


def _short(value: object) -> object:
    if isinstance(value, str):
        return cut(value, LONGEST_FOUND)
    is_json = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    return value if is_json else cut(repr(value), LONGEST_FOUND)
