"""Dates, each case by an example: orders, bounds, times and zones."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from amazon_listings.mapping.values.dates import PLAIN, DateReading, NotADate, iso, moment, zone_named

PARIS = ZoneInfo("Europe/Paris")
AMERICAN = DateReading(month_first=True)
#: A column that shows both orders.
MIXED = DateReading(contradiction="25/12/2026")


def problem(value, reading=PLAIN):
    with pytest.raises(NotADate) as refused:
        moment(value, reading)
    return refused.value


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-12-01", date(2026, 12, 1)),
        ("2026/12/1", date(2026, 12, 1)),
        ("2026.2.3", date(2026, 2, 3)),
        ("20261201", date(2026, 12, 1)),
        (" 01/12/2026 ", date(2026, 12, 1)),
        ("1.12.2026", date(2026, 12, 1)),
        ("31-12-2026", date(2026, 12, 31)),
        ("12/12/2026", date(2026, 12, 12)),
        (date(2026, 12, 1), date(2026, 12, 1)),
    ],
)
def test_a_day(written, day):
    found = moment(written)
    assert (found, type(found)) == (day, date)


def test_a_moment_keeps_its_zone_and_gets_the_reading_s():
    east = timezone(timedelta(hours=2))
    assert moment(datetime(2026, 5, 1, 9, tzinfo=east), DateReading(zone=PARIS)).tzinfo is east
    bare = moment(datetime(2026, 5, 1, 9), DateReading(zone=PARIS))  # noqa: DTZ001 - that is what is tested
    assert (bare.tzinfo, bare.hour) == (PARIS, 9)
    assert moment("2026-05-01 09:00", DateReading(zone=PARIS)) == datetime(2026, 5, 1, 9, tzinfo=PARIS)
    assert moment("2026-05-01 09:00", DateReading(zone=PARIS)).tzinfo is PARIS
    assert moment("2026-05-01T09:00+02:00").utcoffset() == timedelta(hours=2)
    assert moment("2026-05-01 9:05 ").tzinfo is UTC


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("2026-05-01T10:30Z", "2026-05-01T10:30:00Z"),
        ("2026-05-01T10:30:15+02:00", "2026-05-01T10:30:15+02:00"),
        ("01/05/2026, 9:05", "2026-05-01T09:05:00Z"),
        ("1.5.2026 10:30 z", "2026-05-01T10:30:00Z"),
        ("2026-05-01 00:00", "2026-05-01"),
        ("2026-05-01T00:00:01Z", "2026-05-01T00:00:01Z"),
        ("2026-05-01T00:00+02:00", "2026-05-01T00:00:00+02:00"),
        ("2026-05-01 10:30 UTC", "2026-05-01T10:30:00Z"),
        ("2026-05-01 3:30 PM", "2026-05-01T15:30:00Z"),
        ("31/05/2026 3:30:15 p.m.", "2026-05-31T15:30:15Z"),
        ("5/5/2026 12:15am", "2026-05-05T00:15:00Z"),
        ("2026-05-01 12:15 pm", "2026-05-01T12:15:00Z"),
    ],
)
def test_a_moment_as_amazon_takes_it(written, sent):
    assert iso(moment(written)) == sent


def test_midnight_is_a_day_only_in_a_zone_of_its_own():
    assert iso(datetime(2026, 5, 1, tzinfo=PARIS)) == "2026-05-01"
    assert iso(datetime(2026, 5, 1, 1, tzinfo=PARIS)) == "2026-05-01T01:00:00+02:00"
    assert iso(datetime(2026, 5, 1, 10, 0, 0, 999_000, tzinfo=UTC)) == "2026-05-01T10:00:00Z"
    assert iso(date(2026, 5, 1)) == "2026-05-01"


@pytest.mark.parametrize(
    ("written", "zone", "code", "first", "second"),
    [
        ("2026-10-25 02:30", "Europe/Paris", "date_hour_twice", "02:30+02:00", "02:30+01:00"),
        ("11/01/2026 1:30 AM", "America/New_York", "date_hour_twice", "01:30-04:00", "01:30-05:00"),
        ("2027-03-28T02:30:00", "Europe/Paris", "date_hour_skipped", "01:30+01:00", "03:30+02:00"),
        ("2026-10-04 02:15", "Australia/Lord_Howe", "date_hour_skipped", "01:45+10:30", "02:45+11:00"),
    ],
)
def test_an_hour_that_a_zone_has_twice_or_never_has_two_readings(written, zone, code, first, second):
    refused = problem(written, DateReading(month_first=zone.startswith("America"), zone=ZoneInfo(zone)))
    assert refused.code == code
    day = refused.facts["found"][:10]
    assert (refused.facts["first"], refused.facts["second"]) == (f"{day}T{first}", f"{day}T{second}")
    assert moment(f"{day}T{second}").isoformat(timespec="minutes") == f"{day}T{second}"


def test_am_and_pm_are_no_doubt_where_the_order_is_known():
    assert iso(moment("12/01/2026 3:30 pm", AMERICAN)) == "2026-12-01T15:30:00Z"
    assert iso(moment("12/01/2026 5:30 pm", AMERICAN)) == "2026-12-01T17:30:00Z"
    assert iso(moment("12/01/2026 3:30 pm", DateReading(stated=True))) == "2026-01-12T15:30:00Z"
    refused = problem("12/01/2026 3:30 pm")
    assert (refused.facts["day_first"], refused.facts["month_first"]) == ("2026-01-12", "2026-12-01")


def test_the_order_is_the_reading_s_but_with_points():
    assert moment("03/04/2026") == date(2026, 4, 3)
    assert moment("03/04/2026", AMERICAN) == date(2026, 3, 4)
    assert moment("03-04-2026", AMERICAN) == date(2026, 3, 4)
    assert moment("03.04.2026", AMERICAN) == date(2026, 4, 3)


@pytest.mark.parametrize(
    ("written", "reading", "code"),
    [
        ("12/13/2026", PLAIN, "date_not_day_first"),
        ("12.13.2026", AMERICAN, "date_not_day_first"),
        ("13/12/2026", AMERICAN, "date_not_month_first"),
        ("13/05/2026", AMERICAN, "date_not_month_first"),
        ("13/13/2026", PLAIN, "not_a_date"),
        ("13/13/2026", AMERICAN, "not_a_date"),
        ("31/02/2026", PLAIN, "not_a_date"),
        ("2026-13-01", PLAIN, "not_a_date"),
        ("2026-05-01 25:00", PLAIN, "not_a_date"),
        ("2026-05-01 10:30 nonsense", PLAIN, "not_a_date"),
        ("01/12-2026", PLAIN, "not_a_date"),
        ("1.12.26", PLAIN, "date_short_year"),
        ("12/1/26 3:30 PM", AMERICAN, "date_short_year"),
        ("2026-05-01 10.30", PLAIN, "not_a_date"),
        ("2026-05-01 13:30 pm", PLAIN, "not_a_date"),
        ("2026-05-01 0:30 am", PLAIN, "not_a_date"),
        ("12/01/2026 3:30 pm", PLAIN, "date_half_day"),
        ("soon", PLAIN, "not_a_date"),
        ("", PLAIN, "not_a_date"),
        (None, PLAIN, "not_a_date"),
        (True, PLAIN, "not_a_date"),
        (29_999, PLAIN, "not_a_date"),
        ("60000", PLAIN, "not_a_date"),
        ("4635", PLAIN, "not_a_date"),
        ("463570", PLAIN, "not_a_date"),
    ],
)
def test_what_is_no_date_is_named(written, reading, code):
    refused = problem(written, reading)
    assert refused.code == code
    expected = written.strip() if isinstance(written, str) else written
    assert refused.facts["found"] == expected


@pytest.mark.parametrize(
    ("written", "day"),
    [
        (46357, "2026-12-01"),
        ("46357", "2026-12-01"),
        ("46357.75", "2026-12-01"),
        ("46357,5", "2026-12-01"),
        (46357.5, "2026-12-01"),
        (30000, "1982-02-18"),
        ("59999", "2064-04-07"),
    ],
)
def test_days_that_a_spreadsheet_has_counted_are_named(written, day):
    refused = problem(written)
    assert (refused.code, refused.facts["day"]) == ("date_serial", day)
    assert refused.facts["found"] == written


def test_a_date_that_could_be_two_is_refused_where_the_column_shows_both_orders():
    refused = problem("03/04/2026", MIXED)
    assert refused.code == "date_two_readings"
    assert refused.facts == {
        "found": "03/04/2026",
        "day_first": "2026-04-03",
        "month_first": "2026-03-04",
        "example": "25/12/2026",
    }
    assert problem("12/11/2026", MIXED).code == "date_two_readings"
    assert moment("03.04.2026", MIXED) == date(2026, 4, 3)
    assert moment("04/04/2026", MIXED) == date(2026, 4, 4)
    assert moment("13/04/2026", MIXED) == date(2026, 4, 13)
    assert moment("2026-03-04", MIXED) == date(2026, 3, 4)


def test_zones_by_name():
    assert zone_named("UTC") is UTC
    assert zone_named("Europe/Paris") == PARIS
    assert zone_named("WET") == ZoneInfo("WET")
    assert DateReading(month_first=False, zone=UTC, stated=False, contradiction="") == PLAIN
