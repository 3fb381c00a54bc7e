"""The rows of a related table, found by what a column holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.mapping.formulas.limits import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class RelatedTable(list[dict[str, Any]]):
    """The rows of a related table, which remembers what was looked up in it by which column."""

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        super().__init__(rows)
        self._known: dict[tuple[str, str, bool], dict[str, Any]] = {}

    def known(self, match: str, output: str, *, case_sensitive: bool) -> dict[str, Any]:
        """Return the values of column `output` by those of column `match`; of several the first."""
        key = (match, output, case_sensitive)
        if key not in self._known:
            self._known[key] = by_column(self, match, output, case_sensitive=case_sensitive)
        return self._known[key]


def by_column(
    rows: Sequence[dict[str, Any]], match: str, output: str, *, case_sensitive: bool
) -> dict[str, Any]:
    """Return the values of one column by those of another; of several rows the first counts."""
    fold = str if case_sensitive else str.casefold
    return {fold(shown(row.get(match))): row.get(output) for row in reversed(rows)}
