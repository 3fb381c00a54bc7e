"""What spreadsheets, programs and wrong decoders leave in texts: found, named, and repaired where it is sure.

A repair is made only where there is one right answer: letters that were decoded twice, entities that were
escaped twice, characters that are not seen, a text that a spreadsheet wrapped in a formula. All else is
refused with the name of what it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from amazon_listings.mapping.values.mojibake import decoded, is_mojibake
from amazon_listings.mapping.values.options import ConversionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

#: Error values of Excel, LibreOffice and Google Sheets, in the languages of Amazon's marketplaces.
ERRORS = frozenset((
    # English, and Google's own
    "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#FIELD!",
    "#BLOCKED!", "#UNKNOWN!", "#CONNECT!", "#BUSY!", "#PYTHON!", "#ERROR!", "#GETTING_DATA", "#N/A!",
    # German, French, Spanish, Italian
    "#NV", "#BEZUG!", "#WERT!", "#ZAHL!", "#ÜBERLAUF!", "#KALK!", "#FEHLER!", "#NAME!", "#VALEUR!",
    "#NOM?", "#NOMBRE!", "#NUL!", "#PROPAGATION!", "#EPARS!", "#DÉPASSEMENT!", "#NOM!", "#N/D", "#¡REF!",
    "#¡VALOR!", "#¿NOMBRE?", "#¡NUM!", "#¡NULO!", "#¡DIV/0!", "#DESBORDAMIENTO!", "#¡DESBORDAMIENTO!",
    "#¡CALC!", "#RIF!", "#VALORE!", "#NOME?", "#NULLO!", "#ESPANSIONE!", "#N/D!",
    # Portuguese, Dutch, Polish, Swedish, Turkish
    "#VALOR!", "#NÚM!", "#NULO!", "#N/B", "#VERW!", "#WAARDE!", "#NAAM?", "#GETAL!", "#LEEG!",
    "#DEEL/0!", "#ADR!", "#ARG!", "#NAZWA?", "#LICZBA!", "#ZERO!", "#DZIEL/0!", "#SAKNAS!", "#REFERENS!",
    "#VÄRDEFEL!", "#NAMN?", "#OGILTIGT!", "#SKÄRNING!", "#DIVISION/0!", "#YOK", "#BAŞV!", "#DEĞER!",
    "#AD?", "#SAYI!", "#BOŞ!", "#SAYI/0!",
))  # fmt: skip
#: How programs write a value that is not there; the case counts: a brand may be called Null or NAN.
NULLS = frozenset((
    "NULL", "null", "(null)", "(NULL)", "<null>", "<NULL>", "nan", "NaN", "-nan", "NaT", "<NA>", "None",
    "undefined", "N/A", "n/a", "\\N", "[object Object]", "-nan(ind)", "1.#IND", "1.#QNAN", "1.#INF",
    "-1.#IND", "inf", "-inf", "nil", "0000-00-00", "0000-00-00 00:00:00", "1900-01-00", "Invalid Date",
    # Empty cells of pivot tables
    "(blank)", "(leer)", "(Leer)", "(en blanco)", "(vide)", "(vuoto)", "(vuota)",
))  # fmt: skip
#: An error within a text: those whose signs no hashtag has.
_ERROR_WITHIN = re.compile(
    r"(?<![^\s\"'(\[,;:/-])(?:"
    + "|".join(sorted((re.escape(one) for one in ERRORS if one[-1] in "!?" or "/" in one), reverse=True))
    + r")(?!\w)"
)
_ERROR_ALONE = re.compile(r"#{3,}|Err:5\d\d")
#: What an error looks like in the languages of other offices: `#HODNOTA!`, `#I/T`; and without its last sign.
_ERROR_ELSEWHERE = re.compile(r"#[¡¿]?[^\W\d_]+(?:/[^\W_]+)?[!?]|#[A-Z]/[A-Z]|#REF|#DIV/0")
#: An object of JavaScript as text, which no product is called.
_OBJECT_WITHIN = re.compile(r"\[object [A-Z]\w*\]")
#: A place of a template that was not filled in: of Jinja, Liquid, Mustache, JavaScript, ERB, PHP. A text that
#: was cut may end in the middle of one.
_TEMPLATE_WITHIN = re.compile(
    r"\{\{[^\w{}\n]*[^\W\d][^{}\n]*(?:\}\}|\Z)|\$\{[^{}\n]*[^\W\d][^{}\n]*(?:\}|\Z)"
    r"|(?:\{\{|\$\{|<%)\s*\Z|<%.{1,200}?%>|\{%.{1,200}?%\}|<\?(?:=|php\b).{1,200}?(?:\?>|\Z)",
    re.DOTALL,
)
_TEMPLATE_ALONE = re.compile(r"%[^\W\d]\w*%")
#: Nulls that few texts end in, written after the words of another field; `Null` and `None` are words.
_NULL_AT_END = (" undefined", " null", " NULL", " NaN")
_BETWEEN_WORDS = re.compile(r"[\s,;|/]+")
#: A number of so many digits is shown in short by spreadsheets, and has lost some of them.
_SHORTENED_FROM = 11
#: A number in the short form in which a spreadsheet shows what is too long for a cell.
_SHORTENED = re.compile(r"[+-]?\d(?:[.,]\d+)?[eE]\+\d{1,3}|[+-]?\d[.,]\d+[eE]-\d{2,3}")
_WRAPPED = re.compile(r'="((?:[^"]|"")*)"')
_FORMULA = re.compile(r"=\s*[A-ZÀ-Þ][A-ZÀ-Þ.0-9]*\(.*\)", re.DOTALL)
_FLOAT = re.compile(r"\d+[.,]0{1,2}")
_MARKED = re.compile(r"'\s*\d[\d\s.,-]*")
#: Most SKUs: of the signs of all debris they have none, so that only a null's name may be one.
_USUAL_SKU = re.compile(r"[A-Za-z0-9_-]+")
_TWICE_ESCAPED = re.compile(r"&amp;(?=(?:amp;)*(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});)")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_HIDDEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffb"
)
_INVISIBLE = re.compile(f"[{_HIDDEN}]")
_UNSEEN_IN_SKU = re.compile("[\t\r\n\ufffd]")
#: Blanks that look like the ordinary one and are another character; a SKU with one names another listing.
_OTHER_BLANKS = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000]")
#: A moment, as a spreadsheet or a program writes what it took for a date.
_MOMENT = re.compile(
    r"(?:\d{4}-\d\d?-\d\d?|\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d\d))(?:T|,? +)"
    r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?[AaPp][Mm]|Z| ?[+-]\d\d:?\d\d)?"
)
#: A day, as spreadsheets show a code such as `1-5` or `MAR24` that they took for one; the month in words is
#: as they write it, so that `12-MAR` is none.
_DAY = re.compile(
    r"(?P<year>\d{4})-(?P<m>\d\d?)-(?P<d>\d\d?)|(?P<a>\d\d?)([./-])(?P<b>\d\d?)\5(?:\d{4}|(?<!-)\d\d)"
)
_MONTHS = (
    r"(?:Jan|Feb|Mar|Mrz|Mär|Apr|May|Mai|Jun|Jul|Aug|Sep|Oct|Okt|Nov|Dec|Dez"
    r"|janv|févr|mars|avr|mai|juin|juil|août|sept|oct|nov|déc|ene|feb|mar|abr|may|jun|jul|ago|sep|dic"
    r"|gen|apr|mag|giu|lug|set|ott)"
)
_DAY_IN_WORDS = re.compile(rf"\d\d?(?:-|\. ?){_MONTHS}\.?|{_MONTHS}[-. ]\d\d")
_MOST_DAYS, _MOST_MONTHS = 31, 12
_LINE_ENDS = frozenset("\x0b\x0c\x85\u2028\u2029")
_NEVER_KEPT = frozenset("\u00ad\u200b\u2060\ufeff")
_JOINERS = frozenset("\u200c\u200d")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
#: Characters beyond Latin, whose scripts and emoji need joiners.
_BEYOND_LATIN = 0x0300
_MOST_ROUNDS = 4
_REPLACEMENT = "\ufffd"
#: Signs that stand in most debris, and how the rest begins.
_SIGNS = re.compile(f"[\\[#{{\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029{_HIDDEN}\ufffdÂÃÄÅÎÏÐÑâïð]")
_BEGINS = re.compile(
    r"\s*(?:=|%\w+%|Err:|[+-]?\d(?:[.,]\d+)?[eE][+-]\d|"
    + "|".join(sorted(map(re.escape, NULLS), reverse=True))
    + ")"
)
#: What a null or an error begins with, beside blanks and digits: a test that most texts fail at once.
_FIRSTS = frozenset("=%E+-#<") | {word[0] for word in NULLS}
#: Blanks and tags of HTML before the first word.
_FIRST_TAGS = re.compile(r"(?:\s++|<[^<>]*+>)*+")


class Cleaned(NamedTuple):
    """A text after its repairs; `repairs` names them, the most important first."""

    text: str
    repairs: tuple[str, ...] = ()


def is_suspect(text: str) -> bool:
    """Return whether a text deserves a closer look; most do not."""
    return bool(
        _SIGNS.search(text)
        or _BEGINS.match(text)
        or "&amp;" in text
        or "<%" in text
        or "<?" in text
        or ends_in_null(text)
    )


def begins_as_word(text: str) -> bool:
    """Return whether a text, or what it says behind its first tags, may be a null or an error and no more."""
    first = text[:1]
    if first not in _FIRSTS and not first.isspace() and not first.isdecimal():
        return False
    start = _FIRST_TAGS.match(text).end() if first == "<" or first.isspace() else 0  # type: ignore[union-attr]  # it matches nothing too
    return text.startswith("#", start) or _BEGINS.match(text, start) is not None


def cleaned(text: str, allowed: AbstractSet[str] = frozenset()) -> Cleaned:
    """Return a text with its repairs.

    Args:
        text: The text.
        allowed: Names of debris that the connector takes for values (`null_words`).

    Raises:
        ConversionError: it is debris that only its source can mend.
    """
    repairs: dict[str, None] = {}
    for _ in range(_MOST_ROUNDS):
        before = text
        for name, repair in _REPAIRS.items():
            mended = repair(text)
            if mended != text:
                repairs[name] = None
                text = mended
        if text == before:
            break
    if code := _named(text.strip(), allowed):
        raise ConversionError(code, found=text.strip()[:200])
    return Cleaned(text, tuple(repairs))


def whole_word(text: str, allowed: AbstractSet[str] = frozenset()) -> str | None:
    """Return the code for a text that is nothing but a null or an error, else None."""
    plain = text.strip()
    if plain in NULLS or all(word in NULLS for word in _BETWEEN_WORDS.split(plain)):
        return None if "null_words" in allowed else "debris_null"
    upper = plain.upper()
    if (
        upper in ERRORS
        or _ERROR_ALONE.fullmatch(plain)
        or (upper == plain and _ERROR_ELSEWHERE.fullmatch(plain))
    ):
        return None if "spreadsheet_errors" in allowed else "debris_error"
    return None


def sku_debris(sku: str, allowed: AbstractSet[str] = frozenset()) -> str | None:
    """Return the code for a SKU that is debris, else None. A SKU is never repaired: it names a listing."""
    if _USUAL_SKU.fullmatch(sku):
        return "debris_null" if sku in NULLS and "null_words" not in allowed else None
    return _unusual_sku_debris(sku, allowed)


def _unusual_sku_debris(sku: str, allowed: AbstractSet[str]) -> str | None:
    if not (sku.isascii() and sku.isprintable()):
        if any(pattern.search(sku) for pattern in (_INVISIBLE, _CONTROLS, _UNSEEN_IN_SKU)):
            return "debris_invisible"
        if _OTHER_BLANKS.search(sku):
            return "debris_blank"
    if _MOMENT.fullmatch(sku):
        return None if "date_skus" in allowed else "debris_date"
    if _FLOAT.fullmatch(sku):
        return None if "whole_number_skus" in allowed else "debris_float"
    plain = sku.strip()
    for code, matches in _SKU_MARKS:
        if matches(plain):
            return code
    return _named(plain, allowed)


def is_day(sku: str) -> bool:
    """Return whether a SKU is what spreadsheets show of a code that they took for a day; it may be meant."""
    found = _DAY.fullmatch(sku)
    if found is None:
        return _DAY_IN_WORDS.fullmatch(sku) is not None
    low, high = sorted((int(found["m"] or found["a"]), int(found["d"] or found["b"])))
    if found["year"] and int(found["m"]) > _MOST_MONTHS:
        return False
    return 1 <= low <= _MOST_MONTHS and high <= _MOST_DAYS


def is_short_of_digits(text: str) -> bool:
    """Return whether a number as text is one that a spreadsheet has shortened: `1,23457E+11`."""
    found = _SHORTENED.fullmatch(text.strip())
    return found is not None and int(text.strip().upper().partition("E")[2]) >= _SHORTENED_FROM


def ends_in_null(text: str) -> bool:
    """Return whether a text of several words ends in what a program writes for an empty value."""
    return text.rstrip().endswith(_NULL_AT_END)


def _named(text: str, allowed: AbstractSet[str]) -> str | None:
    """Return the code for what a text is, if only its source can mend it."""
    if code := whole_word(text, allowed):
        return code
    for code, rule, matches in _TEXT_MARKS:
        if rule not in allowed and matches(text):
            return code
    return "debris_lost" if _REPLACEMENT in text else None


def _unwrapped(text: str) -> str:
    """Return the text of `="00124"`, which spreadsheets write to keep its zeros."""
    found = _WRAPPED.fullmatch(text.strip())
    return found.group(1).replace('""', '"') if found else text


def _once_escaped(text: str) -> str:
    return _TWICE_ESCAPED.sub("&", text) if "&amp;" in text else text


def _without_controls(text: str) -> str:
    return _CONTROLS.sub(_control, text)


def _control(found: re.Match[str]) -> str:
    letter = found.group()
    if letter in _LINE_ENDS:
        return "\n"
    if letter < "\x80":
        return ""
    # A sign of Windows-1252 that was read as Latin-1.
    return bytes((ord(letter),)).decode("cp1252", "ignore")


def _without_invisible(text: str) -> str:
    if not _INVISIBLE.search(text):
        return text
    keeps_marks = _RIGHT_TO_LEFT.search(text) is not None

    def kept(found: re.Match[str]) -> str:
        letter = found.group()
        if letter in _JOINERS:
            beside = (text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1])
            return letter if all(one and ord(one) >= _BEYOND_LATIN for one in beside) else ""
        return letter if keeps_marks and letter not in _NEVER_KEPT else ""

    return _INVISIBLE.sub(kept, text)


_REPAIRS = {
    "decoded": decoded,
    "invisible": _without_invisible,
    "controls": _without_controls,
    "formula": _unwrapped,
    "entities": _once_escaped,
}

#: The code of what a text is, the rule that finds it (none can be turned off where it is empty), and how.
_TEXT_MARKS: tuple[tuple[str, str, Callable[[str], object]], ...] = (
    ("debris_error", "spreadsheet_errors", _ERROR_WITHIN.search),
    ("debris_null", "null_words", _OBJECT_WITHIN.search),
    ("debris_template", "template_placeholders", _TEMPLATE_WITHIN.search),
    ("debris_template", "template_placeholders", _TEMPLATE_ALONE.fullmatch),
    ("debris_shortened", "shortened_numbers", _SHORTENED.fullmatch),
    ("debris_formula", "", _FORMULA.fullmatch),
)
_SKU_MARKS: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("debris_formula", _WRAPPED.fullmatch),
    ("debris_apostrophe", _MARKED.fullmatch),
    ("debris_decoded", is_mojibake),
    ("debris_entities", _TWICE_ESCAPED.search),
)
