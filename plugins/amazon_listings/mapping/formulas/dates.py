"""Dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from amazon_listings.mapping.values.dates import PLAIN, NotADate, iso, moment

if TYPE_CHECKING:
    from datetime import date

    from amazon_listings.mapping.values.dates import DateReading

_MOST_DAYS = 36_500


def as_date(
    value: object, written: str | None = None, *, month_first: bool | None = None, dates: DateReading = PLAIN
) -> str:
    """The date as Amazon takes it. `written` is how the PIM writes it, in strptime's letters (`%d.%m.%y`)."""
    if month_first is not None:
        dates = replace(dates, month_first=month_first, contradiction="")
    if written is None:
        return iso(moment(value, dates))
    try:
        exact = datetime.strptime(str(value).strip(), written)  # noqa: DTZ007 - moment adds the zone
    except ValueError:
        raise NotADate("date_not_as_written", found=value, written=written) from None
    return iso(moment(exact, dates))


def date_format(value: object, letters: str = "%Y-%m-%d", *, dates: DateReading = PLAIN) -> str:
    """Return the date as text, by strftime's letters: `%d/%m/%Y`."""
    return moment(value, dates).strftime(letters[:100])


def add_days(value: object, days: int, *, dates: DateReading = PLAIN) -> str:
    """Return the date so many days later (or earlier)."""
    if abs(days) > _MOST_DAYS:
        raise NotADate("too_many_days", most=_MOST_DAYS)
    return iso(moment(value, dates) + timedelta(days=days))


def modified_after(value: object, when: object, *, dates: DateReading = PLAIN) -> bool:
    """`IS_MODIFYED_LATER`: whether a date (`item.modified`) lies after another."""
    return _exact(moment(value, dates), dates) > _exact(moment(when, dates), dates)


def _exact(when: date | datetime, dates: DateReading) -> datetime:
    if isinstance(when, datetime):
        return when
    return datetime(when.year, when.month, when.day, tzinfo=dates.zone)


FILTERS = {"add_days": add_days, "date": as_date, "date_format": date_format}
TESTS = {"modified_after": modified_after}
#: The filters and tests that read a date from text: they take the source's `dates`.
READ_DATES = frozenset((*FILTERS.values(), *TESTS.values()))
