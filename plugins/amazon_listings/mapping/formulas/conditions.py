"""Conditions: what a value is, and what to take instead."""

from __future__ import annotations

from amazon_listings.mapping.formulas.limits import shown
from amazon_listings.mapping.values.booleans import yes_or_no
from amazon_listings.mapping.values.quantities import NotANumber, number
from amazon_listings.mapping.values.value import is_empty


def boolean(value: object, yes: object = True, no: object = False) -> object:  # noqa: FBT002 - the formula's own values
    """`BOOLEAN`: `yes` for a true value, else `no`. `Oui`, `1`, `x`, `true` are true; empty is not."""
    return yes if is_true(value) else no


def default(value: object, instead: object = "") -> object:
    """Return the value, or `instead` where it is empty."""
    return instead if is_empty(value) else value


def contains(value: object, part: object, *, ignore_case: bool = False) -> bool:
    """`CONTAINS`: whether the text has `part` in it, or the list has it as an element."""
    if isinstance(value, list | tuple):
        have, wanted = [shown(element) for element in value], shown(part)
        return wanted.casefold() in [h.casefold() for h in have] if ignore_case else wanted in have
    text, wanted = shown(value), shown(part)
    return wanted.casefold() in text.casefold() if ignore_case else wanted in text


def is_number(value: object) -> bool:
    """`IS_NUMBER`: a number, or text that is one in the PIM's notation."""
    if isinstance(value, bool):
        return False
    try:
        number(value)
    except NotANumber:
        return False
    return True


def is_string(value: object) -> bool:
    """`IS_STRING`: text that is not empty and no number."""
    return isinstance(value, str) and not is_empty(value) and not is_number(value)


def is_true(value: object) -> bool:
    """`IS_TRUE`: true, a number other than 0, or a word for yes in one of our languages."""
    if isinstance(value, str):
        return yes_or_no(value) is True
    return bool(value)


FILTERS = {"boolean": boolean, "default": default, "d": default}
TESTS = {
    "contains": contains,
    "empty": is_empty,
    "number": is_number,
    "text": is_string,
    "true_value": is_true,
}
