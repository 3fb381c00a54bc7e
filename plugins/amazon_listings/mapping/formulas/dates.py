"""Dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from amazon_listings.mapping.values.dates import NotADate, iso, moment

if TYPE_CHECKING:
    from datetime import date

_MOST_DAYS = 36_500


def as_date(value: object, written: str | None = None, *, month_first: bool = False) -> str:
    """The date as Amazon takes it. `written` is how the PIM writes it, in strptime's letters (`%d.%m.%y`)."""
    if written is None:
        return iso(moment(value, month_first=month_first))
    try:
        return iso(moment(datetime.strptime(str(value).strip(), written)))  # noqa: DTZ007 - moment makes it UTC
    except ValueError:
        raise NotADate("date_not_as_written", found=value, written=written) from None


def date_format(value: object, letters: str = "%Y-%m-%d") -> str:
    """The date as text, by strftime's letters: `%d/%m/%Y`."""
    return moment(value).strftime(letters[:100])


def add_days(value: object, days: int) -> str:
    """The date so many days later (or earlier)."""
    if abs(days) > _MOST_DAYS:
        raise NotADate("too_many_days", most=_MOST_DAYS)
    return iso(moment(value) + timedelta(days=days))


def modified_after(value: object, when: object) -> bool:
    """`IS_MODIFYED_LATER`: whether a date (`item.modified`) lies after another."""
    return _exact(moment(value)) > _exact(moment(when))


def _exact(when: date | datetime) -> datetime:
    if isinstance(when, datetime):
        return when
    return datetime(when.year, when.month, when.day, tzinfo=UTC)


FILTERS = {"add_days": add_days, "date": as_date, "date_format": date_format}
TESTS = {"modified_after": modified_after}
