"""Numbers: reading, computing, writing them."""

from __future__ import annotations

import random as _random
from decimal import ROUND_HALF_UP, Decimal

from amazon_listings.mapping.formulas.limits import shown
from amazon_listings.mapping.values.quantities import NotANumber, Notation, json_number, quantity
from amazon_listings.mapping.values.quantities import number as _number

_MOST_DECIMALS = 12


def number(value: object, decimal: Notation | None = None, *, notation: Notation = "auto") -> int | float:
    """`STANDARD_NUMBER`: the number that a PIM wrote as `1 234,5`. `number(",")` states the decimal sign."""
    return _number(value, decimal or notation)


def extract_number(
    value: object, decimal: Notation | None = None, *, notation: Notation = "auto"
) -> int | float | None:
    """`EXTRACT_NUMBER`: the number in a text with other words (`1,5 kg`); empty where there is none."""
    if isinstance(value, str) and not any(letter.isdigit() for letter in value):
        return None
    return json_number(quantity(value, decimal or notation).number)


def round_number(value: object, decimals: int = 0, *, notation: Notation = "auto") -> int | float:
    """`ROUND`: to so many decimals, halves away from zero, as a till does."""
    return json_number(_rounded(value, decimals, notation))


def convert_num(
    value: object,
    decimal: str = ".",
    thousands: str = "",
    decimals: int = 2,
    *,
    notation: Notation = "auto",
) -> str:
    """`CONVERT_NUM`: the number as text, with these signs and so many decimals."""
    plain = f"{_rounded(value, decimals, notation):,.{decimals}f}"
    return plain.replace(",", "\0").replace(".", decimal).replace("\0", thousands)


def money_format(
    value: object, locale: str = "en_US", currency: str | None = None, *, notation: Notation = "auto"
) -> str:
    """`MONEY_FORMAT`: the price as people of a locale write it, `1.234,50 €` in de_DE with EUR."""
    from babel.numbers import format_currency, format_decimal  # noqa: PLC0415 - slow to import, seldom used

    amount = _rounded(value, 2, notation)
    if currency:
        return str(format_currency(amount, currency, locale=locale))
    return str(format_decimal(amount, format="#,##0.00", locale=locale))


def convert_currency(
    value: object, rate: object, decimals: int = 2, *, notation: Notation = "auto"
) -> int | float:
    """`CONVERT_CURRENCY`: times a rate. The rate is yours (a PIM field or a number): none is fetched."""
    return json_number(
        _rounded(Decimal(str(_number(value, notation))) * Decimal(str(_number(rate))), decimals)
    )


def to_percent(
    value: object, maximum: object, decimals: int = 2, *, notation: Notation = "auto"
) -> int | float | None:
    """`TO_PERCENT`: how many percent of `maximum` the number is."""
    most = Decimal(str(_number(maximum, notation)))
    if not most:
        return None
    return json_number(_rounded(Decimal(str(_number(value, notation))) * 100 / most, decimals))


def random_number(value: object, least: int = 0, most: int = 100) -> int:
    """`RANDOM`: a number that looks random and is always the same for the same value.

    A truly random one would change the payload on every run, and each item would be sent again.
    """
    return _random.Random(shown(value)).randint(least, most)  # noqa: S311 - no secret depends on it


def absolute(value: object, *, notation: Notation = "auto") -> int | float:
    """Without its sign."""
    return abs(_number(value, notation))


def _rounded(value: object, decimals: int, notation: Notation = "auto") -> Decimal:
    if not 0 <= decimals <= _MOST_DECIMALS:
        raise NotANumber("decimals_out_of_range", most=_MOST_DECIMALS)
    exact = value if isinstance(value, Decimal) else Decimal(str(_number(value, notation)))
    return exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


FILTERS = {
    "abs": absolute,
    "convert_currency": convert_currency,
    "convert_num": convert_num,
    "extract_number": extract_number,
    "money_format": money_format,
    "number": number,
    "random": random_number,
    "round": round_number,
    "to_percent": to_percent,
}

#: The filters that read a number from text: they take the source's `notation`.
READ_NUMBERS = frozenset(FILTERS.values()) - {random_number}
