"""Text: cleaning, joining, cutting."""

from __future__ import annotations

from typing import Any

from amazon_listings.mapping.formulas.limits import MAX_TEXT, check_list, check_text, shown
from amazon_listings.mapping.values.html_text import html_to_text
from amazon_listings.mapping.values.lengths import modular_title, truncate_words


def clean_html(value: object, *, lines: bool = True) -> str:
    """`CLEAN_HTML`: without tags; paragraphs become lines, or blanks with `lines=false`."""
    return html_to_text(shown(value), lines=lines)


def clean_text(value: object) -> str:
    """`CLEAN_TEXT`: runs of spaces and line breaks become one space."""
    return " ".join(shown(value).split())


def concat(value: object, *parts: object) -> str:
    """`CONCAT`: the values one after the other; empty ones add nothing."""
    return _joined([value, *parts], "")


def join(value: object, separator: str = "", attribute: str | None = None) -> str:
    """Return the elements of a list as one text; empty ones are left out."""
    parts = [part.get(attribute) if attribute and isinstance(part, dict) else part for part in _listed(value)]
    return _joined(parts, separator)


def first_upper(value: object) -> str:
    """`FIRSTUPPER`: the first letter in upper case, the rest as it is."""
    text = shown(value)
    return text[:1].upper() + text[1:]


def lower(value: object) -> str:
    """`LOWERCASE`."""
    return shown(value).lower()


def upper(value: object) -> str:
    """`UPPERCASE`."""
    return shown(value).upper()


def title(value: object) -> str:
    """Return every word with a capital: an apostrophe does not begin a word."""
    return " ".join(word[:1].upper() + word[1:].lower() for word in shown(value).split(" "))


def trim(value: object) -> str:
    """Without spaces at both ends."""
    return shown(value).strip()


def repeat(value: object, text: str, length: int, side: str = "LEFT") -> str:
    """`REPEAT`: filled up with `text` on the left (or RIGHT) to `length` characters: `7` to `007`."""
    have = shown(value)
    check_text(length)
    missing = max(0, length - len(have))
    fill = (text * (missing // max(1, len(text)) + 1))[:missing] if text else ""
    return have + fill if side.upper() == "RIGHT" else fill + have


def replace(value: object, old: str, new: str, *, ignore_case: bool = False) -> str:
    """`REPLACE`: every `old` becomes `new`; `ignore_case=true` is UNCASE_SENSITIVE."""
    text, old, new = shown(value), shown(old), shown(new)
    if not old:
        return text
    if not ignore_case:
        check_text(len(text) + text.count(old) * (len(new) - len(old)))
        return text.replace(old, new)
    pieces, lowered, start = [], text.lower(), 0
    if len(lowered) != len(text):  # a few letters grow in lower case (İ); positions would shift
        return text.replace(old, new)
    while (found := lowered.find(old.lower(), start)) >= 0:
        pieces.append(text[start:found] + new)
        start = found + len(old)
    check_text(len(text) + len(pieces) * (len(new) - len(old)))
    return "".join(pieces) + text[start:]


def split(value: object, separator: str = ",") -> list[str]:
    """`SPLIT`: the parts between separators, trimmed, without empty ones."""
    if isinstance(value, list | tuple):
        return [part for element in value for part in split(element, separator)]
    return [part.strip() for part in shown(value).split(separator or None) if part.strip()]


def substr(value: object, start: int, end: int | None = None) -> str:
    """`SUBSTR`: from position `start` (0 is the first) up to but without `end`; one number is the end."""
    text = shown(value)
    return text[:start] if end is None else text[start:end]


def count_string(value: object) -> int:
    """`COUNT_STRING`: how many characters."""
    return len(shown(value))


def utf8_bytes(value: object) -> int:
    """Return how many bytes in UTF-8, which is what some of Amazon's limits count."""
    return len(shown(value).encode("utf-8", "replace"))


def truncate(value: object, characters: int = MAX_TEXT, octets: int | None = None) -> str:
    """As many whole words as fit into so many characters (and UTF-8 bytes)."""
    return truncate_words(shown(value), characters=characters, octets=octets)


def modular_name(value: object) -> str:
    """Return the part of a title for `item_name`: at most 75 characters."""
    return modular_title(shown(value)).name


def modular_highlights(value: object) -> str:
    """Return the part of a title for `title_differentiation`: at most 125 characters."""
    return modular_title(shown(value)).highlights


def _listed(value: object) -> list[Any]:
    if isinstance(value, list | tuple | range):
        return list(value)
    return [] if value is None else [value]


def _joined(parts: list[Any], separator: str) -> str:
    check_list(len(parts))
    texts = [text for text in map(shown, parts) if text]
    check_text(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


FILTERS = {
    "clean_html": clean_html,
    "clean_text": clean_text,
    "concat": concat,
    "count_string": count_string,
    "first_upper": first_upper,
    "join": join,
    "lower": lower,
    "modular_highlights": modular_highlights,
    "modular_name": modular_name,
    "repeat": repeat,
    "replace": replace,
    "split": split,
    "substr": substr,
    "title": title,
    "trim": trim,
    "truncate_words": truncate,
    "upper": upper,
    "utf8_bytes": utf8_bytes,
}
