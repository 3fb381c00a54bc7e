"""Numbers as people and PIMs write them: `1 234,5`, `1.234,50 €`, `1,5 kg`."""

from __future__ import annotations

import math
import re
import unicodedata
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Literal, NamedTuple

from amazon_listings.mapping.values.invalid import InvalidValue

#: The decimal sign: `auto` takes a lone point for it, `either` refuses what could be two numbers.
Notation = Literal["auto", "either", ".", ","]

#: Blanks and apostrophes that group thousands (Swiss and French ones too).
_BLANKS = re.compile(r"[\s\u00a0\u202f'’]")  # noqa: RUF001
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[\s\u00a0\u202f'’]\d{3})+(?:[.,]\d*)?(?:[eE].*)?")  # noqa: RUF001
#: The Arabic decimal separator, which never groups.
_ARABIC_DECIMAL = "\u066b"
#: Signs of other scripts: the Arabic thousands separator, full-width point, comma and signs, the minus sign.
_SIGNS = {0x066C: "'", 0xFF0E: ".", 0xFF0C: ",", 0xFF0B: "+", 0xFF0D: "-", 0x2212: "-"}
#: A digit that does not belong to a unit such as cm3.
_ANOTHER = re.compile(r"(?<![^\W\d_])\d")
_PLAIN_DECIMAL = re.compile("[0-9]{1,9}([.,])[0-9]{1,2}")
_NUMBER = re.compile(
    r"[+-]?(?:\d[\d.,\s\u00a0\u202f'’]*|(?<![^\W\d_])[.,]\d+)(?:[eE][+-]?\d{1,3})?"  # noqa: RUF001
)
#: No cents, as Swiss, German and Swedish prices say it: `19.-`, `19,--`, `129:-`.
_NO_CENTS = re.compile("(?<=\\d)([.,:])[-\u2013\u2014]{1,2}(?![\\w-])")
_DASHES = tuple("-\u2010\u2011\u2012\u2013\u2014")
_EDGES = "() " + "".join(_DASHES)
_CURRENCY_ALONE = re.compile(r"[A-Z]{3}")
#: What a currency sign may follow: `US$`, `R$`.
_LETTERS_BEFORE_SIGN = re.compile(r"[A-Z]{0,3}(?=.)")
_FRACTION = re.compile("[\u00bc-\u00be\u2150-\u215f\u2189]")
#: Thousands and lakhs of India: `12,34,567`.
_LAKHS = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}")
#: Beyond this many digits a number is a code that lost its quotes, not a quantity.
_MOST_DIGITS = 40


class Quantity(NamedTuple):
    """A number and the text written around it: its unit or currency, `""` if none."""

    number: Decimal
    unit: str


class NotANumber(InvalidValue):
    """A value that is no number, or that can be read as two different ones."""


def quantity(value: object, decimal: Notation = "auto") -> Quantity:
    """Return the number in `value`, exactly as written, and its unit.

    With `auto`, a lone point is the decimal point (what machines write) and so is a lone comma,
    except `1,234`: that is one thousand or one and a bit, a difference of 1,000 times. With `either`,
    the same holds for `1.234`.

    Args:
        value: A number, or text with one number and at most one unit behind or before it.
        decimal: The decimal sign of the PIM; the other one then groups thousands.

    Raises:
        NotANumber: no number, several numbers, not finite, or ambiguous.
    """
    if isinstance(value, bool):
        raise NotANumber("yes_no_no_number")
    if isinstance(value, int | Decimal | float):
        exact = value if isinstance(value, Decimal) else Decimal(str(value))
        if not exact.is_finite():
            raise NotANumber("number_not_finite")
        return Quantity(exact, "")
    if not isinstance(value, str):
        raise NotANumber("no_number")
    return _remembered(value, decimal) if len(value) <= _MOST_DIGITS else _read(value, decimal)


def decimal_sign_shown(text: str) -> Literal[".", ","] | None:
    """Return the decimal sign that a number as text proves to have; None where it could be either."""
    # Prices are most of what is asked about: a sign before one or two last digits groups no thousands.
    if price := _PLAIN_DECIMAL.fullmatch(text):
        return "." if price.group(1) == "." else ","
    text = _with_cents(_latin(text))
    found = _NUMBER.search(text)
    if found is None or _ANOTHER.search(text[: found.start()] + " " + text[found.end() :]):
        return None
    plain = _BLANKS.sub("", found.group()).rstrip(".,").lower().partition("e")[0].lstrip("+-")
    points, commas = plain.count("."), plain.count(",")
    if not points and not commas:
        return None
    try:
        sign = _decimal_sign(plain, "either")
        _exact(plain, sign)
    except NotANumber:
        return None
    return sign


def _latin(text: str) -> str:
    """Return the text with digits and signs of every script as ASCII writes them."""
    if text.isascii():
        return text
    plain = text.translate(_SIGNS)
    return "".join(
        str(unicodedata.decimal(letter)) if not letter.isascii() and letter.isdecimal() else letter
        for letter in plain
    )


def _with_cents(text: str) -> str:
    """Return the text with digits for the cents that a dash stands for."""
    return _NO_CENTS.sub(lambda sign: sign.group(1).replace(":", ",") + "00", text)


def _read(text: str, decimal: Notation) -> Quantity:
    if _ARABIC_DECIMAL in text:
        text, decimal = text.replace(_ARABIC_DECIMAL, "."), "."
    text = _with_cents(_latin(text))
    found = _NUMBER.search(text)
    if not found:
        raise NotANumber("number_fraction" if _FRACTION.search(text) else "no_number")
    unit = (text[: found.start()] + " " + text[found.end() :]).strip()
    if _ANOTHER.search(unit):
        raise NotANumber("several_numbers")
    if _FRACTION.search(unit):
        raise NotANumber("number_fraction")
    number = _exact(found.group(), decimal)
    if _may_be_negative(text, unit, found.span()):
        raise NotANumber("two_readings", thousands=f"-{number}", decimal=str(number))
    return Quantity(number, unit)


def _may_be_negative(text: str, unit: str, number: tuple[int, int]) -> bool:
    """Return whether what stands around a number may be a minus: `(5)`, `5-`, `-€5`, `-US$ 5`, `$(5)`."""
    if not unit:
        return False
    before, after = text[: number[0]].strip(), text[number[1] :].strip()
    if before.startswith(_DASHES) and before.strip(_EDGES):  # `-kr 5`; in `- 5 kg` it is a bullet
        return True
    around = {(before[:1], after[-1:]), (before[-1:], after[:1])}
    signed = ("(", ")") in around or any(dash in unit for dash in _DASHES)
    return signed and _is_currency(unit.strip(_EDGES))


def _is_currency(text: str) -> bool:
    """Return whether what stands beside a number is nothing or a currency: `$`, `EUR`, `US$`, `€ per kg`."""
    if not text or _CURRENCY_ALONE.fullmatch(text):
        return True
    sign = _LETTERS_BEFORE_SIGN.match(text)
    return sign is not None and unicodedata.category(text[sign.end()]) == "Sc"


#: Prices, sizes and weights of a catalogue repeat.
_remembered = lru_cache(maxsize=8192)(_read)


def number(value: object, decimal: Notation = "auto") -> int | float:
    """Return the number in `value` as JSON writes it: whole numbers as `int`, others as `float`.

    Raises:
        NotANumber: no number in it, or something beside it (a unit).
    """
    found = quantity(value, decimal)
    if found.unit:
        raise NotANumber("unit_beside", unit=found.unit)
    return json_number(found.number)


def json_number(value: Decimal) -> int | float:
    """`value` as JSON writes it, without `.0` and never infinite.

    Raises:
        NotANumber: too large for a JSON number.
    """
    if value == value.to_integral_value():
        if value.adjusted() > _MOST_DIGITS:
            raise NotANumber("number_too_large")
        return int(value)
    result = float(value)
    if not math.isfinite(result):
        raise NotANumber("number_too_large")
    return result


def _exact(text: str, decimal: Notation) -> Decimal:
    if _BLANKS.search(text.strip()) and not _GROUPED.fullmatch(text.strip()):
        raise NotANumber("digits_not_grouped")
    plain, _, exponent = _BLANKS.sub("", text).rstrip(".,").lower().partition("e")
    other = {".": ",", ",": "."}
    if decimal in {"auto", "either"}:
        decimal = _decimal_sign(plain, decimal)
    whole, *fraction = plain.split(decimal)
    if len(fraction) > 1:
        raise NotANumber("several_decimal_signs", count=len(fraction))
    groups = whole.split(other[decimal])
    grouped = all(len(group) == 3 for group in groups[1:])  # noqa: PLR2004 - thousands
    if not grouped and not _LAKHS.fullmatch(whole.lstrip("+-")):
        raise NotANumber("digits_not_grouped")
    joined = "".join(groups) + ("." + "".join(fraction) if fraction else "")
    if len(joined) > _MOST_DIGITS:
        raise NotANumber("number_too_large")
    try:
        return Decimal(joined + (f"e{exponent}" if exponent else ""))
    except InvalidOperation:
        raise NotANumber("no_number") from None


def _decimal_sign(plain: str, notation: Notation) -> Literal[".", ","]:
    points, commas = plain.count("."), plain.count(",")
    if points and commas:
        return "." if plain.rindex(".") > plain.rindex(",") else ","
    if points > 1:
        return ","
    for sign in ",." if notation == "either" else ",":
        if plain.count(sign) == 1 and _may_group(plain, sign):
            raise NotANumber(
                "two_readings", thousands=plain.replace(sign, ""), decimal=plain.replace(",", ".")
            )
    return "," if commas == 1 else "."


def _may_group(plain: str, sign: str) -> bool:
    """Return whether the only sign of a number may as well group thousands."""
    whole, _, rest = plain.lstrip("+-").partition(sign)
    return len(rest) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0")  # noqa: PLR2004 - thousands
