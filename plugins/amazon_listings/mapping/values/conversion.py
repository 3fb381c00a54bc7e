"""From a PIM value to what one leaf of a definition takes.

The JSON type comes from the definition alone, never from how a text looks: `0123` and `true`
stay text where the leaf wants text.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from amazon_listings.mapping.values.booleans import yes_or_no
from amazon_listings.mapping.values.dates import NotADate, iso, moment
from amazon_listings.mapping.values.debris import (
    Cleaned,
    cleaned,
    ends_in_null,
    is_short_of_digits,
    is_suspect,
)
from amazon_listings.mapping.values.html_text import html_to_text, is_html
from amazon_listings.mapping.values.lengths import truncate_words
from amazon_listings.mapping.values.options import ConversionError, Options, Remarked, nearest
from amazon_listings.mapping.values.quantities import NotANumber, Notation, json_number, quantity
from amazon_listings.marketplaces import MARKETPLACES
from amazon_product_types.matching import normal
from amazon_product_types.options import OptionList

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from amazon_listings.mapping.values.notation import Reading
    from amazon_product_types.fields import Field

#: Those of the marketplaces, and of neighbours from which merchants deliver.
_CURRENCIES = {"CHF", "CZK", "DKK", "HUF", "NOK", "RON"} | {one.currency for one in MARKETPLACES.values()}
#: A text field with more room than this keeps the lines of the HTML it is given.
_LINES_FROM = 1000
#: Short texts and what they became, for each leaf: colours, units, brands and sizes of a catalogue repeat.
_REMEMBERED, _SHORT = 500, 100
#: Numbers below this one, and so many digits, are read exactly.
_EXACT, _EXACT_DIGITS = 1e15, 15


@dataclass(frozen=True)
class Treatment:
    """What a mapping line asks for beyond the value: `truncate: words`, `html: keep`."""

    truncate: bool = False
    keep_html: bool = False


@dataclass(frozen=True)
class Converter:
    """Converts the values of one leaf: `convert(value)` or `ConversionError`.

    Args:
        convert: Converts one value.
        rule: Says what it does.
        unit: Finds the code of a unit written beside a number, if the leaf has one.
        decimal: How numbers are read.
        is_text: Whether what is sent is text as the PIM has it.
        of_text: Converts a text, as `convert` does.
    """

    convert: Callable[[Any], Any]
    rule: str
    unit: Callable[[str], Any] | None = field(default=None)
    decimal: Notation = "auto"
    is_text: bool = False
    of_text: Callable[[str], Any] = str


def converter(
    leaf: Field,
    treatment: Treatment,
    reading: Reading,
    *,
    unit_of: Field | None = None,
    own_names: Callable[[str], Sequence[tuple[str, Any]]] = lambda _path: (),
    constant: bool = False,
) -> Converter:
    """Return the converter of a leaf.

    Args:
        leaf: The field.
        treatment: What the mapping line asks for.
        reading: How the PIM writes numbers and dates, and what of debris it takes for values.
        unit_of: The leaf that holds this one's unit, if any.
        own_names: Returns the names of a path's options in the marketplace's own locale.
        constant: Whether the values are the mapping's own: what its author wrote is meant.
    """
    made = _converter(leaf, treatment, reading, unit_of, own_names, constant=constant)
    convert, of_text = made.convert, _Remembered(made.convert).__getitem__

    def either(value: object) -> object:
        # 1 and True are one key: only texts are remembered.
        return of_text(value) if value.__class__ is str else convert(value)

    return replace(made, convert=either, of_text=of_text)


class _Remembered(dict[str, Any]):
    """What short texts were converted to: each is converted once, and memory stays flat."""

    def __init__(self, convert: Callable[[Any], Any]) -> None:
        super().__init__()
        self._convert = convert

    def __missing__(self, text: str) -> Any:
        found = self._convert(text)
        if len(text) <= _SHORT:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[text] = found
        return found


def _converter(
    leaf: Field,
    treatment: Treatment,
    reading: Reading,
    unit_of: Field | None,
    own_names: Callable[[str], Sequence[tuple[str, Any]]],
    *,
    constant: bool,
) -> Converter:
    if leaf.json_type in {"number", "integer"}:
        convert = _numbers(leaf, reading)
        unit = Options(unit_of, own_names(unit_of.path)).code if unit_of else None
        return Converter(convert, leaf.json_type, unit, decimal=reading.decimal)
    if leaf.json_type == "boolean":
        return Converter(_explaining(_booleans(leaf, own_names(leaf.path)), reading), "yes or no")
    if leaf.options:
        options = Options(leaf, own_names(leaf.path))
        convert = options.code if constant else _cleaning(options.code, reading, listed=options.lists)
        return Converter(convert, "suggested option or text" if leaf.open else "option", is_text=leaf.open)
    if leaf.type == "date":
        return Converter(_explaining(lambda value: _date(value, reading), reading), "date")
    if leaf.type == "url":
        return Converter(_explaining(_url, reading), "address")
    rule = "text" + (", cut at a word" if treatment.truncate else "")
    convert = _texts(leaf, treatment)
    return Converter(convert if constant else _cleaning(convert, reading), rule, is_text=True)


def _cleaning(
    convert: Callable[[Any], Any], reading: Reading, *, listed: Callable[[str], bool] = lambda _text: False
) -> Callable[[Any], Any]:
    """`convert` after the debris of a text is named or repaired; options are taken as they are."""
    allowed = reading.allowed

    def clean(value: object) -> object:
        if value.__class__ is not str or not is_suspect(value) or listed(value):
            return convert(value)
        found = cleaned(value, allowed)
        sent = convert(found.text)
        if not found.repairs and "null_words" not in allowed and ends_in_null(value):
            return Remarked(sent, "", {"sent": str(sent)[:200]}, code="ends_in_null")
        return _remarked(sent, value, found)

    return clean


def _explaining(convert: Callable[[Any], Any], reading: Reading) -> Callable[[Any], Any]:
    """`convert`; what it refuses because it is debris is named, or repaired."""

    def explain(value: object) -> object:
        try:
            return convert(value)
        except ConversionError:
            if value.__class__ is not str or not is_suspect(value):
                raise
            found = cleaned(value, reading.allowed)
            if not found.repairs:
                raise
            return _remarked(convert(found.text), value, found)

    return explain


def _remarked(sent: object, value: str, found: Cleaned) -> object:
    if not found.repairs:
        return sent
    return Remarked(sent, found.repairs[0], {"before": value[:200], "sent": str(sent)[:200]}, code="repaired")


def parse_quantity(value: object, decimal: Notation) -> tuple[int | float, str]:
    """Return the number and the unit in a value such as `1,5 kg`.

    Raises:
        ConversionError: no number.
    """
    if isinstance(value, str) and is_suspect(value):
        value = cleaned(value, frozenset(("shortened_numbers",))).text
    try:
        found = quantity(value, decimal)
        return json_number(found.number), found.unit
    except NotANumber as reason:
        raise ConversionError("not_a_number", {"type": "number"}, found=value, reason=reason) from None


def _numbers(leaf: Field, reading: Reading) -> Callable[[Any], Any]:
    whole = leaf.json_type == "integer"
    codes = {option.value for option in leaf.options} if leaf.options and not leaf.open else None
    limits = {
        key: value for key, value in (("minimum", leaf.min), ("maximum", leaf.max)) if value is not None
    }

    def convert(value: object) -> int | float:
        if codes is None and (plain := _plain_number(value)) is not None and not (whole and plain % 1):
            return plain
        if (
            isinstance(value, str)
            and "shortened_numbers" not in reading.allowed
            and is_short_of_digits(value)
        ):
            raise ConversionError("debris_shortened", {"type": "number", **limits}, found=value)
        number, unit = parse_quantity(value, reading.decimal)
        if unit:
            code = "currency_beside" if _names_a_currency(unit) else "beside_number"
            raise ConversionError(code, {"type": "number", **limits}, found=value, unit=unit)
        if whole and not isinstance(number, int):
            raise ConversionError("not_whole", {"type": "integer", **limits}, found=value)
        if codes is not None and number not in codes:
            raise ConversionError("not_listed", nearest(OptionList.of(leaf.options), str(value)), found=value)
        return number

    return convert


def _names_a_currency(unit: str) -> bool:
    """Return whether a unit is a sign such as € or the code of a currency of some marketplace."""
    return unicodedata.category(unit[0]) == "Sc" or unit.upper() in _CURRENCIES


def _plain_number(value: object) -> int | float | None:
    """Return a number that needs no reading: of JSON, or digits alone."""
    if type(value) is int:
        return value
    if type(value) is float and -_EXACT < value < _EXACT:
        return int(value) if value.is_integer() else value
    if isinstance(value, str) and len(value) <= _EXACT_DIGITS and value.isascii() and value.isdigit():
        return int(value)
    return None


def _booleans(leaf: Field, own_names: Sequence[tuple[str, Any]]) -> Callable[[Any], bool]:
    named = [*own_names, *((option.name, option.value) for option in leaf.options)]
    names = {normal(name): value for name, value in named if isinstance(value, bool)}
    allowed = nearest(OptionList.of(leaf.options), "") if leaf.options else {"type": "boolean"}

    def convert(value: object) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, int | float) and value in (0, 1):
            return bool(value)
        if isinstance(value, str):
            found = names.get(normal(value))
            found = yes_or_no(value) if found is None else found
            if isinstance(found, bool):
                return found
        raise ConversionError("not_yes_or_no", allowed, found=value)

    return convert


def _date(value: object, reading: Reading) -> str:
    try:
        return iso(moment(value, reading.dates))
    except NotADate as reason:
        raise ConversionError(reason.code, {"format": "2026-12-31"}, **reason.facts) from None


def _url(value: object) -> str:
    found = value.get("url") if isinstance(value, dict) else value
    if not isinstance(found, str) or not found.strip():
        raise ConversionError("not_an_address", {"format": "https://…"}, found=value)
    return found.strip()


def _texts(leaf: Field, treatment: Treatment) -> Callable[[Any], Any]:
    lines = leaf.max is None or leaf.max >= _LINES_FROM
    characters = int(leaf.max) if leaf.max is not None else None
    keep = treatment.keep_html or leaf.pattern is not None

    def convert(value: object) -> str:
        if isinstance(value, str):
            text = value.strip()
        elif isinstance(value, bool):
            raise ConversionError("yes_no_no_text", {"type": "text"})
        elif isinstance(value, int | float):
            text = _digits(value)
        elif isinstance(value, dict) and value.get("url"):
            text = str(value["url"])
        else:
            raise ConversionError("not_text", {"type": "text"}, found=value)
        if not keep and is_html(text):
            text = html_to_text(text, lines=lines)
        if treatment.truncate:
            text = truncate_words(text, characters=characters, octets=leaf.max_bytes)
        return text

    return convert


def _digits(value: float) -> str:
    """Return a PIM number as text: `5`, not `5.0`."""
    try:
        return str(json_number(quantity(value).number))
    except NotANumber as reason:
        raise ConversionError("not_a_number", {"type": "text"}, found=value, reason=reason) from None
