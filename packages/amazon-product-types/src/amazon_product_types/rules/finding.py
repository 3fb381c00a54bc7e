"""What a rule finds: its name, the place, and the facts of its sentence."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from math import isfinite
from typing import Any, NamedTuple

#: Names and positions from the attribute down.
Path = tuple[str | int, ...]
_NUMBERS = (int, float, Decimal)
#: Where a day of a marketplace ends last: that of amazon.com is one of the Pacific coast.
_LAST_ZONE = timezone(timedelta(hours=-8))


class Finding(NamedTuple):
    """A broken rule.

    Args:
        rule: The rule's name.
        path: The place.
        facts: The facts of its sentence.
        variant: Which of its sentences.
        found: The value found.
        warns: It is a warning, though the rule is stricter elsewhere.
    """

    rule: str
    path: Path
    facts: dict[str, Any]
    variant: str = ""
    found: Any = None
    warns: bool = False


def amount(value: object) -> Decimal | None:
    """Return a number of a payload exactly; None if it is none."""
    # Nearly all prices are of these two types: the general way takes three times as long.
    if type(value) is float:
        return Decimal(repr(value)) if isfinite(value) else None
    if type(value) is int:
        return Decimal(value)
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def moment(value: object) -> datetime | None:
    """Return a date or date-time of a payload as a moment; a day is its beginning in UTC."""
    return _read_moment(value) if isinstance(value, str) else None


@lru_cache(1024)  # the items of a sale share its dates
def _read_moment(text: str) -> datetime | None:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def is_day(value: object) -> bool:
    """Return whether a value is a day without a time."""
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return len(str(value)) == len("2026-12-31")


def end_of(value: object) -> datetime | None:
    """Return the moment after which a date or date-time is over everywhere: a day lasts to its end."""
    when = moment(value)
    if when is None or not is_day(value):
        return when
    return datetime.combine(when.date(), time.max, _LAST_ZONE)


def elements(value: object) -> list[tuple[int, dict[str, Any]]]:
    """Return the objects of a list with their positions; whatever else stands there is not for rules."""
    if not isinstance(value, list):
        return []
    if len(value) == 1 and isinstance(value[0], dict):
        return [(0, value[0])]
    return [(position, one) for position, one in enumerate(value) if isinstance(one, dict)]
