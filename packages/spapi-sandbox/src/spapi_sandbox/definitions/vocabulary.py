"""Validation of payloads: python-jsonschema with Amazon's own keywords.

Amazon's vocabulary is described in "Product Type Definition Meta-Schema (v1)"; the counting of
`maxUniqueItems` follows the reference validator in Amazon's guide: elements are counted by the
combination of their selector values, and no combination may occur more often than the limit.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jsonschema import Draft201909Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from spapi_sandbox.definitions.passed_checks import PassedChecks

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORMATS = FormatChecker(formats=())
_in_order = json.JSONEncoder(sort_keys=True).encode


@_FORMATS.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    if isinstance(value, str):
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            return False
        date.fromisoformat(value)
    return True


@_FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    if isinstance(value, str):
        shape = r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})"
        if not re.fullmatch(shape, value, re.ASCII):
            return False
        datetime.fromisoformat(re.sub(r"\.\d+", "", value.upper()))
    return True


@_FORMATS.checks("uri", raises=ValueError)
def _is_uri(value: object) -> bool:
    if not isinstance(value, str):
        return True
    parts = urlsplit(value)
    return bool(parts.scheme and (parts.netloc or parts.path)) and not re.search(r"[\s<>\"{}|\\^`]", value)


def selector_key(element: dict[str, Any], selectors: list[str] | None) -> str:
    """Return what identifies `element` in its array: its selector values, or all of it without selectors."""
    names = element if selectors is None else selectors
    return _in_order({name: element[name] for name in names if name in element})


def _max_unique_items(
    _validator: object, limit: int, instance: object, schema: dict[str, Any]
) -> Iterator[ValidationError]:
    if isinstance(instance, list):
        elements = [element for element in instance if isinstance(element, dict)]
        counts = Counter(selector_key(element, schema.get("selectors")) for element in elements)
        if counts and max(counts.values()) > limit:
            yield ValidationError(f"one combination of selectors occurs more than {limit} times")


def _min_unique_items(
    _validator: object, limit: int, instance: object, schema: dict[str, Any]
) -> Iterator[ValidationError]:
    if isinstance(instance, list):
        elements = [element for element in instance if isinstance(element, dict)]
        if len({selector_key(element, schema.get("selectors")) for element in elements}) < limit:
            yield ValidationError(f"fewer than {limit} combinations of selectors")


def _max_bytes(
    _validator: object, limit: int, instance: object, _schema: object
) -> Iterator[ValidationError]:
    if isinstance(instance, str) and _bytes(instance) > limit:
        yield ValidationError(f"longer than {limit} bytes")


def _min_bytes(
    _validator: object, limit: int, instance: object, _schema: object
) -> Iterator[ValidationError]:
    if isinstance(instance, str) and _bytes(instance) < limit:
        yield ValidationError(f"shorter than {limit} bytes")


def _bytes(value: str) -> int:
    return len(value.encode("utf-8", "surrogatepass"))


def _multiple_of(
    _validator: object, step: float, instance: object, _schema: object
) -> Iterator[ValidationError]:
    """Exact in decimals, because 0.07 is not a multiple of 0.01 in binary."""
    if isinstance(instance, int | float) and not isinstance(instance, bool):
        try:
            exact = Decimal(repr(instance)) % Decimal(repr(step)) == 0
        except InvalidOperation:  # quotient beyond the context's precision: far finer than any price
            exact = True
        if not exact:
            yield ValidationError(f"not a multiple of {step}")


_Validator: Any = extend(  # type: ignore[no-untyped-call]  # jsonschema leaves it without types
    Draft201909Validator,
    {
        "maxUniqueItems": _max_unique_items,
        "minUniqueItems": _min_unique_items,
        "maxUtf8ByteLength": _max_bytes,
        "minUtf8ByteLength": _min_bytes,
        "multipleOf": _multiple_of,
    },
)


def validator(document: dict[str, Any]) -> Any:
    """Return a validator of payloads (`iter_errors(attributes)`) for a definition document."""
    passed = PassedChecks(_Validator.VALIDATORS)
    keywords = {"properties": passed.properties, "allOf": passed.all_of}
    remembering = extend(_Validator, keywords)  # type: ignore[no-untyped-call]  # as above
    return remembering(document, format_checker=_FORMATS)
