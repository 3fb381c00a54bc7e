"""Dates as people and PIMs write them, and as Amazon takes them (RFC 3339)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from amazon_listings.mapping.values.invalid import InvalidValue

_ISO_LIKE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]+(.+))?")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:[T ,]+(.+))?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SHORT_YEAR = re.compile(r"\d{1,2}([-/.])\d{1,2}\1\d{2}(?:[T ,]+.+)?")
#: A time of day, by 24 hours or by twice twelve, and its zone.
_TIME = re.compile(
    r"(\d{1,2})(:?\d{2}(?::?\d{2}(?:[.,]\d+)?)?)\s*(?:([ap])\.?m\.?)?\s*(z|utc|gmt|[+-]\d{2}(?::?\d{2})?)?",
    re.IGNORECASE,
)
_HALF = re.compile(r"\d\s*[ap]\.?m\b", re.IGNORECASE)
_HALF_DAY = 12
_MONTHS = 12
#: Days as spreadsheets count them, from 1982 to 2064; a fraction is the time of day.
_SERIAL = re.compile(r"[3-5]\d{4}(?:[.,]\d+)?")
_SERIAL_BEGINS = date(1899, 12, 30)


class NotADate(InvalidValue):
    """A value that is no date, or could be two."""


@dataclass(frozen=True)
class DateReading:
    """How dates of a source are read.

    Args:
        month_first: Whether `01/12/2026` is the 12th of January.
        zone: Where a moment without a zone is.
        stated: The connector states the order, so that the data has no say.
        contradiction: A date of the same column that shows the other order; then a date that could be
            two is refused.
    """

    month_first: bool = False
    zone: tzinfo = UTC
    stated: bool = False
    contradiction: str = ""


#: Day first, UTC: dates that no connector is behind.
PLAIN = DateReading()


def zone_named(name: str) -> tzinfo:
    """Return a time zone by its IANA name (`Europe/Paris`)."""
    return UTC if name == "UTC" else ZoneInfo(name)


def moment(value: object, reading: DateReading = PLAIN) -> date | datetime:
    """Return the day, or the moment, that `value` tells.

    Takes `2026-12-01`, `2026/12/1`, `20261201`, `01/12/2026`, `1.12.2026`, each with or without a
    time behind it (`10:30`, `3:30 pm`, `10:30:00+02:00`, `T10:30Z`). A moment without a zone is in that
    of the reading. Dates with points begin with the day in every country.

    Args:
        value: Text, `date` or `datetime`.
        reading: The order and zone of the source.

    Raises:
        NotADate: it is none of these, contradicts the order, could be two dates where the column
            shows both orders, or is an hour that the zone has twice or not at all, because clocks are
            changed.
    """
    if isinstance(value, datetime):
        return value if value.tzinfo else _in_zone(value, reading.zone)
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        raise _not_a_date(value)
    text = value.strip()
    if found := _ISO_LIKE.fullmatch(text) or _COMPACT.fullmatch(text):
        year, month, day, *rest = found.groups()
        when = _day(text, year, month, day)
        exact = rest[0] if rest else None
    elif found := _YEAR_LAST.fullmatch(text):
        first, sign, second, year, exact = found.groups()
        when = _ordered(text, (first, second, year), reading, points=sign == ".")
    else:
        raise _not_a_date(text)
    if not exact:
        return when
    try:
        full = datetime.fromisoformat(f"{when.isoformat()}T{_iso_time(exact)}")
    except ValueError:
        raise NotADate("not_a_date", found=text) from None
    return full if full.tzinfo else _in_zone(full, reading.zone)


def iso(when: date | datetime) -> str:
    """Return `when` as JSON Schema's `date` or `date-time` wants it; midnight in its own zone is the day."""
    if not isinstance(when, datetime):
        return when.isoformat()
    own_zone = isinstance(when.tzinfo, ZoneInfo) or not when.utcoffset()
    if own_zone and when.time() == time():
        return when.date().isoformat()
    return when.isoformat(timespec="seconds").replace("+00:00", "Z")


def _ordered(text: str, parts: tuple[str, str, str], reading: DateReading, *, points: bool) -> date:
    """Return the date of a text whose year comes last."""
    first, second, year = parts
    month_first = reading.month_first and not points
    month, day = (first, second) if month_first else (second, first)
    if int(month) > _MONTHS >= int(day):
        raise NotADate("date_not_month_first" if month_first else "date_not_day_first", found=text)
    if not points and first != second and int(day) <= _MONTHS:
        both = {
            "day_first": _day(text, year, second, first).isoformat(),
            "month_first": _day(text, year, first, second).isoformat(),
        }
        if reading.contradiction:
            raise NotADate("date_two_readings", found=text, example=reading.contradiction, **both)
        if _HALF.search(text) and not (month_first or reading.stated):
            raise NotADate("date_half_day", found=text, **both)
    return _day(text, year, month, day)


def _in_zone(when: datetime, zone: tzinfo) -> datetime:
    """Return the moment of a time without a zone; refused where the zone's clocks show it twice, or never."""
    known = when.replace(tzinfo=zone)
    if known.utcoffset() == when.replace(tzinfo=zone, fold=1).utcoffset():
        return known
    readings = sorted(when.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    first, second = (one.astimezone(zone) for one in readings)
    raise NotADate(
        "date_hour_twice" if first.time() == second.time() else "date_hour_skipped",
        found=when.isoformat(" ", "minutes"),
        zone=str(zone),
        first=first.isoformat(timespec="minutes"),
        second=second.isoformat(timespec="minutes"),
    )


def _not_a_date(value: object) -> NotADate:
    """Name what is no date: the days that a spreadsheet has counted, a short year, or nothing of the kind."""
    if not isinstance(value, bool) and _SERIAL.fullmatch(str(value)):
        day = _SERIAL_BEGINS + timedelta(days=int(str(value)[:5]))
        return NotADate("date_serial", found=value, day=day.isoformat())
    if isinstance(value, str) and _SHORT_YEAR.fullmatch(value):
        return NotADate("date_short_year", found=value)
    return NotADate("not_a_date", found=value)


def _day(text: str, year: str, month: str, day: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise NotADate("not_a_date", found=text) from None


def _iso_time(written: str) -> str:
    """Return the time of day as ISO 8601 writes it.

    Raises:
        ValueError: it is none.
    """
    found = _TIME.fullmatch(written.strip())
    if found is None:
        raise ValueError(written)
    hour, rest, half, zone = int(found.group(1)), found.group(2), found.group(3), found.group(4) or ""
    if half:
        if not 1 <= hour <= _HALF_DAY:
            raise ValueError(written)
        hour = hour % _HALF_DAY + (_HALF_DAY if half.lower() == "p" else 0)
    return f"{hour:02}{rest}{'Z' if zone[:1].isalpha() else zone}"
