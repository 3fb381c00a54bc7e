"""Numbers, each case by an example: signs, groups, bounds, units and scripts."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_listings.mapping.values.quantities import (
    NotANumber,
    decimal_sign_shown,
    json_number,
    number,
    quantity,
)


def problem(value, decimal="auto"):
    with pytest.raises(NotANumber) as refused:
        quantity(value, decimal)
    return refused.value


@pytest.mark.parametrize(
    ("written", "decimal", "found", "unit"),
    [
        ("12", "auto", "12", ""),
        ("-12", "auto", "-12", ""),
        ("+1,5", "auto", "1.5", ""),
        (",5", "auto", "0.5", ""),
        ("1.5", "auto", "1.5", ""),
        ("1.234", "auto", "1.234", ""),
        ("1.234", ",", "1234", ""),
        ("1,234", ".", "1234", ""),
        ("1,234", ",", "1.234", ""),
        ("0,234", "auto", "0.234", ""),
        ("0.234", "either", "0.234", ""),
        ("1234,567", "auto", "1234.567", ""),
        ("1234.567", "either", "1234.567", ""),
        ("1,23", "either", "1.23", ""),
        ("1,2345", "auto", "1.2345", ""),
        ("1.234,5", "auto", "1234.5", ""),
        ("1,234.5", "auto", "1234.5", ""),
        ("1.234.567", "auto", "1234567", ""),
        ("1 234 567,8", "auto", "1234567.8", ""),
        ("1'234.5", "auto", "1234.5", ""),
        ("12.", "auto", "12", ""),
        ("1.5e3", "auto", "1.5E+3", ""),
        ("1,5E-2", "auto", "0.015", ""),
        ("1,5 kg", "auto", "1.5", "kg"),
        ("€ 12,50", "auto", "12.50", "€"),
        ("5 cm3", "auto", "5", "cm3"),
        ("\u0661\u066b\u0665", "auto", "1.5", ""),
        ("\u0661\u066c\u0662\u0663\u0664", "auto", "1234", ""),
        ("\uff11\uff0e\uff15", "auto", "1.5", ""),
        ("\u22125", "auto", "-5", ""),
        ("\uff0d\uff15\uff0c\uff15", "auto", "-5.5", ""),
        ("\uff0b\uff15", "auto", "5", ""),
        (",234", "auto", "0.234", ""),
        (1.5, "auto", "1.5", ""),
        (7, "auto", "7", ""),
        ("12,34,567.50", "auto", "1234567.50", ""),
        ("\u20b91,23,456", "auto", "123456", "\u20b9"),
        ("1,23,456", ".", "123456", ""),
        ("19.-", "auto", "19.00", ""),
        ("CHF 1'299.\u2013", "auto", "1299.00", "CHF"),
        ("19,--", "auto", "19.00", ""),
        ("1.299,- \u20ac", "auto", "1299.00", "\u20ac"),
        ("1 299:-", "auto", "1299.00", ""),
        ("Rs.500", "auto", "500", "Rs."),
        ("Fr.19.90", "auto", "19.90", "Fr."),
        ("5 kg-net", "auto", "5", "kg-net"),
        ("-\u00a05 kg", "auto", "5", "-\u00a0 kg"),
        ("(5 cm)", "auto", "5", "( cm)"),
        ("(5", "auto", "5", "("),
        ("5)", "auto", "5", ")"),
        ("(5$", "auto", "5", "( $"),
        ("$5)", "auto", "5", "$ )"),
        (Decimal("1.50"), "auto", "1.50", ""),
        ("1" * 40, "auto", "1" * 40, ""),
    ],
)
def test_a_number_and_its_unit(written, decimal, found, unit):
    got = quantity(written, decimal)
    assert (got.number, str(got.number), got.unit) == (Decimal(found), str(Decimal(found)), unit)


@pytest.mark.parametrize(
    ("written", "decimal", "code"),
    [
        (True, "auto", "yes_no_no_number"),
        (float("inf"), "auto", "number_not_finite"),
        (float("nan"), "auto", "number_not_finite"),
        (Decimal("-Infinity"), "auto", "number_not_finite"),
        (None, "auto", "no_number"),
        ([1], "auto", "no_number"),
        ("", "auto", "no_number"),
        ("kg", "auto", "no_number"),
        ("5 x 7", "auto", "several_numbers"),
        ("1/2", "auto", "several_numbers"),
        ("12 34", "auto", "digits_not_grouped"),
        ("1 2345", "auto", "digits_not_grouped"),
        ("1.23,4", "auto", "digits_not_grouped"),
        ("1.2345,6", "auto", "digits_not_grouped"),
        ("1.2.3", "auto", "digits_not_grouped"),
        ("1,2,3", "auto", "digits_not_grouped"),
        ("12,34", ".", "digits_not_grouped"),
        ("1.2.3", ".", "several_decimal_signs"),
        ("1,234", "auto", "two_readings"),
        ("-123,456", "auto", "two_readings"),
        ("1.234", "either", "two_readings"),
        ("1,234", "either", "two_readings"),
        ("1,23,456", ",", "several_decimal_signs"),
        ("1.23.456", "auto", "digits_not_grouped"),
        ("19.-", ",", "digits_not_grouped"),
        ("19,90.-", "auto", "digits_not_grouped"),
        ("\u00bd", "auto", "number_fraction"),
        ("1\u00bd l", "auto", "number_fraction"),
        ("1" * 41, "auto", "number_too_large"),
    ],
)
def test_what_is_no_number_is_named(written, decimal, code):
    assert problem(written, decimal).code == code


def test_both_readings_of_a_number_are_told():
    assert problem("1,234").facts == {"thousands": "1234", "decimal": "1.234"}
    assert problem("-1.234", "either").facts == {"thousands": "-1234", "decimal": "-1.234"}
    assert problem("1.2.3.4", ".").facts == {"count": 3}


@pytest.mark.parametrize(
    ("written", "negative", "positive"),
    [
        ("(5)", "-5", "5"),
        ("(19,90 \u20ac)", "-19.90", "19.90"),
        ("(EUR 5)", "-5", "5"),
        ("19.90-", "-19.90", "19.90"),
        ("5 -", "-5", "5"),
        ("\u20135", "-5", "5"),
        ("- 5", "-5", "5"),
        ("-$5", "-5", "5"),
        ("-\u20ac/kg 5", "-5", "5"),
        ("-US$5", "-5", "5"),
        ("- US$ 5,50", "-5.50", "5.50"),
        ("\u2212\u20ac 3", "-3", "3"),
        ("\u2013R$5", "-5", "5"),
        ("-kr 5", "-5", "5"),
        ("(US$5)", "-5", "5"),
        ("($5)", "-5", "5"),
        ("US$(5)", "-5", "5"),
        ("(5) \u20ac", "-5", "5"),
        ("5 US$-", "-5", "5"),
    ],
)
def test_a_minus_of_accounting_has_two_readings(written, negative, positive):
    refused = problem(written)
    assert refused.code == "two_readings"
    assert refused.facts == {"thousands": negative, "decimal": positive}


@pytest.mark.parametrize(
    ("written", "number", "unit"),
    [
        ("US$-5", "-5", "US$"),
        ("US$ 5", "5", "US$"),
        ("-5 US$", "-5", "US$"),
        ("12-pack", "12", "-pack"),
        ("5 (kg)", "5", "(kg)"),
        ("(5 kg)", "5", "( kg)"),
        ("5 (US)$", "5", "(US)$"),
    ],
)
def test_a_sign_at_the_number_and_a_dash_in_a_unit_have_one_reading(written, number, unit):
    assert quantity(written) == (Decimal(number), unit)


def test_a_number_as_json():
    assert (number("12,0"), type(number("12,0"))) == (12, int)
    assert (number("1,5"), type(number("1,5"))) == (1.5, float)
    with pytest.raises(NotANumber) as beside:
        number("1,5 kg")
    assert (beside.value.code, beside.value.facts) == ("unit_beside", {"unit": "kg"})
    assert json_number(Decimal("1e40")) == 10**40
    for large in ("1e41", "1e400"):
        with pytest.raises(NotANumber) as refused:
            json_number(Decimal(large))
        assert refused.value.code == "number_too_large"
    with pytest.raises(NotANumber):
        json_number(Decimal("1." + "0" * 20 + "1") * Decimal("1.5e-1") ** -400)


@pytest.mark.parametrize(
    ("written", "sign"),
    [
        ("12", None),
        ("kg", None),
        ("1,5", ","),
        ("1.5 kg", "."),
        ("1.234", None),
        ("1,234", None),
        ("0,234", ","),
        ("1.234,5", ","),
        ("1,234.5", "."),
        ("1.234.567", ","),
        ("1,2 x 3", None),
        ("1.23,4", None),
        ("-1234.567", "."),
        ("1.5e3", "."),
        ("+1,5", ","),
        ("12.", None),
        ("1,234,567", "."),
        ("1234.56", "."),
        ("0012,9", ","),
        ("\u0661\u0662,\u0669", ","),
    ],
)
def test_the_sign_that_a_number_proves(written, sign):
    assert decimal_sign_shown(written) == sign


def test_a_long_text_is_read_as_a_short_one():
    assert quantity("1,5 " + "k" * 60).number == Decimal("1.5")
    assert quantity("1,5 " + "k" * 36).unit == "k" * 36


@given(st.from_regex(r"[0-9]{1,11}[.,][0-9]{1,4}", fullmatch=True))
def test_a_plain_number_proves_what_the_same_in_more_text_does(written):
    assert {decimal_sign_shown(text) for text in (f" {written}", f"{written} €")} == {
        decimal_sign_shown(written)
    }
