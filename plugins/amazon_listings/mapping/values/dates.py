"""Dates as people and PIMs write them, and as Amazon takes them (RFC 3339)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from amazon_listings.mapping.values.invalid import InvalidValue

_ISO_LIKE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]+(.+))?")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[T ,]+(.+))?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_MONTHS = 12


class NotADate(InvalidValue):
    """A value that is no date."""


def moment(value: object, *, month_first: bool = False) -> date | datetime:
    """The day, or the moment, that `value` tells.

    Takes `2026-12-01`, `2026/12/1`, `20261201`, `01/12/2026`, `1.12.2026`, each with or without a
    time behind it (`10:30`, `10:30:00+02:00`, `T10:30Z`). A moment without time zone is UTC.

    Args:
        value: Text, `date` or `datetime`.
        month_first: Whether `01/12/2026` is the 12th of January (United States); dates with points
            and dashes always begin with the day, and what can be only one date is that date.

    Raises:
        NotADate: it is none of these.
    """
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        raise NotADate("not_a_date", found=value)
    text = value.strip()
    if found := _ISO_LIKE.fullmatch(text) or _COMPACT.fullmatch(text):
        year, month, day, *rest = found.groups()
    elif found := _DAY_FIRST.fullmatch(text):
        day, month, year, *rest = found.groups()
        if int(month) > _MONTHS or (month_first and "/" in text and int(day) <= _MONTHS):
            day, month = month, day
    else:
        raise NotADate("not_a_date", found=text)
    try:
        when = date(int(year), int(month), int(day))
        time = rest[0] if rest else None
        if not time:
            return when
        exact = datetime.fromisoformat(f"{when.isoformat()}T{_two_digit_hour(time)}")
    except ValueError:
        raise NotADate("not_a_date", found=text) from None
    return exact if exact.tzinfo else exact.replace(tzinfo=UTC)


def iso(when: date | datetime) -> str:
    """`when` as JSON Schema's `date` or `date-time` wants it; midnight UTC is just the day."""
    if not isinstance(when, datetime):
        return when.isoformat()
    if when.utcoffset() == UTC.utcoffset(None) and (when.hour, when.minute, when.second) == (0, 0, 0):
        return when.date().isoformat()
    return when.isoformat(timespec="seconds").replace("+00:00", "Z")


def _two_digit_hour(time: str) -> str:
    time = time.strip().upper().replace(" ", "")
    return f"0{time}" if time[1:2] == ":" else time
