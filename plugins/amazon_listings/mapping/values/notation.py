"""How a source writes numbers and dates: what the connector states, and what its columns show."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from amazon_listings.mapping.values.dates import PLAIN, DateReading, zone_named
from amazon_listings.mapping.values.quantities import Notation, decimal_sign_shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amazon_listings.marketplaces import Marketplace

_SLASHED = re.compile(r"(\d{1,2})[-/](\d{1,2})[-/]\d{4}(?:[T ,].*)?")
#: What a number with a sign in it has, and a date in digits.
_SIGN_AT_DIGIT = re.compile("[.,/\uff0e\uff0c\u066b-]\\d")
_MONTHS = 12
#: Countries whose dates begin with the month.
_MONTH_FIRST = frozenset(("US",))
#: Longer texts are no numbers and no dates, whatever they hold.
LONGEST = 40


@dataclass(frozen=True)
class ColumnEvidence:
    """What the values of a column show of their notation: an example of each kind, `""` for none.

    Args:
        comma: A number whose decimal sign is the comma, whatever else is assumed (`12,5`).
        point: A number whose decimal sign is the point.
        day_first: A date that can only begin with the day (`15/12/2026`).
        month_first: A date that can only begin with the month (`12/15/2026`).
        turns: How often the column turned to be read otherwise than before.
    """

    comma: str = ""
    point: str = ""
    day_first: str = ""
    month_first: str = ""
    turns: int = 0

    @property
    def decimal(self) -> Notation:
        """The column's decimal sign; `auto` where nothing or both is shown."""
        if bool(self.comma) is bool(self.point):
            return "auto"
        return "," if self.comma else "."

    def with_value(self, value: object) -> ColumnEvidence:
        """Return the evidence with one more value of the column."""
        if isinstance(value, list):
            found = self
            for one in value:
                found = found.with_value(one)
            return found
        if not isinstance(value, str) or not shows_notation(value):
            return self
        if slashed := _SLASHED.fullmatch(value.strip()):
            return self._with_date(value, int(slashed.group(1)), int(slashed.group(2)))
        sign = decimal_sign_shown(value)
        if sign == "," and not self.comma:
            return replace(self, comma=value)
        if sign == "." and not self.point:
            return replace(self, point=value)
        return self

    def _with_date(self, text: str, first: int, second: int) -> ColumnEvidence:
        if first > _MONTHS >= second and not self.day_first:
            return replace(self, day_first=text)
        if second > _MONTHS >= first and not self.month_first:
            return replace(self, month_first=text)
        return self

    def following(self, before: ColumnEvidence) -> ColumnEvidence:
        """Return the evidence with the decimal sign that was known before, if no value shows one any more.

        Prices that all became round are written as they always were. A contradiction is not kept: it goes
        with the values that showed it.
        """
        if self.comma or self.point or before.decimal == "auto":
            return self
        return replace(self, comma=before.comma, point=before.point)

    def stated(self, sign: Notation) -> ColumnEvidence:
        """Return the evidence of a column whose decimal sign the connector states; it wins over examples."""
        if sign == "auto" or not (self.comma or self.point):
            return self
        if sign == ",":
            return replace(self, comma=self.comma or sign, point="")
        return replace(self, comma="", point=self.point or sign)

    def joined(self, other: ColumnEvidence) -> ColumnEvidence:
        """Return what both show; the examples of `self` come first."""
        return ColumnEvidence(
            self.comma or other.comma,
            self.point or other.point,
            self.day_first or other.day_first,
            self.month_first or other.month_first,
            max(self.turns, other.turns),
        )


def shows_notation(text: str) -> bool:
    """Return whether a text may be a number or a date with a sign in it; an address is neither."""
    return len(text) <= LONGEST and "://" not in text and _SIGN_AT_DIGIT.search(text) is not None


class Reading(NamedTuple):
    """How the values of one place are read; `allowed` names debris that is taken for values."""

    decimal: Notation = "auto"
    dates: DateReading = PLAIN
    allowed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SourceNotation:
    """How the PIM writes numbers and dates.

    Args:
        decimal: The decimal sign that the connector states; `auto` where it states none.
        columns: What the columns show, by PIM field.
        dates: Order and zone of dates.
        allowed: Names of debris that the connector takes for values.
        exact: The value is money or a count: `1.500` has two readings, as `1,500` has everywhere.
    """

    decimal: Notation = "auto"
    columns: Mapping[str, ColumnEvidence] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    dates: DateReading = PLAIN
    allowed: frozenset[str] = frozenset()
    exact: bool = False

    @classmethod
    def of(cls, market: Marketplace) -> SourceNotation:
        """Return the notation of a source that states nothing: dates as the marketplace writes them."""
        return cls(dates=DateReading(market.country in _MONTH_FIRST, zone_named(market.timezone)))

    def numbers(self, fields: Iterable[str]) -> Notation:
        """Return the notation of numbers that are read from some PIM fields.

        What the connector states wins; else the columns decide, if they agree.
        """
        if self.decimal != "auto":
            return self.decimal
        shown = {self.columns[name].decimal for name in fields if name in self.columns} - {"auto"}
        if len(shown) == 1:
            return shown.pop()
        return "either" if self.exact else "auto"

    def dates_of(self, fields: Iterable[str]) -> DateReading:
        """Return how dates from some PIM fields are read: warned by a value that shows the other order."""
        if self.dates.stated:
            return self.dates
        for name in fields:
            evidence = self.columns.get(name)
            other = "" if evidence is None else self._other_order(evidence)
            if other:
                return replace(self.dates, contradiction=other)
        return self.dates

    def reading(self, fields: Iterable[str]) -> Reading:
        """Return how values from some PIM fields are read."""
        names = tuple(fields)
        return Reading(self.numbers(names), self.dates_of(names), self.allowed)

    def _other_order(self, evidence: ColumnEvidence) -> str:
        return evidence.day_first if self.dates.month_first else evidence.month_first
