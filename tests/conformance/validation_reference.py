"""The reference: python-jsonschema with Amazon's vocabulary, written from Amazon's pages alone.

Nothing here comes from the package under test. Slow and plain on purpose.

Known faults of python-jsonschema 4.26, mended here (each has a test in test_validation_faults.py):
`multipleOf` divides binary floats, so it refuses 19.99 as a multiple of 0.01; `format` checks
`date-time` and `uri` only where further packages are installed, and `date` by `fromisoformat`.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from decimal import Decimal
from typing import Any

from jsonschema import Draft201909Validator, FormatChecker, ValidationError
from jsonschema.validators import extend

FORMATS = FormatChecker(formats=())
DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
TIME = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})", re.IGNORECASE)
# RFC 3986, appendix A, for absolute URIs with or without authority.
_PCT = "%[0-9A-Fa-f]{2}"
_UNRESERVED = r"A-Za-z0-9\-._~"
_SUB = r"!$&'()*+,;="
_PCHAR = f"(?:[{_UNRESERVED}{_SUB}:@]|{_PCT})"
_SEGMENTS = f"(?:/{_PCHAR}*)*"
_LITERAL = rf"\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|\[v[0-9A-Fa-f]+\.[{_UNRESERVED}{_SUB}:]+\]"
_HOST = rf"(?:{_LITERAL}|(?:[{_UNRESERVED}{_SUB}]|{_PCT})*)"
_AUTHORITY = f"(?:(?:[{_UNRESERVED}{_SUB}:]|{_PCT})*@)?{_HOST}(?::[0-9]*)?"
_PATH = f"(?://{_AUTHORITY}{_SEGMENTS}|/(?:{_PCHAR}+{_SEGMENTS})?|{_PCHAR}+{_SEGMENTS}|)"
URI = re.compile(rf"[A-Za-z][A-Za-z0-9+\-.]*:{_PATH}(?:\?(?:{_PCHAR}|[/?])*)?(?:#(?:{_PCHAR}|[/?])*)?")


@FORMATS.checks("date")
def _date(text: object) -> bool:
    if not isinstance(text, str):
        return True
    match = DATE.fullmatch(text)
    if not match:
        return False
    year, month, day = map(int, match.groups())
    # Year 0000 is a leap year of RFC 3339; Python's calendar starts a year later.
    try:
        dt.date(year or 2000, month, day)
    except ValueError:
        return False
    return True


@FORMATS.checks("date-time")
def _date_time(text: object) -> bool:
    if not isinstance(text, str):
        return True
    if len(text) < 11 or text[10] not in "Tt" or not _date(text[:10]):
        return False
    match = TIME.fullmatch(text[11:])
    if not match:
        return False
    hour, minute, second = (int(match[index]) for index in (1, 2, 3))
    zone = match[5].upper()
    shift = 0
    if zone != "Z":
        hours, minutes = int(zone[1:3]), int(zone[4:6])
        if hours > 23 or minutes > 59:
            return False
        shift = (hours * 60 + minutes) * (-1 if zone[0] == "+" else 1)
    if hour > 23 or minute > 59 or second > 60:
        return False
    return second < 60 or (hour * 60 + minute + shift) % 1440 == 1439


@FORMATS.checks("uri")
def _uri(text: object) -> bool:
    if not isinstance(text, str):
        return True
    match = URI.fullmatch(text)
    if match and match["ipv6"]:
        try:
            ipaddress.IPv6Address(match["ipv6"])
        except ValueError:
            return False
    return match is not None


def _multiple_of(validator: Any, divisor: Any, instance: Any, schema: Any) -> Any:
    if validator.is_type(instance, "number") and Decimal(str(instance)) % Decimal(str(divisor)) != 0:
        yield ValidationError(f"{instance} is not a multiple of {divisor}")


def _key(value: Any) -> Any:
    """A hashable that is equal exactly for values that JSON holds equal."""
    if isinstance(value, bool) or value is None:
        return (str(value),)
    if isinstance(value, dict):
        return ("object", frozenset((name, _key(part)) for name, part in value.items()))
    if isinstance(value, list):
        return ("array", tuple(map(_key, value)))
    return value


def _groups(items: list[Any], schema: dict[str, Any]) -> dict[Any, int]:
    counts: dict[Any, int] = {}
    selectors = schema.get("selectors")
    for item in items:
        if isinstance(item, dict):
            names = [name for name in (selectors or item) if name in item]
            group = frozenset((name, _key(item[name])) for name in names)
            counts[group] = counts.get(group, 0) + 1
    return counts


def _max_unique_items(validator: Any, limit: int, items: Any, schema: dict[str, Any]) -> Any:
    if validator.is_type(items, "array") and any(count > limit for count in _groups(items, schema).values()):
        yield ValidationError(f"more than {limit} items of one combination")


def _min_unique_items(validator: Any, limit: int, items: Any, schema: dict[str, Any]) -> Any:
    if validator.is_type(items, "array") and len(_groups(items, schema)) < limit:
        yield ValidationError(f"less than {limit} unique items")


def _max_bytes(validator: Any, limit: int, text: Any, schema: dict[str, Any]) -> Any:
    if validator.is_type(text, "string") and len(text.encode()) > limit:
        yield ValidationError(f"longer than {limit} bytes")


def _min_bytes(validator: Any, limit: int, text: Any, schema: dict[str, Any]) -> Any:
    if validator.is_type(text, "string") and len(text.encode()) < limit:
        yield ValidationError(f"shorter than {limit} bytes")


Dialect = extend(
    Draft201909Validator,
    {
        "multipleOf": _multiple_of,
        "maxUniqueItems": _max_unique_items,
        "minUniqueItems": _min_unique_items,
        "maxUtf8ByteLength": _max_bytes,
        "minUtf8ByteLength": _min_bytes,
    },
)


class Reference:
    """Verdict and failing places of a definition, by python-jsonschema."""

    def __init__(self, document: dict[str, Any]) -> None:
        # The dialect's address would be looked up; it is known to be 2019-09.
        plain = {key: value for key, value in document.items() if key not in ("$schema", "$id")}
        self.validator = Dialect(plain, format_checker=FORMATS)

    def failing(self, attributes: Any) -> set[tuple[str, str]]:
        """Every failing place with its keyword."""
        return {
            ("/".join(map(str, error.absolute_path)), str(error.validator))
            for error in self.validator.iter_errors(attributes)
        }
