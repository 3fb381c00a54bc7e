"""Numbers and dates of a column are read in one notation."""

# ruff: noqa: RUF001 - digits of other scripts are the matter

from datetime import UTC, date
from zoneinfo import ZoneInfo

import pytest

from amazon_listings.mapping.values.dates import DateReading, NotADate, iso, moment, zone_named
from amazon_listings.mapping.values.notation import ColumnEvidence, SourceNotation
from amazon_listings.mapping.values.quantities import NotANumber, decimal_sign_shown, number

STOCK = {"stock": "{{ item.q }}"}
PRICE = {"offers": "{{ item.q }}"}


def evidence(*values):
    found = ColumnEvidence()
    for value in values:
        found = found.with_value(value)
    return found


def quantity_of(small, value, *column, expression="{{ item.q }}", decimal="auto"):
    notation = SourceNotation(decimal, {"q": evidence(*column)})
    mapped = small.map({"stock": expression}, small.item(fields={"q": value}), notation=notation)
    if mapped.issues:
        return mapped.issues[0].message
    return mapped.attributes["fulfillment_availability"][0]["quantity"]


def price_of(small, value, *column, expression="{{ item.q }}"):
    notation = SourceNotation(columns={"q": evidence(*column)})
    mapped = small.map({"offers": expression}, small.item(fields={"q": value}), notation=notation)
    if mapped.issues:
        return mapped.issues[0].message
    return mapped.attributes["purchasable_offer"][0]["our_price"][0]["schedule"][0]["value_with_tax"]


@pytest.mark.parametrize(
    ("values", "decimal"),
    [
        (["1.500", "2.000"], "auto"),
        (["1.500", "12,50"], ","),
        (["1.500", "12.50"], "."),
        (["1,500", "0,5"], ","),
        (["1.234,50"], ","),
        (["1,234.50"], "."),
        (["1.234.567"], ","),
        (["1500.250"], "."),
        (["0.125"], "."),
        (["12,50", "12.50"], "auto"),
        (["12,50 €"], ","),
        (["1 234,5"], ","),
        (["1.2.3", "15.12.2026", "USB 3.0, 1,5 m", "abc", "", "12"], "auto"),
        ([["12,5"]], ","),
        (["https://cdn.example/1.5"], "auto"),
        ([12.5, 3, None, True], "auto"),
    ],
)
def test_a_column_shows_its_decimal_sign(values, decimal):
    assert evidence(*values).decimal == decimal


@pytest.mark.parametrize("sign", [",", "."])
@pytest.mark.parametrize("values", [["12,50", "12.50"], ["12,50"], ["12.50"]])
def test_a_sign_that_is_stated_wins_over_what_the_column_shows(values, sign):
    assert evidence(*values).stated(sign).decimal == sign
    assert evidence(*values).stated("auto") == evidence(*values)


@pytest.mark.parametrize("value", ["1.500", "1,500", "-1.500", "١,٥٠٠", "１.５００", "1.500 €"])
def test_money_with_two_readings_is_an_issue_that_shows_both(small, value):
    said = price_of(small, value)
    assert "1500" in said
    assert "1.500" in said


def test_the_rest_of_the_column_decides(small):
    assert price_of(small, "1.500", "12,50") == 1500
    assert price_of(small, "1.500", "12.50") == 1.5
    assert price_of(small, "1,500", "12,50") == 1.5
    assert "1500" in str(price_of(small, "1.500", "12,50", "12.50"))
    assert quantity_of(small, "1.000", "2,5") == 1000
    assert quantity_of(small, "1.000", decimal=",") == 1000
    assert "1000" in quantity_of(small, "1.000")


@pytest.mark.parametrize(
    ("value", "found"), [("1 500", 1500), ("1'500", 1500), ("1\u202f500", 1500), ("1٬500", 1500), ("١٥", 15)]
)
def test_blanks_and_apostrophes_group(small, value, found):
    assert price_of(small, value) == found


def test_an_arabic_decimal_sign_has_one_reading():
    assert number("١٫٥٠٠", "either") == 1.5


def test_filters_read_as_their_columns_are_written(small):
    assert price_of(small, "1.500", "12,50", expression="{{ item.q | number * 2 }}") == 3000
    assert price_of(small, "1.500", "12,50", expression="{{ item.q | round(1) }}") == 1500
    assert price_of(small, "1.500", "12,50", expression="{{ item.q | number('.') }}") == 1.5
    assert "1500" in str(price_of(small, "1.500", expression="{{ item.q | number * 2 }}"))


def test_a_weight_with_a_point_is_no_doubt(small):
    mapping = {"item_weight": {"value": "{{ item.w }}", "unit": "kilograms"}}
    mapped = small.map(mapping, small.item(fields={"w": "1.250"}))
    assert mapped.attributes["item_weight"][0]["value"] == 1.25


def test_a_value_against_its_column_is_refused():
    with pytest.raises(NotANumber):
        number("12.50", ",")


@pytest.mark.parametrize(
    ("text", "month_first", "code"),
    [
        ("12/15/2026", False, "date_not_day_first"),
        ("12-15-2026 10:00", False, "date_not_day_first"),
        ("12.15.2026", False, "date_not_day_first"),
        ("15/12/2026", True, "date_not_month_first"),
        ("31/31/2026", False, "not_a_date"),
    ],
)
def test_a_date_against_the_order_is_refused(text, month_first, code):
    with pytest.raises(NotADate) as error:
        moment(text, DateReading(month_first=month_first))
    assert error.value.code == code


def test_where_a_column_shows_the_other_order_a_date_with_two_readings_is_refused():
    notation = SourceNotation(columns={"a": evidence("12/15/2026")})
    reading = notation.dates_of(["a"])
    with pytest.raises(NotADate) as error:
        moment("01/10/2027", reading)
    assert error.value.facts["day_first"] == "2027-10-01"
    assert error.value.facts["month_first"] == "2027-01-10"
    assert moment("05/05/2026", reading) == date(2026, 5, 5)
    assert moment("2026-10-01", reading) == date(2026, 10, 1)
    assert moment("10.01.2027", reading) == date(2027, 1, 10), "dates with points begin with the day"
    day_first = DateReading(contradiction="12/15/2026")
    assert moment("25/12/2026", day_first) == date(2026, 12, 25), "it is one date only"
    stated = SourceNotation(columns=notation.columns, dates=DateReading(month_first=True, stated=True))
    assert moment("01/10/2027", stated.dates_of(["a"])) == date(2027, 1, 10)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("2026-12-10 23:59:59", "2026-12-10T23:59:59+01:00"),
        ("2026-07-10 23:59:59", "2026-07-10T23:59:59+02:00"),
        ("2026-12-10 00:00:00", "2026-12-10"),
        ("2026-12-10", "2026-12-10"),
        ("2026-12-10T23:59:59Z", "2026-12-10T23:59:59Z"),
        ("10/12/2026 08:00", "2026-12-10T08:00:00+01:00"),
        ("2027-03-28 01:59:59", "2027-03-28T01:59:59+01:00"),
        ("2027-03-28 03:00:00", "2027-03-28T03:00:00+02:00"),
        ("2026-10-25 01:59:59", "2026-10-25T01:59:59+02:00"),
        ("2026-10-25 03:00:00", "2026-10-25T03:00:00+01:00"),
    ],
)
def test_a_moment_without_a_zone_is_in_that_of_the_connector(text, sent):
    assert iso(moment(text, DateReading(zone=ZoneInfo("Europe/Paris")))) == sent


@pytest.mark.parametrize(
    ("text", "reading", "code"),
    [
        ("01/13/2026", DateReading(), "date_not_day_first"),
        ("12/31/2026", DateReading(), "date_not_day_first"),
        ("13/01/2026", DateReading(month_first=True), "date_not_month_first"),
        ("13/13/2026", DateReading(), "not_a_date"),
        ("31/02/2026", DateReading(), "not_a_date"),
        ("00/10/2026", DateReading(), "not_a_date"),
        ("46357", DateReading(), "date_serial"),
        ("46357.5", DateReading(), "date_serial"),
        (46357, DateReading(), "date_serial"),
        ("1764547200", DateReading(), "not_a_date"),
        (12, DateReading(), "not_a_date"),
        (True, DateReading(), "not_a_date"),
    ],
)
def test_what_is_wrong_with_a_date_is_said(text, reading, code):
    with pytest.raises(NotADate) as error:
        moment(text, reading)
    assert error.value.code == code


def test_the_days_that_a_spreadsheet_counts_are_named_as_the_day():
    with pytest.raises(NotADate) as error:
        moment("46357")
    assert error.value.facts["day"] == "2026-12-01"


def test_a_zone_is_found_by_its_name():
    assert zone_named("UTC") is UTC
    assert zone_named("Europe/Paris") == ZoneInfo("Europe/Paris")
    assert zone_named("America/New_York") == ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("2,50", ","),
        ("2.50 kg", "."),
        ("2,50 cm3", ","),
        ("1.234.567", ","),
        ("2,50 / 3", None),
        ("7 x 2,50", None),
        ("1,234", None),
        ("12", None),
        ("kg", None),
        ("１２，５", ","),
    ],
)
def test_a_number_proves_its_decimal_sign_or_does_not(text, sign):
    assert decimal_sign_shown(text) == sign


@pytest.mark.parametrize(
    ("text", "value"),
    [("１．５", 1.5), ("１，５", 1.5), ("－５", -5), ("−5", -5), ("＋５", 5), ("١٬٢٣٤٫٥", 1234.5)],
)
def test_signs_of_other_scripts_are_read(text, value):
    assert number(text) == value
